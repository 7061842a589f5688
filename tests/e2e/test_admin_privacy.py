"""The admin's pages about retention and privacy requests in a real browser: axe, a phone, and the keyboard alone."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.database import run
from tests.e2e.site import Site
from tests.e2e.test_accessibility import faults

NAMES = [
    "retention",
    "hold",
    "held card",
    "privacy requests",
    "access",
    "deletion",
    "refused",
    "appeal",
    "writing one down",
    "writing one down without a card",
]


@pytest.fixture(scope="module")
def made(fresh_site: Site) -> dict:
    return json.loads(run("tests.e2e.privacy_content", env=fresh_site.env))


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_and_nothing_is_cut_off(staff_reader: Page, made, name):
    staff_reader.goto(made["addresses"][name])
    assert "/login/" not in staff_reader.url
    staff_reader.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert faults(staff_reader) == []


def test_a_card_is_held_by_keyboard_alone_and_let_go_again(staff_page: Page, made):
    staff_page.goto(made["addresses"]["hold"])
    staff_page.get_by_label("Why this card is held").focus()
    staff_page.keyboard.type("A letter from a lawyer")
    staff_page.keyboard.press("Enter")
    expect(staff_page.get_by_text("The card is held until you end it.")).to_be_visible()
    staff_page.get_by_role("button", name="End the hold").focus()
    staff_page.keyboard.press("Enter")
    expect(staff_page.get_by_text("The hold ended.")).to_be_visible()


def test_a_privacy_request_is_refused_with_a_reason(staff_page: Page, made):
    staff_page.goto(made["addresses"]["access"])
    staff_page.locator("summary", has_text="Refuse").click()
    staff_page.get_by_label("Why, in words that the person reads").last.fill("We could not tell that it is you.")
    staff_page.get_by_role("button", name="Refuse it").click()
    expect(staff_page.get_by_text("Refused. If we know a mailbox")).to_be_visible()
    expect(staff_page.get_by_text("We could not tell that it is you.")).to_be_visible()
