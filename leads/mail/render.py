"""Makes a mail from its row: what it says now, not what it would have said when it was owed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from leads.models import Contact, Issue, OutgoingMail

from . import contents, gates, issues
from .contents import Content
from .master import Master
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


Kind = OutgoingMail.Kind
FOLDERS = {Kind.TRIAL: Kind.ISSUE}  # whose templates a kind uses, if not its own


@dataclass(frozen=True)
class Message:
    sender: str  # of the envelope
    recipient: str
    content: bytes


def message(mail: OutgoingMail) -> Message:
    """Errors: whatever a template or a page that is gone raises; the mail is then given up."""
    if mail.is_of_an_audience:
        return copy(mail)
    content = contents.content(mail)
    return Message(own_address(), content.recipient, letter(mail, content).as_bytes())


def copy(mail: OutgoingMail) -> Message:
    """The mail for one of an issue's many readers: the same bytes as `letter` makes, but for where its lines end."""
    if mail.issue is None or mail.contact is None:
        raise ValueError("a newsletter without its issue or its mailbox")
    clinic = ClinicSettings.current()
    links = contents.standing_links(mail.contact)
    headers = {
        "To": str(Address(addr_spec=mail.contact.email)),
        "Date": format_datetime((mail.sent_at or timezone.now()).astimezone(clinic.zone)),
        "Message-ID": message_id(mail),
        "List-Unsubscribe": f"<{links['unsubscribe_url']}>",
    }
    words = json.dumps(issues.words(mail.issue), sort_keys=True)
    content = master(mail.issue.pk, words, facts_of(clinic)).filled(headers, links)
    return Message(own_address(), mail.contact.email, content)


@lru_cache(maxsize=8)
def master(issue: int, words: str, clinic: tuple[str, ...]) -> Master:
    """`clinic` tells one state of the clinic's facts from the next: a correction reaches those who wait."""
    mail = OutgoingMail(kind=OutgoingMail.Kind.ISSUE, issue=Issue(pk=issue, frozen=json.loads(words)))
    mail.contact = Contact(pk=0, email=own_address())
    content = contents.content(mail)
    gaps = {name: placeholder(name) for name in content.links}
    return Master.of(letter(mail, replace(content, links=gaps)), gaps)


def facts_of(clinic: ClinicSettings) -> tuple[str, ...]:
    fields = [field.attname for field in clinic._meta.concrete_fields if field.name != "offers"]
    return tuple(str(getattr(clinic, name)) for name in fields)


def letter(mail: OutgoingMail, content: Content) -> EmailMessage:
    clinic = ClinicSettings.load()
    is_bulk = mail.kind in gates.BULK
    folder = FOLDERS.get(Kind(mail.kind), mail.kind)
    context = {
        **content.facts,
        **{name: placeholder(name) for name in content.links},
        "clinic": clinic,
        "postal_address": postal_address(clinic),
        "is_bulk": is_bulk or mail.kind == Kind.TRIAL,
    }
    context["subject"] = " ".join(render_to_string(f"emails/{folder}/subject.txt", context).split())
    text = filled(render_to_string(f"emails/{folder}/body.txt", context))
    html = inlined(render_to_string(f"emails/{folder}/body.html", context))
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
