"""The inbox in a real browser: for everyone, on a phone, without a mouse and without scripts."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.database import run
from tests.e2e.site import Site
from tests.e2e.staff import PASSWORD
from tests.e2e.test_accessibility import SETTLE, violations_everywhere

INBOX = "/admin/leads/"
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def sessions(fresh_site: Site) -> dict[str, str]:
    return json.loads(run("tests.e2e.staff", env=fresh_site.env))


@pytest.fixture(scope="module")
def made(sessions) -> dict:
    return {"session": sessions["bea"]}


@pytest.fixture
def desk(staff_page: Page) -> Page:
    return staff_page


@pytest.fixture
def plain_desk(browser: Browser, base_url, sessions) -> Iterator[Page]:
    """Without scripts, from the form to sign in with."""
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/admin/login/")
        page.get_by_label("User name").fill("bea")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/admin/")
        yield page


def open_card(page: Page, name: str) -> None:
    page.goto(INBOX)
    page.get_by_role("main").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def unfold(page: Page) -> None:
    page.evaluate("for (const details of document.querySelectorAll('main details')) details.open = true")


@pytest.mark.parametrize("address", [INBOX, f"{INBOX}?group=new", f"{INBOX}all/", f"{INBOX}search/", f"{INBOX}call/"])
def test_axe_finds_nothing_on_the_lists(staff_reader: Page, address):
    staff_reader.goto(address)
    unfold(staff_reader)
    assert violations_everywhere(staff_reader) == []


def test_axe_finds_nothing_on_a_card_with_everything_open(staff_reader: Page):
    open_card(staff_reader, "Test Lead 014")
    unfold(staff_reader)
    assert violations_everywhere(staff_reader) == []


def test_axe_finds_nothing_where_a_form_is_refused(desk: Page):
    open_card(desk, "Test Lead 014")
    unfold(desk)
    desk.get_by_role("button", name="Close it").click()
    expect(desk.get_by_text("a card is never closed without it")).to_be_visible()
    assert violations_everywhere(desk) == []


def test_axe_finds_nothing_in_what_was_found_and_what_was_not(staff_reader: Page):
    for term, heading in (("Test Lead", "people found"), ("nobody at all", "Nobody found.")):
        staff_reader.goto(f"{INBOX}search/")
        staff_reader.get_by_role("searchbox").fill(term)
        staff_reader.get_by_role("button", name="Find", exact=True).click()
        expect(staff_reader.get_by_text(heading)).to_be_visible()
        assert violations_everywhere(staff_reader) == []


@pytest.mark.parametrize("action", ["Give the chosen leads to somebody", "Close the chosen leads"])
def test_axe_finds_nothing_where_several_are_worked_at_once(staff_reader: Page, action):
    staff_reader.goto(f"{INBOX}all/")
    staff_reader.get_by_role("checkbox", name="Select", exact=True).first.check()
    staff_reader.get_by_role("link", name=action).click()
    expect(staff_reader.get_by_role("main").get_by_role("button").last).to_be_visible()
    assert violations_everywhere(staff_reader) == []


@pytest.mark.parametrize("name", ["staff", "editors"])
def test_axe_finds_nothing_in_the_help(staff_reader: Page, name):
    staff_reader.goto(f"/admin/help/{name}/")
    assert violations_everywhere(staff_reader) == []


def test_a_card_leads_to_what_its_buttons_do(desk: Page):
    open_card(desk, "Test Lead 014")
    desk.get_by_role("link", name="What follows each").click()
    expect(desk.get_by_role("heading", name="What do I press after a call?")).to_be_in_viewport()


@pytest.mark.parametrize(
    "address", [INBOX, f"{INBOX}all/", f"{INBOX}call/", "/admin/help/staff/", "/admin/help/editors/"]
)
def test_no_list_or_help_is_wider_than_the_screen(staff_reader: Page, address):
    staff_reader.goto(address)
    assert too_wide(staff_reader) == []


def test_no_card_is_wider_than_the_screen(staff_reader: Page):
    open_card(staff_reader, "Test Lead 014")
    unfold(staff_reader)
    assert too_wide(staff_reader) == []


def too_wide(page: Page) -> list[str]:
    found = []
    for width in (320, 360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(SETTLE)
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            found.append(f"{needed} px on {width} px")
    return found


def test_a_lead_is_worked_without_a_mouse(desk: Page):
    desk.goto(INBOX)
    first = desk.locator(".clinic-row").first
    while not first.evaluate("row => row === document.activeElement"):
        desk.keyboard.press("Tab")
    desk.keyboard.press("j")
    expect(desk.locator(".clinic-row").nth(1)).to_be_focused()
    desk.keyboard.press("End")
    expect(desk.locator(".clinic-row").last).to_be_focused()
    desk.keyboard.press("Home")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("k")
    expect(first).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Test Lead 014", exact=True)).to_be_visible()
    button = desk.get_by_role("button", name="No answer")
    for _ in range(60):
        desk.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Noted: no answer.")).to_be_visible()


def test_the_keys_do_nothing_outside_the_list(desk: Page):
    desk.goto(INBOX)
    desk.keyboard.press("j")
    expect(desk.locator(".clinic-row:focus")).to_have_count(0)
    field = desk.get_by_role("searchbox")
    field.press_sequentially("jk")
    expect(field).to_have_value("jk")


def test_on_a_phone_the_call_stays_at_hand(desk: Page):
    desk.set_viewport_size(PHONE)
    open_card(desk, "Test Lead 015")
    call = desk.get_by_role("link", name="Call (425) 555-0116")
    expect(desk.get_by_role("navigation", name="Leads that wait")).to_be_hidden()
    desk.get_by_role("heading", name="Timeline").scroll_into_view_if_needed()
    expect(call).to_be_in_viewport()
    desk.keyboard.press("End")
    expect(call).to_be_in_viewport()


def test_the_list_and_a_card_work_without_scripts(plain_desk: Page):
    open_card(plain_desk, "Test Lead 017")
    plain_desk.get_by_role("button", name="Left voicemail").click()
    expect(plain_desk.get_by_text("Noted: left voicemail.")).to_be_visible()
    plain_desk.get_by_role("link", name="Back to the list").click()
    expect(plain_desk.get_by_role("link", name="Test Lead 017")).to_contain_text("Call again")


def test_the_menu_says_how_many_need_somebody(desk: Page):
    desk.goto(INBOX)
    badge = desk.locator("a[data-waiting]")
    expect(badge).to_be_visible()
    assert badge.evaluate("link => getComputedStyle(link, '::after').content").startswith('"')
