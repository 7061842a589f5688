"""What a phone downloads when somebody opens the article for the first time; `make bench` lists it file by file."""

from playwright.sync_api import Page

from tests.e2e.pages import POST

REQUESTS = 7
BYTES = 64 * 1024


def test_the_article_takes_at_most_7_requests_and_64_kilobytes(page: Page):
    loaded = []
    network = page.context.new_cdp_session(page)
    network.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    network.send("Network.enable")
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(POST)
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    page.wait_for_load_state("networkidle")
    assert len(loaded) <= REQUESTS
    assert sum(loaded) <= BYTES
