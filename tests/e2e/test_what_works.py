"""The figures on a screen of any size, by keyboard, and as axe sees them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.database import run
from tests.e2e.test_accessibility import SETTLE, violations_everywhere

ADDRESS = "/admin/reports/what-works/"
PAGES = {
    "week": ADDRESS,
    "month": f"{ADDRESS}?by=month",
    "quarter": f"{ADDRESS}?by=quarter",
    "empty week": f"{ADDRESS}?by=week&day=2020-05-05",
    "start page": "/admin/",
}


# What sticks out of the window, which the admin would cut off, or out of the figures.
OUTSIDE = """() => [...document.querySelectorAll("main, main .clinic-works, main .clinic-works--panel")]
  .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.className)"""


@pytest.fixture(scope="module")
def made(fresh_site) -> dict:
    return {"session": run("tests.e2e.figures", env=fresh_site.env).strip()}


@pytest.fixture
def owner(staff_page: Page) -> Page:
    return staff_page


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing_in_the_figures(staff_reader: Page, address):
    staff_reader.goto(address)
    staff_reader.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert violations_everywhere(staff_reader) == []


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_the_figures_never_scroll_sideways(staff_reader: Page, address):
    staff_reader.goto(address)
    staff_reader.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    for width in (320, 768, 1280):
        staff_reader.set_viewport_size({"width": width, "height": 800})
        staff_reader.evaluate(SETTLE)
        assert staff_reader.evaluate(OUTSIDE) == [], width


def test_the_period_and_the_numbers_behind_a_chart_are_reached_by_keyboard(owner: Page):
    owner.goto(ADDRESS)
    owner.get_by_role("link", name="Quarter", exact=True).focus()
    owner.keyboard.press("Enter")
    owner.wait_for_url("**by=quarter**")
    expect(owner.get_by_role("link", name="Quarter", exact=True)).to_have_attribute("aria-current", "true")
    table = owner.get_by_role("table", name="Requests, ")
    expect(table).to_be_hidden()
    owner.get_by_text("The chart in numbers").first.focus()
    owner.keyboard.press("Enter")
    expect(table).to_be_visible()


def test_a_chart_tells_what_it_shows_to_those_who_do_not_see_it(owner: Page):
    owner.goto(f"{ADDRESS}?by=week&day=2020-05-05")
    chart = owner.get_by_role("img", name="Requests, May 4–10, 2020")
    expect(chart).to_have_accessible_name(re.compile(r"Guides, newsletter and workshops: 0 in all\."))


def test_the_figures_show_no_error_and_ask_no_other_host(owner: Page, base_url):
    complaints, asked = [], []
    owner.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    owner.on("request", lambda request: asked.append(request.url))
    owner.goto(ADDRESS)
    owner.wait_for_load_state("networkidle")
    assert complaints == []
    assert [address for address in asked if not address.startswith((base_url, "data:"))] == []
