"""What a person may see and change from a link in their mail, with no account.

The link proves that somebody reads one mailbox, and nothing more: it shows what that mailbox asked for, even where the
card holds more, and no answers about health.
"""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from leads.models import Consent, Contact, Lead, OutgoingMail, Submission, Subscription, Suppression, TimelineEntry

from . import mailbox


@transaction.atomic
def change_request(*, submission: Submission, channel: str, call_times: str, phone: str) -> Lead:
    """Write on the card how and when its person wants to be reached; staff see it on the timeline."""
    lead = Lead.objects.select_for_update().get(pk=submission.lead_id)
    lead.channel, lead.call_times = channel, call_times
    lead.phone = phone or lead.phone
    lead.changed_at = Now()
    lead.save(update_fields=["channel", "call_times", "phone", "changed_at"])
    if phone:
        Submission.objects.filter(pk=submission.pk).update(phone=phone)
    TimelineEntry.objects.create(lead=lead, event="changed_request", details={"submission": submission.pk})
    return lead


@transaction.atomic
def erase_person(*, contact: Contact) -> None:
    """Delete everything that one mailbox asked for or was sent, its cards with it, and never write to it again.

    A card on which another mailbox or a phone call left something stays, without this mailbox.
    """
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    mailbox.suppress(contact=contact, reason=Suppression.Reason.ERASED)
    cards = Lead.objects.filter(contact=contact) | Lead.objects.filter(submissions__contact=contact)
    for lead in Lead.objects.select_for_update().filter(pk__in=cards.values("pk")):
        if lead.submissions.exclude(contact=contact).exists():
            leave(lead, contact)
        else:
            lead.delete()
    contact.delete()


def leave(lead: Lead, contact: Contact) -> None:
    """Take one mailbox and what it sent off a card that others are on as well."""
    lead.submissions.filter(contact=contact).delete()
    if lead.contact_id == contact.pk:
        lead.contact = None
        lead.save(update_fields=["contact"])
    TimelineEntry.objects.create(lead=lead, event="mailbox_erased")


def export_person(*, contact: Contact) -> dict[str, Any]:
    """All that is kept about one mailbox, ready for JSON, but for the answers about health: see the module."""
    submissions = Submission.objects.filter(contact=contact).select_related("lead").order_by("created_at")
    subscription = Subscription.objects.filter(contact=contact).first()
    return {
        "email": contact.email,
        "requests": [request_data(submission) for submission in submissions],
        "newsletter": {
            "state": subscription.get_state_display(),
            "wants_newsletter": subscription.wants_newsletter,
            "wants_health_tips": subscription.wants_tips,
            "confirmed_at": subscription.confirmed_at,
            "unsubscribed_at": subscription.unsubscribed_at,
        }
        if subscription
        else None,
        "consents": [
            {
                "purpose": consent.get_purpose_display(),
                "given": consent.is_given,
                "wording": consent.wording_version,
                "page": consent.source,
                "at": consent.created_at,
            }
            for consent in Consent.objects.filter(submission__contact=contact).order_by("created_at")
        ],
        "mails": [
            {"kind": mail.get_kind_display(), "state": mail.get_state_display(), "sent_at": mail.sent_at}
            for mail in OutgoingMail.objects.filter(contact=contact).order_by("created_at")
        ],
    }


def request_data(submission: Submission) -> dict[str, Any]:
    return {
        "reference": submission.reference,
        "asked_for": submission.get_kind_display(),
        "asked_at": submission.created_at,
        "name": submission.name,
        "phone": submission.phone,
        "page": submission.source_path,
        "campaign": submission.campaign,
        "promised_at": submission.promised_at,
        "state": submission.lead.get_state_display(),
    }
