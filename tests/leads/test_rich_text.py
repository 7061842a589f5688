"""What an editor wrote, as the rows that the PDF is set from: every word, in its order and its style."""

import pytest

from leads.rich_text import paragraphs

PLAIN = {"bold": False, "italic": False, "link": ""}


def told(html: str) -> list[tuple[str, list[str]]]:
    """Each paragraph or list, as its kind and the words of its items."""
    return [(row["kind"], ["".join(run["text"] for run in item) for item in row["items"]]) for row in paragraphs(html)]


def test_each_paragraph_heading_and_list_is_a_row():
    html = "<h3>Stand</h3><p>Tall.</p><ul><li>One</li><li>Two</li></ul><ol><li>First</li></ol><h4>End</h4>"
    assert told(html) == [
        ("text", ["Stand"]),
        ("text", ["Tall."]),
        ("points", ["One", "Two"]),
        ("steps", ["First"]),
        ("text", ["End"]),
    ]


@pytest.mark.parametrize(("tag", "style"), [("b", "bold"), ("strong", "bold"), ("i", "italic"), ("em", "italic")])
def test_an_emphasis_ends_where_the_editor_ended_it(tag, style):
    (row,) = paragraphs(f"<p>Walk <{tag}>a little</{tag}>, daily.</p>")
    assert row["items"] == [
        [{"text": "Walk ", **PLAIN}, {"text": "a little", **PLAIN, style: True}, {"text": ", daily.", **PLAIN}]
    ]


@pytest.mark.parametrize(
    ("opening", "address"),
    [
        ('<a href="/about/">', "http://testserver/about/"),
        ('<a href="https://example.com/x">', "https://example.com/x"),
        ("<a>", "http://testserver"),
    ],
)
def test_a_link_leads_to_a_full_address_and_ends_with_its_words(opening, address):
    (row,) = paragraphs(f"<p>{opening}Us</a>, here.</p>")
    assert row["items"] == [[{"text": "Us", **PLAIN, "link": address}, {"text": ", here.", **PLAIN}]]


def test_a_new_line_within_a_paragraph_keeps_the_words_apart():
    assert told("<p>Walk<br/>daily</p>") == [("text", ["Walk daily"])]


def test_a_rule_between_paragraphs_and_the_space_in_a_list_say_nothing():
    assert told("<p>One</p><hr/><ul> <li>Two</li></ul>") == [("text", ["One"]), ("points", ["Two"])]
