"""Staff sign in with a real browser: with an app, with a passkey, by keyboard, and as axe sees it."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.authenticator import code_now
from tests.database import run
from tests.e2e.site import Site, serve
from tests.e2e.staff import PASSWORD
from tests.e2e.test_accessibility import violations_everywhere

SIGN_IN = "/admin/login/"
MINE = "/admin/second-factor/"
SIZES = ((360, 740), (1280, 800))


@pytest.fixture(scope="module")
def strict_site() -> Iterator[Site]:
    """A second factor is required, and the name is one for which browsers make passkeys without TLS."""
    with serve("signin", host="localhost", STAFF_MFA_REQUIRED="1") as strict:
        run("tests.e2e.staff", "alone", env=strict.env)
        yield strict


@pytest.fixture
def page(browser: Browser, strict_site: Site) -> Iterator[Page]:
    with psycopg.connect(strict_site.database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM mfa_authenticator; DELETE FROM axes_accessattempt")
    with browser.new_context(base_url=strict_site.url, reduced_motion="reduce") as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        yield page
        assert [line for line in complaints if "Content Security Policy" in line] == []


def enter(page: Page, name: str = "amy", password: str = PASSWORD) -> None:
    page.goto(SIGN_IN)
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def set_up_app(page: Page) -> str:
    """The secret. Its recovery codes are on the page then."""
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_text("I cannot point at it").click()
    secret = page.locator(".sign-in__key").inner_text()
    page.get_by_label("Code").fill(code_now(secret))
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator(".sign-in__codes li")).to_have_count(10)  # reading them does not wait for them
    return secret


def sign_out(page: Page) -> None:
    page.goto("about:blank")  # what the page still asks for has no part in it
    page.context.clear_cookies()


@pytest.fixture
def authenticator(page: Page):
    """The part of a device that keeps passkeys; it is unlocked whenever it is asked."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    key = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return session, key


def test_the_first_time_an_app_is_set_up_and_then_its_codes_open_the_admin(page: Page):
    enter(page)
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
    secret = set_up_app(page)
    codes = page.locator(".sign-in__codes li").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/admin/")

    sign_out(page)
    enter(page)
    page.get_by_label("Code").fill(code_now(secret, later=1))
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")

    sign_out(page)
    enter(page)
    page.get_by_label("Code").fill(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")


def test_the_recovery_codes_are_saved_as_a_file(page: Page):
    enter(page)
    set_up_app(page)
    codes = page.locator(".sign-in__codes li").all_inner_texts()

    with page.expect_download() as download:
        page.get_by_role("link", name="Save as a file").click()

    assert download.value.suggested_filename == "recovery-codes.txt"
    assert download.value.path().read_text().split() == codes


def test_a_passkey_opens_the_admin_alone_and_after_a_password(page: Page, authenticator):
    enter(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("My phone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()

    sign_out(page)
    page.goto(f"{SIGN_IN}?next=/admin/images/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/admin/images/")

    sign_out(page)
    enter(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/admin/")
    page.goto(MINE)
    expect(page.get_by_text("My phone").first).to_be_visible()


def test_a_passkey_that_is_not_unlocked_opens_nothing(page: Page, authenticator):
    enter(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    sign_out(page)
    session, key = authenticator
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})

    page.goto(SIGN_IN)
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("That did not work, or it was called off.")
    assert page.url.endswith(SIGN_IN)


def test_a_passkey_that_was_removed_opens_nothing(page: Page, authenticator):
    enter(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.goto(MINE)
    page.get_by_role("link", name=re.compile("^Remove")).click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    sign_out(page)

    page.goto(SIGN_IN)
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("This passkey does not open an account here.")).to_be_visible()


def test_who_guesses_too_often_reads_what_to_do(page: Page):
    for _ in range(5):
        enter(page, "who", "a guess")

    expect(page.get_by_role("heading", name="That was tried too often.")).to_be_visible()
    expect(page.get_by_text("wait 30 minutes, or ask an owner")).to_be_visible()


def test_everything_works_with_the_keyboard_alone(page: Page):
    page.goto(SIGN_IN)
    for _ in range(3):  # the link to the content, the practice, its phone
        page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.tagName") != "INPUT":
        page.keyboard.press("Tab")
    page.keyboard.type("amy")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{MINE}")
    while page.evaluate("document.activeElement.textContent").strip() != "Set up an app":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{MINE}app/")
    while page.evaluate("document.activeElement.tagName") != "SUMMARY":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    secret = page.locator(".sign-in__key").inner_text()
    page.keyboard.press("Tab")
    page.keyboard.type(code_now(secret))
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{MINE}codes/")


def test_what_is_wrong_is_said_and_has_the_focus(page: Page):
    enter(page, password="wrong")

    summary = page.get_by_role("alert").first
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("The user name and the password do not go together.")
    expect(page).to_have_title(re.compile("^Error: Sign in"))
    expect(page.get_by_label("User name")).to_have_value("amy")


def test_axe_finds_nothing_on_any_page_of_signing_in(page: Page, authenticator):
    found = {}

    def look(name: str) -> None:
        page.wait_for_load_state()
        page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
        found[name] = violations_everywhere(page) + sideways(page)

    page.goto(SIGN_IN)
    look("sign in")
    enter(page, password="wrong")
    look("sign in, refused")
    page.goto("/admin/password_reset/")
    look("forgotten password")
    page.get_by_role("button", name="Send the link").click()
    look("forgotten password, refused")
    page.goto("/admin/password_reset/confirm/MQ/x/")
    look("a link that is over")
    enter(page)
    look("second factor, none yet")
    page.get_by_role("link", name="Add a passkey").click()
    look("a new passkey")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/codes/")
    look("recovery codes")
    page.goto(f"{MINE}app/")
    look("a new app")
    page.goto(MINE)
    look("second factor")
    page.goto(f"{MINE}codes/new/")
    look("new codes")
    sign_out(page)
    enter(page)
    page.get_by_label("Code").fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_be_visible()
    look("second step, refused")
    for _ in range(5):
        enter(page, "who", "a guess")
    expect(page.get_by_text("wait 30 minutes")).to_be_visible()
    look("locked out")

    assert {name: lines for name, lines in found.items() if lines} == {}


def sideways(page: Page) -> list[str]:
    """Whether the page is wider than a phone."""
    page.set_viewport_size({"width": 360, "height": 740})
    is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.set_viewport_size({"width": 1280, "height": 800})
    return ["scrolls sideways"] if is_wide else []


# --- The end of a session


def grow_older(site: Site, *, minutes: int) -> None:
    """So long ago was everything that happened."""
    run("tests.e2e.age", str(minutes), env=site.env)


@pytest.fixture
def secret(page: Page) -> str:
    enter(page)
    return set_up_app(page)


@pytest.fixture
def writing(page: Page, secret) -> Page:
    """Somebody in the middle of a form of the admin, whose clock can be put forward."""
    page.clock.install()
    page.goto("/admin/account/")
    page.wait_for_function("document.querySelector('script[data-session]')")
    page.wait_for_load_state("networkidle")
    return page


def test_before_a_session_ends_the_page_asks(writing: Page, strict_site):
    grow_older(strict_site, minutes=29)
    writing.clock.fast_forward(29 * 60 * 1000)

    dialog = writing.get_by_role("dialog", name="Are you still there?")
    expect(dialog).to_be_visible()
    expect(writing.get_by_role("button", name="Stay signed in")).to_be_focused()
    writing.keyboard.press("Enter")
    expect(dialog).to_be_hidden()


def test_what_was_typed_outlives_the_session(writing: Page, strict_site, secret):
    writing.get_by_label("First name").fill("Typed before the end")
    grow_older(strict_site, minutes=31)
    writing.clock.fast_forward(31 * 60 * 1000)
    expect(writing.get_by_role("dialog", name="You are signed out.")).to_be_visible()

    with writing.context.expect_page() as opened:
        writing.get_by_role("link", name="Sign in again in a new tab").click()
    tab = opened.value
    tab.get_by_label("User name").fill("amy")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    tab.get_by_label("Code").fill(code_now(secret, later=1))
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/admin/")
    tab.close()
    writing.bring_to_front()
    writing.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(writing.get_by_role("dialog")).to_be_hidden()
    writing.get_by_role("button", name="Save").click()

    expect(writing.get_by_text("Your account settings have been changed successfully!")).to_be_visible()
    expect(writing.get_by_label("First name")).to_have_value("Typed before the end")
