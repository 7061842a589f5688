"""Who may move a mail from one state to the next. Each move is one statement that says what must still be true.

    queued --claim--> leased --hand_over--> handed --settle_sent--> sent
    leased or handed, refused for now --retry--> queued, later     eight attempts --> dead
    leased or handed, refused for good --give_up--> dead
    leased, a gate is closed --skip--> skipped, or --wait--> queued, later
    leased, the transport is out of order --release--> queued, no attempt burnt
    leased, lease over --sweep--> queued          handed, lease over or connection lost --> uncertain

Before `handed` is committed nothing has left, so trying again is safe. After it the mail may have arrived (SMTP's own
gap, RFC 1047). A lease is fenced by its token: who lost it cannot move the row any more. All clocks are the database's.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from leads.models import OutgoingMail

LEASE = timedelta(minutes=3)  # longer than the transport's own time-outs for one mail
MAX_ATTEMPTS = 8
FIRST_BACKOFF = timedelta(minutes=1)  # doubles with each attempt: the eighth comes two hours after the first
RESEND_AFTER = timedelta(minutes=15)
# A person waits for these, and getting one twice does no harm: after an uncertain outcome they are sent once more.
RESENT_KINDS = [
    OutgoingMail.Kind.CONFIRM,
    OutgoingMail.Kind.GUIDE,
    OutgoingMail.Kind.ASSESSMENT,
    OutgoingMail.Kind.WORKSHOP,
    OutgoingMail.Kind.STAFF,
]

State = OutgoingMail.State
HELD = [State.LEASED, State.HANDED]

CLAIM = """
    UPDATE leads_outgoingmail
       SET state = 'leased', lease_token = %(token)s, lease_until = clock_timestamp() + %(lease)s,
           attempts = attempts + 1, changed_at = clock_timestamp(), reason = ''
     WHERE id IN (
           SELECT id FROM leads_outgoingmail
            WHERE state = 'queued' AND due_at <= clock_timestamp()
            ORDER BY due_at, id
            LIMIT %(limit)s
              FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


def owe(mails: Iterable[OutgoingMail]) -> None:
    """Add rows to the ledger. One whose `dedupe_key` is there already is left out."""
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True)


def claim(limit: int) -> list[OutgoingMail]:
    """Lease up to `limit` mails that are due, oldest first; no two callers get the same one."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"token": uuid.uuid4(), "lease": LEASE, "limit": limit})
        ids = [row[0] for row in cursor.fetchall()]
    mails = OutgoingMail.objects.filter(pk__in=ids).select_related(
        "contact__subscription", "submission__lead", "enrolment__sequence", "step"
    )
    return sorted(mails, key=lambda mail: (mail.due_at, mail.pk))


def hand_over(mail: OutgoingMail) -> bool:
    """Mark that the next thing sent to the mail server is the mail itself; False when the lease is lost.

    Committed, to disk, when this returns: a crash from here on leaves a trace.
    """
    if connection.in_atomic_block:
        raise RuntimeError("handed must be committed before the mail is sent")
    moved = held(mail, State.LEASED).filter(lease_until__gt=Now()).update(
        state=State.HANDED, lease_until=Now() + LEASE, changed_at=Now()
    )
    return bool(moved)


def settle_sent(mail: OutgoingMail) -> bool:
    """The mail server took it over: 250."""
    return release_to(mail, State.SENT, sent_at=Now())


def retry(mail: OutgoingMail, reason: str) -> bool:
    """Refused for now: later again, each time after a longer wait, up to `MAX_ATTEMPTS` times."""
    if mail.attempts >= MAX_ATTEMPTS:
        return give_up(mail, f"given up after {mail.attempts} attempts: {reason}")
    backoff = FIRST_BACKOFF * 2 ** (mail.attempts - 1)
    return release_to(mail, State.QUEUED, reason=reason, due_at=Now() + backoff)


def give_up(mail: OutgoingMail, reason: str) -> bool:
    """Refused for good, or it cannot be made."""
    return release_to(mail, State.DEAD, reason=reason)


def skip(mail: OutgoingMail, reason: str) -> bool:
    """It must not be sent any more."""
    return release_to(mail, State.SKIPPED, reason=reason)


def wait(mail: OutgoingMail, until: datetime | timedelta, reason: str) -> bool:
    """It may be sent, but not now. Burns no attempt."""
    due_at = Now() + until if isinstance(until, timedelta) else until
    return release_to(mail, State.QUEUED, reason=reason, due_at=due_at, attempts=F("attempts") - 1)


def release(mails: Iterable[OutgoingMail]) -> None:
    """Nothing can be sent now. Burns no attempt: none was made."""
    for mail in mails:
        release_to(mail, State.QUEUED, from_states=[State.LEASED], attempts=F("attempts") - 1)


def doubt(mail: OutgoingMail, reason: str) -> bool:
    """The connection was lost after the mail was on its way: it may have arrived."""
    return release_to(mail, State.UNCERTAIN, reason=reason)


def sweep() -> None:
    """Take back what a worker that died had leased, and send once more what may be."""
    over = OutgoingMail.objects.filter(lease_until__lt=Now())
    free = {"lease_token": None, "lease_until": None, "changed_at": Now()}
    over.filter(state=State.LEASED).update(
        state=State.QUEUED, reason="the worker stopped before it sent this mail", **free
    )
    over.filter(state=State.HANDED).update(
        state=State.UNCERTAIN, reason="the worker stopped while it sent this mail", **free
    )
    OutgoingMail.objects.filter(
        state=State.UNCERTAIN, kind__in=RESENT_KINDS, was_resent=False, changed_at__lt=Now() - RESEND_AFTER
    ).update(state=State.QUEUED, was_resent=True, due_at=Now(), changed_at=Now())


def held(mail: OutgoingMail, *states: str):
    return OutgoingMail.objects.filter(pk=mail.pk, lease_token=mail.lease_token, state__in=states)


def release_to(mail: OutgoingMail, state: str, from_states: list[str] = HELD, **changes) -> bool:
    """Move a mail out of its lease; False when the lease was lost meanwhile and somebody else decides."""
    moved = held(mail, *from_states).update(
        state=state, lease_token=None, lease_until=None, changed_at=Now(), **changes
    )
    return bool(moved)
