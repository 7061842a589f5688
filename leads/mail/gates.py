"""Whether a mail may be sent now. Asked when it was claimed, so that what changed while it waited counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Now
from django.utils import timezone

from clinic.models import ClinicSettings
from leads.models import OutgoingMail, Subscription
from leads.suppression import suppression_of

from .window import next_opening

Kind = OutgoingMail.Kind
State = OutgoingMail.State

BULK = [Kind.WELCOME, Kind.TIP, Kind.ISSUE]  # they need a postal address and a way to unsubscribe
SPACED = [Kind.TIP, Kind.ISSUE]  # one of these a mailbox in
SPACING = timedelta(hours=20)
LOOK_AGAIN = timedelta(hours=1)


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
    if reason := suppression_of(mail.contact.email):
        yield Verdict(f"the mailbox is never written to: {reason}")
    if mail.enrolment is not None and mail.enrolment.ended_at is not None:
        yield Verdict(f"the sequence ended: {mail.enrolment.get_ending_display()}")
    if mail.kind in (Kind.WELCOME, Kind.ISSUE) and not is_confirmed(mail):
        yield Verdict("the mailbox is not subscribed")
    if mail.kind in BULK:
        yield from bulk_gates(mail)


def bulk_gates(mail: OutgoingMail) -> Iterator[Verdict]:
    clinic = ClinicSettings.load()
    if not clinic.has_postal_address:
        yield Verdict("the clinic's postal address is empty, and the law asks for one", LOOK_AGAIN)
    if mail.enrolment is not None and mail.enrolment.sequence.paused_at:
        yield Verdict("the sequence is paused", LOOK_AGAIN)
    if mail.step is not None:
        opening = next_opening(timezone.now(), mail.step.window_opens, mail.step.window_closes, clinic.zone)
        if opening is not None:
            yield Verdict("outside its hours", opening)
    if mail.kind in SPACED and (last := last_bulk_mail(mail)):
        yield Verdict("another mail went to this mailbox within 20 hours", last + SPACING)


def is_confirmed(mail: OutgoingMail) -> bool:
    return Subscription.objects.filter(contact=mail.contact, state=Subscription.State.CONFIRMED).exists()


def last_bulk_mail(mail: OutgoingMail) -> datetime | None:
    """When the last tip or issue left for this mailbox, if that is within the spacing."""
    others = OutgoingMail.objects.filter(contact=mail.contact, kind__in=SPACED).exclude(pk=mail.pk)
    left = others.filter(state__in=[State.HANDED, State.SENT, State.UNCERTAIN], changed_at__gt=Now() - SPACING)
    return left.order_by("-changed_at").values_list("changed_at", flat=True).first()
