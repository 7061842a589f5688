"""What people ask about their own data, each within 45 days of its arrival (RCW 19.373.040).

    open --extend, once--> open for 45 days more
    open --answer--> done       open --refuse--> refused --appeal--> another one, open for 45 days

What can be done at once, on a person's own page, is done at once, and the request says so. The rest waits for an owner
of the practice, and an answer means that it was done: data that was exported, a card that was erased.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from clinic.models import User
from leads.mail import ledger
from leads.models import Consent, Contact, Lead, OutgoingMail, PrivacyRequest, Submission, TimelineEntry
from leads.models.privacy import ANSWER_WITHIN

from . import erasure
from .inbox import Refused

Kind = PrivacyRequest.Kind
Way = PrivacyRequest.Way
Outcome = PrivacyRequest.Outcome
Mail = OutgoingMail.Kind


@transaction.atomic
def ask(
    *,
    kind: Kind,
    way: Way,
    lead: Lead | None = None,
    contact: Contact | None = None,
    words: str = "",
    received_at: datetime | None = None,
    user: User | None = None,
    has_receipt: bool = True,
) -> PrivacyRequest:
    """Start the clock, and owe a receipt where we know a mailbox. Who asks for the same again has asked once.

    `user` wrote it down, `received_at` says when it came; without them the person asked here and now.
    """
    contact = contact or (lead.contact if lead else None)
    for row in filter(None, [contact, lead]):  # locked in the order in which forms lock them
        type(row)._default_manager.select_for_update(no_key=True).filter(pk=row.pk).first()
    same = PrivacyRequest.objects.open().filter(kind=kind)
    by = {"contact": contact} if contact else {"lead": lead}
    if any(by.values()) and (asked := same.filter(**by).first()):
        return asked
    arrived = received_at or timezone.now()
    asked = PrivacyRequest.objects.create(
        kind=kind,
        way=way,
        lead=lead,
        contact=contact,
        words=words,
        received_at=arrived,
        due_at=arrived + ANSWER_WITHIN,
        entered_by=user,
    )
    note(asked, "asked_privacy", user)
    if has_receipt:
        owe(asked, Mail.RECEIVED)
    return asked


def owe(row: PrivacyRequest, kind: Mail) -> None:
    if row.contact is not None:
        key = f"{kind}:{row.pk}"
        ledger.owe([OutgoingMail(kind=kind, dedupe_key=key, contact=row.contact, privacy_request=row)])


def note(row: PrivacyRequest, event: str, user: User | None) -> None:
    if row.lead_id is not None:
        TimelineEntry.objects.create(lead_id=row.lead_id, event=event, details={"kind": row.kind}, user=user)


# --- Done at once, by the person


@transaction.atomic
def erase_own(*, contact: Contact, lead: Lead) -> PrivacyRequest:
    """Erase a mailbox because its owner says so; the request is left, and names nobody. What is held is asked for."""
    waits = is_held(contact)
    row = ask(kind=Kind.DELETION, way=Way.PAGE, lead=lead, contact=contact, has_receipt=waits)
    if not waits:
        erasure.erase_mailbox(contact=contact)
        row.refresh_from_db()
    return row


@transaction.atomic
def withdraw_own(*, contact: Contact, lead: Lead) -> PrivacyRequest:
    """Take back the consent to use health answers: this mailbox's are deleted. Where they are held, it is asked for."""
    waits = is_held(contact)
    row = ask(kind=Kind.WITHDRAWAL, way=Way.PAGE, lead=lead, contact=contact, has_receipt=waits)
    if not waits and row.is_open:
        take_back_consent(Submission.objects.filter(contact=contact), source="own page")
        close(row, Outcome.DONE, None)
    return row


def is_held(contact: Contact) -> bool:
    held = Lead.objects.exclude(held_because="")
    return held.filter(contact=contact).exists() or held.filter(submissions__contact=contact).exists()


def take_back_consent(submissions: QuerySet[Submission], source: str) -> None:
    agreed = Consent.objects.filter(
        submission__in=submissions, purpose=Consent.Purpose.HEALTH_ANSWERS, is_given=True
    ).values_list("lead", "wording_version")
    Consent.objects.bulk_create(
        Consent(
            lead_id=lead,
            purpose=Consent.Purpose.HEALTH_ANSWERS,
            is_given=False,
            wording_version=version,
            source=source,
        )
        for lead, version in set(agreed)
    )
    submissions.update(health_answers="")


# --- By an owner of the practice


@transaction.atomic
def extend(*, request: PrivacyRequest, reason: str, user: User) -> PrivacyRequest:
    """45 days more, once, and the person is told why. Errors: `Refused` where the law gives no more time."""
    row = locked(request)
    if not row.may_be_extended or row.due_at <= timezone.now():
        raise Refused("The law gives no more time for this one.")
    row.extended_because, row.due_at = reason, row.due_at + ANSWER_WITHIN
    row.save(update_fields=["extended_because", "due_at"])
    note(row, "extended_privacy", user)
    owe(row, Mail.EXTENDED)
    return row


@transaction.atomic
def answer(*, request: PrivacyRequest, user: User) -> PrivacyRequest:
    """It was done. Errors: `Refused` where it was not: nothing was exported since, or the person is still there."""
    row = locked(request)
    if row.kind == Kind.DELETION and (row.lead_id or row.contact_id):
        raise Refused("Nothing was erased yet. Erase the person on their card; that answers the request.")
    if row.kind == Kind.ACCESS and row.lead is not None and not was_exported(row):
        raise Refused("Nothing was exported since they asked. Export it on the card, hand it out, and come back.")
    if row.kind == Kind.WITHDRAWAL and row.lead is not None:
        take_back_consent(answered_for(row, row.lead), source=f"privacy request, {row.get_way_display().lower()}")
    return close(row, Outcome.DONE, user)


def answered_for(row: PrivacyRequest, lead: Lead) -> QuerySet[Submission]:
    """What a link in a mail asks for is about its mailbox: the rest of the card may be another person's."""
    if row.way == Way.PAGE:
        return Submission.objects.filter(contact=row.contact, contact__isnull=False)
    return lead.submissions.all()


def was_exported(row: PrivacyRequest) -> bool:
    exports = TimelineEntry.objects.filter(lead=row.lead, event="exported_person")
    return exports.filter(created_at__gte=row.created_at).exists()


@transaction.atomic
def refuse(*, request: PrivacyRequest, reason: str, user: User) -> PrivacyRequest:
    """Say no, why, and how to appeal. Errors: `Refused` where it is answered already."""
    row = locked(request)
    row.reason = reason
    return close(row, Outcome.REFUSED, user)


@transaction.atomic
def appeal(*, request: PrivacyRequest, way: Way, words: str = "", user: User | None = None) -> PrivacyRequest:
    """Look at a refusal again, within 45 days that nothing extends. Errors: `Refused` where it cannot be appealed."""
    row = PrivacyRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if not row.may_be_appealed:
        raise Refused("Only a refusal can be appealed, and only once.")
    again = ask(kind=Kind(row.kind), way=way, lead=row.lead, contact=row.contact, words=words, user=user)
    again.appeal_of, again.is_appeal = row, True
    again.save(update_fields=["appeal_of", "is_appeal"])
    return again


def locked(request: PrivacyRequest) -> PrivacyRequest:
    row = PrivacyRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if not row.is_open:
        raise Refused("This request is answered already.")
    return row


def close(row: PrivacyRequest, outcome: Outcome, user: User | None) -> PrivacyRequest:
    row.outcome, row.closed_at, row.closed_by = outcome, Now(), user
    row.save(update_fields=["outcome", "closed_at", "closed_by", "reason"])
    row.refresh_from_db()
    note(row, "answered_privacy", user)
    owe(row, Mail.ANSWERED)
    return row
