"""WCAG 2.2 AA, as far as axe can tell."""

from collections.abc import Iterable, Sequence

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.e2e.pages import PAGES

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
WIDTHS = (320, 1280)
SCHEMES = ("light", "dark")
WIDTHS_OF_ADMIN = (360, 1280)
# Menus slide and colours fade when the width or the scheme changes, and axe would see what nobody does.
SETTLE = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await frame();
  for (const each of document.getAnimations()) if (each instanceof CSSTransition) each.finish();
  await frame();
}"""


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing_at_any_width_in_any_scheme(reader: Page, address):
    reader.goto(address)
    reader.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert violations_everywhere(reader) == []


def test_axe_finds_nothing_before_the_first_post(page: Page, site):
    with site.without_posts():
        page.goto("/blog/")
        assert violations_everywhere(page) == []
        page.goto("/")
        assert violations_everywhere(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_in_the_open_menu_of_a_phone(page: Page, scheme):
    page.set_viewport_size({"width": 320, "height": 640})
    page.emulate_media(color_scheme=scheme)
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    assert violations(page) == []


def violations_everywhere(page: Page, widths: Iterable[int] = WIDTHS) -> list[str]:
    """At each width all rules; in the other scheme those that depend on colour, for nothing else changes with it."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        for scheme, rules in (("light", ()), ("dark", COLOUR_RULES)):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(SETTLE)
            found += [f"{width} px, {scheme}: {violation}" for violation in violations(page, only=rules)]
    return found


def faults(page: Page) -> list[str]:
    """Of a page of the admin: what axe finds, and what is cut off."""
    found = violations_everywhere(page, WIDTHS_OF_ADMIN)
    for width in WIDTHS_OF_ADMIN:
        page.set_viewport_size({"width": width, "height": 800})
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if overflow > 0:
            found.append(f"{width} px: {overflow} px too wide")
    return found


def violations(page: Page, *, only: Sequence[str] = ()) -> list[str]:
    """One line for each element and the rule that it breaks."""
    options = {"runOnly": list(only), "resultTypes": ["violations"]} if only else RULES
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{rule['id']}: {' '.join(map(str, node['target']))}" for rule in found for node in rule["nodes"]]
