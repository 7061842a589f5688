"""How a body of blocks reads: sections, contents, key points, length."""

import pytest

from tests.factories import BlogPageFactory

pytestmark = pytest.mark.django_db

KEY_POINTS = ("key_points", {"heading": "Key points", "points": ["Go slowly."]})


def heading(text, anchor=""):
    return ("heading", {"text": text, "anchor": anchor})


def test_a_heading_opens_a_section_that_the_contents_lead_to():
    post = BlogPageFactory(
        body=[("text", "<p>Before.</p>"), heading("Which stretches work best?"), ("text", "<p>A.</p>")]
    )
    assert [(section.anchor, len(section.blocks)) for section in post.story.sections] == [
        ("", 1),
        ("which-stretches-work-best", 1),
    ]
    assert post.story.contents == [("which-stretches-work-best", "Which stretches work best?")]


def test_two_headings_of_the_same_words_have_addresses_of_their_own():
    post = BlogPageFactory(body=[heading("Stretch"), heading("Stretch"), heading("Stretch")])
    assert [anchor for anchor, _ in post.story.contents] == ["stretch", "stretch-2", "stretch-3"]


def test_an_address_that_an_editor_chose_stays():
    post = BlogPageFactory(body=[heading("A new wording", anchor="old link")])
    assert post.story.contents == [("old-link", "A new wording")]


def test_a_heading_without_a_letter_still_has_an_address():
    post = BlogPageFactory(body=[heading("?!")])
    assert post.story.contents == [("section", "?!")]


def test_key_points_move_to_the_top_and_stand_there_once():
    post = BlogPageFactory(body=[("text", "<p>Before.</p>"), KEY_POINTS])
    assert post.story.key_points.value["points"][0] == "Go slowly."
    assert [block.block_type for section in post.story.sections for block in section.blocks] == ["text"]


def test_a_page_without_a_body_reads_in_a_minute():
    post = BlogPageFactory(body=[])
    assert (post.story.sections, post.story.key_points, post.reading_minutes) == ([], None, 1)


def test_the_reading_time_counts_the_words_and_not_the_markup():
    post = BlogPageFactory(body=[("text", "<p>" + "<b>word</b> " * 401 + "</p>")])
    assert post.reading_minutes == 3
    assert "<b>" not in post.plain_text


def test_the_length_follows_when_only_the_body_is_saved():
    post = BlogPageFactory(body=[])
    post.body = [("text", "<p>" + "word " * 250 + "</p>")]
    del post.story
    post.save(update_fields=["body"])
    post.refresh_from_db()
    assert post.reading_minutes == 2


def test_search_reads_what_a_reader_sees():
    post = BlogPageFactory(
        body=[
            heading("What to avoid", anchor="an-old-address"),
            ("safety_note", {"level": "urgent", "heading": "Stop", "text": "<p>If it hurts.</p>"}),
        ]
    )
    assert post.plain_text == "What to avoid. Stop. If it hurts."
