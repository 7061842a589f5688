"""A reader's browser talks to nobody but us, keeps no cookie, and finds nothing to complain about."""

import html
import re
import uuid

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from leads import tokens
from tests.e2e.pages import LONGEST_POST, PAGES, POST
from tests.e2e.test_forms import SHORT_FORMS, fill_in, submission_of

# What a browser can keep for a site, besides cookies.
KEPT = """async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({name}) => name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
NOTHING = {"local": [], "session": [], "databases": [], "caches": [], "workers": 0}


@pytest.fixture
def asked_of_others(page: Page, base_url) -> list[str]:
    """What the page asks of other hosts. It is noted, and goes nowhere."""
    addresses = []

    def refuse(route):
        addresses.append(route.request.url)
        route.abort()

    page.route(lambda address: not address.startswith((base_url, "data:")), refuse)
    return addresses


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser writes to its console as an error or a warning, a broken Content-Security-Policy among it."""
    written = []

    def note(message: ConsoleMessage):
        is_its_own_status = message.location["url"] == page.url and "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not is_its_own_status:
            written.append(f"{message.text} ({message.location['url']})")

    page.on("console", note)
    page.on("pageerror", lambda error: written.append(str(error)))
    return written


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_a_page_asks_nobody_else_keeps_no_cookie_and_works_without_an_error(
    page: Page, address, asked_of_others, complaints
):
    missing = []
    page.on("response", lambda response: missing.append(response.url) if response.status >= 400 else None)
    page.goto(address)
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    page.wait_for_load_state("networkidle")
    assert asked_of_others == []
    assert complaints == []
    assert [url for url in missing if url != page.url] == []
    assert page.context.cookies() == []
    assert page.evaluate(KEPT) == NOTHING


def test_a_file_of_ours_that_is_opened_by_itself_may_load_nothing(page: Page):
    answers = []
    page.on("response", lambda response: answers.append(response) if "/static/" in response.url else None)
    page.goto(POST)
    page.wait_for_load_state("networkidle")
    drawing = re.search(r'src="([^"]+\.svg)"', html.unescape(page.request.get("/blog/feed/").text()))
    page.goto(drawing[1])
    assert {answer.url.rpartition(".")[2] for answer in answers} == {"css", "js", "svg", "woff2"}
    for answer in answers:
        headers = answer.all_headers()
        policy = set(headers["content-security-policy"].split("; "))
        assert policy == {"default-src 'none'", "frame-ancestors 'none'"}, answer.url
        assert headers["x-content-type-options"] == "nosniff", answer.url
        assert "access-control-allow-origin" not in headers, answer.url


def test_no_address_of_the_sitemap_asks_anybody_else_or_leaves_anything_in_the_browser(
    page: Page, base_url, asked_of_others
):
    sitemap = page.request.get("/sitemap.xml").text()
    addresses = re.findall(rf"<loc>{base_url}([^<]+)</loc>", sitemap)
    assert {"/", "/privacy/data/", "/assessment/", "/newsletter/", "/health-data-privacy/"} <= set(addresses)
    for address in sorted({*addresses} - {*PAGES.values()}):  # those have a test of their own
        open_and_look(page, address, asked_of_others)


def test_the_forms_and_a_person_s_own_pages_ask_nobody_else_and_leave_nothing_in_the_browser(
    page: Page, site, asked_of_others
):
    mailbox = f"{uuid.uuid4().hex}@example.com"
    fill_in(page, mailbox)
    page.get_by_role("button", name="Ask for my free assessment").click()
    page.wait_for_url("**/assessment/thanks/**")
    for address, button in SHORT_FORMS.values():
        page.goto(address)
        page.locator("main").get_by_label("Your e-mail address").fill(mailbox)
        page.locator("main").get_by_role("button", name=button).click()
        expect(page.locator("[data-answer]")).to_be_visible()
    pk = submission_of(site, mailbox)
    own = f"/r/{tokens.make_token(tokens.REQUEST, pk)}/"
    for address in (own, f"{own}data/", f"{own}privacy/", f"{own}erase/", "/r/made-up/"):
        open_and_look(page, address, asked_of_others)
    page.goto(f"{own}privacy/")
    page.get_by_label("Correct something").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("You have our answer by")).to_be_visible()
    page.goto(f"{own}erase/")
    page.get_by_role("button", name="Delete all of it").click()
    expect(page.get_by_role("heading", name="Everything is deleted.")).to_be_visible()
    open_and_look(page, own, asked_of_others)


def test_pages_behind_the_links_in_mail_ask_nobody_else_and_leave_nothing_in_the_browser(
    page: Page, site, asked_of_others
):
    mailbox = f"{uuid.uuid4().hex}@example.com"
    page.goto("/newsletter/")
    page.locator("main").get_by_label("Your e-mail address").fill(mailbox)
    page.locator("main").get_by_role("button", name="Sign up").click()
    expect(page.locator("[data-answer]")).to_be_visible()
    token = tokens.make_token(tokens.CONFIRM, submission_of(site, mailbox))
    open_and_look(page, f"/email/confirm/{token}/", asked_of_others)
    page.get_by_role("button", name="Yes, send me the tips").click()
    page.get_by_role("link", name="your preferences").click()
    open_and_look(page, page.url, asked_of_others)
    page.get_by_role("link", name="Unsubscribe from all").click()
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", name="You are unsubscribed.")).to_be_visible()
    assert asked_of_others == []
    assert page.evaluate(KEPT) == NOTHING


def open_and_look(page: Page, address: str, asked_of_others: list[str]) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert asked_of_others == [], address
    assert page.context.cookies() == [], address
    assert page.evaluate(KEPT) == NOTHING, address


def test_a_video_asks_nothing_of_its_host_until_it_is_played(page: Page, asked_of_others, complaints):
    page.goto(LONGEST_POST)
    link = page.get_by_role("link", name=re.compile("^Play")).first
    link.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert asked_of_others == []
    link.focus()
    page.keyboard.press("Enter")
    player = page.locator("iframe")
    expect(player).to_be_focused()
    assert player.get_attribute("src").startswith("https://www.youtube-nocookie.com/embed/")
    assert [address for address in asked_of_others if "youtube-nocookie.com" not in address] == []
    assert not [line for line in complaints if "Content Security Policy" in line]
