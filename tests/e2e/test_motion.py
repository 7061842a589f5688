"""The figures move gently, unless the reader wants them to be still."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages import PAGES, POST

MOVING = """() => document.getAnimations().filter((animation) => animation.playState === "running")
  .map((animation) => animation.animationName ?? animation.transitionProperty)"""
MOVABLE = ".figure__pause ~ .figure__views"
AWAY = re.compile("figure__views--away")
MOVING_WITHIN = """views => views.getAnimations({subtree: true})
  .filter((animation) => animation.playState === "running").length"""


@pytest.mark.parametrize("address", ["/", POST])
def test_a_figure_moves_while_it_is_in_sight(page: Page, address):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(address)
    figures = page.locator(MOVABLE)
    assert figures.count() > 0
    for views in figures.all():
        views.scroll_into_view_if_needed()
        expect(views).not_to_have_class(AWAY)
        assert views.evaluate(MOVING_WITHIN) > 0
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    for views in figures.all():
        expect(views).to_have_class(AWAY)
    assert page.evaluate(MOVING) == []


def test_the_figures_move_without_scripts(browser: Browser, base_url):
    with browser.new_page(base_url=base_url, java_script_enabled=False, reduced_motion="no-preference") as page:
        page.goto(POST)
        dot = page.locator(".figure__dot").first
        dot.scroll_into_view_if_needed()
        assert dot.evaluate("dot => getComputedStyle(dot).animationPlayState") == "running"


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
    for switch, views in zip(switches.all(), page.locator(MOVABLE).all(), strict=True):
        views.scroll_into_view_if_needed()
        expect(views).not_to_have_class(AWAY)
        for pressed in (True, False):
            switch.press("Space")
            expect(switch).to_be_checked(checked=pressed)
            assert (views.evaluate(MOVING_WITHIN) == 0) is pressed
