"""Every page fits every screen, down to 320 px: what 1280 px are at a zoom of 400 % (WCAG 1.4.10)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect

from tests.e2e.pages import LONGEST_POST, PAGES, POST

WIDTHS = (320, 360, 768, 1280)
# The first words of each text that sticks out of the window, or is cut off by an element around it.
LOST_TEXTS = """() => {
  const lost = [];
  const isForEars = (element) => element.closest(".visually-hidden, .skip-link");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const element = text.parentElement;
    if (!text.data.trim() || !element.checkVisibility({ visibilityProperty: true }) || isForEars(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const cutting = [];
    for (let around = element; around; around = around.parentElement) {
      if (/hidden|clip/.test(getComputedStyle(around).overflowX)) cutting.push(around.getBoundingClientRect());
    }
    cutting.push({ left: 0, right: document.documentElement.clientWidth });
    for (const box of range.getClientRects()) {
      if (cutting.some(({ left, right }) => box.left < left - 1 || box.right > right + 1)) {
        lost.push(`${element.tagName.toLowerCase()}.${element.className}: ${text.data.trim().slice(0, 30)}`);
        break;
      }
    }
  }
  return lost;
}"""
VISIBLE_LINKS = """() => [...document.querySelectorAll("a[href]")]
  .filter((link) => link.checkVisibility({ visibilityProperty: true })).map((link) => link.href)"""
# What WCAG 1.4.12 lets a reader set.
SPACING = """* {
  line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important;
}
p { margin-bottom: 2em !important; }"""


SMALL_PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def large_letters(browser_type: BrowserType, browser_type_launch_args: dict, base_url: str) -> Iterator[Page]:
    """A phone whose owner has set letters of twice the size."""
    args = [*browser_type_launch_args["args"], "--blink-settings=defaultFontSize=32"]
    with browser_type.launch(**browser_type_launch_args | {"args": args}) as phone:
        yield phone.new_page(base_url=base_url, viewport=SMALL_PHONE)


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_a_page_never_scrolls_sideways_and_cuts_off_no_word(reader: Page, address):
    reader.goto(address)
    reader.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    problems = []
    for width in WIDTHS:
        reader.set_viewport_size({"width": width, "height": 800})
        problems += [f"{width} px: {problem}" for problem in lost(reader)]
    assert problems == []


@pytest.mark.parametrize("address", ["/", POST, LONGEST_POST, "/search/?q=stretch"])
def test_a_reader_may_set_wider_spaces_between_letters_words_and_lines(browser: Browser, base_url, address):
    with browser.new_context(base_url=base_url, bypass_csp=True) as context:
        page = context.new_page()
        page.goto(address)
        page.add_style_tag(content=SPACING)
        problems = []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            problems += [f"{width} px: {problem}" for problem in lost(page)]
    assert problems == []


@pytest.mark.parametrize("address", ["/", POST, "/contact/", "/privacy/", "/assessment/"])
def test_letters_of_twice_the_size_leave_room_to_read_on_a_phone(large_letters: Page, address):
    large_letters.goto(address)
    assert lost(large_letters) == []
    assert large_letters.locator(".header").bounding_box()["height"] < SMALL_PHONE["height"] * 0.6
    for bar in large_letters.locator(".bar").all():
        expect(bar).not_to_have_css("position", "fixed")


@pytest.mark.parametrize("address", ["/", POST, "/blog/", "/contact/"])
def test_a_zoom_of_400_percent_loses_no_link(page: Page, address):
    page.set_viewport_size({"width": 1280, "height": 1024})
    page.goto(address)
    wide = set(page.evaluate(VISIBLE_LINKS))
    page.set_viewport_size({"width": 320, "height": 256})
    page.get_by_role("button", name="Menu").click()
    assert wide - set(page.evaluate(VISIBLE_LINKS)) == set()


def test_a_town_of_two_words_stays_on_a_line_of_a_phone(reader: Page):
    reader.goto("/contact/")
    reader.set_viewport_size({"width": 360, "height": 800})
    towns = reader.locator(".contact-details__area").all()
    assert len(towns) > 2
    assert max(town.bounding_box()["height"] for town in towns) < 40


def lost(page: Page) -> list[str]:
    overhang = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    sideways = [f"scrolls {overhang} px sideways"] if overhang else []
    return sideways + page.evaluate(LOST_TEXTS)
