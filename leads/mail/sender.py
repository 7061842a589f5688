"""Sends what the ledger owes. Any number of these may run at once: the ledger keeps them off each other's rows."""

import logging
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from leads.models import OutgoingMail, Sender, Suppression
from leads.services.mailbox import bounced

from . import gates, ledger, render
from .provider import ProviderTransport
from .transport import FolderTransport, Lost, Outage, RefusedForGood, RefusedForNow, SmtpTransport, Transport

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=5)  # after an outage; doubles with each one in a row
LONGEST_PAUSE = timedelta(minutes=5)
LOOK_AFTER = 1  # seconds between two looks at whether the connection to the database is still good
REMEMBER = 120  # seconds for which an outcome waits for a database that is away


def drain(seconds: float = 50, *, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until nothing is, or `seconds` have passed, or no mail can leave, or `is_stopping` says so.

    The end comes between two mails. Returns how many were sent.
    """
    note_turn()
    ledger.sweep()
    transport = open_transport()
    sent = 0
    begin = looked_after = time.monotonic()
    try:
        while time.monotonic() < begin + seconds and not is_stopping() and (mail := ledger.claim()):
            if send(mail, transport):
                sent += 1
                if sent == 1:
                    worked()
            if time.monotonic() > looked_after + LOOK_AFTER:
                looked_after = time.monotonic()
                refresh_connection()
    except Outage as outage:
        pause(str(outage))
    finally:
        transport.close()
    return sent


def open_transport() -> Transport:
    """The transport that `EMAIL_PROVIDER` or else `EMAIL_URL` names."""
    if settings.EMAIL_PROVIDER:
        return ProviderTransport()
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        return FolderTransport(Path(settings.EMAIL_FILE_PATH))
    return SmtpTransport()


def send(mail: OutgoingMail, transport: Transport) -> bool:
    """Take one leased mail to an end or back to the queue; True when the server took it.

    Errors: `Outage`, and those of a database that is away; the mail is then back in the queue. Where the database went
    before the transport was asked, it is there only when the lease is over and a sweep has found it.
    """
    verdict = gates.ask(mail)
    if verdict.reason:
        ledger.skip(mail, verdict.reason) if verdict.until is None else ledger.wait(mail, verdict.until, verdict.reason)
        return False
    try:
        message = render.message(mail)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  whatever is wrong with this one must not stop the others
        log.error("mail %s cannot be rendered: %s in %s", mail.pk, type(error).__name__, place_of(error))
        ledger.give_up(mail, f"it cannot be rendered: {type(error).__name__}")
        return False
    return hand_over(mail, message, transport)


def hand_over(mail: OutgoingMail, message: render.Message, transport: Transport) -> bool:
    try:
        if not offer(mail, message, transport):
            return False
        transport.deliver(message.content)
    except Outage:
        written_down(lambda: ledger.release(mail))
        raise
    except RefusedForNow as refusal:
        reason = str(refusal)
        written_down(lambda: ledger.retry(mail, reason))
    except RefusedForGood as refusal:
        reason, is_bounce = str(refusal), refusal.is_bounce
        written_down(lambda: bury(mail, reason, is_bounce=is_bounce))
    except Lost as lost:
        reason = str(lost)
        written_down(lambda: ledger.doubt(mail, reason))
    else:
        return written_down(lambda: ledger.settle_sent(mail))
    log.warning("mail %s was not sent: %s", mail.pk, reason)
    return False


def offer(mail: OutgoingMail, message: render.Message, transport: Transport) -> bool:
    """Everything up to the mail itself; False when it must not follow. Errors: as `send`, and refusals."""
    try:
        transport.offer(message.sender, message.recipient)
        is_next = ledger.hand_over(mail)
    except (OperationalError, InterfaceError):
        written_down(lambda: ledger.release(mail))
        raise
    if not is_next:
        transport.close()
        ledger.release(mail)
    return is_next


@transaction.atomic
def bury(mail: OutgoingMail, reason: str, *, is_bounce: bool) -> bool:
    moved = ledger.give_up(mail, reason)
    if is_bounce and mail.contact is not None:
        bounced(contact=mail.contact, reason=Suppression.Reason.BOUNCED)
    return moved


def written_down(outcome: Callable[[], bool]) -> bool:
    """Move the row, even when the database is away just now: what the mail server answered is known here alone."""
    end = time.monotonic() + REMEMBER
    while True:
        try:
            return outcome()
        except (OperationalError, InterfaceError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
            refresh_connection()


def refresh_connection() -> None:
    """Let go of a connection that is old or broken; inside a transaction it is the caller's."""
    if not connection.in_atomic_block:
        close_old_connections()


def note_turn() -> None:
    """For the page on the health of mail: somebody asked for what is due."""
    row = Sender(pk=1, ticked_at=Now())
    Sender.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=["ticked_at"])


def pause(reason: str) -> None:
    """Leave the transport alone for a while, longer each time that it is out of order again."""
    sender = Sender.objects.get(pk=1)
    length = min(FIRST_PAUSE * 2 ** min(sender.outages, 10), LONGEST_PAUSE)
    running = Sender.objects.filter(outages=sender.outages)  # several workers met the same outage: it counts once
    if running.update(resumes_at=Now() + length, outages=F("outages") + 1, reason=reason):
        log.warning("mail is paused for %s s: %s", length.total_seconds(), reason)


def worked() -> None:
    Sender.objects.exclude(outages=0).update(resumes_at=None, outages=0, reason="")


def place_of(error: Exception) -> str:
    """Where it was raised. Its text stays out of the log: it may repeat what a person typed."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
