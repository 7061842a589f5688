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
from typing import Any, cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from clinic.postgresql.base import prepared
from clinic.postgresql.rows import insert_new, read
from leads.models import Contact, Enrolment, OutgoingMail, Submission

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

State = OutgoingMail.State
HELD = [State.LEASED, State.HANDED]
FREE = {"lease_token": None, "lease_until": None}

# One at a time, so that a mail somebody waits for stands behind one other at most, a switch acts before the next mail,
# and a worker that dies takes one attempt of one mail with it. CASE, because of the planner: while one large issue is
# all that waits, a plain comparison with its number would look as if it left nothing, and the whole queue were sorted.
# Nothing of the mail has left yet: should the database fall and forget that it was leased, it is queued. So this commit
# need not wait for the disk.
CLAIM = f"""
    WITH quick AS MATERIALIZED (
        SELECT set_config('synchronous_commit', 'off', true)
    ), open AS MATERIALIZED (
        SELECT FROM quick
         WHERE NOT EXISTS (SELECT FROM leads_sender WHERE is_stopped OR resumes_at > clock_timestamp())
    ), prompt AS MATERIALIZED (
        SELECT mail.id
          FROM leads_outgoingmail mail
         WHERE mail.state = 'queued' AND NOT mail.can_wait AND mail.due_at <= statement_timestamp()
           AND EXISTS (SELECT FROM open)
         ORDER BY mail.due_at, mail.id
         LIMIT 1
           FOR UPDATE SKIP LOCKED
    ), patient AS MATERIALIZED (
        SELECT mail.id
          FROM leads_outgoingmail mail
         WHERE mail.state = 'queued' AND mail.can_wait AND mail.due_at <= statement_timestamp()
           AND EXISTS (SELECT FROM open) AND NOT EXISTS (SELECT FROM prompt)
           AND NOT EXISTS (SELECT FROM leads_enrolment enrolment JOIN leads_sequence sequence
                                    ON sequence.id = enrolment.sequence_id AND sequence.paused_at IS NOT NULL
                            WHERE enrolment.id = mail.enrolment_id)
           AND CASE WHEN mail.kind = 'issue' AND mail.resend_of_id IS NULL
                    THEN mail.issue_id <> ALL (ARRAY(SELECT id FROM leads_issue
                                                      WHERE state = 'cancelled' OR paused_at IS NOT NULL))
                    ELSE true END
         ORDER BY mail.due_at, mail.id
         LIMIT 1
           FOR UPDATE SKIP LOCKED
    )
    UPDATE leads_outgoingmail mail
       SET state = 'leased', lease_token = %(token)s, changed_at = clock_timestamp(), attempts = attempts + 1,
           lease_until = clock_timestamp() + %(lease)s
      FROM (SELECT id FROM prompt UNION ALL SELECT id FROM patient) due
     WHERE mail.id = due.id
    RETURNING {", ".join(f"mail.{field.column}" for field in OutgoingMail._meta.concrete_fields)},
              (SELECT email FROM leads_contact WHERE id = mail.contact_id) AS recipient
"""  # noqa: S608  our own words
SPACED = """
    SELECT max(other.changed_at)
      FROM leads_outgoingmail other
     WHERE other.contact_id = %(contact)s AND other.can_wait
       AND other.state IN ('handed', 'sent', 'uncertain')
       AND other.changed_at > statement_timestamp() - %(spacing)s
"""
HAND_OVER = f"""
    UPDATE leads_outgoingmail mail
       SET state = 'handed', changed_at = clock_timestamp(), lease_until = clock_timestamp() + %(lease)s
     WHERE mail.id = %(mail)s AND mail.lease_token = %(token)s AND mail.state = 'leased'
       AND mail.lease_until > clock_timestamp()
       AND NOT (mail.kind = 'issue' AND mail.resend_of_id IS NULL
                AND EXISTS (SELECT FROM leads_issue
                             WHERE id = mail.issue_id AND (state = 'cancelled' OR paused_at IS NOT NULL)))
       AND NOT (mail.can_wait AND ({SPACED}) IS NOT NULL)
"""  # noqa: S608  our own words
# Of what can wait, a mail that the database forgot to be sent becomes uncertain, and is not sent again. So this commit
# need not wait for the disk; the next one that does takes it along, before another mail leaves.
SETTLE_SENT = """
    WITH quick AS MATERIALIZED (
        SELECT CASE WHEN %(can_wait)s THEN set_config('synchronous_commit', 'off', true) END
    )
    UPDATE leads_outgoingmail
       SET state = 'sent', reason = '', changed_at = statement_timestamp(), sent_at = statement_timestamp(),
           lease_token = NULL, lease_until = NULL
      FROM quick
     WHERE id = %(mail)s AND lease_token = %(token)s AND state IN ('handed', 'uncertain')
"""

# What a mail says of the form that it answers. Nothing of what was told about a person's health.
ASKED = Submission.objects.select_related("lead").only(
    "kind", "subject_id", "reference", "promised_at", "lead__channel", "lead__promised_at"
)


def owe(mails: Iterable[OutgoingMail]) -> None:
    """Add a few rows to the ledger. One whose `dedupe_key` is there already is left out."""
    insert_new(*mails)


def owe_many(mails: Iterable[OutgoingMail]) -> None:
    """The same for so many rows that no plan of it is worth keeping."""
    OutgoingMail.objects.bulk_create(mails, ignore_conflicts=True)


def claim() -> OutgoingMail | None:
    """Lease the mail that has been due for longest, those that somebody waits for first; no two callers get one."""
    values = {"token": uuid.uuid4(), "lease": LEASE}
    mails = read(OutgoingMail, CLAIM, values)
    if not mails:
        return None
    mail = mails[0]
    mail.contact = Contact(pk=mail.contact_id, email=mail.recipient) if mail.contact_id else None
    if mail.submission_id:
        mail.submission = ASKED.filter(pk=mail.submission_id).first()
    if mail.enrolment_id:
        mail.enrolment = Enrolment.objects.select_related("sequence").filter(pk=mail.enrolment_id).first()
    return cast(OutgoingMail, mail)


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
    values = {"mail": mail.pk, "token": mail.lease_token, "lease": LEASE, **spaced_values(mail)}
    with transaction.atomic(durable=True), prepared(), connection.cursor() as cursor:
        if mail.can_wait:  # a statement of its own: the next one sees what whoever held the mailbox has committed
            cursor.execute("SELECT FROM leads_contact WHERE id = %s FOR NO KEY UPDATE", [mail.contact_id])
        cursor.execute(HAND_OVER, values)
        return bool(cursor.rowcount)


def spaced_values(mail: OutgoingMail) -> dict[str, Any]:
    return {"contact": mail.contact_id, "spacing": SPACING}


def settle_sent(mail: OutgoingMail) -> bool:
    """The mail server took it over: 250. Counts even when the sweep had given the worker up meanwhile."""
    with prepared(), connection.cursor() as cursor:
        cursor.execute(SETTLE_SENT, {"mail": mail.pk, "token": mail.lease_token, "can_wait": mail.can_wait})
        return bool(cursor.rowcount)


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
