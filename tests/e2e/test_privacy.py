"""A reader's browser talks to nobody but us, keeps no cookie, and finds nothing to complain about."""

import re

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.e2e.pages import LONGEST_POST, PAGES


@pytest.fixture
def asked_of_others(page: Page, base_url) -> list[str]:
    """What the page asks of other hosts. It is noted, and goes nowhere."""
    addresses = []

    def refuse(route):
        addresses.append(route.request.url)
        route.abort()

    page.route(lambda address: not address.startswith((base_url, "data:")), refuse)
    return addresses


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser writes to its console as an error or a warning, a broken Content-Security-Policy among it."""
    written = []

    def note(message: ConsoleMessage):
        is_its_own_status = message.location["url"] == page.url and "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not is_its_own_status:
            written.append(f"{message.text} ({message.location['url']})")

    page.on("console", note)
    page.on("pageerror", lambda error: written.append(str(error)))
    return written


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_a_page_asks_nobody_else_keeps_no_cookie_and_works_without_an_error(
    page: Page, address, asked_of_others, complaints
):
    missing = []
    page.on("response", lambda response: missing.append(response.url) if response.status >= 400 else None)
    page.goto(address)
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    page.wait_for_load_state("networkidle")
    assert asked_of_others == []
    assert complaints == []
    assert [url for url in missing if url != page.url] == []
    assert page.context.cookies() == []


def test_a_video_asks_nothing_of_its_host_until_it_is_played(page: Page, asked_of_others, complaints):
    page.goto(LONGEST_POST)
    link = page.get_by_role("link", name=re.compile("^Play")).first
    link.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert asked_of_others == []
    link.focus()
    page.keyboard.press("Enter")
    player = page.locator("iframe")
    expect(player).to_be_focused()
    assert player.get_attribute("src").startswith("https://www.youtube-nocookie.com/embed/")
    assert [address for address in asked_of_others if "youtube-nocookie.com" not in address] == []
    assert not [line for line in complaints if "Content Security Policy" in line]
