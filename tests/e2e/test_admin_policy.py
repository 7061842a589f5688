"""The admin under its Content-Security-Policy, in a real browser: no page breaks it, and what needs scripts works."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.database import run
from tests.e2e.site import Site
from tests.test_staff import picture

PATIENCE = 20_000  # milliseconds, for what the editor fetches
PAGES = [
    "/admin/",
    "/admin/account/",
    "/admin/pages/3/",
    "/admin/pages/3/history/",
    "/admin/posts/",
    "/admin/images/multiple/add/",
    "/admin/documents/multiple/add/",
    "/admin/documents/",
    "/admin/snippets/blog/author/add/",
    "/admin/snippets/leads/video/add/",
    "/admin/settings/clinic/clinicsettings/",
    "/admin/newsletter/add/",
    "/admin/mail/",
    "/admin/mail/sequences/",
    "/admin/leads/",
    "/admin/leads/search/",
    "/admin/leads/1/",
    "/admin/reports/what-works/",
    "/admin/reports/site-history/",
    "/admin/workflows/list/",
    "/admin/workflows/tasks/index/",
    "/admin/users/",
    "/admin/groups/new/",
    "/admin/redirects/add/",
    "/admin/help/staff/",
]


@pytest.fixture(scope="module")
def made(fresh_site: Site) -> dict:
    """An owner's session, on a site with leads and with newsletters in every state."""
    run("tests.e2e.staff", env=fresh_site.env)
    return json.loads(run("tests.e2e.issue_content", env=fresh_site.env))


def watched(page: Page) -> Iterator[Page]:
    """Whatever a test does, the browser has refused nothing."""
    refused = []

    def note(message: ConsoleMessage):
        if "Content Security Policy" in message.text:
            refused.append(f"{page.url}: {message.text}")

    page.on("console", note)
    yield page
    page.remove_listener("console", note)
    assert refused == []


@pytest.fixture
def admin(staff_page: Page) -> Iterator[Page]:
    yield from watched(staff_page)


@pytest.fixture
def admin_reader(staff_reader: Page) -> Iterator[Page]:
    yield from watched(staff_reader)


@pytest.fixture
def editor(admin: Page) -> Page:
    """With the article open."""
    admin.goto("/admin/posts/?q=lower+back+stretches")
    admin.get_by_role("main").get_by_role("link", name=re.compile("Lower Back Stretches", re.IGNORECASE)).first.click()
    expect(admin.locator("#id_title")).to_be_visible(timeout=PATIENCE)
    admin.wait_for_load_state()  # what is counted next stands further down
    return admin


@pytest.mark.parametrize("address", PAGES)
def test_no_page_breaks_the_policy(admin_reader: Page, address):
    answer = admin_reader.goto(address)
    admin_reader.wait_for_load_state("networkidle")
    assert answer.ok
    assert "login" not in admin_reader.url


def test_an_editor_picks_a_post_in_a_panel(editor: Page):
    picks = editor.locator("#id_picks-FORMS [data-inline-panel-child]")
    before = picks.count()
    editor.locator("#id_picks-ADD").click()
    expect(picks).to_have_count(before + 1)
    picks.last.locator("[data-chooser-action-choose]").first.click()
    editor.locator(".modal").get_by_label("Search term").fill("Least")
    editor.locator(".modal a.choose-page", has_text="Least").first.click()
    expect(picks.last.locator("[data-chooser-title]")).to_have_text("Least", timeout=PATIENCE)


def test_an_editor_chooses_a_day(editor: Page):
    day = editor.locator("#id_date")
    day.click()
    calendar = editor.locator(".xdsoft_datetimepicker:visible")
    calendar.locator(".xdsoft_date:not(.xdsoft_other_month)").first.click()
    expect(day).to_have_value(re.compile(r"-01$"))


def test_an_editor_adds_a_block_with_a_new_picture(editor: Page):
    editor.get_by_title("Insert a block").first.click()
    editor.get_by_role("option", name=re.compile("^Picture")).first.click()
    editor.get_by_role("button", name=re.compile("^Choose an image")).first.click()
    modal = editor.locator(".modal")
    modal.get_by_role("tab", name="Upload").click()
    modal.locator("input[type=file]").set_input_files(
        {"name": "walk.png", "mimeType": "image/png", "buffer": picture()}
    )
    expect(modal.get_by_label("Title")).to_have_value("walk")  # taken from the name of the file
    modal.get_by_role("button", name="Upload").click()
    expect(modal).to_be_hidden(timeout=PATIENCE)
    expect(editor.locator("[data-chooser-title]", has_text="walk").first).to_be_visible()


def test_an_editor_sees_beside_the_editor_what_is_typed(editor: Page):
    editor.get_by_role("button", name="Toggle preview").click()
    preview = editor.frame_locator("#w-preview-iframe")
    expect(preview.locator("main")).to_contain_text("You wake up", timeout=PATIENCE)
    editor.locator("[contenteditable=true]").first.click()
    # As slowly as a person: to Wagtail, what is typed in its first two seconds was there before.
    editor.keyboard.type("A walk a day. ", delay=200)
    expect(preview.locator("main")).to_contain_text("A walk a day.", timeout=PATIENCE)


def test_what_somebody_brings_into_a_page_of_the_admin_does_not_run(admin: Page):
    admin.goto("/admin/")
    admin.evaluate(
        """() => {
            const place = document.createElement("div");
            document.body.append(place);
            place.innerHTML = '<script type="application/json" data-widget="eval">"window.ran = 1"</' + 'script>';
        }"""
    )
    expect(admin.locator("script[data-widget]")).to_have_count(0)
    assert admin.evaluate("window.ran") is None
