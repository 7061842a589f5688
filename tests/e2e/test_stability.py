"""Nothing on a page moves while it loads, however late its letters come."""

import time

import pytest
from playwright.sync_api import Page

from tests.e2e.pages import PAGES

# Each shift of the layout, with what moved (https://wicg.github.io/layout-instability/).
NOTE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    window.shifts.push([value, ...sources.map(({ node }) => node?.className || node?.nodeName)].join(" "));
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def reader(reader: Page) -> Page:
    def answer_late(route):
        time.sleep(0.1)
        route.continue_()

    reader.add_init_script(NOTE_SHIFTS)
    reader.route("**/*.woff2", answer_late)  # which also keeps the browser from keeping anything
    return reader


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_nothing_moves_when_the_fonts_come_late(reader: Page, address, width):
    reader.set_viewport_size({"width": width, "height": 800})
    reader.goto(address)
    reader.evaluate("document.fonts.ready")
    reader.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    reader.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert reader.evaluate("window.shifts") == []
