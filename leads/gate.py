"""What speaks against a form having been filled in by a person, and where it was sent from.

A form with a sign is kept, flagged, and answered like any other: a person taken for a script loses nothing but time,
and a script learns nothing.
"""

import hmac
import re
import time
from collections.abc import Iterator
from hashlib import sha256
from ipaddress import IPv6Address, ip_network
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner, b62_decode
from django.http import HttpRequest
from django.utils import timezone

from clinic.client import forwarded_address

from .fields import has_control_characters
from .proof import read_proof
from .services.intake import Source

TOO_FAST = 2  # seconds
LINK = re.compile(r"https?://|www\.|\[url", re.IGNORECASE)
LINKS_IN_PROSE = 2
CAMPAIGN_KEYS = ("utm_source", "utm_medium", "utm_campaign")

clock = TimestampSigner(salt="leads.form")


def stamp() -> str:
    """The moment at which a form was drawn, signed. Goes into forms that no cache keeps."""
    return clock.sign("")


def spam_signs(*, trap: str = "", drawn: str = "", line: str = "", prose: str = "") -> list[str]:
    """The signs, in words for staff. `trap` is a field that nobody sees, `line` a name, `prose` what was told.

    A form is never too old; and one without its moment, which a careful browser or an old page may leave out, is fine.
    """
    return list(signs(trap, drawn, line, prose))


def signs(trap: str, drawn: str, line: str, prose: str) -> Iterator[str]:
    if trap:
        yield "the hidden field is filled in"
    if drawn and (sign := sign_of_moment(drawn)):
        yield sign
    if LINK.search(line):
        yield "a link in the name"
    if len(LINK.findall(prose)) > LINKS_IN_PROSE:
        yield "many links"


def sign_of_moment(drawn: str) -> str:
    """A moment that is still to come is no sign: a server's clock was set back, or another machine's is ahead."""
    try:
        clock.unsign(drawn)
    except BadSignature:
        return "the moment in the form is made up"
    seconds = time.time() - b62_decode(drawn.split(clock.sep)[-2])  # before the signature stands the moment
    return "sent faster than anybody types" if 0 <= seconds < TOO_FAST else ""


def source_of(request: HttpRequest, page: str = "") -> Source:
    """The page that `page`, a path with its query, or else the browser names; of the query only the campaign."""
    path, _, query = (page or own_referer(request)).partition("?")
    if not path.startswith("/") or has_control_characters(path):
        path = request.path
    return Source(
        path=path[:255],
        campaign=campaign_in(query),
        client_hash=client_hash(request),
        proof=read_proof(request.POST.get("proof", "")),
    )


def campaign_in(query: str) -> dict[str, str]:
    values = dict(parse_qsl(query[:2000]))
    campaign = {key: values[key][:80] for key in CAMPAIGN_KEYS if key in values}
    return {key: value for key, value in campaign.items() if not has_control_characters(value)}


def page_before(request: HttpRequest) -> str:
    """Path and query of the page with the link that was followed here; of this one where the link was elsewhere."""
    if any(key in request.GET for key in CAMPAIGN_KEYS):
        return request.get_full_path()
    return own_referer(request) or request.path


def own_referer(request: HttpRequest) -> str:
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    return f"{parts.path}?{parts.query}" if parts.netloc == request.get_host() else ""


def client_hash(request: HttpRequest) -> str:
    """16 hexadecimal digits, the same for one client on one day; "" where nobody tells who the client is."""
    address = client_address(request)
    if not address:
        return ""
    value = f"{address} {timezone.now():%Y-%m-%d}"
    return hmac.new(settings.SECRET_KEY.encode(), value.encode(), sha256).hexdigest()[:16]


def client_address(request: HttpRequest) -> str:
    """The client's address, for IPv6 the network of its line; "" where nobody tells."""
    address = forwarded_address(request)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address or "")
