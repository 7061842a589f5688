"""What a person may see and change from a link in their mail, with no account.

The link proves that somebody reads one mailbox, and nothing more: it shows what that mailbox asked for, even where the
card holds more, and no answers about health.
"""

from django.db import transaction
from django.db.models.functions import Now

from leads.models import Lead, Submission, TimelineEntry

from . import inbox


@transaction.atomic
def change_request(*, submission: Submission, channel: str, call_times: str, phone: str) -> Lead:
    """Write on the card how and when its person wants to be reached; staff see it on the timeline.

    A card that was closed because nobody could reach the person is taken up again.
    """
    lead = Lead.objects.select_for_update().get(pk=submission.lead_id)
    lead.channel, lead.call_times = channel, call_times
    lead.phone = phone or lead.phone
    lead.changed_at = Now()
    lead.save(update_fields=["channel", "call_times", "phone", "changed_at"])
    if lead.closed_because == inbox.COULD_NOT_REACH:
        lead = inbox.reopen(lead=lead, user=None)
    if phone:
        Submission.objects.filter(pk=submission.pk).update(phone=phone)
    TimelineEntry.objects.create(lead=lead, event="changed_request", details={"submission": submission.pk})
    return lead
