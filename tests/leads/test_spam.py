"""Spam is a folder, and nothing in it is lost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.models import OpeningHours
from leads import tokens
from leads.mail.ledger import call_off
from leads.models import Enrolment, Lead, OutgoingMail, Submission, Subscription
from leads.services.call import enter_call
from leads.services.promise import tell_delay
from leads.services.spam import flag_spam, release_spam
from leads.tasks import advance_sequences, drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    GuidePageFactory,
    SequenceFactory,
    StepFactory,
    SubmissionFactory,
    SubscriberFactory,
    UserFactory,
    WorkshopPageFactory,
)
from tests.leads.visitor import filled_in, hidden
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

LINK = "http://spam.example/ Erika"  # a name with a link is a sign


@pytest.fixture(autouse=True)
def clinic():
    """Open every day, so that each request is promised a call."""
    clinic = ClinicSettingsFactory()
    OpeningHours.objects.bulk_create(
        OpeningHours(clinic=clinic, weekday=weekday, opens="09:00", closes="17:00") for weekday in range(7)
    )
    return clinic


@pytest.fixture
def user():
    return UserFactory()


def owed(**conditions) -> list[str]:
    return sorted(OutgoingMail.objects.filter(state="queued", **conditions).values_list("kind", flat=True))


def test_spam_that_is_released_is_in_the_inbox_and_owes_what_is_due_once(client, user):
    client.post("/assessment/", filled_in(name=LINK, wants_tips="on"))
    submission = Submission.objects.get()
    assert (submission.is_spam, owed(), list(Lead.objects.open())) == (True, [], [])
    for _ in range(2):
        release_spam(submission=submission, user=user)
    assert owed() == ["assessment", "confirm", "staff"]
    assert Lead.objects.open().get().timeline.filter(event="released_spam").count() == 1


def test_a_sign_up_that_is_released_is_asked_to_confirm(client, user):
    client.post("/newsletter/", {"email": "reader@example.com", "website": "http://spam.example"})
    submission = Submission.objects.get()
    Submission.objects.update(is_spam=True)
    Lead.objects.update(is_spam=True)
    OutgoingMail.objects.all().delete()
    Subscription.objects.all().delete()
    release_spam(submission=submission, user=user)
    assert owed() == ["confirm"]
    assert Subscription.objects.get().state == "unconfirmed"
    assert Lead.objects.get().state == "reader"


def test_a_guide_that_is_released_reaches_its_reader(client, user, smtp_server):
    page = GuidePageFactory()
    form = {"page": hidden(client.get(page.get_url()), "page"), "email": "reader@example.com", "name": LINK}
    client.post("/guides/request/", form)
    submission = Submission.objects.get()
    assert submission.is_spam
    release_spam(submission=submission, user=user)
    drain_outbox()
    assert [delivery.recipient for delivery in smtp_server.deliveries] == ["reader@example.com"]


def test_flagging_calls_off_what_waits_and_hides_a_card_with_nothing_else(client, user):
    client.post("/assessment/", filled_in())
    flag_spam(submission=Submission.objects.get(), user=user)
    assert owed() == []
    lead = Lead.objects.get()
    assert (lead.is_spam, lead.promised_at, lead.next_action_at) == (True, None, None)


def test_flagging_by_mistake_costs_no_mail(client, user):
    client.post("/assessment/", filled_in())
    before, lead = owed(), Lead.objects.get()
    flag_spam(submission=Submission.objects.get(), user=user)
    release_spam(submission=Submission.objects.get(), user=user)
    assert owed() == before
    again = Lead.objects.open().get()
    assert (again.promised_at, again.next_action, again.state) == (lead.promised_at, lead.next_action, "new")


def test_a_mail_that_was_called_off_for_another_reason_stays_called_off(client, user):
    client.post("/assessment/", filled_in())
    call_off(OutgoingMail.objects.filter(kind="assessment"), "the mailbox is never written to")
    flag_spam(submission=Submission.objects.get(), user=user)
    release_spam(submission=Submission.objects.get(), user=user)
    assert owed() == ["staff"]


def test_a_card_with_an_honest_request_stays_when_another_is_flagged(client, user):
    client.post("/assessment/", filled_in())
    client.post("/assessment/", filled_in(hopes="Dance"))
    flag_spam(submission=Submission.objects.latest("pk"), user=user)
    lead = Lead.objects.open().get()
    assert lead.promised_at == Submission.objects.earliest("pk").promised_at


def test_a_new_time_that_a_person_was_told_stays_when_a_later_request_is_flagged(client, user):
    client.post("/assessment/", filled_in())
    Lead.objects.update(promised_at=timezone.now() - timedelta(hours=1))
    told = timezone.now() + timedelta(hours=2)
    tell_delay(lead=Lead.objects.get(), promised_at=told, user=user)
    client.post("/assessment/", filled_in(hopes="Dance"))
    Submission.objects.filter(pk=Submission.objects.latest("pk").pk).update(promised_at=told + timedelta(hours=1))
    flag_spam(submission=Submission.objects.latest("pk"), user=user)
    assert (Lead.objects.get().promised_at, Lead.objects.get().next_action_at) == (told, told)
    flag_spam(submission=Submission.objects.earliest("pk"), user=user)
    assert (Lead.objects.get().promised_at, Lead.objects.get().next_action_at) == (None, None)


def test_a_card_is_about_what_counts_when_its_latest_request_is_flagged(client, user):
    client.post("/assessment/", filled_in())
    honest = Submission.objects.get()
    client.post("/assessment/", filled_in(hopes="Dance"))
    flag_spam(submission=Submission.objects.latest("pk"), user=user)
    lead = Lead.objects.open().get()
    assert (lead.asked_for, lead.asked_at) == ("assessment", honest.created_at)


def test_a_reader_is_one_again_when_the_request_on_her_card_is_flagged(client, user):
    client.post("/newsletter/", {"email": "erika@example.com"})
    client.post("/assessment/", filled_in())
    request = Submission.objects.get(kind="assessment")
    assert Lead.objects.get().state == "new"
    flag_spam(submission=request, user=user)
    lead = Lead.objects.get()
    assert (lead.state, lead.asked_for, lead.promised_at, lead.is_spam) == ("reader", "newsletter", None, False)
    release_spam(submission=request, user=user)
    lead = Lead.objects.open().get()
    assert (lead.state, lead.asked_for, lead.promised_at) == ("new", "assessment", request.promised_at)


def test_a_card_says_what_its_promise_answers_when_a_later_request_is_flagged(client, user):
    client.post("/assessment/", filled_in())
    client.post("/newsletter/", {"email": "erika@example.com"})
    client.post("/assessment/", filled_in(hopes="Dance"))
    flag_spam(submission=Submission.objects.latest("pk"), user=user)
    lead = Lead.objects.open().get()
    first = Submission.objects.earliest("pk")
    assert (lead.asked_for, lead.asked_at, lead.promised_at) == ("assessment", first.created_at, first.promised_at)


def test_the_same_request_sent_twice_and_released_twice_is_answered_once(client, user):
    for _ in range(2):
        client.post("/assessment/", filled_in(name=LINK))
    for submission in Submission.objects.all():
        release_spam(submission=submission, user=user)
    assert owed() == ["assessment", "staff"]


def test_a_request_is_flagged_once(client, user):
    client.post("/assessment/", filled_in())
    submission = Submission.objects.get()
    for _ in range(2):
        flag_spam(submission=submission, user=user)
    assert Lead.objects.get().timeline.filter(event="flagged_spam").count() == 1


def test_flagging_a_sign_up_takes_no_promise_from_the_card(client, user):
    client.post("/assessment/", filled_in())
    client.post("/newsletter/", {"email": "erika@example.com"})
    before = Lead.objects.get()
    flag_spam(submission=Submission.objects.get(kind="newsletter"), user=user)
    lead = Lead.objects.open().get()
    assert before.promised_at is not None
    assert (lead.promised_at, lead.next_action_at) == (before.promised_at, before.next_action_at)


def test_flagging_leaves_the_next_step_that_staff_chose(client, user):
    client.post("/assessment/", filled_in())
    Lead.objects.update(next_action="Ask her sister", next_action_at="2027-03-01T17:00Z")
    flag_spam(submission=Submission.objects.get(), user=user)
    lead = Lead.objects.get()
    assert (lead.promised_at, lead.next_action) == (None, "Ask her sister")
    assert lead.next_action_at is not None


def test_an_answered_request_that_is_released_promises_nothing_anew(client, user):
    client.post("/assessment/", filled_in(name=LINK))
    Submission.objects.update(answered_at=timezone.now())
    release_spam(submission=Submission.objects.get(), user=user)
    lead = Lead.objects.open().get()
    assert (lead.state, lead.promised_at, lead.next_action_at) == ("new", None, None)


def test_a_request_released_onto_a_card_that_counts_leaves_what_it_says(client, user):
    client.post("/assessment/", filled_in(phone="425 555 0100", hopes="Dance"))
    client.post("/assessment/", filled_in(phone="425 555 0111"))
    old, new = Submission.objects.order_by("pk")
    flag_spam(submission=old, user=user)
    before = Lead.objects.get()
    release_spam(submission=old, user=user)
    lead = Lead.objects.open().get()
    assert (lead.phone, lead.asked_at, lead.state) == (before.phone, before.asked_at, "new")
    assert lead.promised_at == min(old.promised_at, new.promised_at)


def test_a_released_request_that_owes_a_call_is_what_the_card_is_about(client, user):
    client.post("/assessment/", filled_in(name=LINK))
    spam = Submission.objects.get()
    client.post("/newsletter/", {"email": "erika@example.com"})
    assert Lead.objects.get().asked_for == "newsletter"
    release_spam(submission=spam, user=user)
    assert Lead.objects.get().asked_for == "assessment"


def test_a_workshop_that_is_released_reaches_its_reader(client, user, smtp_server):
    page = WorkshopPageFactory()
    form = {"page": hidden(client.get(page.get_url()), "page"), "email": "reader@example.com"}
    client.post("/workshops/request/", form)
    submission = Submission.objects.get()
    flag_spam(submission=submission, user=user)
    assert owed() == []
    release_spam(submission=submission, user=user)
    drain_outbox()
    assert [delivery.recipient for delivery in smtp_server.deliveries] == ["reader@example.com"]


def test_a_call_that_is_released_is_on_the_list_again_and_sends_nothing(user):
    promised_at = timezone.now() + timedelta(hours=2)
    enter_call(
        name="Erika Lang",
        phone="+14256584944",
        email="erika@example.com",
        channel="phone",
        call_times="",
        note="",
        user=user,
        promised_at=promised_at,
    )
    submission = Submission.objects.get()
    flag_spam(submission=submission, user=user)
    assert not Lead.objects.open().exists()
    release_spam(submission=submission, user=user)
    assert Lead.objects.open().get().promised_at == promised_at
    assert owed() == []


# --- Tips


@pytest.fixture
def ask_for_tips(client):
    """Sends a guide's form with the box for tips ticked: what came of it."""
    sequence = SequenceFactory(key="after-the-guide")
    StepFactory(sequence=sequence, delay_hours=24)

    def ask(page=7) -> Submission:
        token = tokens.make_token(tokens.GUIDE_FORM, page)
        client.post("/guides/request/", {"page": token, "email": "reader@example.com", "wants_tips": "on"})
        advance_sequences()
        return Submission.objects.latest("pk")

    return ask


def test_tips_that_spam_started_end_and_go_on_when_it_was_none(ask_for_tips, user):
    submission = ask_for_tips()
    assert owed() == ["guide", "tip"]
    flag_spam(submission=submission, user=user)
    assert (owed(), Enrolment.objects.get().ending) == ([], "spam")
    release_spam(submission=submission, user=user)
    advance_sequences()
    assert (owed(), Enrolment.objects.get().ended_at) == (["guide", "tip"], None)


def test_tips_go_on_while_another_request_brings_them(ask_for_tips, user):
    first, second = ask_for_tips(), ask_for_tips(page=8)
    flag_spam(submission=first, user=user)
    assert owed() == ["guide", "tip"]
    flag_spam(submission=second, user=user)
    assert owed() == []


def test_tips_go_on_for_a_reader_who_confirmed_them(ask_for_tips, user):
    submission = ask_for_tips()
    SubscriberFactory(contact=submission.contact)
    flag_spam(submission=submission, user=user)
    assert owed() == ["tip"]


def test_tips_go_on_when_a_request_that_brought_none_is_flagged(client, ask_for_tips, user):
    ask_for_tips()
    client.post("/newsletter/", {"email": "reader@example.com"})
    flag_spam(submission=Submission.objects.get(kind="newsletter"), user=user)
    assert owed() == ["guide", "tip"]


def test_whose_address_stood_in_spam_gets_tips_by_asking_for_them(ask_for_tips, user):
    flag_spam(submission=ask_for_tips(), user=user)
    ask_for_tips()
    assert owed() == ["guide", "tip"]


# --- The folder


@pytest.fixture
def spam(client):
    client.post("/assessment/", filled_in(name=LINK))
    return Submission.objects.get()


def test_the_folder_shows_who_what_and_the_signs(spam):
    page = signed_in(member("front_desk")).get(reverse("spam")).content.decode()
    assert "Free assessment" in page
    assert "a link in the name" in page
    assert "spam.example" in page


def test_not_spam_releases_it_from_the_folder(spam):
    client = signed_in(member("front_desk"))
    answer = client.post(reverse("spam_release"), {"submission": [spam.pk]}, follow=True)
    assert "is back in the inbox" in answer.content.decode()
    assert owed() == ["assessment", "staff"]
    assert "Nothing is taken for spam" in client.get(reverse("spam")).content.decode()


def test_nothing_ticked_releases_nothing_and_is_told(spam):
    answer = signed_in(member("front_desk")).post(reverse("spam_release"), follow=True)
    assert "Tick what is not spam first." in answer.content.decode()
    assert Submission.objects.get().is_spam


def test_many_are_released_at_once(spam):
    others = [SubmissionFactory(is_spam=True, lead__is_spam=True).pk for _ in range(3)]
    signed_in(member("front_desk")).post(reverse("spam_release"), {"submission": [spam.pk, *others]})
    assert not Submission.objects.filter(is_spam=True).exists()


def test_a_request_is_flagged_from_its_card(client):
    client.post("/assessment/", filled_in())
    submission = Submission.objects.get()
    signed_in(member("front_desk")).post(reverse("spam_flag", args=[submission.pk]))
    submission.refresh_from_db()
    assert submission.is_spam


@pytest.mark.parametrize(("role", "status"), [("front_desk", 200), ("clinician", 200), ("owner", 200), ("editor", 302)])
def test_who_may_see_the_folder(role, status):
    assert signed_in(member(role)).get(reverse("spam")).status_code == status


def test_an_editor_releases_and_flags_nothing(spam):
    client = signed_in(member("editor"))
    assert client.post(reverse("spam_release"), {"submission": [spam.pk]}).status_code == 302
    assert client.post(reverse("spam_flag", args=[spam.pk])).status_code == 302
    spam.refresh_from_db()
    assert spam.is_spam


def test_numbers_that_are_none_and_what_is_no_spam_change_nothing(client, spam):
    client.post("/assessment/", filled_in(email="honest@example.com", phone="4256584947"))
    honest = Submission.objects.latest("pk")
    staff = signed_in(member("front_desk"))
    staff.post(reverse("spam_release"), {"submission": ["x", "", "999999", "9" * 40, honest.pk]})
    assert not honest.lead.timeline.filter(event="released_spam").exists()
    assert staff.get(reverse("spam_release")).status_code == 405


def test_the_folder_costs_the_same_number_of_queries_for_many(spam):
    client = signed_in(member("front_desk"))
    few = queries_of(client)
    for _ in range(10):
        SubmissionFactory(is_spam=True, lead__is_spam=True)
    assert queries_of(client) == few


def queries_of(client) -> int:
    client.get(reverse("spam"))
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("spam"))
    return len(queries)
