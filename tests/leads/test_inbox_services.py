"""What happens to a card when staff do something with it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from clinic.models import OpeningHours
from leads import tokens
from leads.models import Lead, OutgoingMail, Submission
from leads.services import inbox
from leads.services.inbox import Outcome
from leads.services.merge import merge
from leads.tasks import drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    EnrolmentFactory,
    LeadFactory,
    SubmissionFactory,
    TipFactory,
    UserFactory,
)
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("America/Los_Angeles")
FRIDAY = datetime(2026, 11, 20, 14, 0, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def clinic():
    """Open from nine to five, Monday to Friday."""
    clinic = ClinicSettingsFactory(phone="+14256584944")
    for weekday in range(5):
        OpeningHours.objects.create(clinic=clinic, weekday=weekday, opens="09:00", closes="17:00")
    return clinic


@pytest.fixture
def friday(time_machine):
    time_machine.move_to(FRIDAY, tick=False)
    return FRIDAY


@pytest.fixture
def user():
    return UserFactory()


def asked(client, **form) -> Lead:
    client.post("/assessment/", filled_in(**form))
    return Submission.objects.latest("pk").lead


def events(lead) -> list[str]:
    return [entry.event for entry in lead.timeline.order_by("pk")]


def at_once(*actions):
    """Each in a thread of its own, in the same moment; their answers, or what they raised."""
    barrier = Barrier(len(actions))

    def act(action):
        try:
            barrier.wait(timeout=10)
            return action()
        except inbox.Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [future.result() for future in [pool.submit(act, action) for action in actions]]


# --- Owners


@pytest.mark.django_db(transaction=True)
def test_of_two_who_claim_a_card_at_once_one_gets_it():
    for _ in range(5):
        lead, users = LeadFactory(), [UserFactory() for _ in range(4)]
        answers = at_once(*[partial(inbox.claim, lead=lead, user=user) for user in users])
        assert answers.count(True) == 1
        lead.refresh_from_db()
        assert lead.owner == users[answers.index(True)]
        assert events(lead) == ["claimed"]


def test_claiming_what_one_has_already_says_yes_and_writes_nothing(user):
    lead = LeadFactory(owner=user)
    assert inbox.claim(lead=lead, user=user)
    assert events(lead) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_call_a_person_at_once_one_is_told_whose_card_it_is():
    for _ in range(5):
        lead, users = LeadFactory(), [UserFactory() for _ in range(2)]
        answers = at_once(
            *[partial(inbox.note_attempt, lead=lead, outcome=Outcome.NO_ANSWER, user=user) for user in users]
        )
        refusals = [answer for answer in answers if isinstance(answer, inbox.TakenByAnother)]
        lead.refresh_from_db()
        assert [refusal.owner for refusal in refusals] == [lead.owner]
        assert (lead.attempts, events(lead)) == (1, ["claimed", "attempt"])


def test_a_card_is_handed_over_and_the_colleague_may_call(user):
    lead, colleague = LeadFactory(owner=user), UserFactory()
    with pytest.raises(inbox.TakenByAnother):
        inbox.note_attempt(lead=lead, outcome=Outcome.SPOKE, user=colleague)
    inbox.hand_over(lead=lead, owner=colleague, user=user)
    assert inbox.note_attempt(lead=lead, outcome=Outcome.SPOKE, user=colleague).state == "reached"
    assert inbox.hand_over(lead=lead, owner=None, user=colleague).owner is None
    assert lead.timeline.filter(event="handed_over", details={"before": user.pk, "after": colleague.pk}).exists()


# --- Attempts


def test_speaking_keeps_the_promise_and_answers_what_was_asked(client, user):
    lead = inbox.note_attempt(lead=asked(client), outcome=Outcome.SPOKE, user=user, note="Wants Tuesdays")
    assert (lead.state, lead.attempts, lead.owner) == ("reached", 0, user)
    assert (lead.promised_at, lead.next_action_at) == (None, None)
    assert lead.submissions.get().answered_at is not None
    entry = lead.timeline.get(event="attempt")
    assert (entry.user, entry.note, entry.details["outcome"]) == (user, "Wants Tuesdays", "spoke")


def test_what_staff_write_is_encrypted_in_the_database(user):
    inbox.add_note(lead=LeadFactory(), text="Marker words", user=user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM leads_timelineentry")
        assert "Marker" not in cursor.fetchone()[0]


def test_the_next_attempts_come_after_four_open_hours_a_day_and_three_days(client, friday, user, time_machine):
    lead = asked(client, call_times="")
    due = []
    for outcome in (Outcome.NO_ANSWER, Outcome.VOICEMAIL, Outcome.MESSAGE):
        lead = inbox.note_attempt(lead=lead, outcome=outcome, user=user)
        due.append(lead.next_action_at.astimezone(ZONE))
        time_machine.move_to(lead.next_action_at, tick=False)
    assert (lead.state, lead.attempts, lead.next_action) == ("trying", 3, "Call again")
    # three hours are left on Friday and one is on Monday; a day; three days, of which the last is no Saturday
    assert due == [
        datetime(2026, 11, 23, 10, 0, tzinfo=ZONE),
        datetime(2026, 11, 24, 10, 0, tzinfo=ZONE),
        datetime(2026, 11, 27, 10, 0, tzinfo=ZONE),
    ]


def test_the_next_day_is_tried_in_the_part_of_the_day_that_suits_the_person(client, friday, user):
    lead = asked(client, call_times="in the morning")
    Lead.objects.update(attempts=1)
    lead = inbox.note_attempt(lead=lead, outcome=Outcome.NO_ANSWER, user=user)
    assert lead.next_action_at.astimezone(ZONE) == datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)


def test_the_fourth_attempt_in_vain_closes_the_card_and_sends_one_kind_mail(client, user, smtp_server):
    lead = asked(client)
    for _ in range(4):
        lead = inbox.note_attempt(lead=lead, outcome=Outcome.NO_ANSWER, user=user)
    assert (lead.state, lead.closed_because, lead.next_action_at) == ("closed", "Could not reach", None)
    OutgoingMail.objects.exclude(kind="unreached").delete()
    drain_outbox()
    drain_outbox()
    (delivery,) = smtp_server.deliveries
    assert delivery.recipient == "erika@example.com"
    assert delivery.message["Subject"] == "We tried to reach you"
    assert "(425) 658-4944" in delivery.text
    assert "Erika" not in delivery.text + delivery.html
    assert any("/r/" in link for link in delivery.links)


def test_who_left_only_a_number_gets_no_mail_after_the_fourth_attempt(client, user):
    lead = asked(client, email="")
    for _ in range(4):
        lead = inbox.note_attempt(lead=lead, outcome=Outcome.NO_ANSWER, user=user)
    assert lead.state == "closed"
    assert not OutgoingMail.objects.filter(kind="unreached").exists()


def test_who_says_how_to_be_reached_after_all_is_back_in_the_inbox(client, user, smtp_server):
    lead = asked(client)
    for _ in range(4):
        inbox.note_attempt(lead=lead, outcome=Outcome.NO_ANSWER, user=user)
    OutgoingMail.objects.exclude(kind="unreached").delete()
    drain_outbox()
    page = next(link for link in smtp_server.deliveries[0].links if "/r/" in link)
    client.post(page.removeprefix("http://testserver"), {"channel": "phone", "call_times": "", "phone": "4256584945"})
    lead.refresh_from_db()
    assert (lead.state, lead.closed_because, lead.attempts) == ("new", "", 0)


def test_a_request_to_be_written_to_is_written_to_again(client, user):
    lead = asked(client, channel="email")
    assert inbox.note_attempt(lead=lead, outcome=Outcome.MESSAGE, user=user).next_action == "Write again"


def test_a_clinic_without_hours_tries_again_by_the_clock(client, friday, user):
    OpeningHours.objects.all().delete()
    lead = inbox.note_attempt(lead=asked(client), outcome=Outcome.NO_ANSWER, user=user)
    assert lead.next_action_at == friday + timedelta(hours=4)


# --- Plans, visits and ends


def test_a_plan_sets_the_clock_of_the_inbox(user):
    moment = timezone.now() + timedelta(days=2)
    lead = inbox.plan(lead=LeadFactory(), next_action="Send the address", next_action_at=moment, user=user)
    assert (lead.next_action, lead.next_action_at, lead.owner) == ("Send the address", moment, user)
    assert lead.timeline.get(event="planned").note == "Send the address"


def test_a_plan_does_not_put_off_a_promise(client, user):
    lead = asked(client)
    promised_at = lead.promised_at
    lead = inbox.plan(lead=lead, next_action="Call", next_action_at=promised_at + timedelta(days=2), user=user)
    assert lead.next_action_at == lead.promised_at == promised_at


@pytest.mark.parametrize(
    ("end", "ending"),
    [
        (lambda lead, user: inbox.book(lead=lead, visit_at=timezone.now(), user=user), "booked"),
        (lambda lead, user: inbox.close(lead=lead, reason="Moved away", user=user), "staff"),
    ],
    ids=["booked", "closed"],
)
def test_who_is_booked_or_closed_gets_no_more_tips(end, ending, user):
    enrolment = EnrolmentFactory()
    TipFactory(enrolment=enrolment)
    end(LeadFactory(contact=enrolment.contact), user)
    enrolment.refresh_from_db()
    assert enrolment.ending == ending
    assert OutgoingMail.objects.get().state == "skipped"


def test_a_booking_that_fails_ends_no_tips(user):
    enrolment = EnrolmentFactory()
    lead = LeadFactory(contact=enrolment.contact)
    with pytest.raises(AttributeError):
        inbox.book(lead=lead, visit_at=None, user=user)
    enrolment.refresh_from_db()
    lead.refresh_from_db()
    assert (enrolment.ending, lead.state, events(lead)) == ("", "new", [])


def test_a_visit_is_the_next_thing_and_what_came_of_it_is_noted(user):
    visit_at = timezone.now() + timedelta(days=1)
    lead = inbox.book(lead=LeadFactory(), visit_at=visit_at, user=user)
    assert (lead.state, lead.next_action, lead.next_action_at) == ("booked", "Visit", visit_at)
    assert inbox.note_visit(lead=lead, has_come=True, user=user).state == "attended"
    lead = inbox.note_visit(lead=lead, has_come=False, user=user)
    assert lead.state == "missed"
    assert lead.next_action_at > timezone.now()
    assert events(lead) == ["claimed", "booked", "attended", "missed"]


def test_only_a_visit_that_was_booked_can_be_noted(user):
    with pytest.raises(inbox.Refused):
        inbox.note_visit(lead=LeadFactory(), has_come=True, user=user)


def test_a_call_about_a_new_request_leaves_a_booked_visit_standing(client, user):
    visit_at = timezone.now() + timedelta(days=9)
    lead = asked(client, hopes="Walk")
    inbox.book(lead=lead, visit_at=visit_at, user=user)
    lead = asked(client, hopes="Dance")
    assert lead.next_action_at == lead.promised_at
    for _ in range(4):
        lead = inbox.note_attempt(lead=lead, outcome=Outcome.NO_ANSWER, user=user)
    assert (lead.state, lead.next_action, lead.next_action_at) == ("booked", "Visit", visit_at)


def test_closing_has_a_reason_and_a_new_request_reopens(client, user):
    lead = asked(client)
    lead = inbox.close(lead=lead, reason="Moved away", user=user)
    assert (lead.state, lead.closed_because, lead.next_action_at) == ("closed", "Moved away", None)
    lead = asked(client, hopes="Dance")
    assert (lead.state, lead.closed_because) == ("new", "")
    assert lead.next_action_at == lead.promised_at


def test_a_closed_card_is_reopened_and_an_open_one_stays_as_it_is(user):
    lead = LeadFactory(state="closed", closed_because="Moved away")
    assert inbox.reopen(lead=lead, user=user).state == "new"
    Lead.objects.update(state="reached")
    assert inbox.reopen(lead=lead, user=user).state == "reached"
    assert events(lead) == ["reopened"]


# --- What makes work


def test_who_only_reads_the_newsletter_is_no_work(client):
    client.post("/newsletter/", {"email": "erika@example.com"})
    assert Lead.objects.get().state == "reader"
    assert not Lead.objects.open().exists()


def test_a_reader_who_asks_for_an_assessment_becomes_work(client):
    client.post("/newsletter/", {"email": "erika@example.com"})
    client.post("/assessment/", filled_in())
    assert Lead.objects.open().get().state == "new"


def test_a_reader_sees_the_page_of_their_request(client):
    client.post("/newsletter/", {"email": "erika@example.com"})
    token = tokens.make_token(tokens.REQUEST, Submission.objects.get().pk)
    assert client.get(f"/r/{token}/").status_code == 200


def test_a_new_request_of_somebody_whose_card_was_merged_goes_to_the_card_that_was_kept(client, user):
    kept = asked(client, name="Erika Lang", email="one@example.com", phone="", channel="email")
    other = asked(client, name="E. Lang", email="two@example.com", phone="", channel="email")
    merge(kept=kept, other=other, user=user)
    client.post("/newsletter/", {"email": "two@example.com"})
    assert Submission.objects.latest("pk").lead == kept


def test_nothing_can_be_done_with_a_card_that_was_merged(user):
    lead = LeadFactory(merged_into=LeadFactory())
    with pytest.raises(inbox.Refused):
        inbox.add_note(lead=lead, text="Hello", user=user)
    assert not inbox.claim(lead=lead, user=user)


# --- Answers about health


def test_opening_the_answers_about_health_is_on_the_timeline(client, user):
    lead = asked(client, hopes="Dance")
    answers = inbox.open_health_answers(submission=lead.submissions.get(), user=user)
    assert answers["hopes"] == "Dance"
    entry = lead.timeline.get(event="opened_health_answers")
    assert (entry.user, entry.details) == (user, {"submission": lead.submissions.get().pk})
    assert inbox.open_health_answers(submission=SubmissionFactory(), user=user) == {}
