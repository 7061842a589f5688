"""What must be true before a mail leaves, and what the row says when it is not."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from leads.mail import gates, issues, ledger
from leads.mail.gates import Verdict
from leads.models import Issue, OutgoingMail, Suppression
from leads.suppression import suppress
from leads.tasks import drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    ContactFactory,
    IssueFactory,
    OutgoingMailFactory,
    SubscriberFactory,
    SubscriptionFactory,
    TipFactory,
)

State = OutgoingMail.State
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("smtp_server")]


@pytest.fixture(autouse=True)
def clinic(db):
    address = {"street": "1 Main St", "locality": "Maple Valley", "region": "WA", "postal_code": "98038"}
    return ClinicSettingsFactory(**address, time_zone="America/Los_Angeles")


def outcome(mail: OutgoingMail) -> tuple[str, str]:
    drain_outbox()
    mail.refresh_from_db()
    return mail.state, mail.reason


def wait_left(mail: OutgoingMail) -> timedelta:
    return OutgoingMail.objects.annotate(left=F("due_at") - Now()).get(pk=mail.pk).left


def welcome(**subscription) -> OutgoingMail:
    contact = SubscriptionFactory(**subscription).contact
    return OutgoingMailFactory(kind=OutgoingMail.Kind.WELCOME, submission=None, contact=contact)


@pytest.mark.parametrize("reason", [r for r in Suppression.Reason if r != "erased"])
def test_a_suppressed_mailbox_gets_no_mail_of_any_kind(reason):
    mails = [OutgoingMailFactory(), TipFactory()]
    for mail in mails:
        suppress(mail.contact.email, reason)
    for mail in mails:
        assert outcome(mail) == (State.SKIPPED, f"the mailbox is never written to: {reason.label}")


def test_whoever_was_erased_gets_what_they_ask_for_again_and_nothing_else():
    asked_for, tip = OutgoingMailFactory(), TipFactory()
    for mail in (asked_for, tip):
        suppress(mail.contact.email, Suppression.Reason.ERASED)
    assert outcome(asked_for)[0] == State.SENT
    assert outcome(tip) == (State.SKIPPED, "the mailbox is never written to: Asked to be erased")


def test_a_suppression_is_found_however_the_address_is_written():
    mail = OutgoingMailFactory()
    suppress(mail.contact.email.upper(), Suppression.Reason.STAFF)
    assert outcome(mail)[0] == State.SKIPPED


@pytest.mark.parametrize("mail_kind", ["tip", "welcome"])
def test_bulk_mail_waits_while_the_postal_address_is_empty_and_says_so(clinic, mail_kind):
    ClinicSettingsFactory(street="")
    mail = TipFactory() if mail_kind == "tip" else welcome(state="confirmed", confirmed_at=Now())
    state, reason = outcome(mail)
    assert (state, mail.attempts) == (State.QUEUED, 0)
    assert reason == "the clinic's postal address is empty, and the law asks for one"
    assert timedelta(minutes=59) < wait_left(mail) <= timedelta(hours=1)


def test_a_mail_that_was_asked_for_leaves_without_a_postal_address():
    ClinicSettingsFactory(street="")
    assert outcome(OutgoingMailFactory()) == (State.SENT, "")


@pytest.mark.parametrize(
    ("subscription", "expected"),
    [
        ({"state": "confirmed", "confirmed_at": Now()}, (State.SENT, "")),
        ({}, (State.SKIPPED, "the mailbox is not subscribed")),
        ({"state": "unsubscribed", "unsubscribed_at": Now()}, (State.SKIPPED, "the mailbox is not subscribed")),
    ],
)
def test_only_a_confirmed_subscriber_is_welcomed(subscription, expected):
    assert outcome(welcome(**subscription)) == expected


def test_who_wants_no_newsletter_is_welcomed_to_the_tips():
    mail = welcome(state="confirmed", confirmed_at=Now(), wants_newsletter=False)
    assert outcome(mail) == (State.SENT, "")


def issue_to(contact) -> OutgoingMail:
    issue = IssueFactory(state=Issue.State.SENDING, frozen=issues.words(IssueFactory()), audience=1)
    return OutgoingMailFactory(kind=OutgoingMail.Kind.ISSUE, submission=None, contact=contact, issue=issue)


def test_an_issue_is_for_those_who_want_it_when_it_leaves():
    wants = issue_to(SubscriberFactory().contact)
    changed_mind = issue_to(SubscriberFactory(wants_newsletter=False).contact)
    never_asked = issue_to(ContactFactory())
    assert outcome(wants) == (State.SENT, "")
    assert outcome(changed_mind) == (State.SKIPPED, "the newsletter was switched off")
    assert outcome(never_asked) == (State.SKIPPED, "the mailbox is not subscribed")


def test_a_tip_of_a_sequence_that_ended_is_not_sent():
    mail = TipFactory(enrolment__ended_at=Now(), enrolment__ending="booked")
    assert outcome(mail) == (State.SKIPPED, "the sequence ended: Booked a visit")


def test_a_tip_waits_for_its_hours_in_the_clinics_time_zone():
    zone = ZoneInfo("Pacific/Honolulu")  # the server's own is another
    ClinicSettingsFactory(time_zone="Pacific/Honolulu")
    now = datetime.now(zone)
    opens = (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    closes = opens + timedelta(minutes=30)
    mail = TipFactory(step__window_opens=opens.time(), step__window_closes=closes.time())
    assert outcome(mail) == (State.QUEUED, "outside its hours")
    assert mail.due_at == opens
    assert mail.attempts == 0


def test_a_tip_of_a_paused_sequence_waits_until_it_goes_on():
    mail = TipFactory(enrolment__sequence__paused_at=Now())
    mail = OutgoingMail.objects.get(pk=mail.pk)
    assert gates.ask(ledger.as_claimed(mail, timezone.now())) == Verdict("the sequence is paused", mail.due_at)


def test_a_mailbox_gets_one_tip_in_twenty_hours():
    first = TipFactory()
    second = TipFactory(enrolment__contact=first.contact, due_at=Now() + timedelta(hours=1))
    assert outcome(first) == (State.SENT, "")
    OutgoingMail.objects.filter(pk=second.pk).update(due_at=Now())
    assert outcome(second) == (State.QUEUED, "another mail went to this mailbox within 20 hours")
    assert timedelta(hours=19) < wait_left(second) <= timedelta(hours=20)
    OutgoingMail.objects.update(due_at=F("due_at") - ledger.SPACING, changed_at=F("changed_at") - ledger.SPACING)
    assert outcome(second) == (State.SENT, "")


def test_a_tip_that_may_have_arrived_counts_for_the_spacing(smtp_server):
    first = TipFactory()
    smtp_server.hang_up("BODY", times=1)
    assert outcome(first)[0] == State.UNCERTAIN
    assert outcome(TipFactory(enrolment__contact=first.contact))[0] == State.QUEUED


def test_what_a_reader_asks_for_does_not_wait_for_the_spacing():
    tip = TipFactory()
    assert outcome(tip)[0] == State.SENT
    assert outcome(OutgoingMailFactory(submission__lead__contact=tip.contact)) == (State.SENT, "")


def test_what_a_reader_asked_for_holds_no_tip_back():
    asked_for = OutgoingMailFactory()
    tip = TipFactory(enrolment__contact=asked_for.contact, due_at=Now() + timedelta(hours=1))
    assert outcome(asked_for)[0] == State.SENT
    OutgoingMail.objects.filter(pk=tip.pk).update(due_at=Now())
    assert outcome(tip) == (State.SENT, "")


def test_tips_over_a_week_late_leave_over_days_and_not_at_once():
    mails = [TipFactory(due_at=Now() - timedelta(days=8)) for _ in range(12)]
    on_time = TipFactory(due_at=Now() - timedelta(days=6))
    assert outcome(on_time)[0] == State.SENT
    waits = {round(wait_left(mail) / timedelta(hours=1)) for mail in mails}
    assert waits == {1 + mail.pk % 72 for mail in mails}
    mails[0].refresh_from_db()
    assert mails[0].reason == "over a week late: its turn comes within days"
    assert max(waits) <= 72
    assert all(outcome(mail)[0] == State.QUEUED for mail in mails)
    OutgoingMail.objects.update(due_at=F("due_at") - timedelta(hours=73))
    assert all(outcome(mail)[0] == State.SENT for mail in mails)
