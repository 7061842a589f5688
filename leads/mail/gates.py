"""Whether a mail may be sent now. Asked when it was claimed, so that what changed while it waited counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from clinic.models import ClinicSettings
from clinic.postgresql.base import prepared
from leads.models import Contact, Enrolment, OutgoingMail, Step, Suppression
from leads.suppression import email_hash

from . import ledger
from .window import next_opening

Kind = OutgoingMail.Kind

BULK = [Kind.WELCOME, Kind.TIP, Kind.ISSUE]  # they need a postal address and a way to unsubscribe
ASK_AGAIN = [Enrolment.Ending.FINISHED, Enrolment.Ending.BOOKED]
LOOK_AGAIN = timedelta(hours=1)
LATE = timedelta(days=7)
CATCH_UP_HOURS = 72  # what is late leaves over this time, and not at once


@dataclass(frozen=True)
class Verdict:
    """Open when `reason` is empty; else closed for good, or until a moment or for a time."""

    reason: str = ""
    until: datetime | timedelta | None = None


@dataclass(frozen=True)
class Standing:
    """What the database knows of a mailbox now."""

    suppressed: str | None  # a `Suppression.Reason`
    wants_newsletter: bool | None  # None while it is not subscribed
    spaced_at: datetime | None  # when the last other tip or issue left for it, if that is within the spacing


# One statement for all gates: thousands of mails ask it, and the database answers one question as soon as three.
STANDING = f"""
    SELECT (SELECT reason FROM leads_suppression WHERE email_hash = %(hash)s),
           (SELECT wants_newsletter FROM leads_subscription
             WHERE contact_id = %(contact)s AND state = 'confirmed'),
           ({ledger.SPACED})
"""  # noqa: S608  our own words


def ask(mail: OutgoingMail) -> Verdict:
    """The first gate that is closed decides."""
    return next(closed_gates(mail), Verdict())


def closed_gates(mail: OutgoingMail) -> Iterator[Verdict]:
    if mail.contact is None:
        return
    standing = standing_of(mail, mail.contact)
    if standing.suppressed and (standing.suppressed != Suppression.Reason.ERASED or mail.kind in BULK):
        # whoever was erased may ask for something by name again, and gets that
        yield Verdict(f"the mailbox is never written to: {Suppression.Reason(standing.suppressed).label}")
    if mail.enrolment is not None and has_left(mail, mail.enrolment):
        yield Verdict(f"the sequence ended: {mail.enrolment.get_ending_display()}")
    if mail.kind in (Kind.WELCOME, Kind.ISSUE):
        yield from subscription_gates(mail, standing)
    if mail.kind in BULK:
        yield from bulk_gates(mail, standing, ClinicSettings.current())


def standing_of(mail: OutgoingMail, contact: Contact) -> Standing:
    with prepared(), connection.cursor() as cursor:
        cursor.execute(STANDING, {"hash": email_hash(contact.email), **ledger.spaced_values(mail)})
        return Standing(*cursor.fetchone())


def has_left(mail: OutgoingMail, enrolment: Enrolment) -> bool:
    """Who got every step, or booked, wants no more of them, but may ask staff for one of them again."""
    is_asked_for = mail.resend_of_id is not None and enrolment.ending in ASK_AGAIN
    return enrolment.ended_at is not None and not is_asked_for


def bulk_gates(mail: OutgoingMail, standing: Standing, clinic: ClinicSettings) -> Iterator[Verdict]:
    if not clinic.has_postal_address:
        yield Verdict("the clinic's postal address is empty, and the law asks for one", LOOK_AGAIN)
    if mail.step is not None:
        yield from step_gates(mail, mail.step, clinic)
    if mail.can_wait and standing.spaced_at is not None:
        yield Verdict("another mail went to this mailbox within 20 hours", standing.spaced_at + ledger.SPACING)


def step_gates(mail: OutgoingMail, step: Step, clinic: ClinicSettings) -> Iterator[Verdict]:
    now = ledger.claimed_at(mail)
    if mail.enrolment is not None and mail.enrolment.sequence.paused_at is not None:
        yield Verdict("the sequence is paused", mail.due_at)
    if now - mail.due_at > LATE:
        yield Verdict("over a week late: its turn comes within days", timedelta(hours=1 + mail.pk % CATCH_UP_HOURS))
    opening = next_opening(now, step.window_opens, step.window_closes, clinic.zone)
    if opening is not None:
        yield Verdict("outside its hours", opening)


def subscription_gates(mail: OutgoingMail, standing: Standing) -> Iterator[Verdict]:
    if standing.wants_newsletter is None:
        yield Verdict("the mailbox is not subscribed")
    elif mail.kind == Kind.ISSUE and not standing.wants_newsletter:
        yield Verdict("the newsletter was switched off")
