"""What a phone downloads when somebody opens the article for the first time."""

import gzip
import http.client
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import sync_playwright

from bench import wordpress
from bench.progress import now
from bench.report import Row, Section, at_most, none_of
from bench.site import CHROMIUM_FLAGS, POST, Site, chromium_path, status
from dev.processes import Problem

REQUESTS = 7
KILOBYTES = 64
HTML_KILOBYTES = 12
PHONE = {"viewport": {"width": 360, "height": 800}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@dataclass(frozen=True)
class Visit:
    loaded: Mapping[str, int]  # bytes by address, in the order of the requests
    cookies: Sequence[str]

    @property
    def kilobytes(self) -> float:
        return round(sum(self.loaded.values()) / 1024, 1)


def measure(site: Site) -> Section:
    note = (
        "Chromium at 360 px with an empty cache, scrolled to the end; bytes as they cross the wire, headers included. "
        "WordPress is Debian's with its default theme; it shows the article's text without a picture, gzipped by nginx."
    )
    rows = [*of_ours(site.url), *answer(site.url), *of_wordpress(site)]
    return Section("The article on a first visit", note, rows)


def of_ours(url: str) -> Iterator[Row]:
    visit = first_visit(url + POST)
    yield at_most("Requests", len(visit.loaded), REQUESTS)
    yield at_most("Bytes", visit.kilobytes, KILOBYTES, " KB")
    yield from (Row(f"— {name(address)}", f"{size / 1024:.1f} KB") for address, size in visit.loaded.items())
    yield none_of("Requests to others", [address for address in visit.loaded if not address.startswith(url)])
    yield none_of("Cookies", visit.cookies)


def of_wordpress(site: Site) -> Iterator[Row]:
    now("WordPress")
    try:
        with wordpress.serve(site) as post:
            visit = first_visit(post.plain)
    except Problem as problem:
        yield Row("WordPress", str(problem))
    else:
        yield Row("WordPress's post: requests", str(len(visit.loaded)))
        yield Row("WordPress's post: bytes", f"{visit.kilobytes} KB")


def first_visit(address: str) -> Visit:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        context = browser.new_context(**PHONE)
        page = context.new_page()
        requested: dict[str, str] = {}  # id: address
        sizes: dict[str, int] = {}
        network = context.new_cdp_session(page)
        network.on(
            "Network.requestWillBeSent", lambda event: requested.update({event["requestId"]: event["request"]["url"]})
        )
        network.on(
            "Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]})
        )
        network.send("Network.enable")
        page.goto(address, wait_until="networkidle")
        page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
        page.wait_for_load_state("networkidle")
        icon = page.evaluate("document.querySelector('link[rel~=icon]')?.href ?? ''")
        cookies = [cookie["name"] for cookie in context.cookies()]
        browser.close()
    loaded = {url: sizes.get(number, 0) for number, url in requested.items() if not url.startswith("data:")}
    # Chromium keeps its own request for the icon to itself.
    if icon and icon not in loaded and not icon.startswith("data:"):
        with urlopen(icon) as response:  # noqa: S310  an address that our own page names
            loaded[icon] = len(response.read()) + len(str(response.headers))
    return Visit(loaded, cookies)


def name(address: str) -> str:
    return urlsplit(address).path.rsplit("/", 1)[-1] or "HTML"


def answer(url: str) -> Iterator[Row]:
    with urlopen(Request(url + POST, headers={"Accept-Encoding": "gzip"})) as response:  # noqa: S310
        headers, body = response.headers, response.read()
    yield at_most("HTML, compressed", round(len(body) / 1024, 1), HTML_KILOBYTES, " KB")
    yield Row("HTML", f"{len(gzip.decompress(body)) / 1024:.1f} KB")
    vary = headers.get("Vary", "")
    yield Row("Vary", vary or "none", "no Cookie", "cookie" not in vary.lower())
    yield Row("Cache-Control", headers.get("Cache-Control", "none"))
    second = status(url + POST, {"Accept-Encoding": "gzip", "If-None-Match": headers.get("ETag", "")})
    yield Row("Asked again with its ETag", str(second), "304", second == http.client.NOT_MODIFIED)
