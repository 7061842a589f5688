"""What a phone downloads when somebody opens the article for the first time; `make bench` lists it file by file."""

from playwright.sync_api import Page

from tests.e2e.pages import POST

REQUESTS = 7
BYTES = 64 * 1024


def test_the_article_takes_at_most_7_requests_and_64_kilobytes(page: Page):
    addresses: dict[str, str] = {}  # by the number of the request
    sizes: dict[str, int] = {}
    network = page.context.new_cdp_session(page)
    network.on("Network.requestWillBeSent", lambda sent: addresses.update({sent["requestId"]: sent["request"]["url"]}))
    network.on("Network.loadingFinished", lambda done: sizes.update({done["requestId"]: done["encodedDataLength"]}))
    network.send("Network.enable")
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(POST)
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    page.wait_for_load_state("networkidle")
    loaded = {address: sizes[number] for number, address in addresses.items() if not address.startswith("data:")}
    assert len(loaded) <= REQUESTS, list(loaded)
    assert sum(loaded.values()) <= BYTES, loaded
