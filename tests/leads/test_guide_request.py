import pytest
from django.template import Context, Template

from leads import tokens
from leads.models import Consent, Enrolment, OutgoingMail, Submission, Subscription
from tests.factories import GuidePageFactory, SequenceFactory, StandardPageFactory, WorkshopPageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sequence():
    return SequenceFactory(key="after-the-guide")


def ask(client, **changes):
    form = {"email": "reader@example.com", "page": tokens.make_token(tokens.GUIDE_FORM, 7)}
    return client.post("/guides/request/", form | changes)


def test_a_guide_is_owed_to_whoever_asks(client):
    assert ask(client, name="Erika")["Location"] == "/guides/thanks/"
    submission = Submission.objects.get()
    assert (submission.kind, submission.subject_id, submission.name) == ("guide", 7, "Erika")
    assert OutgoingMail.objects.get().dedupe_key == f"guide:{submission.pk}"
    assert not Enrolment.objects.exists()


def test_tips_follow_only_where_the_box_was_ticked(client):
    ask(client, wants_tips="on")
    assert Enrolment.objects.get().sequence.key == "after-the-guide"
    assert Consent.objects.get().purpose == "tips"


def test_who_once_unsubscribed_has_to_confirm_tips_that_anybody_may_have_asked_for(client):
    ask(client)
    contact = Submission.objects.get().contact
    client.post(f"/email/unsubscribe/{tokens.make_token(tokens.UNSUBSCRIBE, contact.pk)}/")
    ask(client, wants_tips="on", page=tokens.make_token(tokens.GUIDE_FORM, 8))
    assert not Enrolment.objects.exists()
    confirm = OutgoingMail.objects.get(kind="confirm")
    client.post(f"/email/confirm/{tokens.make_token(tokens.CONFIRM, confirm.submission_id)}/")
    assert Enrolment.objects.get().sequence.key == "after-the-guide"
    assert not Subscription.objects.get().wants_newsletter


def test_asking_twice_within_minutes_is_one_request(client):
    ask(client)
    ask(client)
    assert Submission.objects.count() == OutgoingMail.objects.count() == 1


def test_two_guides_are_two_requests(client):
    ask(client)
    ask(client, page=tokens.make_token(tokens.GUIDE_FORM, 8))
    assert OutgoingMail.objects.filter(kind="guide").count() == 2


@pytest.mark.parametrize("page", ["", "7", "7~x", tokens.WORKSHOP_FORM])
def test_a_page_that_was_not_signed_is_refused_with_what_was_typed(client, page):
    if page == tokens.WORKSHOP_FORM:
        page = tokens.make_token(tokens.WORKSHOP_FORM, 7)
    answer = ask(client, page=page, name="Erika")
    assert answer.status_code == 422
    assert 'value="Erika"' in answer.content.decode()


@pytest.mark.parametrize("address", ["/guides/request/", "/workshops/request/"])
def test_the_address_that_a_form_is_sent_to_leads_back_to_the_site(client, address):
    assert client.get(address)["Location"] == "/"
    GuidePageFactory()
    WorkshopPageFactory()
    assert client.get(client.get(address)["Location"]).status_code == 200


def test_the_form_on_the_page_leads_to_the_request(client):
    page = StandardPageFactory()
    template = Template(
        "{% load leads_tags %}{% guide_form page as form %}"
        '{% include "leads/components/guide_form.html" with form=form only %}'
    )
    html = template.render(Context({"page": page}))
    assert 'action="/guides/request/"' in html
    assert f'value="{tokens.make_token(tokens.GUIDE_FORM, page.pk)}"' in html
    assert 'type="checkbox" name="wants_tips" class="option__input" id="guide-wants_tips">' in html


def test_a_workshop_is_owed_to_whoever_gives_an_address(client):
    form = {"email": "reader@example.com", "page": tokens.make_token(tokens.WORKSHOP_FORM, 9)}
    assert client.post("/workshops/request/", form)["Location"] == "/workshops/thanks/"
    submission = Submission.objects.get()
    assert (submission.kind, submission.subject_id) == ("workshop", 9)
    assert OutgoingMail.objects.get().dedupe_key == f"workshop:{submission.pk}"


@pytest.mark.parametrize("thanks", ["/guides/thanks/", "/workshops/thanks/", "/newsletter/thanks/"])
def test_the_thank_you_page_says_what_to_do_when_nothing_comes(client, thanks):
    assert "If nothing comes within five minutes" in client.get(thanks).content.decode()
