"""Makes a mail from its row: what it says now, not what it would have said when it was owed."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from clinic.models import ClinicSettings
from leads.models import OutgoingMail

from . import contents, gates
from .contents import Content
from .prose import filled


class WholeHeader(UnstructuredHeader, BaseHeader):
    """One long word, such as an address on the web. Folded or encoded, no mail program would know it any more."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


HEADERS = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", WholeHeader)
# CRLF, and no byte above 127: any server takes it as it is.
POLICY = SMTP.clone(cte_type="7bit", header_factory=HEADERS)
INLINER = css_inline.CSSInliner(keep_at_rules=True, minify_css=True, load_remote_stylesheets=False)


@dataclass(frozen=True)
class Message:
    sender: str  # of the envelope
    recipient: str
    content: bytes


def message(mail: OutgoingMail) -> Message:
    """Errors: whatever a template or a page that is gone raises; the mail is then given up."""
    content = contents.content(mail)
    return Message(own_address(), content.recipient, letter(mail, content).as_bytes())


def letter(mail: OutgoingMail, content: Content) -> EmailMessage:
    clinic = ClinicSettings.load()
    is_bulk = mail.kind in gates.BULK
    context = {
        **content.facts,
        **{name: placeholder(name) for name in content.links},
        "clinic": clinic,
        "postal_address": postal_address(clinic),
        "is_bulk": is_bulk,
    }
    context["subject"] = " ".join(render_to_string(f"emails/{mail.kind}/subject.txt", context).split())
    text = filled(render_to_string(f"emails/{mail.kind}/body.txt", context))
    html = inlined(render_to_string(f"emails/{mail.kind}/body.html", context))
    email = EmailMessage(POLICY)
    email["Subject"] = context["subject"]
    email["From"] = Address(clinic.practice_name, addr_spec=own_address())
    email["To"] = Address(addr_spec=content.recipient)
    email["Date"] = format_datetime((mail.sent_at or timezone.now()).astimezone(clinic.zone))
    email["Message-ID"] = message_id(mail)
    email["Auto-Submitted"] = "auto-generated"  # nobody's holiday notice is to answer
    if is_bulk:
        email["List-Unsubscribe"] = f"<{content.links['unsubscribe_url']}>"
        email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    email.set_content(linked(text, content.links))
    email.add_alternative(linked(html, content.links), subtype="html")
    for name, data in content.attachments:
        email.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return email


@lru_cache(maxsize=64)
def inlined(html: str) -> str:
    """With the style sheet written onto each element: slow, and once for all who get the same but for their links."""
    return INLINER.inline(html)


def placeholder(name: str) -> str:
    return f"https://{name}.invalid/"


def linked(body: str, links: Mapping[str, str]) -> str:
    for name, address in links.items():
        body = body.replace(placeholder(name), address)
    return body


def own_address() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def postal_address(clinic: ClinicSettings) -> str:
    """In one line, as it stands under each mail; "" while it is not complete."""
    if not clinic.has_postal_address:
        return ""
    return f"{clinic.street}, {clinic.locality}, {clinic.region} {clinic.postal_code}"


def message_id(mail: OutgoingMail) -> str:
    """The same on every attempt, so that a mail program shows a mail that came twice once."""
    return f"<mail.{mail.pk}@{urlsplit(settings.SITE_URL).hostname}>"
