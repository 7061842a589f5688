"""The assessment form as it is heard. The transcripts beside this file are for people to read, and true."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.read_aloud import transcript

FOLDER = Path(__file__).with_name("transcripts")


@pytest.mark.parametrize("state", ["empty", "with errors"])
def test_a_screen_reader_says_what_the_transcript_says(page: Page, state):
    page.goto("/assessment/")
    if state == "with errors":
        page.get_by_label("Your name").fill("Erika Lang")
        page.get_by_role("button", name="Ask for my free assessment").click()
        expect(page).to_have_title(re.compile("^Error"))
    kept = (FOLDER / f"assessment {state}.txt").read_text()
    assert transcript(page) == kept
