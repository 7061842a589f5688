"""Deleting a person: asked for by the person, from a link in a mail, or done by staff on the person's card.

What is left is an `Erasure`, which counts and names nobody, and for each mailbox a keyed hash, so that nothing is ever
sent there again.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from clinic.models import User
from leads.models import (
    Contact,
    Enrolment,
    Erasure,
    Lead,
    Merge,
    OutgoingMail,
    PrivacyRequest,
    Subscription,
    Suppression,
    TimelineEntry,
)

from . import inbox, mailbox


@dataclass(frozen=True)
class Preview:
    goes: dict[str, int]  # rows by what they are, without those of which there is none
    stays: list[tuple[str, str]]  # what, and why


@transaction.atomic
def erase_mailbox(*, contact: Contact) -> Erasure:
    """Delete everything that one mailbox asked for or was sent, its cards with it, and never write to it again.

    A card on which another mailbox or a phone call left something stays, without this mailbox.
    """
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    cards = Lead.objects.filter(contact=contact) | Lead.objects.filter(submissions__contact=contact)
    counts: Counter[str] = Counter()
    answer(PrivacyRequest.objects.filter(contact=contact), None)
    for lead in Lead.objects.select_for_update().filter(pk__in=cards.values("pk")).order_by("pk"):
        counts += leave(lead, contact) if is_shared(lead, contact) else deleted(lead)
    counts += forgotten([contact])
    return Erasure.objects.create(counts=counts)


@transaction.atomic
def erase(*, lead: Lead, user: User) -> Erasure:
    """Delete a card and all that hangs on it, with or without a mailbox. A mailbox of nobody else goes with it.

    Every privacy request of the person is answered by it. Errors: `Refused` where the card was merged into another, for
    that one is to be erased, and where it is held.
    """
    # before the card, as forms lock them
    contacts = [contact.pk for contact in mailboxes_of(lead).select_for_update().order_by("pk")]
    lead = inbox.locked(lead)
    if lead.held_because:
        raise inbox.Refused(f"This card is held: {lead.held_because}. End the hold first.")
    answer(PrivacyRequest.objects.filter(Q(lead=lead) | Q(contact__in=contacts)), user)
    counts = deleted(lead)
    counts += forgotten(Contact.objects.filter(pk__in=contacts, leads=None, submissions=None))
    return Erasure.objects.create(user=user, counts=counts)


def preview(lead: Lead) -> Preview:
    """What `erase` would delete, and what has to stay."""
    own: list[Contact] = []
    shared: list[Contact] = []
    for contact in mailboxes_of(lead).order_by("pk"):
        (shared if is_elsewhere(contact, lead) else own).append(contact)
    rows: dict[str, QuerySet] = {
        "cards": Lead.objects.filter(Q(pk=lead.pk) | Q(merged_into=lead)),
        "requests": lead.submissions.all(),
        "consents": lead.consents.all(),
        "entries on the timeline": lead.timeline.all(),
        "mailboxes": Contact.objects.filter(pk__in=[contact.pk for contact in own]),
        "subscriptions": Subscription.objects.filter(contact__in=own),
        "sequences of tips": Enrolment.objects.filter(contact__in=own),
        "mails in the ledger": OutgoingMail.objects.filter(Q(contact__in=own) | Q(submission__lead=lead)),
    }
    counts = {label: found.count() for label, found in rows.items()}
    return Preview({label: count for label, count in counts.items() if count}, list(stays(own, shared)))


def stays(own: list[Contact], shared: list[Contact]) -> Iterable[tuple[str, str]]:
    yield (
        "That somebody was erased: when, by whom, and how many rows of what",
        "It shows that you did what you were asked to. It holds nothing about the person.",
    )
    if own:
        yield (
            "A keyed hash of the e-mail address",
            "So that nothing is ever sent there again. The address cannot be read from it.",
        )
    if shared:
        yield (
            "The mailbox, and what it gets by e-mail",
            "Another card has the same address. To erase it as well, erase that card too.",
        )
    yield "Mails that arrived", "They lie in the person's own mailbox."


# --- The parts of both ways


def mailboxes_of(lead: Lead) -> QuerySet[Contact]:
    """Of a card, of those that were merged into it and of what was sent to it."""
    return Contact.objects.filter(
        Q(pk__in=Lead.objects.filter(Q(pk=lead.pk) | Q(merged_into=lead)).values("contact"))
        | Q(pk__in=lead.submissions.values("contact"))
    )


def is_elsewhere(contact: Contact, lead: Lead) -> bool:
    """Whether another card has this mailbox as well."""
    others = Lead.objects.exclude(pk=lead.pk).exclude(merged_into=lead)
    return others.filter(Q(contact=contact) | Q(submissions__contact=contact)).exists()


def is_shared(lead: Lead, contact: Contact) -> bool:
    return lead.contact_id not in (None, contact.pk) or lead.submissions.exclude(contact=contact).exists()


def answer(requests: QuerySet[PrivacyRequest], user: User | None) -> None:
    """What somebody asked about their data is answered when there is none; what they said in asking goes too."""
    pks = list(requests.values_list("pk", flat=True))
    PrivacyRequest.objects.filter(pk__in=pks).update(words="")
    still_open = PrivacyRequest.objects.open().filter(pk__in=pks)
    still_open.update(closed_at=Now(), outcome=PrivacyRequest.Outcome.DONE, closed_by=user)


def deleted(row: models.Model) -> Counter[str]:
    """Delete a row and what hangs on it; how many rows of what went."""
    _, counts = row.delete()
    return Counter({label.rpartition(".")[2].lower(): count for label, count in counts.items()})


def forgotten(contacts: Iterable[Contact]) -> Counter[str]:
    """Delete mailboxes for ever, and with them all that they were sent."""
    counts: Counter[str] = Counter()
    for contact in contacts:
        mailbox.suppress(contact=contact, reason=Suppression.Reason.ERASED)
        counts += deleted(contact)
    return counts


def leave(lead: Lead, contact: Contact) -> Counter[str]:
    """Take one mailbox and what it sent off a card that others are on as well."""
    counts = Counter(submission=0)
    for submission in lead.submissions.filter(contact=contact):
        counts += deleted(submission)
    for merge in Merge.objects.filter(kept=lead):  # it remembers what the card said
        counts += deleted(merge)
    if lead.contact_id == contact.pk:
        lead.contact = None
    lead.name = what_is_said(lead, "name")
    lead.phone = what_is_said(lead, "phone")
    lead.save(update_fields=["contact", "name", "phone"])
    TimelineEntry.objects.create(lead=lead, event="mailbox_erased")
    return counts


def what_is_said(lead: Lead, field: str) -> str:
    """The card's own word where one of the submissions that are left says it too; else the latest word of theirs."""
    said = list(lead.submissions.exclude(**{field: ""}).order_by("-pk").values_list(field, flat=True))
    own = str(getattr(lead, field))
    return own if own in said or not said else said[0]
