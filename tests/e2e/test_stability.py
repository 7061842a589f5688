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


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_nothing_moves_when_the_fonts_come_late(page: Page, address, width):
    def answer_late(route):
        time.sleep(0.1)
        route.continue_()

    page.add_init_script(NOTE_SHIFTS)
    page.route("**/*.woff2", answer_late)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    page.evaluate("document.fonts.ready")
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.shifts") == []
