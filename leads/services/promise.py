"""Keeping what was promised, or saying honestly that it was not kept."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from clinic.models import ClinicSettings, Role, User
from leads.mail import ledger
from leads.models import Lead, OutgoingMail, Submission
from leads.promise import counted, next_open

from . import inbox

NEAR = timedelta(minutes=30)  # of opening time; half of what is promised, where that is less
NOTICES = ""  # stands for the clinic's address for notices in the key of an alarm


@transaction.atomic
def tell_delay(*, lead: Lead, promised_at: datetime, user: User) -> Lead:
    """Own up to a promise that was missed: the person gets a mail with a new time, and the inbox keeps that one.

    Errors: `Refused` where no promise was missed, or there is no mailbox to write to.
    """
    lead = inbox.locked(lead)
    now = timezone.now()
    if lead.promised_at is None or lead.promised_at > now:
        raise inbox.Refused("No promise to this person has run out.")
    if promised_at <= now:
        raise inbox.Refused("The new time has to be in the future.")
    submission = inbox.latest_request(lead)
    if lead.contact is None or submission is None:
        raise inbox.Refused("There is no e-mail address to write to.")
    lead.promised_at = lead.next_action_at = promised_at
    lead.next_action = lead.next_action or lead.verb
    inbox.write(lead, "told_delay", user, promised_at=promised_at.isoformat(), submission=submission.pk)
    mail = OutgoingMail(kind=OutgoingMail.Kind.DELAY, contact=lead.contact, submission=submission)
    mail.dedupe_key = f"delay:{lead.pk}:{int(promised_at.timestamp())}"
    ledger.owe([mail])
    return inbox.keep(lead, "promised_at", "next_action", "next_action_at")


@transaction.atomic
def watch() -> None:
    """Owe an alarm for each promise that runs out soon, while the practice is open, and one for each that was missed.

    It goes to whoever has the card and to the owners of the practice; to the address for notices where none has one.
    """
    now, clinic = timezone.now(), ClinicSettings.load()
    leads = list(at_risk(now, clinic))
    told = alarms_of(leads)
    owners = staff_with_mail().filter(groups__role__key=Role.Key.OWNER)
    owner_ids = list(owners.values_list("pk", flat=True).distinct()) if leads else []
    ledger.owe_many(
        OutgoingMail(
            kind=OutgoingMail.Kind.ALARM,
            dedupe_key=f"{alarm_key(lead, now)}:{user or NOTICES}",
            submission_id=lead.about,
            user_id=user,
        )
        for lead in leads
        if lead.about and alarm_key(lead, now) not in told
        for user in recipients(lead, owner_ids)
    )


def at_risk(now: datetime, clinic: ClinicSettings) -> QuerySet[Lead, Any]:
    """Open cards, locked, whose promise is missed or near, each with the submission that it is `about`."""
    promised = Submission.objects.filter(lead=OuterRef("pk"), is_spam=False, promised_at__isnull=False)
    latest = latest_at_risk(now, clinic)
    # a card's clock is never later than its promise: so the index of the inbox finds it
    leads = Lead.objects.open().filter(next_action_at__lte=latest, promised_at__lte=latest)
    return (
        leads.annotate(about=Subquery(promised.order_by("-created_at").values("pk")[:1]))
        .select_for_update(no_key=True, skip_locked=True)
        .order_by("pk")
    )


def latest_at_risk(now: datetime, clinic: ClinicSettings) -> datetime:
    """A promise up to this moment is near, or missed. While the practice is closed, none is near: nobody is woken."""
    near = counted(min(NEAR, timedelta(minutes=clinic.callback_minutes) / 2), now, clinic)
    return near[0] if near and next_open(now, clinic) == now else now


def alarm_key(lead: Lead, now: datetime) -> str:
    if lead.promised_at is None:
        raise ValueError("nothing was promised")
    return f"alarm:{lead.pk}:{int(lead.promised_at.timestamp())}:{'missed' if lead.promised_at <= now else 'near'}"


def alarms_of(leads: list[Lead]) -> set[str]:
    """The alarms that were owed already, whoever got them."""
    alarms = OutgoingMail.objects.filter(kind=OutgoingMail.Kind.ALARM, submission__lead__in=leads)
    return {key.rpartition(":")[0] for key in alarms.values_list("dedupe_key", flat=True)}


def recipients(lead: Lead, owner_ids: list[int]) -> set[int | None]:
    """By their keys; None is the clinic's address for notices."""
    own = {lead.owner.pk} if lead.owner is not None and lead.owner.is_active and lead.owner.email else set()
    return {*own, *owner_ids} or {None}


def staff_with_mail() -> QuerySet[User]:
    return User.objects.filter(is_active=True).exclude(email="")
