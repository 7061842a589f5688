"""Mail through the HTTP interface of a provider. anymail speaks its language; what it answers means is said here."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, NoReturn

import requests
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from .transport import PATIENCE, Lost, Outage, RefusedForGood, RefusedForNow

KEPT = ["Message-ID", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post"]  # the provider writes the others
LATER = {408, 429, 503}
OUR_ACCOUNT = {401, 402, 403, 404}  # its key, its bill, its domain: the next mail would fare no better
# Postmark says 422 to whatever it does not take, and the rest in a code of its own. These: the sender's address, an
# account that may not send, or not yet.
POSTMARK_OUR_ACCOUNT = {400, 401, 405, 412, 413}


class ProviderTransport:
    """One session with the provider, opened when the first mail needs it and kept for the next."""

    def __init__(self) -> None:
        patience = (settings.EMAIL_TIMEOUT, settings.EMAIL_TIMEOUT * PATIENCE)  # to connect, and for an answer
        self.backend: Any = get_connection(settings.EMAIL_BACKEND, timeout=patience)
        self.is_reached = False

    def offer(self, sender: str, recipient: str) -> None:
        """Ask for nothing: whatever the answer is, the provider can be reached. Errors: `Outage`."""
        if self.is_reached:
            return
        try:
            self.backend.open()
            self.backend.session.head(self.backend.api_url, timeout=settings.EMAIL_TIMEOUT, allow_redirects=False)
        except OSError as error:
            self.close()
            raise Outage(f"no connection to the mail provider: {type(error).__name__}") from error
        self.is_reached = True

    def deliver(self, message: bytes) -> None:
        """The mail itself. Errors: `Outage`, `RefusedForNow`, `RefusedForGood`, `Lost`."""
        try:
            self.backend.send_messages([taken_apart(message)])
        except AnymailRecipientsRefused as error:
            raise RefusedForGood("the mail provider does not write to this mailbox", is_bounce=True) from error
        except AnymailAPIError as error:
            if error.response is not None:
                refuse(error.response)
            self.close()
            if never_left(error):
                raise Outage("no connection to the mail provider") from error
            raise Lost(f"no answer after the mail was handed over: {type(error.__cause__).__name__}") from error
        except AnymailError as error:  # raised before the request is made
            raise RefusedForGood(
                f"the mail provider cannot be told: {type(error).__name__}", is_bounce=False
            ) from error

    def close(self) -> None:
        self.backend.close()
        self.is_reached = False


def taken_apart(message: bytes) -> EmailMultiAlternatives:
    """The mail in the parts that a provider asks for."""
    source = message_from_bytes(message, policy=SMTP)
    letter = EmailMultiAlternatives(
        subject=str(source["Subject"]),
        body=body(source, "plain"),
        from_email=str(source["From"]),
        to=[str(source["To"])],
        headers={name: str(source[name]) for name in KEPT if name in source},
        alternatives=[(body(source, "html"), "text/html")],
    )
    for part in source.iter_attachments():
        letter.attach(part.get_filename(), part.get_content(), part.get_content_type())
    return letter


def body(source: EmailMessage, subtype: str) -> str:
    part = source.get_body((subtype,))
    return part.get_content() if part is not None else ""


def refuse(response: requests.Response) -> NoReturn:
    """Raise what the provider's answer means. Its words are not kept: they repeat the address."""
    status, code = response.status_code, error_code(response)
    reason = f"the mail provider answered {status}" + (f" {code}" if code else "")
    if status in OUR_ACCOUNT or (status == 422 and code in POSTMARK_OUR_ACCOUNT):
        raise Outage(reason)
    if status in LATER:
        raise RefusedForNow(reason)
    if status // 100 == 4:
        raise RefusedForGood(reason, is_bounce=False)
    # A server that fell over, or an answer that nobody can read, does not say what became of the mail.
    raise Lost(reason)


def error_code(response: requests.Response) -> int | None:
    """Postmark's own."""
    try:
        return int(response.json()["ErrorCode"])
    except (ValueError, TypeError, LookupError):
        return None


def never_left(error: AnymailAPIError) -> bool:
    """The connection was closed since `offer`, and no new one could be made."""
    failure = error.__cause__.args[0] if error.__cause__ and error.__cause__.args else None
    return isinstance(getattr(failure, "reason", None), NewConnectionError | ConnectTimeoutError)
