"""Whether a mail may be sent now. Asked when it was claimed, so that what changed while it waited counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.models import ClinicSettings
from leads.models import Enrolment, OutgoingMail, Step, Subscription, Suppression
from leads.suppression import suppression_of

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


def ask(mail: OutgoingMail) -> Verdict:
    """The first gate that is closed decides."""
    return next(closed_gates(mail), Verdict())


def closed_gates(mail: OutgoingMail) -> Iterator[Verdict]:
    if mail.contact is None:
        return
    suppression = suppression_of(mail.contact.email)
    if suppression is not None and (suppression.reason != Suppression.Reason.ERASED or mail.kind in BULK):
        # whoever was erased may ask for something by name again, and gets that
        yield Verdict(f"the mailbox is never written to: {suppression.get_reason_display()}")
    if mail.enrolment is not None and has_left(mail, mail.enrolment):
        yield Verdict(f"the sequence ended: {mail.enrolment.get_ending_display()}")
    if mail.kind in (Kind.WELCOME, Kind.ISSUE):
        yield from subscription_gates(mail)
    if mail.kind in BULK:
        yield from bulk_gates(mail, ClinicSettings.current())


def has_left(mail: OutgoingMail, enrolment: Enrolment) -> bool:
    """Who got every step, or booked, wants no more of them, but may ask staff for one of them again."""
    is_asked_for = mail.resend_of_id is not None and enrolment.ending in ASK_AGAIN
    return enrolment.ended_at is not None and not is_asked_for


def bulk_gates(mail: OutgoingMail, clinic: ClinicSettings) -> Iterator[Verdict]:
    if not clinic.has_postal_address:
        yield Verdict("the clinic's postal address is empty, and the law asks for one", LOOK_AGAIN)
    if mail.step is not None:
        yield from step_gates(mail, mail.step, clinic)
    if mail.can_wait and (last := ledger.last_spaced(mail)):
        yield Verdict("another mail went to this mailbox within 20 hours", last + ledger.SPACING)


def step_gates(mail: OutgoingMail, step: Step, clinic: ClinicSettings) -> Iterator[Verdict]:
    now = ledger.claimed_at(mail)
    if mail.enrolment is not None and mail.enrolment.sequence.paused_at is not None:
        yield Verdict("the sequence is paused", mail.due_at)
    if now - mail.due_at > LATE:
        yield Verdict("over a week late: its turn comes within days", timedelta(hours=1 + mail.pk % CATCH_UP_HOURS))
    opening = next_opening(now, step.window_opens, step.window_closes, clinic.zone)
    if opening is not None:
        yield Verdict("outside its hours", opening)


def subscription_gates(mail: OutgoingMail) -> Iterator[Verdict]:
    subscription = Subscription.objects.filter(contact=mail.contact, state=Subscription.State.CONFIRMED).first()
    if subscription is None:
        yield Verdict("the mailbox is not subscribed")
    elif mail.kind == Kind.ISSUE and not subscription.wants_newsletter:
        yield Verdict("the newsletter was switched off")
