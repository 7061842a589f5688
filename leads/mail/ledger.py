"""Who may move a mail from one state to the next. Each move is one statement that says what must still be true.

    queued --claim--> leased --hand_over--> handed --settle_sent--> sent
    leased or handed, refused for now --retry--> queued, later     eight attempts --> dead
    leased or handed, refused for good --give_up--> dead
    leased, a gate is closed --skip--> skipped, or --wait--> queued, later
    leased or handed, nothing left: the transport is out of order --release--> queued, no attempt burnt
    handed, connection lost --doubt--> uncertain
    queued or leased, its reader wants it no more --call_off--> skipped
    staff know what became of it: uncertain --settle_doubt--> sent or dead     dead --revive--> queued
    leased, lease over --sweep--> queued     handed, lease over --sweep--> uncertain --sweep--> queued, once, by kind

Before `handed` is committed nothing has left, so trying again is safe. After it the mail may have arrived (SMTP's own
gap, RFC 1047). A lease is fenced by its token: who lost it cannot move the row any more. All clocks are the database's.
"""

import uuid
from collections.abc import Iterable
from copy import copy
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from leads.models import Contact, Issue, OutgoingMail

LEASE = timedelta(seconds=settings.MAIL_LEASE_SECONDS)
MAX_ATTEMPTS = 8
FIRST_BACKOFF = timedelta(minutes=1)  # four times as long after each attempt: the eighth comes 38 hours later
LONGEST_BACKOFF = timedelta(hours=16)
RESEND_AFTER = timedelta(minutes=15)
SPACING = timedelta(hours=20)  # between two mails of `can_wait` to one mailbox
# A person waits for these, and getting one twice does no harm: after an uncertain outcome they are sent once more.
RESENT_KINDS = [
    OutgoingMail.Kind.CONFIRM,
    OutgoingMail.Kind.GUIDE,
    OutgoingMail.Kind.ASSESSMENT,
    OutgoingMail.Kind.WORKSHOP,
    OutgoingMail.Kind.STAFF,
    *OutgoingMail.PRIVACY_KINDS,
]

# What a mail of each kind is made from, read together with it. Thousands of the first few leave in one go.
ABOUT = {
    OutgoingMail.Kind.ISSUE.value: ["contact", "issue"],
    OutgoingMail.Kind.TRIAL.value: ["user", "issue"],
    OutgoingMail.Kind.PASSWORD.value: ["user"],
    OutgoingMail.Kind.FACTOR.value: ["user"],
    OutgoingMail.Kind.TIP.value: ["contact", "enrolment__sequence", "step__sequence"],
    **{kind.value: ["contact", "privacy_request"] for kind in OutgoingMail.PRIVACY_KINDS},
}
ABOUT_A_FORM = ["contact__subscription", "submission__lead"]

State = OutgoingMail.State
HELD = [State.LEASED, State.HANDED]
FREE = {"lease_token": None, "lease_until": None}

# One at a time, so that a mail somebody waits for stands behind one other at most, a switch acts before the next mail,
# and a worker that dies takes one attempt of one mail with it. CASE, because of the planner: while one large issue is
# all that waits, a plain comparison with its number would look as if it left nothing, and the whole queue were sorted.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT mail.id
          FROM leads_outgoingmail mail
         WHERE mail.state = 'queued' AND mail.can_wait = %(can_wait)s AND mail.due_at <= statement_timestamp()
           AND NOT EXISTS (SELECT FROM leads_sender WHERE is_stopped OR resumes_at > clock_timestamp())
           AND NOT EXISTS (SELECT FROM leads_enrolment enrolment JOIN leads_sequence sequence
                                    ON sequence.id = enrolment.sequence_id AND sequence.paused_at IS NOT NULL
                            WHERE enrolment.id = mail.enrolment_id)
           AND CASE WHEN mail.kind = 'issue' AND mail.resend_of_id IS NULL
                    THEN mail.issue_id <> ALL (ARRAY(SELECT id FROM leads_issue
                                                      WHERE state = 'cancelled' OR paused_at IS NOT NULL))
                    ELSE true END
         ORDER BY mail.due_at, mail.id
         LIMIT 1
           FOR UPDATE SKIP LOCKED)
    UPDATE leads_outgoingmail mail
       SET state = 'leased', lease_token = %(token)s, changed_at = clock_timestamp(), attempts = attempts + 1,
           lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
      FROM due
     WHERE mail.id = due.id
    RETURNING mail.id, mail.kind
"""


def owe(mails: Iterable[OutgoingMail]) -> None:
    """Add rows to the ledger. One whose `dedupe_key` is there already is left out."""
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True)


def claim() -> OutgoingMail | None:
    """Lease the mail that has been due for longest, those that somebody waits for first; no two callers get one."""
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        for can_wait in (False, True):
            cursor.execute(CLAIM, {"token": token, "lease": LEASE.total_seconds(), "can_wait": can_wait})
            if claimed := cursor.fetchone():
                break
        else:
            return None
    pk, kind = claimed
    rows = OutgoingMail.objects.select_related(*ABOUT.get(kind, ABOUT_A_FORM))
    if kind not in ABOUT:
        rows = rows.defer("submission__health_answers")  # no mail tells them
    return rows.filter(pk=pk, lease_token=token, state=State.LEASED).first()


def claimed_at(mail: OutgoingMail) -> datetime:
    """The database's clock when this mail was claimed."""
    if mail.lease_until is None:
        raise ValueError("only a leased mail was claimed")
    return mail.lease_until - LEASE


def as_claimed(mail: OutgoingMail, at: datetime) -> OutgoingMail:
    """A copy as a worker would hold it at this moment, to ask the gates what they would say then. Never to be saved."""
    claimed = copy(mail)
    claimed.lease_until = at + LEASE
    return claimed


def hand_over(mail: OutgoingMail) -> bool:
    """Mark that the next thing sent to the mail server is the mail itself; False when it must not be.

    That is when the lease is lost, when the mail was called off, when its issue was held, and when another tip or
    issue went to this mailbox within the spacing. Committed, to disk, when this returns: a crash from here on leaves a
    trace.
    """
    with transaction.atomic(durable=True):
        if mail.issue is not None and mail.is_of_an_audience and Issue.objects.held().filter(pk=mail.issue.pk).exists():
            return False
        if mail.can_wait and mail.contact is not None:
            Contact.objects.select_for_update(no_key=True).filter(pk=mail.contact.pk).first()
            if last_spaced(mail) is not None:
                return False
        moved = (
            held(mail, [State.LEASED])
            .filter(lease_until__gt=Now())
            .update(state=State.HANDED, lease_until=Now() + LEASE, changed_at=Now())
        )
    return bool(moved)


def last_spaced(mail: OutgoingMail) -> datetime | None:
    """When the last other tip or issue left for this mailbox, if that is within the spacing."""
    others = OutgoingMail.objects.filter(contact=mail.contact_id, can_wait=True)  # it has not left itself
    left = others.filter(state__in=[State.HANDED, State.SENT, State.UNCERTAIN], changed_at__gt=Now() - SPACING)
    return left.order_by("-changed_at").values_list("changed_at", flat=True).first()


def settle_sent(mail: OutgoingMail) -> bool:
    """The mail server took it over: 250. Counts even when the sweep had given the worker up meanwhile."""
    return move(mail, State.SENT, [State.HANDED, State.UNCERTAIN], sent_at=Now(), reason="")


def retry(mail: OutgoingMail, reason: str) -> bool:
    """Refused for now: later again, each time after a longer wait, up to `MAX_ATTEMPTS` times."""
    if mail.attempts >= MAX_ATTEMPTS:
        return give_up(mail, f"given up after {mail.attempts} attempts: {reason}")
    return move(mail, State.QUEUED, HELD, reason=reason, due_at=Now() + backoff(mail.attempts))


def backoff(attempts: int) -> timedelta:
    longer: int = 4 ** (attempts - 1)
    return min(FIRST_BACKOFF * longer, LONGEST_BACKOFF)


def give_up(mail: OutgoingMail, reason: str) -> bool:
    """Refused for good, or it cannot be made."""
    return move(mail, State.DEAD, HELD, reason=reason)


def skip(mail: OutgoingMail, reason: str) -> bool:
    """It must not be sent any more."""
    return move(mail, State.SKIPPED, [State.LEASED], reason=reason)


def wait(mail: OutgoingMail, until: datetime | timedelta, reason: str) -> bool:
    """It may be sent, but not now. Burns no attempt."""
    due_at = Now() + until if isinstance(until, timedelta) else until
    return move(mail, State.QUEUED, [State.LEASED], reason=reason, due_at=due_at, attempts=F("attempts") - 1)


def release(mail: OutgoingMail) -> bool:
    """Nothing of it has left, and that is not its own fault. Burns no attempt."""
    return move(mail, State.QUEUED, HELD, attempts=F("attempts") - 1)


def doubt(mail: OutgoingMail, reason: str) -> bool:
    """The connection was lost after the mail was on its way: it may have arrived."""
    return move(mail, State.UNCERTAIN, [State.HANDED], reason=reason)


def call_off(mails: QuerySet[OutgoingMail], reason: str) -> int:
    """What waits, or is being prepared, is not sent any more: who prepares it finds its lease gone."""
    return mails.filter(state__in=[State.QUEUED, State.LEASED]).update(
        state=State.SKIPPED, reason=reason, changed_at=Now(), **FREE
    )


def settle_doubt(mail: OutgoingMail, *, has_arrived: bool, reason: str) -> bool:
    """Staff know what became of an uncertain mail: the worker that may still come back with its lease is not asked.

    One that arrived left when it became uncertain: the spacing and the next step's wait count from then.
    """
    uncertain = OutgoingMail.objects.filter(pk=mail.pk, state=State.UNCERTAIN)
    if has_arrived:
        return bool(uncertain.update(state=State.SENT, sent_at=F("changed_at"), reason="", **FREE))
    return bool(uncertain.update(state=State.DEAD, reason=reason, changed_at=Now(), **FREE))


def revive(mail: OutgoingMail, contact: Contact | None) -> bool:
    """Queue a dead mail anew, to this mailbox and with all of its attempts."""
    dead = OutgoingMail.objects.filter(pk=mail.pk, state=State.DEAD)
    return bool(dead.update(state=State.QUEUED, reason="", contact=contact, attempts=0, due_at=Now(), changed_at=Now()))


def sweep() -> None:
    """Take back what a worker that died had leased, and send once more what may be."""
    over = OutgoingMail.objects.filter(lease_until__lt=Now())
    leased = over.filter(state=State.LEASED)
    leased.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=State.DEAD, reason="the worker stopped each time before it sent this mail", changed_at=Now(), **FREE
    )
    leased.update(state=State.QUEUED, reason="the worker stopped before it sent this mail", changed_at=Now(), **FREE)
    over.filter(state=State.HANDED).update(
        state=State.UNCERTAIN, reason="the worker stopped while it sent this mail", changed_at=Now(), lease_until=None
    )
    OutgoingMail.objects.filter(
        state=State.UNCERTAIN, kind__in=RESENT_KINDS, was_resent=False, changed_at__lt=Now() - RESEND_AFTER
    ).update(state=State.QUEUED, was_resent=True, due_at=Now(), changed_at=Now(), **FREE)


def held(mail: OutgoingMail, states: list[State]) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(pk=mail.pk, lease_token=mail.lease_token, state__in=states)


def move(mail: OutgoingMail, state: State, from_states: list[State], **changes: object) -> bool:
    """Move a mail out of its lease; False when the lease was lost meanwhile and somebody else decides."""
    return bool(held(mail, from_states).update(state=state, changed_at=Now(), **FREE, **changes))
