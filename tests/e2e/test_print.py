"""On paper an article is a sheet that a patient takes home."""

from io import BytesIO

import pikepdf
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import POST


@pytest.fixture
def sheet(page: Page) -> Page:
    page.goto(POST)
    page.emulate_media(media="print", color_scheme="dark")
    return page


def test_the_sheet_has_every_exercise_with_its_dose_and_its_steps(sheet: Page):
    exercises = sheet.locator(".exercise")
    assert exercises.count() > 1
    for exercise in exercises.all():
        for part in (".exercise__name", ".exercise__steps"):
            expect(exercise.locator(part)).to_be_visible()
    expect(sheet.locator(".dose").first).to_be_visible()
    expect(sheet.locator(".red-flags")).to_be_visible()


def test_the_sheet_has_no_navigation_no_offers_and_no_buttons(sheet: Page):
    for selector in ("nav", ".offers", ".share", ".rating", ".skip-link", "form"):
        assert sheet.locator(f"{selector}:visible").count() == 0, selector
    assert sheet.locator("button:visible").all_inner_texts() == []


def test_the_sheet_says_where_it_comes_from_and_whom_to_call(sheet: Page):
    text = sheet.locator("body").inner_text()
    assert POST in text
    assert "(425) 658-4944" in text


def test_a_reader_of_dark_pages_gets_the_sheet_on_white_too(sheet: Page):
    grounds = (
        "['html', 'body', '.exercise'].map((name) => getComputedStyle(document.querySelector(name)).backgroundColor)"
    )
    assert set(sheet.evaluate(grounds)) <= {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}
    [red, green, blue] = sheet.evaluate("getComputedStyle(document.body).color.match(/[0-9]+/g).map(Number)")
    assert max(red, green, blue) < 80


def test_the_ruler_can_be_read_on_letter_paper_and_the_sheet_has_two_pages(sheet: Page):
    sheet.set_viewport_size({"width": 710, "height": 960})  # what the margins leave
    labels = sheet.locator(".plate text")
    assert labels.all_text_contents() == ["3", "1", "1", "3", "inches"]
    points = "(label) => parseFloat(getComputedStyle(label).fontSize) * label.getScreenCTM().a * 0.75"
    assert min(label.evaluate(points) for label in labels.all()) >= 8
    with pikepdf.open(BytesIO(sheet.pdf(format="Letter"))) as pdf:
        assert len(pdf.pages) == 2
