"""Whether mail can leave, and whether those who get it can know that it is ours."""

import re
from collections.abc import Iterator
from email.utils import parseaddr

from django.conf import settings

from leads.mail.sender import open_transport
from leads.mail.transport import FolderTransport, Outage, RefusedForGood, RefusedForNow, SmtpTransport

from . import dns
from .finding import Finding, look, ok, wrong

NOBODYS = re.compile(r"(^|\.)(example\.(com|net|org)|example|invalid|localhost|test)$")  # RFC 2606
NO_RECIPIENT = ""  # for a provider, which is only asked whether it is there


def transport() -> Iterator[Finding]:
    """Asks for no mail: an SMTP server is told who we are, a provider only greeted."""
    way = open_transport()
    try:
        if isinstance(way, FolderTransport):
            yield look("way out", "mail becomes files and reaches nobody. EMAIL_URL names a mail server.")
            return
        if isinstance(way, SmtpTransport):
            way.greet(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
        else:
            way.offer(settings.DEFAULT_FROM_EMAIL, NO_RECIPIENT)
        yield ok("way out", "it answers")
    except (Outage, RefusedForNow, RefusedForGood) as error:
        yield wrong("way out", f"{error}. Mail waits until it works: look at EMAIL_URL, or at the provider's.")
    finally:
        way.close()


def domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()


def records() -> Iterator[Finding]:
    """SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) of the domain that mail comes from."""
    name = domain()
    if not name or NOBODYS.search(name):
        yield wrong("sender", "DEFAULT_FROM_EMAIL needs an address of a domain that is yours.")
        return
    try:
        yield spf(name)
        yield dkim(name)
        yield dmarc(name)
    except dns.NoAnswer as problem:
        selector = settings.DKIM_SELECTOR or "<selector>"
        names = (name, f"{selector}._domainkey.{name}", f"_dmarc.{name}")
        by_hand = ", ".join(f"`dig +short TXT {each}`" for each in names)
        yield look("DNS", f"could not be asked from here ({problem}). By hand: {by_hand}: each has to show a record.")


def spf(name: str) -> Finding:
    found = [text for text in dns.texts(name) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
    if not found:
        return wrong("SPF", f"{name} does not say who may send for it. Add the TXT record that your mail server names.")
    if len(found) > 1:
        return wrong("SPF", f"{name} has {len(found)} records, and so none counts. Make them one.")
    if re.search(r"(^| )\+?all( |$)", found[0], re.IGNORECASE):
        return wrong("SPF", f"{name} lets everybody send for it. End the record with ~all or -all.")
    return ok("SPF", found[0])


def dkim(name: str) -> Finding:
    if not settings.DKIM_SELECTOR:
        return look(
            "DKIM", "write to yourself and look for dkim=pass in the mail's source. DKIM_SELECTOR lets me look."
        )
    key = f"{settings.DKIM_SELECTOR}._domainkey.{name}"
    if any(re.search(r"\bp=\s*[A-Za-z0-9+/]", text) for text in dns.texts(key)):
        return ok("DKIM", key)
    return wrong("DKIM", f"{key} holds no key. Add the record that your mail server names.")


def dmarc(name: str) -> Finding:
    """That of a parent counts where the domain has none."""
    labels = name.split(".")
    for parent in (".".join(labels[start:]) for start in range(len(labels) - 1)):
        found = [text for text in dns.texts(f"_dmarc.{parent}") if re.match(r"v=DMARC1\s*(;|$)", text)]
        if found:
            return ok("DMARC", found[0])
    return wrong("DMARC", f'{name} has no policy, and large mailboxes ask for one. TXT of _dmarc: "v=DMARC1; p=none".')
