from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models.functions import Now

from leads.mail import ledger, sequences
from leads.models import Consent, Contact, Enrolment, Lead, OutgoingMail, Submission, Subscription, TimelineEntry
from leads.suppression import forgive_erasure

from . import mailbox
from .intake import SAME_REQUEST, Person, Request, Source, kept_cards, receive

TIPS = "health-tips"  # the keys of two sequences
AFTER_THE_GUIDE = "after-the-guide"

ASK = """
    INSERT INTO leads_subscription (contact_id, state, wants_newsletter, wants_tips, asked_at)
    VALUES (%(contact)s, 'unconfirmed', true, true, statement_timestamp())
        ON CONFLICT (contact_id) DO UPDATE
       SET asked_at = CASE WHEN leads_subscription.asked_at > statement_timestamp() - make_interval(secs => %(span)s)
                           THEN leads_subscription.asked_at ELSE statement_timestamp() END
    RETURNING asked_at = statement_timestamp() AND NOT (state = 'confirmed' AND wants_newsletter AND wants_tips)
"""


def subscribe(*, email: str, source: Source, spam_signs: Iterable[str] = ()) -> Submission:
    """Ask for the newsletter: its owner is owed a mail to confirm the address, at most one in ten minutes.

    Nothing is sent to a mailbox that gets it already; the answer is the same. Errors: `Flood`.
    """
    request = Request(
        kind=Submission.Kind.NEWSLETTER,
        consents=[Consent.Purpose.NEWSLETTER],
        spam_signs=spam_signs,
    )

    return receive(request, Person(email=email), source, follow_up)


def follow_up(submission: Submission, standing: str) -> list[OutgoingMail]:
    with connection.cursor() as cursor:
        cursor.execute(ASK, {"contact": submission.contact_id, "span": SAME_REQUEST.total_seconds()})
        is_due = cursor.fetchone()[0]
    return [confirmation(submission)] if is_due else []


def confirmation(submission: Submission) -> OutgoingMail:
    return OutgoingMail(
        kind=OutgoingMail.Kind.CONFIRM,
        dedupe_key=f"confirm:{submission.pk}",
        contact=submission.contact,
        submission=submission,
    )


@transaction.atomic
def confirm_subscription(*, submission: Submission, contact: Contact) -> Subscription:
    """Let what a submission asked for begin, now that the owner of its mailbox said so; a second time changes nothing.

    The welcome is owed, and the health tips start. Whoever unsubscribed after the submission stays unsubscribed: the
    answer's state tells it.
    """
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    is_whole = submission.kind == Submission.Kind.NEWSLETTER
    subscription, _ = Subscription.objects.get_or_create(contact=contact, defaults={"wants_newsletter": is_whole})
    unsubscribed_at = subscription.unsubscribed_at
    if unsubscribed_at is not None and unsubscribed_at > submission.created_at:
        return subscription
    was_confirmed = subscription.state == Subscription.State.CONFIRMED
    if was_confirmed and subscription.wants_tips and subscription.wants_newsletter >= is_whole:
        return subscription
    if not was_confirmed:
        subscription.wants_newsletter = is_whole
        subscription.confirmed_at = Now()
    subscription.state = Subscription.State.CONFIRMED
    subscription.wants_newsletter = subscription.wants_newsletter or is_whole
    subscription.wants_tips = True
    subscription.save()
    forgive_erasure(contact.email)
    is_guide = submission.kind == Submission.Kind.GUIDE
    sequences.enrol(contact=contact, sequence=AFTER_THE_GUIDE if is_guide else TIPS)
    note(contact, "confirmed_mail")
    ledger.owe([welcome(subscription)])
    return subscription


def welcome(subscription: Subscription) -> OutgoingMail:
    """Owed once in life, however often somebody comes back."""
    return OutgoingMail(
        kind=OutgoingMail.Kind.WELCOME, dedupe_key=f"welcome:{subscription.pk}", contact=subscription.contact
    )


@transaction.atomic
def unsubscribe(*, contact: Contact) -> Subscription:
    """Stop all mail that this mailbox did not ask for one by one: what is queued is skipped in this very moment."""
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    subscription, is_new = Subscription.objects.get_or_create(
        contact=contact, defaults={"state": Subscription.State.UNSUBSCRIBED, "unsubscribed_at": Now()}
    )
    if is_new or subscription.state != Subscription.State.UNSUBSCRIBED:
        subscription.state = Subscription.State.UNSUBSCRIBED
        subscription.unsubscribed_at = Now()
        subscription.save(update_fields=["state", "unsubscribed_at"])
        withdraw(contact, [Consent.Purpose.NEWSLETTER, Consent.Purpose.TIPS], "unsubscribed")
        note(contact, "unsubscribed")
    mailbox.stop_bulk_mail(contact=contact)
    return subscription


@transaction.atomic
def update_preferences(*, contact: Contact, wants_newsletter: bool, wants_tips: bool) -> Subscription:
    """Choose what this mailbox gets, from a link that only its owner has; neither is `unsubscribe`."""
    if not wants_newsletter and not wants_tips:
        return unsubscribe(contact=contact)
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    subscription, _ = Subscription.objects.get_or_create(contact=contact)
    forgive_erasure(contact.email)
    before = (subscription.state, subscription.wants_newsletter, subscription.wants_tips)
    if before == (Subscription.State.CONFIRMED, wants_newsletter, wants_tips):
        return subscription
    subscription.state = Subscription.State.CONFIRMED
    subscription.confirmed_at = subscription.confirmed_at or Now()
    subscription.wants_newsletter, subscription.wants_tips = wants_newsletter, wants_tips
    subscription.save()
    if wants_tips:
        sequences.enrol(contact=contact, sequence=TIPS)
    else:
        sequences.end(contact=contact, ending=Enrolment.Ending.UNSUBSCRIBED)
        withdraw(contact, [Consent.Purpose.TIPS], "preferences")
    if not wants_newsletter:
        issues = OutgoingMail.objects.filter(contact=contact, kind=OutgoingMail.Kind.ISSUE)
        ledger.call_off(issues, "the newsletter was switched off")
        withdraw(contact, [Consent.Purpose.NEWSLETTER], "preferences")
    note(contact, "changed_preferences")
    return subscription


def withdraw(contact: Contact, purposes: Iterable[str], source: str) -> None:
    """Write down on the person's cards that what was agreed to is taken back."""
    agreed = Consent.objects.filter(submission__contact=contact, purpose__in=purposes, is_given=True)
    Consent.objects.bulk_create(
        Consent(lead_id=lead, purpose=purpose, is_given=False, wording_version=version, source=source)
        for lead, purpose, version in set(agreed.values_list("lead", "purpose", "wording_version"))
    )


def note(contact: Contact, event: str) -> None:
    leads = list(kept_cards(Lead.objects.filter(contact=contact)).order_by("pk"))
    TimelineEntry.objects.bulk_create(TimelineEntry(lead=lead, event=event) for lead in leads)
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(changed_at=Now())
