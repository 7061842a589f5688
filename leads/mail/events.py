"""What a provider reports about a mail that it took: checked, and put into the words of `MailEvent`.

Who may report is decided by anymail's view for the provider: Mailgun signs, Postmark signs in.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.utils.module_loading import import_string

from leads.fields import canonical_email
from leads.models import MailEvent

Kind = MailEvent.Kind

NO_SUCH_MAILBOX = (RejectReason.BOUNCED, RejectReason.INVALID)
# Postmark's words for a full mailbox and for a filter that took the mail for spam. anymail calls the first a bounce
# like any other and the second a complaint, but nobody complained.
POSTMARK_SOFT = ("SoftBounce", "SpamNotification")
POLICY = re.compile(r"\b5\.7\.\d")  # RFC 3463: the server refused us or what we wrote, and not the mailbox


@dataclass(frozen=True)
class Report:
    event_id: str
    kind: MailEvent.Kind
    recipient: str
    message_id: str


def reports(request: HttpRequest) -> list[Report]:
    """What it says that matters here. Errors: `SuspiciousOperation`, which Django answers with 400."""
    provider = settings.EMAIL_PROVIDER
    receiver = import_string(f"anymail.webhooks.{provider}.{provider.title()}TrackingWebhookView")()
    try:
        receiver.run_validators(request)
        return [report for event in receiver.parse_events(request) for report in read(event, provider)]
    except SuspiciousOperation:
        raise
    except Exception:  # noqa: BLE001  anyone may post anything here
        raise SuspiciousOperation("a report of the mail provider cannot be read") from None


def read(event: AnymailTrackingEvent, provider: str) -> Iterator[Report]:
    """The report, if it is of use: of a kind that matters, and such that it is known again when it comes twice."""
    kind = kind_of(event)
    message_id = event.message_id or ""
    own_id = event.event_id or message_id  # Postmark numbers bounces alone; a mail is delivered once
    with contextlib.suppress(ValueError):
        recipient = canonical_email(event.recipient or "")
        if kind and own_id.isprintable() and message_id.isprintable() and 0 < len(own_id) + len(message_id) < 160:
            yield Report(f"{provider}:{kind}:{own_id}", kind, recipient, message_id)


def kind_of(event: AnymailTrackingEvent) -> MailEvent.Kind | None:
    if event.esp_event.get("Type") in POSTMARK_SOFT:
        return Kind.SOFT_BOUNCE
    match event.event_type, event.reject_reason:
        case EventType.DELIVERED, _:
            return Kind.DELIVERED
        case (EventType.COMPLAINED, _) | (EventType.REJECTED, RejectReason.SPAM):
            return Kind.COMPLAINT
        case EventType.DEFERRED, _:
            return Kind.SOFT_BOUNCE
        case EventType.BOUNCED, reason:
            is_hard = reason in NO_SUCH_MAILBOX and not POLICY.search(event.mta_response or "")
            return Kind.HARD_BOUNCE if is_hard else Kind.SOFT_BOUNCE
        case EventType.REJECTED, reason if reason in NO_SUCH_MAILBOX:
            return Kind.HARD_BOUNCE
    return None
