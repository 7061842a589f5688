"""A real browser on the site as production serves it, filled once for all of these tests."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.site import Site, serve


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with serve(os.environ.get("PYTEST_XDIST_WORKER", "only")) as site:
        yield site


@pytest.fixture(scope="module")
def fresh_site(site: Site) -> Site:
    """For the tests of a module that count what is in the database."""
    site.start_over()
    return site


@pytest.fixture(scope="module")
def staff_window(
    browser: Browser, browser_context_args: dict, base_url: str, site: Site, made: dict
) -> Iterator[BrowserContext]:
    """With the session that the module's `made` brings. It keeps the admin's scripts, which take long to come."""
    with browser.new_context(**browser_context_args | {"base_url": base_url}) as context:
        site.let_in(context, made["session"])
        yield context


@pytest.fixture
def staff_page(staff_window: BrowserContext) -> Iterator[Page]:
    with staff_window.new_page() as page:
        yield page


@pytest.fixture(scope="module")
def staff_reader(staff_window: BrowserContext) -> Page:
    """One page for all tests of a module that only look: a new one would compile the scripts of Wagtail and axe."""
    return staff_window.new_page()


@pytest.fixture(scope="module")
def reader(browser: Browser, browser_context_args: dict, base_url: str) -> Iterator[Page]:
    """One window for all tests of a module that only look at pages: a window takes longer to open than a page."""
    with browser.new_context(**browser_context_args | {"base_url": base_url}) as context:
        yield context.new_page()


@pytest.fixture(scope="session")
def base_url(site: Site) -> str:
    """What an address such as `/blog/` is added to."""
    return site.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    """Nothing moves, so that nothing has to be waited for; test_motion.py asks for motion."""
    return browser_context_args | {"reduced_motion": "reduce"}
