"""What a person may see and change from a link in their mail, with no account.

The link proves that somebody reads one mailbox, and nothing more: it shows what that mailbox asked for, even where the
card holds more, and no answers about health. Who knows the name and the number of somebody gets onto the card of that
person; nothing of the card is told or changed there, and nothing tells that there is one.
"""

from django.db import transaction
from django.db.models.functions import Now

from leads.fields import as_read
from leads.models import Lead, Submission, TimelineEntry

from . import inbox


def is_own_card(lead: Lead, contact_id: int | None) -> bool:
    """Whether the card is this mailbox's: it began with it. A card that began with a phone call is no mailbox's."""
    first = lead.submissions.filter(is_spam=False).order_by("pk").first()
    owners = {lead.contact_id, first.contact_id if first else None}
    return contact_id is not None and owners == {contact_id}


def state_told(submission: Submission) -> Lead.State:
    """The card's where it is this mailbox's own, else that of a new request."""
    if is_own_card(submission.lead, submission.contact_id):
        return Lead.State(submission.lead.state)
    return Lead.State.READER if submission.kind == Submission.Kind.NEWSLETTER else Lead.State.NEW


def wishes(submission: Submission) -> dict[str, str]:
    """How and when to be reached: as the card says where it is this mailbox's own, else as this mailbox said."""
    lead = submission.lead
    if is_own_card(lead, submission.contact_id):
        said = {"channel": lead.channel, "call_times": lead.call_times}
    else:
        said = {"channel": Lead.Channel.PHONE if submission.phone else Lead.Channel.EMAIL, "call_times": ""}
        changes = lead.timeline.filter(event="wished_change", details__submission=submission.pk)
        if last := changes.first():
            said = {name: last.details[name] for name in said}
    return {"phone": as_read(submission.phone), **said}


@transaction.atomic
def change_request(*, submission: Submission, channel: str, call_times: str, phone: str) -> Lead:
    """Write on the card how and when its person wants to be reached; staff see it on the timeline.

    From another mailbox than the card's own it stands on the timeline alone, for staff to judge. A card that was closed
    because nobody could reach the person is taken up again.
    """
    lead = Lead.objects.select_for_update().get(pk=submission.lead_id)
    is_own = is_own_card(lead, submission.contact_id)
    if is_own:
        lead.reach_by(channel)
        lead.call_times = call_times
        lead.phone = phone or lead.phone
        lead.changed_at = Now()
        lead.save(update_fields=["channel", "call_times", "phone", "next_action", "changed_at"])
    if lead.closed_because == inbox.COULD_NOT_REACH:
        lead = inbox.reopen(lead=lead, user=None)
    if phone:
        Submission.objects.filter(pk=submission.pk).update(phone=phone)
    # The number stays on the submission, and goes with it when it is erased.
    said = {} if is_own else {"channel": channel, "call_times": call_times}
    event = "changed_request" if is_own else "wished_change"
    TimelineEntry.objects.create(lead=lead, event=event, details={"submission": submission.pk, **said})
    return lead
