"""The whole site without a mouse."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import LONGEST_POST, POST

QUESTIONS = "/blog/whats-the-best-way-to-sit-with-low-back-pain/"
# Notes what can be focused, in the order of the document, and how it looks before it is.
NOTE_STOPS = """() => {
  const look = (element) => { const style = getComputedStyle(element); return style.outline + style.boxShadow; };
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, iframe, [tabindex='0']");
  const canBeSeen = (element) => element.checkVisibility({ visibilityProperty: true });
  const group = (radio) => [...document.getElementsByName(radio.name)];
  const chosen = (radio) => group(radio).find((other) => other.checked) ?? group(radio)[0];
  const isStop = (element) => element.type !== "radio" || chosen(element) === element;  // arrow keys reach the others
  window.stops = [...all].filter((element) => canBeSeen(element) && !element.disabled && isStop(element));
  window.looks = new Map(window.stops.map((element) => [element, look(element)]));
  return window.stops.map((element) => (element.innerText || element.name || element.title || "").trim().slice(0, 40));
}"""
# Where the focus is, and what is wrong with how it shows there.
READ_STOP = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const problems = [];
  if (window.looks.get(element) === style.outline + style.boxShadow) problems.push("looks as before");
  const [box] = element.getClientRects();
  const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]];
  const isSeen = points.some(([x, y]) => {
    const there = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
    return there && (element.contains(there) || there.contains(element));
  });
  if (!isSeen) problems.push("cannot be seen");
  return [window.stops.indexOf(element), problems];
}"""


@pytest.mark.parametrize(
    "address",
    [
        "/",
        POST,
        QUESTIONS,
        LONGEST_POST,
        "/blog/?page=2",
        "/search/?q=stretch",
        "/not-here/",
        "/assessment/",
        "/newsletter/",
    ],
)
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (320, 400)])
def test_tab_goes_through_everything_in_order_and_the_focus_always_shows(page: Page, address, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address)
    stops = page.evaluate(NOTE_STOPS)
    problems = []
    for number, name in enumerate(stops):
        page.keyboard.press("Tab")
        reached, seen = page.evaluate(READ_STOP)
        if reached != number:
            problems.append(f"“{name}” was expected, the focus is on number {reached}")
            break
        problems += [f"“{name}” {problem}" for problem in seen]
    assert problems == []


@pytest.mark.parametrize("address", ["/", POST, "/blog/", "/not-here/"])
def test_the_first_stop_skips_to_the_content(page: Page, address):
    page.goto(address)
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_rating_is_dismissed_for_good_and_without_a_cookie(page: Page):
    page.goto(POST)
    rating = page.locator(".rating")
    expect(rating).to_be_visible()
    page.get_by_role("button", name="Dismiss the rating").focus()
    page.keyboard.press("Enter")
    expect(rating).not_to_be_visible()
    for address in (POST, "/"):
        page.goto(address)
        expect(page.locator(".rating")).not_to_be_visible()
    assert page.context.cookies() == []


def test_after_the_rating_is_dismissed_tab_goes_on_from_its_place(page: Page):
    page.goto(POST)
    page.evaluate(NOTE_STOPS)
    page.get_by_role("button", name="Dismiss the rating").focus()
    here, _ = page.evaluate(READ_STOP)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(READ_STOP)[0] == here + 1


def test_a_question_opens_and_closes(page: Page):
    page.goto(QUESTIONS)
    question = page.locator("details").first
    answer = question.locator(".question__answer")
    expect(answer).not_to_be_visible()
    question.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(answer).to_be_visible()
    page.keyboard.press("Space")
    expect(answer).not_to_be_visible()


def test_a_line_of_the_contents_leads_to_its_section(page: Page):
    page.goto(POST)
    line = page.get_by_role("navigation", name="On this page").get_by_role("link").last
    anchor = line.get_attribute("href")
    line.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{re.escape(anchor)}$"))
    expect(page.locator(anchor)).to_be_in_viewport(ratio=1)
    page.keyboard.press("Tab")
    after = "(id) => Boolean(document.getElementById(id).compareDocumentPosition(document.activeElement) & 4)"
    assert page.evaluate(after, anchor.removeprefix("#")), "the focus stayed above the section"


def test_the_address_of_a_post_is_copied(page: Page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(POST)
    page.get_by_role("button", name="Copy link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    canonical = page.locator("link[rel=canonical]").get_attribute("href")
    assert page.evaluate("navigator.clipboard.readText()") == canonical


def test_the_menu_of_a_phone_opens_closes_and_gives_the_focus_back(page: Page):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/")
    button = page.get_by_role("button", name="Menu")
    menu = page.get_by_role("navigation", name="Main")
    button.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('nav') !== null")
    page.keyboard.press("Escape")
    expect(menu).not_to_be_visible()
    expect(button).to_be_focused()
