"""What a visitor sends, in a real browser, with scripts and without."""

import re
import time
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from leads import tokens
from tests.e2e.pages import POST
from tests.e2e.test_accessibility import violations_everywhere

ANSWERS = {"thanks": "/newsletter/thanks/", "over": "/r/x/"}
SHORT_FORMS = {
    "newsletter": ("/newsletter/", "Sign up"),
    "guide": ("/guides/7-easy-ways/", "Send me the guide"),
    "workshop": ("/workshops/start-with-one-inch/", "Send me the link"),
}


@pytest.fixture
def plain_page(browser: Browser, base_url) -> Iterator[Page]:
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        yield context.new_page()


@pytest.fixture
def mailbox() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def one(site, query, *values):
    with psycopg.connect(site.database_url, autocommit=True) as connection:
        return connection.execute(query, values).fetchone()[0]


def submission_of(site, mailbox):
    return one(
        site,
        "SELECT submission.id FROM leads_submission AS submission JOIN leads_contact AS contact"
        " ON contact.id = contact_id WHERE email = %s ORDER BY submission.id LIMIT 1",
        mailbox,
    )


def fill_in(page: Page, mailbox: str) -> None:
    page.goto("/assessment/")
    page.get_by_label("Your name").fill("Erika Lang")
    page.get_by_label("E-mail address").fill(mailbox)
    page.get_by_label("Low back, and down a leg").check()
    page.get_by_label("The practice may use").check()
    time.sleep(2.1)  # nobody is faster; what is, is taken for a script


@pytest.mark.parametrize("address", ANSWERS.values(), ids=ANSWERS)
def test_axe_finds_nothing_on_the_answer_to_a_form(page: Page, address):
    page.goto(address)
    assert violations_everywhere(page) == []


def test_axe_finds_nothing_where_something_is_wrong(page: Page):
    page.goto("/assessment/")
    page.get_by_role("button", name="Ask for my free assessment").click()
    expect(page.locator(".error-summary")).to_be_focused()
    assert violations_everywhere(page) == []
    page.goto(POST)
    page.locator(".invite").get_by_role("button").click()
    expect(page.locator(".invite [aria-invalid=true]")).to_be_focused()
    assert violations_everywhere(page) == []


@pytest.mark.parametrize(("address", "button"), SHORT_FORMS.values(), ids=SHORT_FORMS)
def test_axe_finds_nothing_where_a_short_form_was_sent_empty(page: Page, address, button):
    page.goto(address)
    page.locator("main").get_by_role("button", name=button).click()
    expect(page.locator("main [aria-invalid=true]")).to_be_focused()
    assert violations_everywhere(page) == []


def test_axe_finds_nothing_on_a_persons_own_pages(page: Page, site, mailbox):
    fill_in(page, mailbox)
    page.get_by_role("button", name="Ask for my free assessment").click()
    page.wait_for_url("**/assessment/thanks/**")
    assert violations_everywhere(page) == []
    own = f"/r/{tokens.make_token(tokens.REQUEST, submission_of(site, mailbox))}/"
    for address in (own, own + "data/", own + "erase/", own + "privacy/"):
        page.goto(address)
        assert violations_everywhere(page) == []


def test_the_error_summary_has_the_focus_and_leads_to_the_field(plain_page: Page):
    plain_page.goto("/assessment/")
    plain_page.get_by_role("button", name="Ask for my free assessment").click()
    expect(plain_page).to_have_title(re.compile("^Error: "))
    expect(plain_page.locator(".error-summary")).to_be_focused()
    plain_page.get_by_role("link", name="Enter your name").click()
    plain_page.keyboard.type("Erika")
    expect(plain_page.get_by_label("Your name")).to_have_value("Erika")


@pytest.mark.parametrize("clicks", [1, 2])
def test_any_number_of_clicks_is_one_request(page: Page, site, mailbox, clicks):
    fill_in(page, mailbox)
    page.get_by_role("button", name="Ask for my free assessment").click(click_count=clicks)
    page.wait_for_url("**/assessment/thanks/**")
    address = page.url
    page.reload()
    expect(page.get_by_text("We have your request")).to_be_visible()
    fill_in(page, mailbox)
    page.get_by_role("button", name="Ask for my free assessment").click()
    page.wait_for_url(address)
    assert one(site, "SELECT count(*) FROM leads_submission WHERE id >= %s", submission_of(site, mailbox)) == 1


def test_a_short_form_is_answered_where_it_stands(page: Page, site, mailbox):
    page.goto(POST)
    invite = page.locator(".invite")
    invite.get_by_label("Your e-mail address").fill("nobody")
    invite.get_by_role("button", name="Sign up").click()
    expect(invite.get_by_label("Your e-mail address")).to_be_focused()
    expect(invite.get_by_text("Error: Enter an e-mail address")).to_be_visible()
    invite.get_by_label("Your e-mail address").fill(mailbox)
    invite.get_by_role("button", name="Sign up").click()
    expect(invite.locator("[data-answer]")).to_be_focused()
    expect(invite.get_by_text("look into your mailbox")).to_be_visible()
    assert page.url.endswith(POST)
    assert one(site, "SELECT source_path FROM leads_submission WHERE id = %s", submission_of(site, mailbox)) == POST


@pytest.mark.parametrize(
    ("address", "button", "place"),
    [
        ("/guides/7-easy-ways/", "Send me the guide", "/guides/7-easy-ways/"),
        ("/workshops/start-with-one-inch/", "Send me the link", "/workshops/"),
    ],
)
def test_a_question_goes_with_its_form_and_a_link_leads_back(page: Page, mailbox, address, button, place):
    page.goto(address)
    page.get_by_role("main").get_by_label("Your e-mail address").fill(mailbox)
    page.get_by_role("button", name=button).click()
    expect(page.locator("[data-answer]")).to_be_focused()
    expect(page.get_by_role("heading", name="Where should we send")).to_have_count(0)
    expect(page.get_by_role("link", name="send the form again")).to_have_attribute("href", re.compile(f"{place}$"))


def test_the_button_of_a_form_that_is_shown_again_stands_out(plain_page: Page):
    plain_page.goto(POST)
    plain_page.locator(".invite").get_by_label("Your e-mail address").fill("nobody")
    plain_page.locator(".invite").get_by_role("button", name="Sign up").click()
    plain_page.wait_for_url("**/newsletter/")
    button = plain_page.get_by_role("button", name="Sign up")
    ground = plain_page.evaluate("getComputedStyle(document.body).backgroundColor")
    expect(button).not_to_have_css("background-color", ground)


def test_a_short_form_works_without_scripts(plain_page: Page, mailbox):
    plain_page.goto(POST)
    plain_page.locator(".invite").get_by_label("Your e-mail address").fill(mailbox)
    plain_page.locator(".invite").get_by_role("button", name="Sign up").click()
    plain_page.wait_for_url("**/newsletter/thanks/")


def test_a_sign_up_is_confirmed_by_a_button_and_ended_by_another(plain_page: Page, site, mailbox):
    plain_page.goto("/newsletter/")
    plain_page.get_by_label("Your e-mail address").fill(mailbox)
    plain_page.get_by_role("button", name="Sign up").click()
    plain_page.wait_for_url("**/newsletter/thanks/")
    plain_page.goto(f"/email/confirm/{tokens.make_token(tokens.CONFIRM, submission_of(site, mailbox))}/")
    plain_page.get_by_role("button", name="Yes, send me the tips").click()
    plain_page.get_by_role("link", name="your preferences").click()
    expect(plain_page.get_by_label("The newsletter")).to_be_checked()
    plain_page.get_by_role("link", name="Unsubscribe from all").click()
    plain_page.get_by_role("button", name="Unsubscribe").click()
    expect(plain_page.get_by_role("heading", name="You are unsubscribed.")).to_be_visible()


def test_no_form_sets_a_cookie_or_asks_anybody_else(page: Page, base_url, mailbox):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    fill_in(page, mailbox)
    page.get_by_role("button", name="Ask for my free assessment").click()
    page.wait_for_url("**/assessment/thanks/**")
    assert page.context.cookies() == []
    assert all(url.startswith((base_url, "data:")) for url in asked)


@pytest.mark.parametrize("width", [768, 1280])
@pytest.mark.parametrize(
    ("address", "form"),
    [
        (POST, ".invite .sign-up"),
        (POST, ".footer .sign-up"),
        ("/newsletter/", "main .sign-up"),
        ("/search/", ".search"),
    ],
)
def test_a_field_and_the_button_beside_it_are_on_a_line_and_equally_high(reader: Page, address, form, width):
    reader.set_viewport_size({"width": width, "height": 800})
    reader.goto(address)
    field, button = (reader.locator(f"{form} {part}").bounding_box() for part in (".input:visible", ".button"))
    assert (field["y"], field["height"]) == pytest.approx((button["y"], button["height"]), abs=0.5)
    assert button["height"] >= 44
