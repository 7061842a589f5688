"""The ways a mail leaves: over SMTP, or into a folder where nobody's mailbox is meant. `provider` is the third.

A transport has one recipient a mail and tells two moments apart: before anything of the mail has left (`offer`), and
then its outcome (`deliver`), where a lost connection leaves the outcome open.
"""

import contextlib
import errno
import re
import smtplib
import ssl
import time
import uuid
from pathlib import Path
from typing import NoReturn, Protocol

from django.conf import settings

PATIENCE = 3  # times `EMAIL_TIMEOUT` for the answer to the mail itself: servers look for viruses before they give it
NO_SUCH_MAILBOX = {550, 551, 553}
ENHANCED_STATUS = re.compile(rb"[45]\.(\d{1,3})\.\d{1,3}\b")  # RFC 3463
ADDRESSING, MAILBOX = b"1", b"2"  # its subjects that speak of the mailbox, and not of us or of what we wrote


class Outage(Exception):
    """No mail can leave now; says nothing about the one at hand."""


class RefusedForNow(Exception):
    """The server answered 4xx to this mail, or hung up on its recipient."""


class RefusedForGood(Exception):
    """The server answered 5xx to this mail."""

    def __init__(self, reason: str, *, is_bounce: bool):
        super().__init__(reason)
        self.is_bounce = is_bounce  # the mailbox was refused, not the mail or its sender


class Lost(Exception):
    """The connection was lost after the mail was handed over and before the server answered."""


class Transport(Protocol):
    def offer(self, sender: str, recipient: str) -> None: ...
    def deliver(self, message: bytes) -> None: ...
    def close(self) -> None: ...


class SmtpTransport:
    """One connection to the server of `EMAIL_URL`, opened when the first mail needs it and kept for the next."""

    def __init__(self) -> None:
        self.server: smtplib.SMTP | None = None

    def offer(self, sender: str, recipient: str) -> None:
        """MAIL and RCPT. Nothing of the mail has left when this raises.

        Errors: `Outage`, `RefusedForNow`, `RefusedForGood`.
        """
        server = self.greet(sender)
        try:
            code, words = server.rcpt(recipient)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            # Others may be able to leave: a server that hangs up on one recipient must not hold them all up.
            raise RefusedForNow(f"the mail server hung up on the recipient: {summary(error)}") from error
        except ValueError as error:
            self.close()
            raise RefusedForGood("the address cannot be said to a mail server", is_bounce=False) from error
        if code // 100 != 2:
            self.reset()
            refuse(code, words)

    def greet(self, sender: str) -> smtplib.SMTP:
        """A connection on which MAIL was accepted: the one in use, or a fresh one when that was closed for its age."""
        if self.server is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if self.server.mail(sender)[0] == 250:
                    return self.server
            self.close()
        try:
            server = self.server = self.connect()
            server.ehlo_or_helo_if_needed()
            code, _ = server.mail(sender)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Outage(f"no connection to the mail server: {summary(error)}") from error
        if code != 250:
            self.close()
            raise Outage(f"the mail server answered {code} to the sender's address")
        return server

    def connect(self) -> smtplib.SMTP:
        host, port, timeout = settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT
        if settings.EMAIL_USE_SSL:
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=timeout, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(host, port, timeout=timeout)
        try:
            if settings.EMAIL_USE_TLS:
                server.starttls(context=ssl.create_default_context())
            if settings.EMAIL_HOST_USER:
                server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        except BaseException:
            server.close()
            raise
        return server

    def deliver(self, message: bytes) -> None:
        """DATA and the mail itself, which has CRLF line ends. Errors: `RefusedForNow`, `RefusedForGood`, `Lost`."""
        if self.server is None or self.server.sock is None:
            raise Lost("the connection was gone before the mail was sent")
        words: bytes | str
        try:
            self.server.sock.settimeout(settings.EMAIL_TIMEOUT * PATIENCE)
            code, words = self.server.data(message)
            self.server.sock.settimeout(settings.EMAIL_TIMEOUT)
        except smtplib.SMTPDataError as error:  # refused before the mail itself was sent
            code, words = error.smtp_code, error.smtp_error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Lost(f"no answer after the mail was handed over: {summary(error)}") from error
        if code // 100 != 2:
            self.reset()
            refuse(code, words)

    def reset(self) -> None:
        """Ready for the next mail after a refused one; a server that is closing (421) is left."""
        try:
            if self.server is not None:
                self.server.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def close(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None


class FolderTransport:
    """Writes each mail to a file that a mail program opens; for trying the site out."""

    def __init__(self, folder: Path):
        self.folder = folder

    def offer(self, sender: str, recipient: str) -> None:
        """Any recipient will do."""

    def deliver(self, message: bytes) -> None:
        """The whole mail, or nothing of it. Errors: `Outage`."""
        draft = self.folder / f"{time.strftime('%Y-%m-%d %H.%M.%S')} {uuid.uuid4().hex[:6]}.new"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(message)
            draft.replace(draft.with_suffix(".eml"))
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            reason = errno.errorcode.get(error.errno or 0, type(error).__name__)
            raise Outage(f"the folder for mail cannot be written to: {reason}") from error

    def close(self) -> None:
        """There is nothing to close."""


def refuse(code: int, words: bytes | str) -> NoReturn:
    """Raise what the server's refusal means. Its words are not kept: they repeat the address."""
    status = ENHANCED_STATUS.match(words if isinstance(words, bytes) else words.encode())
    reason = f"the mail server answered {code}" + (f" {status[0].decode()}" if status else "")
    if code // 100 != 5:
        raise RefusedForNow(reason)
    # A server that refuses us (5.7.1, relaying denied) would else cost us every subscriber.
    is_bounce = status[1] in (ADDRESSING, MAILBOX) if status else code in NO_SUCH_MAILBOX
    raise RefusedForGood(reason, is_bounce=is_bounce)


def summary(error: Exception) -> str:
    return f"answer {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else type(error).__name__
