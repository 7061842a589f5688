"""The ledger owes each mail once, whoever asks how often, and lets only the holder of a lease move it."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from leads.mail import ledger
from leads.models import Issue, OutgoingMail
from tests.factories import ContactFactory, IssueFactory, OutgoingMailFactory, SubmissionFactory, TipFactory

State = OutgoingMail.State
pytestmark = pytest.mark.django_db


def state(mail: OutgoingMail) -> str:
    mail.refresh_from_db()
    return mail.state


def end_the_lease() -> None:
    OutgoingMail.objects.update(lease_until=F("lease_until") - ledger.LEASE - timedelta(seconds=1))


def handed_mail(factory=OutgoingMailFactory) -> OutgoingMail:
    factory()
    mail = ledger.claim()
    assert ledger.hand_over(mail)
    return mail


class Committing:
    """How the transaction of each statement is going to commit."""

    def __init__(self):
        self.settings = set()

    def __call__(self, execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        with connection.connection.cursor() as cursor:
            self.settings.add(cursor.execute("SHOW synchronous_commit").fetchone()[0])
        return answer


def minutes_since(moment) -> float:
    """By the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp() - %s) / 60", [moment])
        return float(cursor.fetchone()[0])


def in_threads(count: int, work) -> list:
    results = []

    def run():
        try:
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_fault_17_twenty_that_owe_the_same_mail_at_once_make_one_row():
    submission = SubmissionFactory()

    def owe():
        mail = OutgoingMail(dedupe_key="guide:1", kind="guide", submission=submission, contact=submission.contact)
        ledger.owe([mail])

    in_threads(20, owe)
    assert OutgoingMail.objects.count() == 1


@pytest.mark.parametrize("owe", [ledger.owe, ledger.owe_many])
def test_a_mail_that_is_owed_already_leaves_the_others_of_its_lot(owe):
    known = OutgoingMailFactory()
    owe(OutgoingMail(dedupe_key=key, kind="confirm", contact=known.contact) for key in (known.dedupe_key, "another"))
    assert set(OutgoingMail.objects.values_list("dedupe_key", flat=True)) == {known.dedupe_key, "another"}


@pytest.mark.django_db(transaction=True)
def test_no_two_workers_claim_the_same_mail():
    OutgoingMailFactory.create_batch(12)
    claimed = in_threads(20, ledger.claim)
    numbers = [mail.pk for mail in claimed if mail is not None]
    assert len(numbers) == len(set(numbers)) == 12


def test_the_mail_that_has_been_due_for_longest_is_claimed_first():
    mails = [OutgoingMailFactory(due_at=Now() - timedelta(minutes=minutes)) for minutes in (1, 3, 2)]
    assert [ledger.claim().pk for _ in mails] == [mails[1].pk, mails[2].pk, mails[0].pk]


def test_a_lease_that_was_lost_moves_nothing():
    OutgoingMailFactory()
    slow = ledger.claim()
    end_the_lease()
    assert not ledger.hand_over(slow)
    ledger.sweep()
    quick = ledger.claim()
    assert quick.pk == slow.pk
    for move in (
        lambda: ledger.hand_over(slow),
        lambda: ledger.settle_sent(slow),
        lambda: ledger.retry(slow, "later"),
        lambda: ledger.give_up(slow, "never"),
        lambda: ledger.skip(slow, "no"),
        lambda: ledger.wait(slow, timedelta(hours=1), "not now"),
        lambda: ledger.release(slow),
        lambda: ledger.doubt(slow, "perhaps"),
    ):
        assert not move()
    assert ledger.hand_over(quick)
    assert ledger.settle_sent(quick)
    assert state(quick) == State.SENT


def test_only_a_mail_that_was_handed_over_can_be_sent_or_uncertain():
    OutgoingMailFactory()
    mail = ledger.claim()
    assert not ledger.settle_sent(mail)
    assert not ledger.doubt(mail, "perhaps")
    assert ledger.hand_over(mail)
    assert not ledger.hand_over(mail)
    assert not ledger.skip(mail, "too late")
    assert ledger.settle_sent(mail)


def test_a_mail_is_handed_over_in_a_transaction_of_its_own(transactional_db):
    OutgoingMailFactory()
    mail = ledger.claim()
    with transaction.atomic(), pytest.raises(RuntimeError):
        ledger.hand_over(mail)


def test_a_mail_that_is_handed_over_has_a_whole_lease_for_its_delivery():
    OutgoingMailFactory()
    mail = ledger.claim()
    OutgoingMail.objects.update(lease_until=F("lease_until") - ledger.LEASE / 2)
    ledger.hand_over(mail)
    mail.refresh_from_db()
    assert minutes_since(mail.lease_until - ledger.LEASE) < 1


@pytest.mark.parametrize(("paused_at", "is_handed_over"), [(None, True), (Now(), False)])
def test_a_mail_of_an_issue_that_was_paused_meanwhile_is_not_handed_over(paused_at, is_handed_over):
    issue = IssueFactory(state=Issue.State.SENDING, frozen={"subject": "News"}, audience=1)
    OutgoingMailFactory(kind=OutgoingMail.Kind.ISSUE, issue=issue, submission=None, contact=ContactFactory())
    mail = ledger.claim()
    Issue.objects.filter(pk=issue.pk).update(paused_at=paused_at)
    assert ledger.hand_over(mail) is is_handed_over


@pytest.mark.parametrize(("factory", "waits"), [(OutgoingMailFactory, "on"), (TipFactory, "off")])
def test_that_a_mail_left_is_on_the_disk_where_it_would_else_be_sent_again(factory, waits):
    mail = handed_mail(factory)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")
        assert ledger.settle_sent(mail)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == (waits,)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("factory", [OutgoingMailFactory, TipFactory])
def test_that_a_mail_is_about_to_leave_is_on_the_disk(factory):
    factory()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        mail = ledger.claim()
        with connection.execute_wrapper(committing := Committing()):
            assert ledger.hand_over(mail)
        cursor.execute("RESET synchronous_commit")
    assert committing.settings == {"on"}


def test_what_a_dead_worker_had_not_handed_over_waits_again():
    mail = OutgoingMailFactory()
    ledger.claim()
    ledger.sweep()
    assert state(mail) == State.LEASED
    end_the_lease()
    ledger.sweep()
    assert state(mail) == State.QUEUED
    assert mail.reason


def test_what_a_dead_worker_had_handed_over_is_uncertain():
    mail = handed_mail(TipFactory)
    end_the_lease()
    ledger.sweep()
    assert state(mail) == State.UNCERTAIN
    assert mail.reason


@pytest.mark.parametrize(
    ("before", "attempts", "after", "reason"),
    [
        (State.LEASED, 1, State.QUEUED, "the worker stopped before it sent this mail"),
        (State.LEASED, 8, State.DEAD, "the worker stopped each time before it sent this mail"),
        (State.HANDED, 1, State.UNCERTAIN, "the worker stopped while it sent this mail"),
    ],
)
def test_what_a_dead_worker_left_says_so_and_since_when(before, attempts, after, reason):
    lease = {"lease_token": uuid.uuid4(), "lease_until": Now() - timedelta(seconds=1)}
    mail = OutgoingMailFactory(state=before, attempts=attempts, changed_at=Now() - timedelta(hours=1), **lease)
    ledger.sweep()
    assert (state(mail), mail.reason) == (after, reason)
    assert minutes_since(mail.changed_at) < 1


def test_an_uncertain_mail_that_is_queued_once_more_is_due_at_once():
    long_ago = {"due_at": Now() - timedelta(days=1), "changed_at": Now() - timedelta(hours=1)}
    mail = OutgoingMailFactory(state=State.UNCERTAIN, reason="perhaps", lease_token=uuid.uuid4(), **long_ago)
    ledger.sweep()
    assert state(mail) == State.QUEUED
    assert mail.lease_token is None
    assert max(minutes_since(mail.due_at), minutes_since(mail.changed_at)) < 1


@pytest.mark.parametrize(
    "end",
    [
        {"state": State.SENT, "sent_at": Now()},
        {"state": State.DEAD, "reason": "refused"},
        {"state": State.SKIPPED, "reason": "no more"},
    ],
)
def test_a_mail_that_came_to_its_end_is_never_queued_once_more(end):
    mail = OutgoingMailFactory(changed_at=Now() - timedelta(days=1), **end)
    ledger.sweep()
    assert state(mail) == end["state"]


def test_a_worker_that_comes_back_with_the_servers_yes_is_believed():
    mail = handed_mail(TipFactory)
    end_the_lease()
    ledger.sweep()
    assert ledger.settle_sent(mail)
    assert state(mail) == State.SENT


def test_a_worker_that_comes_back_after_the_mail_was_queued_anew_is_too_late():
    mail = handed_mail()
    end_the_lease()
    ledger.sweep()
    OutgoingMail.objects.update(changed_at=F("changed_at") - ledger.RESEND_AFTER * 2)
    ledger.sweep()
    assert state(mail) == State.QUEUED
    assert not ledger.settle_sent(mail)


@pytest.mark.parametrize("kind", ledger.RESENT_KINDS)
def test_an_uncertain_mail_that_somebody_waits_for_is_queued_once_more(kind):
    mail = handed_mail()
    contact = None if kind == "staff" else mail.contact
    OutgoingMail.objects.update(kind=kind, contact=contact)
    for expected in (State.QUEUED, State.UNCERTAIN):
        ledger.doubt(mail, "perhaps")
        ledger.sweep()
        assert state(mail) == State.UNCERTAIN
        OutgoingMail.objects.update(changed_at=F("changed_at") - ledger.RESEND_AFTER * 2)
        ledger.sweep()
        assert state(mail) == expected
        if expected == State.QUEUED:
            mail = ledger.claim()
            ledger.hand_over(mail)


@pytest.mark.parametrize("kind", ["welcome", "tip", "issue"])
def test_an_uncertain_mailing_is_never_sent_again(kind):
    mail = handed_mail()
    OutgoingMail.objects.update(kind=kind)
    ledger.doubt(mail, "perhaps")
    OutgoingMail.objects.update(changed_at=F("changed_at") - timedelta(days=30))
    ledger.sweep()
    assert state(mail) == State.UNCERTAIN


def test_waiting_and_outages_burn_no_attempt():
    mail = OutgoingMailFactory()
    ledger.release(ledger.claim())
    ledger.wait(ledger.claim(), timedelta(0), "not now")
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (State.QUEUED, 0)


def test_each_wait_after_a_refusal_is_longer_up_to_a_limit():
    waits = [ledger.backoff(attempt) for attempt in range(1, ledger.MAX_ATTEMPTS)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=16)]
    assert waits == sorted(waits)
    assert sum(waits, timedelta()) > timedelta(days=1)


def test_who_only_asks_about_a_mail_asks_as_if_it_were_claimed_at_that_moment():
    mail, at = OutgoingMailFactory(), timezone.now()
    assert ledger.claimed_at(ledger.as_claimed(mail, at)) == at
    assert mail.lease_until is None


def test_what_is_called_off_is_not_sent_even_while_it_is_prepared():
    waiting, prepared = OutgoingMailFactory(due_at=Now() + timedelta(hours=1)), OutgoingMailFactory()
    mail = ledger.claim()
    sent = OutgoingMailFactory(state=State.SENT, sent_at=Now())
    assert ledger.call_off(OutgoingMail.objects.all(), "no more") == 2
    assert not ledger.hand_over(mail)
    assert [state(row) for row in (waiting, prepared, sent)] == [State.SKIPPED, State.SKIPPED, State.SENT]


@pytest.mark.parametrize("move", [ledger.hand_over, ledger.release])
def test_a_mail_that_moves_was_changed_then(move):
    OutgoingMailFactory()
    mail = ledger.claim()
    OutgoingMail.objects.update(changed_at=Now() - timedelta(hours=1))
    assert move(mail)
    mail.refresh_from_db()
    assert minutes_since(mail.changed_at) < 1


def test_what_is_called_off_was_changed_then():
    mail = OutgoingMailFactory(changed_at=Now() - timedelta(hours=1))
    ledger.call_off(OutgoingMail.objects.all(), "no more")
    mail.refresh_from_db()
    assert minutes_since(mail.changed_at) < 1


# --- What staff know


@pytest.mark.parametrize("has_arrived", [True, False])
def test_what_staff_know_of_one_uncertain_mail_settles_no_other(has_arrived):
    fields = {"state": State.UNCERTAIN, "reason": "perhaps", "changed_at": Now() - timedelta(hours=1)}
    mail, other = (OutgoingMailFactory(lease_token=uuid.uuid4(), **fields) for _ in range(2))
    assert ledger.settle_doubt(mail, has_arrived=has_arrived, reason="she did not get it")
    mail.refresh_from_db()
    assert mail.lease_token is None
    if has_arrived:
        assert (mail.state, mail.reason, mail.sent_at) == (State.SENT, "", mail.changed_at)
        assert minutes_since(mail.sent_at) > 59
    else:
        assert (mail.state, mail.reason) == (State.DEAD, "she did not get it")
        assert minutes_since(mail.changed_at) < 1
    assert state(other) == State.UNCERTAIN
    assert not ledger.settle_doubt(mail, has_arrived=has_arrived, reason="again")


def test_a_dead_mail_that_is_revived_is_as_good_as_new_and_no_other_is():
    long_ago = Now() - timedelta(days=3)
    fields = {"state": State.DEAD, "reason": "refused", "attempts": 8, "due_at": long_ago, "changed_at": long_ago}
    mail, other = OutgoingMailFactory(**fields), OutgoingMailFactory(**fields)
    contact = ContactFactory()
    assert ledger.revive(mail, contact)
    mail.refresh_from_db()
    assert (mail.state, mail.reason, mail.attempts, mail.contact) == (State.QUEUED, "", 0, contact)
    assert minutes_since(mail.due_at) < 1
    assert minutes_since(mail.changed_at) < 1
    assert state(other) == State.DEAD
    assert not ledger.revive(mail, contact)


@pytest.mark.parametrize(
    "row",
    [
        {"state": "leased"},
        {"state": "handed"},
        {"state": "queued", "lease_until": Now()},
        {"state": "sent"},
        {"state": "dead"},
        {"state": "uncertain"},
        {"state": "skipped", "reason": ""},
        {"kind": "staff"},
        {"contact": None},
    ],
)
def test_the_database_refuses_a_row_that_cannot_be(row):
    mail = OutgoingMailFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        OutgoingMail.objects.filter(pk=mail.pk).update(**row)
