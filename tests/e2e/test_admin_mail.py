"""The admin's pages about mail in a real browser: axe, a phone, and the keyboard alone."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.database import run
from tests.e2e.site import Site
from tests.e2e.test_accessibility import faults

NAMES = [
    "ledger",
    "refused mails",
    "no mails",
    "mail that was sent",
    "mail that may have arrived",
    "trying again",
    "several at once",
    "health",
    "mails of a person",
    "sequences",
    "sequence",
    "draft",
    "step",
    "another step",
    "tips",
    "tip",
]


@pytest.fixture(scope="module")
def made(fresh_site: Site) -> dict:
    return json.loads(run("tests.e2e.mail_content", env=fresh_site.env))


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_and_nothing_is_cut_off(staff_reader: Page, made, name):
    staff_reader.goto(made["addresses"][name])
    assert "/login/" not in staff_reader.url
    assert faults(staff_reader) == []


@pytest.mark.parametrize("width", [320, 360, 768])
def test_on_a_phone_and_a_tablet_the_list_says_to_whom_each_mail_went_and_when(staff_page: Page, made, width):
    staff_page.set_viewport_size({"width": width, "height": 800})
    staff_page.goto(made["addresses"]["refused mails"])
    expect(staff_page.locator("main").get_by_text("pat.doe@example.com")).to_be_visible()
    expect(staff_page.locator("main time").first).to_be_visible()
    assert staff_page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_mail_is_settled_by_keyboard_alone(staff_page: Page, made):
    staff_page.goto(made["addresses"]["mail that may have arrived"])
    staff_page.get_by_role("link", name="It arrived").focus()
    staff_page.keyboard.press("Enter")
    staff_page.get_by_label("Reason").focus()
    staff_page.keyboard.type("She read it to me")
    staff_page.keyboard.press("Enter")
    expect(staff_page.get_by_text("It counts as sent.")).to_be_visible()
    expect(staff_page.get_by_text("She read it to me")).to_be_visible()


def test_several_mails_are_ticked_and_tried_again(staff_page: Page, made):
    staff_page.goto(made["addresses"]["refused mails"])
    staff_page.get_by_role("checkbox", name="Select", exact=True).first.check()
    staff_page.get_by_role("link", name="Try the refused ones of these mails again").click()
    staff_page.get_by_label("Reason").fill("The server is back")
    staff_page.get_by_role("button", name="Try again").click()
    expect(staff_page.get_by_text("“Try again” was done with 1 of 1 mails.")).to_be_visible()


def test_a_step_is_previewed_as_it_is_typed(staff_page: Page, made):
    staff_page.goto(made["addresses"]["step"])
    staff_page.get_by_label("Body").fill("Stand tall.\n\n- Breathe.")
    staff_page.get_by_role("button", name="Preview").click()
    frame = staff_page.frame_locator("iframe")
    expect(frame.get_by_text("Stand tall.")).to_be_visible()
    expect(staff_page.get_by_label("Body")).to_have_value("Stand tall.\n\n- Breathe.")
