"""Staff write down who phoned."""

import pytest
from django.urls import reverse

from leads.models import Lead, OutgoingMail, Submission
from leads.services.call import enter_call
from leads.services.inbox import claim
from tests.factories import ClinicSettingsFactory, UserFactory
from tests.leads.visitor import filled_in
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic():
    return ClinicSettingsFactory()


@pytest.fixture
def user():
    return UserFactory()


def entered(user, **changes) -> Lead:
    said = {
        "name": "Erika Lang",
        "phone": "+14256584944",
        "email": "",
        "channel": "phone",
        "call_times": "",
        "note": "",
    }
    return enter_call(user=user, **{**said, **changes})


def test_who_phones_is_a_lead_of_whoever_picked_up(user):
    lead = entered(user, note="Asked about knees")
    assert (lead.name, str(lead.phone), lead.owner, lead.state) == ("Erika Lang", "+14256584944", user, "new")
    assert lead.submissions.get().kind == "call"
    assert lead.timeline.get(event="entered_call").note == "Asked about knees"
    assert lead.timeline.get(event="entered_call").user == user


def test_a_call_promises_and_sends_nothing(user):
    assert entered(user, email="erika@example.com").promised_at is None
    assert not OutgoingMail.objects.exists()


def test_who_asked_on_the_site_and_phones_has_one_card(client, user):
    client.post("/assessment/", filled_in())
    assert entered(user) == Submission.objects.get(kind="assessment").lead
    assert Lead.objects.count() == 1


def test_a_colleague_keeps_the_card_that_is_theirs(client, user):
    client.post("/assessment/", filled_in())
    claim(lead=Lead.objects.get(), user=user)
    assert entered(UserFactory()).owner == user


def test_a_double_click_is_one_call_and_another_note_is_another(user):
    for _ in range(2):
        entered(user, note="Asked about knees")
    assert Submission.objects.count() == 1
    entered(user, note="Called again: it is the hip")
    assert (Submission.objects.count(), Lead.objects.count()) == (2, 1)


def test_a_call_is_never_taken_for_spam(user):
    for number in range(8):
        entered(user, note=f"Call {number}")
    assert not Submission.objects.filter(is_spam=True).exists()


def test_a_call_reopens_a_card_that_was_closed(user):
    lead = entered(user)
    Lead.objects.filter(pk=lead.pk).update(state="closed", closed_because="Moved away")
    assert entered(user, note="Moved back").state == "new"


@pytest.mark.parametrize("known_by", [{"phone": "(425) 658-4944"}, {"email": "erika@example.com"}])
def test_whoever_enters_a_call_is_shown_the_card_that_there_is(client, known_by):
    client.post("/assessment/", filled_in())
    desk = signed_in(member("front_desk"))
    page = desk.post(reverse("lead_call"), {"name": "Erika", **known_by}).content.decode()
    assert reverse("lead", args=[Lead.objects.get().pk]) in page
    assert not Submission.objects.filter(kind="call").exists()
    desk.post(reverse("lead_call"), {"name": "Erika Lang", "is_seen": "on", **known_by})
    assert Submission.objects.get(kind="call").lead == Lead.objects.get()
