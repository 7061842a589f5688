"""A member of staff at work, in a browser of their own."""

import contextlib
from collections.abc import Iterable

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.clinic import Clinic
from tests.e2e.test_inbox import INBOX


class Desk:
    def __init__(self, browser: Browser, clinic: Clinic, name: str):
        self.clinic = clinic
        self.name = name
        self.context = browser.new_context(base_url=clinic.site.url, reduced_motion="reduce")
        clinic.site.let_in(self.context, clinic.sessions[name])
        self.page = self.context.new_page()

    def look(self, address: str = "") -> Page:
        """At a page of the inbox. Nothing waits for its scripts: what is pressed works without them."""
        self.page.goto(f"{INBOX}{address}", wait_until="commit")
        return self.page

    def open(self, who: str) -> Page:
        return self.look(f"{self.clinic.card(who)}/")

    def press(self, button: str, said: str) -> None:
        """A button of the page, and what the answer says."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.is_told(said)

    def is_told(self, words: str) -> None:
        expect(self.page.get_by_text(words).first).to_be_visible()

    def unfold(self, summary: str) -> None:
        self.page.locator("main summary", has_text=summary).click()


def press_at_once(clinic: Clinic, card: int, buttons: Iterable[Locator]) -> None:
    """Each in its own page. The requests meet at the row of the card, and go on from there at the same moment."""
    buttons = list(buttons)
    with contextlib.ExitStack() as answers:
        for button in buttons:
            button.wait_for()
            answers.enter_context(button.page.expect_navigation(wait_until="commit"))
        with clinic.held(card, waiting=len(buttons)):
            for button in buttons:
                button.evaluate("button => { setTimeout(() => button.click()) }")
