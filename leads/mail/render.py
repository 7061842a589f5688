"""Makes a mail from its row: what it says now, not what it would have said when it was owed."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from clinic.models import ClinicSettings
from leads.models import OutgoingMail

from . import contents, gates

POLICY = SMTP.clone(cte_type="7bit")  # CRLF, and no byte above 127: any server takes it as it is


@dataclass(frozen=True)
class Message:
    sender: str  # of the envelope
    recipient: str
    content: bytes


def message(mail: OutgoingMail) -> Message:
    """Errors: whatever a template or a page that is gone raises; the mail is then given up."""
    clinic = ClinicSettings.load()
    content = contents.content(mail)
    context = {**content.context, "clinic": clinic, "site_url": settings.SITE_URL, "mail": mail}
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    email = EmailMessage(POLICY)
    email["Subject"] = one_line(render_to_string(f"emails/{mail.kind}/subject.txt", context))
    email["From"] = Address(clinic.practice_name, addr_spec=sender)
    email["To"] = Address(addr_spec=content.recipient)
    email["Date"] = format_datetime(timezone.now())
    email["Message-ID"] = message_id(mail)
    email["Auto-Submitted"] = "auto-generated"  # nobody's holiday notice is to answer
    if mail.kind in gates.BULK:
        email["List-Unsubscribe"] = f"<{content.context['unsubscribe_url']}>"
        email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    email.set_content(render_to_string(f"emails/{mail.kind}/body.txt", context))
    email.add_alternative(render_to_string(f"emails/{mail.kind}/body.html", context), subtype="html")
    for name, data in content.attachments:
        email.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return Message(sender, content.recipient, email.as_bytes())


def message_id(mail: OutgoingMail) -> str:
    """The same on every attempt, so that a mail program shows a mail that came twice once."""
    return f"<mail.{mail.pk}@{urlsplit(settings.SITE_URL).hostname}>"


def one_line(text: str) -> str:
    return " ".join(text.split())
