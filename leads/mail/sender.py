"""Sends what the ledger owes. Any number of these may run at once: the ledger keeps them off each other's rows."""

import logging
import time
from datetime import timedelta

from django.db import close_old_connections
from django.db.models import F, Q
from django.db.models.functions import Now

from leads.models import OutgoingMail, Sender, Suppression
from leads.services.mailbox import bounced

from . import gates, ledger, render
from .transport import Lost, Outage, RefusedForGood, RefusedForNow, Transport, open_transport

log = logging.getLogger(__name__)

BATCH = 20
FIRST_PAUSE = timedelta(seconds=5)  # after an outage; doubles with each one in a row
LONGEST_PAUSE = timedelta(minutes=5)


def drain(seconds: float = 50) -> int:
    """Send what is due until nothing is, or until `seconds` have passed, or while no mail can leave.

    Returns how many mails were sent.
    """
    ledger.sweep()
    if not is_open():
        return 0
    transport = open_transport()
    sent = 0
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end and (mails := ledger.claim(BATCH)):
            sent += send_all(mails, transport)
            close_old_connections()
    except Outage as outage:
        pause(str(outage))
    finally:
        transport.close()
    return sent


def send_all(mails: list[OutgoingMail], transport: Transport) -> int:
    """Errors: `Outage`, after the mails that were not tried went back to the queue."""
    sent = 0
    for place, mail in enumerate(mails):
        try:
            sent += send(mail, transport)
        except Outage:
            ledger.release(mails[place:])
            raise
    return sent


def send(mail: OutgoingMail, transport: Transport) -> bool:
    """Take one leased mail to an end or back to the queue; True when the server took it.

    Errors: `Outage`, with the mail still leased.
    """
    verdict = gates.ask(mail)
    if verdict.reason:
        ledger.skip(mail, verdict.reason) if verdict.until is None else ledger.wait(mail, verdict.until, verdict.reason)
        return False
    try:
        message = render.message(mail)
    except Exception:  # whatever is wrong with this one must not stop the others
        log.exception("mail %s cannot be rendered", mail.pk)
        ledger.give_up(mail, "it cannot be rendered")
        return False
    return hand_over(mail, message, transport)


def hand_over(mail: OutgoingMail, message: render.Message, transport: Transport) -> bool:
    try:
        transport.offer(message.sender, message.recipient)
        if not ledger.hand_over(mail):
            transport.close()  # the lease is lost: whoever holds it now sends
            return False
        transport.deliver(message.content)
    except RefusedForNow as refusal:
        ledger.retry(mail, str(refusal))
    except RefusedForGood as refusal:
        ledger.give_up(mail, str(refusal))
        if refusal.is_bounce and mail.contact is not None:
            bounced(mail.contact, Suppression.Reason.BOUNCED)
    except Lost as lost:
        ledger.doubt(mail, str(lost))
    else:
        worked()
        return ledger.settle_sent(mail)
    return False


def is_open() -> bool:
    """Whether mail may leave now; notes that somebody asked, for the page on the health of mail."""
    Sender.objects.get_or_create(pk=1)
    Sender.objects.update(ticked_at=Now())
    return Sender.objects.filter(Q(resumes_at=None) | Q(resumes_at__lte=Now()), is_stopped=False).exists()


def pause(reason: str) -> None:
    """Leave the transport alone for a while, longer each time that it is out of order again."""
    sender = Sender.objects.get(pk=1)
    length = min(FIRST_PAUSE * 2 ** min(sender.outages, 10), LONGEST_PAUSE)
    Sender.objects.update(resumes_at=Now() + length, outages=F("outages") + 1, reason=reason)
    log.warning("mail is paused for %s s: %s", length.total_seconds(), reason)


def worked() -> None:
    Sender.objects.exclude(outages=0).update(resumes_at=None, outages=0, reason="")
