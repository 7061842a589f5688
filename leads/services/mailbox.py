"""What a mailbox or its owner says about mail to it, and what may leave for it afterwards: nothing, or no tips.

Each is one transaction: what waits for the mailbox is called off with it.
"""

from django.db import transaction

from leads import suppression
from leads.mail import gates, ledger, sequences
from leads.models import Contact, Enrolment, MailEvent, OutgoingMail, Suppression, TimelineEntry

from .intake import kept_cards

Kind = MailEvent.Kind

SOFT_BOUNCES = 3  # of the last
OUTCOMES = 5

ENDINGS = {
    Suppression.Reason.BOUNCED: Enrolment.Ending.BOUNCED,
    Suppression.Reason.COMPLAINED: Enrolment.Ending.UNSUBSCRIBED,
    Suppression.Reason.ERASED: Enrolment.Ending.ERASED,
    Suppression.Reason.STAFF: Enrolment.Ending.STAFF,
}


@transaction.atomic
def suppress(*, contact: Contact, reason: Suppression.Reason) -> None:
    """Never write to this mailbox again, for as long as there is a database, even when its owner is erased."""
    suppression.suppress(contact.email, reason)
    sequences.end(contact=contact, ending=ENDINGS[reason])
    ledger.call_off(OutgoingMail.objects.filter(contact=contact), f"the mailbox is never written to: {reason.label}")


@transaction.atomic
def bounced(*, contact: Contact, reason: Suppression.Reason = Suppression.Reason.BOUNCED) -> None:
    """The mailbox does not exist, or its owner marked a mail as spam. Staff see it on the person's card."""
    suppress(contact=contact, reason=reason)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(lead=lead, event=f"mailbox_{reason}") for lead in kept_cards(contact.leads.all())
    )


@transaction.atomic
def note_event(*, event_id: str, kind: Kind, contact: Contact, message_id: str) -> MailEvent:
    """The provider reports what became of a mail. It may say so twice, or out of turn: the first time counts.

    No such mailbox, or a complaint: nothing is sent there any more. A mail that bounced for now, however often it was
    tried, is one soft bounce, and none once it is delivered.
    """
    Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk).first()
    event, is_new = MailEvent.objects.get_or_create(
        event_id=event_id, defaults={"kind": kind, "contact": contact, "message_id": message_id}
    )
    if not is_new:
        return event
    earlier = set(event.of_the_same_mail().values_list("kind", flat=True))
    if kind in earlier:
        return event
    if kind == Kind.HARD_BOUNCE:
        bounced(contact=contact)
    elif kind == Kind.COMPLAINT:
        bounced(contact=contact, reason=Suppression.Reason.COMPLAINED)
    elif kind == Kind.DELIVERED:
        note_outcome(contact=contact, is_soft_bounce=False, was_soft_bounce=Kind.SOFT_BOUNCE in earlier)
    elif Kind.DELIVERED not in earlier:
        note_outcome(contact=contact, is_soft_bounce=True)
    return event


@transaction.atomic
def note_outcome(*, contact: Contact, is_soft_bounce: bool, was_soft_bounce: bool = False) -> None:
    """A mail arrived, or bounced for now (a full mailbox). Three such of five mails are as good as a hard bounce.

    `was_soft_bounce`: it had been noted as bounced before, and that is taken back.
    """
    row = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    if was_soft_bounce and True in row.soft_bounces:
        row.soft_bounces.remove(True)
    row.soft_bounces = [is_soft_bounce, *row.soft_bounces][:OUTCOMES]
    row.save(update_fields=["soft_bounces"])
    if sum(row.soft_bounces) >= SOFT_BOUNCES:
        bounced(contact=row)


@transaction.atomic
def stop_bulk_mail(*, contact: Contact, ending: Enrolment.Ending = Enrolment.Ending.UNSUBSCRIBED) -> None:
    """No tips and no newsletter from now on; what the owner asks for by name still leaves."""
    sequences.end(contact=contact, ending=ending)
    bulk = OutgoingMail.objects.filter(contact=contact, kind__in=gates.BULK)
    ledger.call_off(bulk, f"the reader wants no more of it: {ending.label}")
