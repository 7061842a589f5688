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
from leads.models import Contact, Issue, OutgoingMail

from . import contents, gates
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


@dataclass(frozen=True)
class Words:
    """What a mail says, with a placeholder for each link: the same for all who get this guide, this tip."""

    practice: str
    subject: str
    text: str
    html: str
    links: tuple[str, ...]  # their names
    attachments: tuple[tuple[str, bytes], ...]
    is_bulk: bool


def message(mail: OutgoingMail) -> Message:
    """Errors: whatever a template or a page that is gone raises; the mail is then given up."""
    if mail.is_of_an_audience:
        return copy(mail)
    content = contents.content(mail)
    letter = master(words(mail, content)).filled(headers(mail, content.recipient, content.links), content.links)
    return Message(own_address(), content.recipient, letter)


def copy(mail: OutgoingMail) -> Message:
    """The mail for one of an issue's many readers, for whom nothing is drawn."""
    if mail.issue_id is None or mail.contact is None:
        raise ValueError("a newsletter without its issue or its mailbox")
    recipient, links = mail.contact.email, contents.standing_links(mail.contact)
    letter = master_of_issue(mail.issue_id, facts_of(ClinicSettings.current()))
    return Message(own_address(), recipient, letter.filled(headers(mail, recipient, links), links))


@lru_cache(maxsize=8)
def master_of_issue(issue: int, clinic: tuple[str, ...]) -> Master:
    """What the issue says was frozen. `clinic` tells one state of the clinic's facts from the next: a correction of
    those reaches who waits."""
    mail = OutgoingMail(kind=Kind.ISSUE, issue=Issue.objects.get(pk=issue))
    mail.contact = Contact(pk=0, email=own_address())
    return master(words(mail, contents.content(mail)))


def facts_of(clinic: ClinicSettings) -> tuple[str, ...]:
    fields = [field.attname for field in clinic._meta.concrete_fields if field.name != "offers"]
    return tuple(str(getattr(clinic, name)) for name in fields)


@lru_cache(maxsize=32)
def master(said: Words) -> Master:
    gaps = {name: placeholder(name) for name in said.links}
    return Master.of(composed(said, gaps), gaps)


def letter(mail: OutgoingMail, content: Content) -> EmailMessage:
    """The mail to look at, with no way around it that saves work."""
    email = composed(words(mail, content), content.links)
    for name, value in headers(mail, content.recipient, content.links).items():
        email[name] = value
    return email


def words(mail: OutgoingMail, content: Content) -> Words:
    clinic = ClinicSettings.current()
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
    return Words(
        practice=clinic.practice_name,
        subject=context["subject"],
        text=render_to_string(f"emails/{folder}/body.txt", context),
        html=render_to_string(f"emails/{folder}/body.html", context),
        links=tuple(content.links),
        attachments=tuple(content.attachments),
        is_bulk=is_bulk,
    )


def composed(said: Words, links: Mapping[str, str]) -> EmailMessage:
    """All of a mail but the headers that are its reader's own."""
    email = EmailMessage(POLICY)
    email["Subject"] = said.subject
    email["From"] = Address(said.practice, addr_spec=own_address())
    email["Auto-Submitted"] = "auto-generated"  # nobody's holiday notice is to answer
    if said.is_bulk:
        email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    email.set_content(linked(filled(said.text), links))
    email.add_alternative(linked(INLINER.inline(said.html), links), subtype="html")
    for name, data in said.attachments:
        email.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return email


def headers(mail: OutgoingMail, recipient: str, links: Mapping[str, str]) -> dict[str, str]:
    own = {
        "To": str(Address(addr_spec=recipient)),
        "Date": format_datetime((mail.sent_at or timezone.now()).astimezone(ClinicSettings.current().zone)),
        "Message-ID": message_id(mail),
    }
    return own | {"List-Unsubscribe": f"<{links['unsubscribe_url']}>"} if mail.kind in gates.BULK else own


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
