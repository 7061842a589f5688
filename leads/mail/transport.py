"""The ways a mail leaves: over SMTP, or into a folder where nobody's mailbox is meant.

A transport has one recipient a mail and tells three moments apart: before anything of the mail has left (`offer`),
and then its outcome (`deliver`), where a lost connection leaves the outcome open.
"""

import smtplib
import ssl
from pathlib import Path
from typing import Protocol

from django.conf import settings

TIMEOUT = 20  # seconds for each answer of the server; with all of them a mail stays well below its lease


class Outage(Exception):
    """No mail can leave now; says nothing about the one at hand."""


class RefusedForNow(Exception):
    """The server answered 4xx to this mail."""


class RefusedForGood(Exception):
    """The server answered 5xx to this mail."""

    def __init__(self, reason: str, *, is_bounce: bool):
        super().__init__(reason)
        self.is_bounce = is_bounce  # the mailbox was refused, not the mail


class Lost(Exception):
    """The connection was lost after the mail was sent and before the server answered."""


class Transport(Protocol):
    def offer(self, sender: str, recipient: str) -> None: ...
    def deliver(self, message: bytes) -> None: ...
    def close(self) -> None: ...


class SmtpTransport:
    """One connection to the server of `EMAIL_URL`, opened when the first mail needs it and kept for the next."""

    def __init__(self):
        self.server: smtplib.SMTP | None = None

    def connection(self) -> smtplib.SMTP:
        if self.server is None:
            self.server = self.connect()
        return self.server

    def connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        try:
            if settings.EMAIL_USE_SSL:
                server = smtplib.SMTP_SSL(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=TIMEOUT, context=context)
            else:
                server = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=TIMEOUT)
            if settings.EMAIL_USE_TLS:
                server.starttls(context=context)
            if settings.EMAIL_HOST_USER:
                server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        except (OSError, smtplib.SMTPException) as error:
            raise Outage(f"cannot open a connection to the mail server: {summary(error)}") from error
        return server

    def offer(self, sender: str, recipient: str) -> None:
        """MAIL and RCPT. Nothing of the mail has left when this raises.

        Errors: `Outage`, `RefusedForNow`, `RefusedForGood`.
        """
        is_fresh = self.server is None
        server = self.connection()
        try:
            server.ehlo_or_helo_if_needed()
            code, _ = server.mail(sender)
            if code != 250:
                self.close()
                raise Outage(f"the mail server answered {code} to the sender's address")
            code, _ = server.rcpt(recipient)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self.close()
            if is_fresh:
                raise Outage(f"the mail server hung up: {summary(error)}") from error
            return self.offer(sender, recipient)  # a kept connection may have been closed for its age
        if code == 421:
            self.close()
            raise RefusedForNow(answer(code))
        if code // 100 == 4:
            server.rset()
            raise RefusedForNow(answer(code))
        if code // 100 == 5:
            server.rset()
            raise RefusedForGood(answer(code), is_bounce=True)

    def deliver(self, message: bytes) -> None:
        """DATA and the mail itself, which has CRLF line ends. Errors: `RefusedForNow`, `RefusedForGood`, `Lost`."""
        try:
            code, _ = self.connection().data(message)
        except smtplib.SMTPDataError as error:  # refused before the mail itself was sent
            code = error.smtp_code
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Lost(f"no answer after the mail was sent: {summary(error)}") from error
        if code == 421:
            self.close()
        if code // 100 == 4:
            raise RefusedForNow(answer(code))
        if code // 100 != 2:
            raise RefusedForGood(answer(code), is_bounce=False)

    def close(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None


class FolderTransport:
    """Writes each mail to a file that a mail program opens; for trying the site out."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.recipient = ""

    def offer(self, sender: str, recipient: str) -> None:
        self.recipient = recipient

    def deliver(self, message: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        number = len(list(self.folder.glob("*.eml"))) + 1
        draft = self.folder / f"{number:05d}.new"
        draft.write_bytes(message)
        draft.replace(draft.with_suffix(".eml"))

    def close(self) -> None:
        pass


def open_transport() -> Transport:
    """The transport that `EMAIL_URL` names."""
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        return FolderTransport(Path(settings.EMAIL_FILE_PATH))
    return SmtpTransport()


def answer(code: int) -> str:
    """The server's answer without its words, which repeat the address."""
    return f"the mail server answered {code}"


def summary(error: Exception) -> str:
    return type(error).__name__
