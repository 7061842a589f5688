"""What a phone downloads when a page is opened for the first time; `make bench` lists the article's file by file."""

import pytest
from playwright.sync_api import Page

from tests.e2e.pages import POST

REQUESTS = 7
BYTES = 64 * 1024
FACE = 7 * 1460  # bytes: whole packets in a third of what 1.6 Mbit/s bring in a round trip of 150 ms


def download(page: Page, address: str) -> dict[str, int]:
    """The bytes of each file as they cross the wire, headers included."""
    addresses: dict[str, str] = {}  # by the number of the request
    sizes: dict[str, int] = {}
    network = page.context.new_cdp_session(page)
    network.on("Network.requestWillBeSent", lambda sent: addresses.update({sent["requestId"]: sent["request"]["url"]}))
    network.on("Network.loadingFinished", lambda done: sizes.update({done["requestId"]: done["encodedDataLength"]}))
    network.send("Network.enable")
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(address)
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    page.wait_for_load_state("networkidle")
    return {address: sizes[number] for number, address in addresses.items() if not address.startswith("data:")}


def test_the_article_takes_at_most_7_requests_and_64_kilobytes(page: Page):
    loaded = download(page, POST)
    assert len(loaded) <= REQUESTS, list(loaded)
    assert sum(loaded.values()) <= BYTES, loaded


def test_each_face_is_there_after_one_round_trip(page: Page):
    faces = {address: size for address, size in download(page, "/blog/").items() if address.endswith(".woff2")}
    assert len(faces) == 2, faces
    assert max(faces.values()) <= FACE, faces


@pytest.mark.parametrize("address", ["/", "/guides/7-easy-ways/", "/workshops/", "/workshops/start-with-one-inch/"])
def test_a_page_with_one_drawing_has_it_in_itself(page: Page, address):
    loaded = download(page, address)
    assert page.locator("svg.figure__drawing").count() == 1
    assert not [address for address in loaded if ".svg" in address]
