"""With JavaScript off, every page says the same and shows no button that does nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.pages import PAGES


@pytest.fixture(scope="module")
def plain_page(browser: Browser, base_url) -> Iterator[Page]:
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        yield context.new_page()


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_a_page_says_the_same_without_scripts(reader: Page, plain_page: Page, address):
    reader.goto(address)
    plain_page.goto(address)
    of_buttons = {line for button in reader.get_by_role("button").all() for line in button.inner_text().splitlines()}
    assert lines(reader) - of_buttons <= lines(plain_page)


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_every_button_works_without_scripts(plain_page: Page, address):
    plain_page.goto(address)
    works = "[type=submit], [popovertarget]"
    dead = plain_page.locator(f"button:visible:not({works})")
    assert dead.all_inner_texts() == []


def lines(page: Page) -> set[str]:
    return {line.strip() for line in page.locator("body").inner_text().splitlines() if line.strip()}
