"""What a phone downloads when somebody opens the article for the first time."""

import gzip
import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import sync_playwright

from bench.report import Row, Section, at_most, none_of
from bench.site import CHROMIUM_FLAGS, POST, Site, chromium_path, status

REQUESTS = 7
KILOBYTES = 64
HTML_KILOBYTES = 12
PHONE = {"viewport": {"width": 360, "height": 800}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


def measure(site: Site) -> Section:
    note = (
        "Chromium at 360 px with an empty cache, scrolled to the end; bytes as they cross the wire, headers included."
    )
    return Section("The article on a first visit", note, [*first_visit(site.url), *answer(site.url)])


def first_visit(url: str) -> Iterator[Row]:
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
        page.goto(url + POST, wait_until="networkidle")
        page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
        page.wait_for_load_state("networkidle")
        icon = page.evaluate("document.querySelector('link[rel~=icon]')?.href ?? ''")
        cookies = [cookie["name"] for cookie in context.cookies()]
        browser.close()
    loaded = {address: sizes.get(number, 0) for number, address in requested.items() if not address.startswith("data:")}
    # Chromium keeps its own request for the icon to itself.
    if icon and icon not in loaded and not icon.startswith("data:"):
        with urlopen(icon) as response:  # noqa: S310  an address of our own page
            loaded[icon] = len(response.read()) + len(str(response.headers))
    yield at_most("Requests", len(loaded), REQUESTS)
    yield at_most("Bytes", round(sum(loaded.values()) / 1024, 1), KILOBYTES, " KB")
    yield from (Row(f"— {name(address)}", f"{size / 1024:.1f} KB") for address, size in loaded.items())
    yield none_of("Requests to others", [address for address in loaded if not address.startswith(url)])
    yield none_of("Cookies", cookies)


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
