"""The way through a sequence: each step once, in order, none early, and an end with a reason."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from leads.mail import sequences
from leads.models import Contact, Enrolment, OutgoingMail, Sequence, Suppression, TimelineEntry
from leads.services import mailbox
from leads.tasks import advance_sequences, drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    ContactFactory,
    LeadFactory,
    OutgoingMailFactory,
    SequenceFactory,
    StepFactory,
)

State = OutgoingMail.State
Ending = Enrolment.Ending
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")


@pytest.fixture
def tips(db) -> Sequence:
    """Three tips: a day after the start, then two and three days later."""
    sequence = SequenceFactory(key="tips")
    for days, key in enumerate(["walk", "sit", "sleep"], start=1):
        StepFactory(sequence=sequence, position=days, key=key, delay_hours=24 * days)
    return sequence


@pytest.fixture
def reader(tips) -> Contact:
    contact = ContactFactory()
    sequences.enrol(contact=contact, sequence="tips")
    return contact


def let_time_pass(span: timedelta) -> None:
    OutgoingMail.objects.update(
        due_at=F("due_at") - span, changed_at=F("changed_at") - span, created_at=F("created_at") - span
    )
    Enrolment.objects.update(started_at=F("started_at") - span)
    Sequence.objects.update(paused_at=F("paused_at") - span)


def work() -> None:
    """What beat sets off, as often as it takes to come to rest."""
    for _ in range(2):
        advance_sequences()
        drain_outbox()


def steps_sent() -> list[str]:
    sent = OutgoingMail.objects.filter(kind="tip", state=State.SENT)
    return list(sent.order_by("sent_at").values_list("step__key", flat=True))


def waiting() -> OutgoingMail:
    advance_sequences()
    return OutgoingMail.objects.annotate(left=F("due_at") - Now()).get(state=State.QUEUED)


def days_left() -> float:
    return round(waiting().left / DAY, 2)


def ending(contact: Contact) -> str:
    return Enrolment.objects.get(contact=contact).ending


def test_each_step_is_sent_once_in_order_and_none_early(reader, smtp_server):
    days = []
    for day in range(12):
        work()
        days += [day] * (len(steps_sent()) - len(days))
        let_time_pass(DAY)
    assert steps_sent() == ["walk", "sit", "sleep"]
    assert days == [1, 3, 6]
    assert ending(reader) == Ending.FINISHED
    assert len(smtp_server.lines()) == 3


def test_a_sequence_owes_one_mail_at_a_time(reader, smtp_server):
    let_time_pass(30 * DAY)
    work()
    assert OutgoingMail.objects.count() == 1


def test_a_sender_that_stood_still_for_a_month_does_not_send_a_months_tips_at_once(reader, smtp_server):
    advance_sequences()
    let_time_pass(30 * DAY)
    days = []
    for day in range(10):
        work()
        days += [day] * (len(steps_sent()) - len(days))
        let_time_pass(DAY)
    assert steps_sent() == ["walk", "sit", "sleep"]
    first, second, third = days
    assert first <= 4
    assert (second - first, third - second) == (2, 3)


def test_a_reader_is_enrolled_once_however_often_it_is_asked_for(reader):
    sequences.enrol(contact=reader, sequence="tips")
    assert Enrolment.objects.count() == 1


def test_who_got_every_step_is_not_started_again(reader, smtp_server):
    for _ in range(10):
        work()
        let_time_pass(DAY)
    sequences.enrol(contact=reader, sequence="tips")
    assert ending(reader) == Ending.FINISHED


def test_a_step_keeps_its_key_through_the_versions_and_nobody_gets_it_twice(reader, tips, smtp_server):
    let_time_pass(DAY)
    work()
    assert steps_sent() == ["walk"]
    tips.version = 2
    tips.save()
    for position, key in enumerate(["sleep", "walk", "lift"]):
        StepFactory(sequence=tips, position=position, key=key)
    mailbox.stop_bulk_mail(contact=reader)
    OutgoingMail.objects.filter(state=State.SKIPPED).delete()
    sequences.enrol(contact=reader, sequence="tips")
    for _ in range(8):
        work()
        let_time_pass(DAY)
    assert steps_sent() == ["walk", "sleep", "lift"]


def test_who_is_on_the_way_stays_on_the_version_of_the_start(reader, tips, smtp_server):
    tips.version = 2
    tips.save()
    StepFactory(sequence=tips, position=1, key="lift")
    for _ in range(10):
        work()
        let_time_pass(DAY)
    assert steps_sent() == ["walk", "sit", "sleep"]


def test_a_step_that_cannot_be_sent_does_not_end_the_sequence(reader, smtp_server):
    smtp_server.refuse("BODY", "554 5.6.0 not this one", times=1)
    for _ in range(10):
        work()
        let_time_pass(DAY)
    assert steps_sent() == ["sit", "sleep"]
    assert ending(reader) == Ending.FINISHED


# --- Pauses


def test_a_pause_stops_the_waits_and_afterwards_they_go_on(reader, tips, smtp_server):
    assert days_left() == 1
    let_time_pass(DAY / 4)
    sequences.pause(sequence=tips)
    assert waiting().reason == "the sequence is paused"
    for _ in range(10):
        work()
        let_time_pass(DAY)
    assert steps_sent() == []
    sequences.resume(sequence=tips)
    assert days_left() == 0.75
    let_time_pass(DAY)
    work()
    assert steps_sent() == ["walk"]


def test_who_enrols_during_a_pause_waits_the_whole_time_after_it(tips, smtp_server):
    sequences.pause(sequence=tips)
    let_time_pass(5 * DAY)
    sequences.enrol(contact=ContactFactory(), sequence="tips")
    advance_sequences()
    let_time_pass(3 * DAY)
    sequences.resume(sequence=tips)
    assert days_left() == 1


def test_a_paused_sequence_does_not_hold_up_another(reader, tips, smtp_server):
    other = SequenceFactory(key="after-guide")
    StepFactory(sequence=other, key="stairs")
    sequences.pause(sequence=tips)
    sequences.enrol(contact=ContactFactory(), sequence="after-guide")
    let_time_pass(2 * DAY)
    work()
    assert steps_sent() == ["stairs"]


def test_pausing_and_resuming_twice_changes_nothing(reader, tips):
    before = waiting().due_at
    sequences.resume(sequence=tips)
    sequences.pause(sequence=tips)
    sequences.pause(sequence=tips)
    sequences.resume(sequence=tips)
    sequences.resume(sequence=tips)
    assert abs(waiting().due_at - before) < timedelta(seconds=5)


# --- Ends


@pytest.mark.parametrize("reason", [Ending.BOOKED, Ending.STAFF, Ending.UNSUBSCRIBED])
def test_a_sequence_that_ends_calls_off_what_waits_and_says_why(reader, reason, smtp_server):
    mail = waiting()
    sequences.end(contact=reader, ending=reason)
    let_time_pass(30 * DAY)
    work()
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.SKIPPED, f"the sequence ended: {reason.label}")
    assert ending(reader) == reason
    assert steps_sent() == []


def test_who_unsubscribed_and_comes_back_goes_on_where_they_were(reader, smtp_server):
    let_time_pass(DAY)
    work()
    advance_sequences()
    mailbox.stop_bulk_mail(contact=reader)
    let_time_pass(20 * DAY)
    work()
    assert steps_sent() == ["walk"]
    sequences.enrol(contact=reader, sequence="tips")
    assert days_left() == 2
    for _ in range(8):
        let_time_pass(DAY)
        work()
    assert steps_sent() == ["walk", "sit", "sleep"]


@pytest.mark.parametrize("reason", [Ending.BOOKED, Ending.STAFF])
def test_who_left_for_another_reason_is_not_started_again_by_a_form(reader, reason):
    sequences.end(contact=reader, ending=reason)
    sequences.enrol(contact=reader, sequence="tips")
    assert ending(reader) == reason


def test_unsubscribing_leaves_what_was_asked_for_by_name(reader):
    guide = OutgoingMailFactory(kind="guide", submission__lead__contact=reader)
    welcome = OutgoingMailFactory(kind="welcome", submission__lead__contact=reader)
    mailbox.stop_bulk_mail(contact=reader)
    guide.refresh_from_db()
    welcome.refresh_from_db()
    assert (guide.state, welcome.state) == (State.QUEUED, State.SKIPPED)


@pytest.mark.parametrize("reason", Suppression.Reason)
def test_a_suppressed_mailbox_has_nothing_left_to_come(reader, reason):
    OutgoingMailFactory(kind="guide", submission__lead__contact=reader)
    advance_sequences()
    mailbox.suppress(contact=reader, reason=reason)
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {State.SKIPPED}
    assert ending(reader)


def test_a_bounce_is_seen_on_the_persons_card(reader):
    lead = LeadFactory(contact=reader)
    mailbox.bounced(contact=reader, reason=Suppression.Reason.COMPLAINED)
    assert TimelineEntry.objects.get(lead=lead).event == "mailbox_complained"
    assert ending(reader) == Ending.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("outcomes", "is_suppressed"),
    [([1, 1], False), ([1, 1, 1], True), ([1, 0, 1, 0, 1], True), ([1, 1, 0, 0, 0, 1], False)],
)
def test_three_soft_bounces_of_five_mails_end_it(reader, outcomes, is_suppressed):
    for is_soft_bounce in outcomes:
        mailbox.note_outcome(contact=reader, is_soft_bounce=bool(is_soft_bounce))
    assert Suppression.objects.exists() == is_suppressed


# --- Many at once


@pytest.mark.django_db(transaction=True)
def test_several_clocks_at_once_owe_each_mail_once(tips):
    for contact in ContactFactory.create_batch(20):
        sequences.enrol(contact=contact, sequence="tips")

    def run():
        try:
            advance_sequences()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    advance_sequences()
    assert OutgoingMail.objects.count() == 20


@pytest.mark.parametrize("readers", [2, 30])
def test_advancing_costs_the_same_number_of_queries_for_few_and_for_many(tips, readers, django_assert_num_queries):
    for contact in ContactFactory.create_batch(readers):
        sequences.enrol(contact=contact, sequence="tips")
    with django_assert_num_queries(8):
        advance_sequences()
    assert OutgoingMail.objects.count() == readers


def test_enrolling_costs_one_statement(tips, django_assert_num_queries):
    contact = ContactFactory()
    with django_assert_num_queries(1):
        sequences.enrol(contact=contact, sequence="tips")
