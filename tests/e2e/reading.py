"""Pages as they are sent, and not as a browser mends them."""

from contextlib import closing
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import urlencode, urljoin, urlsplit

from tests.e2e.site import Site

# Where an element of this name says what it leads to or needs.
ADDRESSES = {
    "a": ["href"],
    "area": ["href"],
    "audio": ["src"],
    "iframe": ["src"],
    "img": ["src", "srcset"],
    "link": ["href"],
    "script": ["src"],
    "source": ["src", "srcset"],
    "track": ["src"],
    "use": ["href"],
    "video": ["src", "poster"],
}


@dataclass(frozen=True)
class Answer:
    status: int
    type: str
    location: str
    text: str


def ask(site: Site, address: str, form: dict | None = None, session: str = "") -> Answer:
    """What a program gets that is no browser; with `form`, for what is typed into it."""
    headers = {"Cookie": f"session={session}"} if session else {}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    path = urlsplit(address)._replace(scheme="", netloc="", fragment="").geturl()
    with closing(HTTPConnection(urlsplit(site.url).netloc, timeout=30)) as connection:
        connection.request("GET" if form is None else "POST", path, urlencode(form or {}), headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        return Answer(answer.status, answer.headers.get_content_type(), answer.headers.get("Location", ""), text)


def read(site: Site, address: str, form: dict | None = None, session: str = "") -> str:
    """The page that somebody sees in the end."""
    answer = ask(site, address, form, session)
    return read(site, answer.location, session=session) if answer.location else answer.text


class Document(HTMLParser):
    """What a page leads to and needs, in whole addresses, and what an address may name on it."""

    def __init__(self, url: str, html: str):
        super().__init__()
        self.url = url
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        values = dict(attributes)
        if values.get("id"):
            self.names.add(values["id"])
        for name in ADDRESSES.get(tag, []):
            if value := values.get(name):
                parts = [part.split()[0] for part in value.split(",")] if name == "srcset" else [value]
                self.links += [urljoin(self.url, part.strip()) for part in parts]
