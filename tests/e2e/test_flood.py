"""While a flood of forms is on, nobody notices: the browser does the work that a script would have to pay for."""

import json
import time
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from leads.services.intake import SITE_FLOOD
from tests.e2e.pages import POST
from tests.e2e.site import Site


@pytest.fixture(scope="module")
def flood(fresh_site: Site, playwright: Playwright) -> Iterator[None]:
    crowd = playwright.request.new_context(base_url=fresh_site.url)
    for _ in range(SITE_FLOOD):
        crowd.post("/newsletter/", form={"email": f"{uuid.uuid4().hex}@example.com"}, max_redirects=0)
    crowd.dispose()
    time.sleep(2.1)  # for so long the site remembers that there was none
    yield
    with psycopg.connect(fresh_site.database_url, autocommit=True) as connection:
        connection.execute("UPDATE leads_submission SET created_at = created_at - interval '1 hour'")


@pytest.fixture
def mailbox() -> str:
    return f"{uuid.uuid4().hex}@example.com"


@pytest.fixture
def asked(page: Page) -> list[str]:
    """What the browser was answered when it asked for work."""
    answers: list[str] = []
    page.on("response", lambda answer: answers.append(answer.text()) if answer.url.endswith("/proof/") else None)
    return answers


def is_spam(site: Site, mailbox: str) -> list[bool]:
    query = (
        "SELECT is_spam FROM leads_submission JOIN leads_contact AS contact ON contact.id = contact_id"
        " WHERE email = %s ORDER BY leads_submission.id"
    )
    with psycopg.connect(site.database_url, autocommit=True) as connection:
        return [row[0] for row in connection.execute(query, [mailbox])]


def sign_up(page: Page, place: str, mailbox: str) -> None:
    form = page.locator(place)
    form.get_by_label("Your e-mail address").fill(mailbox)
    form.get_by_role("button", name="Sign up").click()
    expect(form.locator("[data-answer]")).to_be_focused()


def ask_for_an_assessment(page: Page, mailbox: str) -> None:
    page.goto("/assessment/")
    page.get_by_label("Your name").fill("Erika Lang")
    page.get_by_label("E-mail address").fill(mailbox)
    page.get_by_label("The practice may use").check()
    time.sleep(2.1)  # nobody is faster; what is, is taken for a script
    page.get_by_role("button", name="Ask for my free assessment").click(click_count=2)
    page.wait_for_url("**/assessment/thanks/**")


def test_a_reader_asks_for_nothing_and_a_form_once(page: Page, site, mailbox, asked):
    page.goto(POST)
    page.wait_for_load_state("networkidle")
    assert asked == []
    sign_up(page, ".invite", mailbox)
    assert [json.loads(answer) for answer in asked] == [{}]
    assert is_spam(site, mailbox) == [False]


def test_whoever_sends_a_form_at_once_is_no_spam(page: Page, site, mailbox, flood):
    page.goto(POST)
    sign_up(page, ".invite", mailbox)
    assert is_spam(site, mailbox) == [False]


def test_two_forms_of_one_page_have_a_proof_each(page: Page, site, mailbox, flood, asked):
    page.goto(POST)
    sign_up(page, ".invite", mailbox)
    sign_up(page, "footer", f"x{mailbox}")
    assert (is_spam(site, mailbox), is_spam(site, f"x{mailbox}")) == ([False], [False])
    assert len(asked) == 2


def test_a_form_that_was_sent_with_a_mistake_in_it_is_sent_again(page: Page, site, mailbox, flood):
    page.goto(POST)
    page.locator(".invite").get_by_label("Your e-mail address").fill("nobody")
    page.locator(".invite").get_by_role("button", name="Sign up").click()
    expect(page.locator(".invite [aria-invalid=true]")).to_be_focused()
    sign_up(page, ".invite", mailbox)
    assert is_spam(site, mailbox) == [False]


def test_an_assessment_that_somebody_goes_back_to_and_corrects_has_a_proof_of_its_own(page: Page, site, mailbox, flood):
    ask_for_an_assessment(page, mailbox)
    page.go_back()
    page.get_by_label("Your name").fill("Erika Maria Lang")
    time.sleep(2.1)
    page.get_by_role("button", name="Ask for my free assessment").click()
    page.wait_for_url("**/assessment/thanks/**")
    assert is_spam(site, mailbox) == [False, False]


def test_a_form_is_sent_even_where_no_proof_can_be_had(page: Page, site, mailbox, flood):
    page.route("**/proof/", lambda route: route.abort())
    page.goto(POST)
    sign_up(page, ".invite", mailbox)
    assert is_spam(site, mailbox) == [True]


def test_without_scripts_the_answer_is_the_same_and_staff_see_the_sign(browser: Browser, site, mailbox, flood):
    with browser.new_context(base_url=site.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/newsletter/")
        page.locator("main").get_by_label("Your e-mail address").fill(mailbox)
        page.locator("main").get_by_role("button", name="Sign up").click()
        page.wait_for_url("**/newsletter/thanks/")
    assert is_spam(site, mailbox) == [True]
