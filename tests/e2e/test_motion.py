"""The figures move gently, unless the reader wants them to be still."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import PAGES, POST

MOVING = """() => document.getAnimations().filter((animation) => animation.playState === "running")
  .map((animation) => animation.animationName ?? animation.transitionProperty)"""


@pytest.mark.parametrize("address", ["/", POST])
def test_the_figures_move(page: Page, address):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(address)
    assert page.evaluate(MOVING) != []


def test_no_page_moves_for_a_reader_who_asked_for_less_motion(page: Page):
    page.emulate_media(reduced_motion="reduce")
    for address in PAGES.values():
        page.goto(address)
        assert page.evaluate(MOVING) == [], address


@pytest.mark.parametrize("address", ["/", POST])
def test_each_moving_figure_is_paused_by_keyboard(page: Page, address):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(address)
    switches = page.get_by_role("checkbox", name="Pause the drawing")
    assert switches.count() > 0
    for switch in switches.all():
        switch.focus()
        page.keyboard.press("Space")
        expect(switch).to_be_checked()
    assert page.evaluate(MOVING) == []
    switches.first.press("Space")
    assert page.evaluate(MOVING) != []
