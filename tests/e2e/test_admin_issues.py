"""The admin's pages about newsletters in a real browser: axe, a phone, the keyboard alone, and figures that move."""

import json
import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.database import run
from tests.e2e.site import Site
from tests.e2e.test_accessibility import faults

NAMES = [
    "list",
    "empty list",
    "writing",
    "editing",
    "draft",
    "draft in the dark",
    "draft as text",
    "draft with faults",
    "deleting",
    "who gets it",
    "who does not",
    "not to be sent",
    "scheduled",
    "sending",
    "paused",
    "finished",
    "cancelled",
]

SEND = "UPDATE leads_outgoingmail SET state = 'sent', sent_at = now() WHERE issue_id = %s AND state = 'queued'"


@pytest.fixture(scope="module")
def made(fresh_site: Site) -> dict:
    return json.loads(run("tests.e2e.issue_content", env=fresh_site.env))


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_and_nothing_is_cut_off(staff_reader: Page, made, name):
    staff_reader.goto(made["addresses"][name])
    assert "/login/" not in staff_reader.url
    assert faults(staff_reader) == []


@pytest.mark.parametrize("name", ["writing", "editing"])
def test_the_field_for_posts_starts_without_a_complaint(staff_page: Page, made, name):
    complaints = []
    staff_page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    staff_page.goto(made["addresses"][name])
    expect(staff_page.locator("#posts-root [data-streamfield-child]").first).to_be_visible()
    assert complaints == []


def test_a_newsletter_is_scheduled_by_keyboard_alone(staff_page: Page, made, site):
    staff_page.goto(made["addresses"]["draft"])
    staff_page.get_by_role("link", name="Next: who gets it, and when").focus()
    staff_page.keyboard.press("Enter")
    staff_page.get_by_label("Now", exact=True).focus()
    staff_page.keyboard.press("ArrowDown")
    staff_page.get_by_label("Day").fill("2125-06-01")
    staff_page.get_by_label("Time").fill("09:00")
    staff_page.get_by_label("How many get it").focus()
    staff_page.keyboard.type("60")
    staff_page.keyboard.press("Enter")
    expect(staff_page.get_by_text("Friday, June 1, 2125, 9:00 AM")).to_be_visible()


def test_the_figures_move_by_themselves_and_the_buttons_follow(staff_page: Page, made, site):
    staff_page.goto(made["addresses"]["sending"])
    pk = int(re.search(r"/newsletter/(\d+)/", staff_page.url)[1])
    expect(staff_page.get_by_role("progressbar")).to_have_attribute("value", "4")
    with psycopg.connect(site.database_url, autocommit=True) as database:
        database.execute(SEND, [pk])
        expect(staff_page.get_by_role("progressbar")).to_have_attribute("value", "60", timeout=10_000)
        database.execute("UPDATE leads_issue SET state = 'finished', finished_at = now() WHERE id = %s", [pk])
    expect(staff_page.get_by_role("button", name="Pause")).to_have_count(0, timeout=10_000)
    expect(staff_page.get_by_role("button", name="Send to the 2 who did not get it")).to_be_visible()
