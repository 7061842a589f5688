"""How MDN's HTTP Observatory scores one answer: a number of points for each rule, where less than none is a penalty.

After what it says of itself (https://github.com/mdn/mdn-http-observatory): 100 points to begin with, penalties taken
away, and what is better than asked for added where 90 are left. 100 and more is an A+. Left out is what needs a public
list: whether a name is preloaded.
"""

import re
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from tests.edge.site import Answer

BROAD = {"*", "http:", "https:", "ftp:", "http://*", "https://*", "http://*.*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
UNENCRYPTED = ("http:", "ftp:")
NAMED = ("'nonce-", "'sha256-", "'sha384-", "'sha512-")  # a source that stands for one script alone
PASSIVE = ("img-src", "media-src")
HALF_A_YEAR = 15_552_000  # seconds; the Observatory's own, generous half
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
TELLING = {"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"}
SCRIPT = re.compile(r"<script\b[^>]*\bsrc=[\"']?([^\"'\s>]+)[^>]*>", re.IGNORECASE)

Policy = Mapping[str, set[str]]


def points(answer: Answer, host: str) -> dict[str, int]:
    """By the name of the rule."""
    return {
        "content-security-policy": policy_points(answer.headers),
        "cookies": min(map(cookie_points, answer.cookies), default=0),
        "cross-origin-resource-sharing": sharing_points(answer.headers),
        "cross-origin-resource-policy": resource_points(answer.headers),
        "referrer-policy": referrer_points(answer.headers),
        "strict-transport-security": transport_points(answer.headers),
        "subresource-integrity": integrity_points(answer, host),
        "x-content-type-options": 0 if answer.headers.get("x-content-type-options", "").lower() == "nosniff" else -5,
        "x-frame-options": frame_points(answer.headers),
    }


def penalties(answer: Answer, host: str) -> dict[str, int]:
    return {rule: number for rule, number in points(answer, host).items() if number < 0}


def score(answer: Answer, host: str) -> int:
    numbers = points(answer, host).values()
    left = 100 + sum(number for number in numbers if number < 0)
    return left + sum(number for number in numbers if number > 0) if left >= 90 else left


# --- Content-Security-Policy


def read_policy(header: str) -> Policy | None:
    """None where a directive stands twice: then nobody knows what holds."""
    policy: dict[str, set[str]] = {}
    for part in header.lower().split(";"):
        name, *sources = part.split() or [""]
        if name in policy:
            return None
        if name:
            policy[name] = set(sources) or {"'none'"}
    return policy


def sources(policy: Policy, name: str) -> set[str]:
    found = policy.get(name, policy.get("default-src", {"*"}))
    return found - {"'unsafe-inline'"} if any(source.startswith(NAMED) for source in found) else found


def policy_points(headers: Mapping[str, str]) -> int:
    policy = read_policy(headers.get("content-security-policy", ""))
    if not policy:
        return -25
    scripts, styles = sources(policy, "script-src"), sources(policy, "style-src")
    if scripts & (BROAD | INLINE) or sources(policy, "object-src") & BROAD:
        return -20
    if any(source.startswith(UNENCRYPTED) for name in set(policy) - set(PASSIVE) for source in policy[name]):
        return -20
    if "'unsafe-eval'" in scripts | styles:
        return -10
    if any(source.startswith(UNENCRYPTED) for name in PASSIVE for source in sources(policy, name)):
        return -10
    if styles & (BROAD | INLINE):
        return 0
    return 10 if policy.get("default-src") == {"'none'"} else 5


def frame_points(headers: Mapping[str, str]) -> int:
    if "frame-ancestors" in (read_policy(headers.get("content-security-policy", "")) or {}):
        return 5
    return 0 if headers.get("x-frame-options", "").lower() in ("deny", "sameorigin") else -20


# --- The others


def cookie_points(header: str) -> int:
    ((name, cookie),) = SimpleCookie(header).items()
    is_session = any(word in name.lower() for word in ("login", "sess"))
    same_site = cookie["samesite"].lower()
    if not cookie["secure"]:  # HSTS keeps it from leaving in clear, and the Observatory knows
        return -10 if is_session else -5
    if is_session and not cookie["httponly"]:
        return -30
    if ("csrf" in name.lower() and not same_site) or same_site not in ("", "lax", "strict", "none"):
        return -20
    return 5 if same_site else 0


def sharing_points(headers: Mapping[str, str]) -> int:
    """Of an answer to a page of https://elsewhere.example."""
    origin = headers.get("access-control-allow-origin")
    lets_in = headers.get("access-control-allow-credentials", "").lower() == "true"
    return -50 if lets_in and origin == "https://elsewhere.example" else 0


def resource_points(headers: Mapping[str, str]) -> int:
    policy = headers.get("cross-origin-resource-policy", "")
    return {"": 0, "cross-origin": 0, "same-site": 10, "same-origin": 10}.get(policy, -5)


def referrer_points(headers: Mapping[str, str]) -> int:
    named = [part.strip().lower() for part in headers.get("referrer-policy", "").split(",")]
    known = [part for part in named if part in PRIVATE | TELLING]
    if named == [""]:
        return 0
    return 5 if known and known[-1] in PRIVATE else -5


def transport_points(headers: Mapping[str, str]) -> int:
    age = re.search(r"(?:^|;)\s*max-age=(\d+)", headers.get("strict-transport-security", ""), re.IGNORECASE)
    if age is None:
        return -20
    return 0 if int(age[1]) >= HALF_A_YEAR else -10


def integrity_points(answer: Answer, host: str) -> int:
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return 0
    return min(script_points(answer.text, host), default=0)


def script_points(html: str, host: str) -> Iterator[int]:
    for script in SCRIPT.finditer(html):
        address = urlsplit(script[1])
        has_integrity = "integrity=" in script[0]
        if not address.netloc or address.hostname == host:
            yield 0
        elif address.scheme == "https":
            yield 5 if has_integrity else -5
        else:
            yield -20 if has_integrity else -50


# --- From http:// to the site


def redirection_points(host: str, status: int, location: str) -> int:
    """Of what http://host/ answers."""
    address = urlsplit(location)
    if status not in (301, 302, 307, 308):
        return -20
    if address.scheme != "https":
        return -10
    return 0 if address.hostname == host else -5
