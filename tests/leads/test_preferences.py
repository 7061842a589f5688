import pytest

from leads import tokens
from leads.models import Consent, Enrolment, Subscription
from tests.factories import ContactFactory, LeadFactory, SequenceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact():
    SequenceFactory(key="health-tips")
    return ContactFactory()


def link(contact):
    return f"/email/preferences/{tokens.make_token(tokens.PREFERENCES, contact.pk)}/"


def test_opening_the_page_changes_nothing(client, contact):
    assert client.get(link(contact)).status_code == 200
    assert not Subscription.objects.exists()


def test_a_choice_is_saved_and_shown(client, contact):
    page = client.post(link(contact), {"wants_newsletter": "on"}).content.decode()
    assert "Your choice is saved." in page
    subscription = Subscription.objects.get()
    assert (subscription.state, subscription.wants_newsletter, subscription.wants_tips) == ("confirmed", True, False)
    assert 'id="id_wants_newsletter" checked' in client.get(link(contact)).content.decode()


def test_the_same_choice_again_is_no_change(client):
    lead = LeadFactory()
    for _ in range(2):
        client.post(link(lead.contact), {"wants_newsletter": "on"})
    assert lead.timeline.filter(event="changed_preferences").count() == 1


def test_tips_start_and_stop_with_their_box(client, contact):
    client.post(link(contact), {"wants_newsletter": "on", "wants_tips": "on"})
    assert Enrolment.objects.get().ended_at is None
    client.post(link(contact), {"wants_newsletter": "on"})
    assert Enrolment.objects.get().ending == "unsubscribed"


def test_wanting_nothing_is_unsubscribing(client, contact):
    client.post(link(contact), {"wants_tips": "on"})
    client.post(link(contact), {})
    assert Subscription.objects.get().state == "unsubscribed"


def test_a_choice_is_written_down_as_a_consent_taken_back(client):
    client.post("/newsletter/", {"email": "reader@example.com"})
    contact = Subscription.objects.get().contact
    client.post(link(contact), {"wants_tips": "on"})
    assert [(row.purpose, row.is_given) for row in Consent.objects.order_by("pk")] == [
        ("newsletter", True),
        ("newsletter", False),
    ]


def test_the_link_of_somebody_who_was_erased_is_not_found(client, contact):
    address = link(contact)
    contact.delete()
    assert client.get(address).status_code == 404
