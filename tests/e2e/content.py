"""Fills an empty database for the browser tests: the first content, and pages with the least and the most in them.

It runs in a process of its own (`python -m tests.e2e.content`), in the environment of the site that serves it.
"""

import datetime as dt

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from django.core.management import call_command
from wagtail.blocks import StreamValue

from blog.models import BlogPage, Pick
from clinic.blocks import StoryBlock
from tests.factories import AuthorFactory, BlogPageFactory, ImageFactory, StandardPageFactory, TopicFactory

LONG_AGO = dt.date(2020, 1, 1)  # below the first content in every list
ENOUGH_FOR_A_SECOND_PAGE = 12
WORD = "Lumbosacroiliofemoral" * 3  # no browser can break it by itself
LINE = f"{WORD} and {WORD}"
TEXT = f"<p>{LINE}, {LINE}</p><ul><li>{WORD}</li></ul><p><a href='/{WORD}/'>{WORD}</a></p>"


def longest_body(image):
    """Every block with all it can hold, in words that are wider than a phone."""
    picture = {"image": image, "decorative": False, "alt_text": "A square"}
    return [
        ("key_points", {"heading": WORD, "points": [LINE] * 6}),
        ("heading", {"text": WORD, "anchor": ""}),
        ("text", TEXT),
        ("terms", {"terms": [{"term": WORD[:60], "meaning": LINE}] * 4}),
        ("picture", {"image": picture, "caption": LINE}),
        ("heading", {"text": f"The second: {WORD}", "anchor": ""}),
        ("exercise", longest_exercise()),
        *(("safety_note", {"level": level, "heading": WORD, "text": TEXT}) for level in ("note", "caution", "urgent")),
        ("red_flags", {"heading": WORD, "introduction": LINE}),
        ("heading", {"text": f"The third: {WORD}", "anchor": ""}),
        ("patient_story", {"headline": LINE, "text": TEXT, "note": LINE}),
        ("questions", {"heading": WORD, "questions": [{"question": LINE, "answer": TEXT}] * 3}),
        (
            "video",
            {
                "title": WORD,
                "url": "https://www.youtube.com/watch?v=aaaaaaaaaaa",
                "poster": picture,
                "description": LINE,
            },
        ),
        (
            "video",
            {"title": "A film without a poster", "url": "https://vimeo.com/1", "poster": None, "description": ""},
        ),
        ("call_to_action", {"kind": "phone", "heading": WORD, "text": LINE, "button": WORD[:40]}),
        ("contact_details", {"heading": WORD}),
    ]


def longest_exercise():
    return {
        "number": 20,
        "name": WORD,
        "position": LINE,
        "figure": "supine-rotation",
        "dose": [{"label": WORD[:40], "value": WORD[:60]}] * 4,
        "steps": [LINE] * 5,
        "limit": LINE,
        "safety": LINE,
    }


def story(blocks):
    block = StoryBlock()
    return StreamValue(block, [(name, block.child_blocks[name].normalize(value)) for name, value in blocks])


def add_pages():
    body = story(longest_body(ImageFactory()))
    topic = TopicFactory(name=WORD[:60], slug="most")
    author = AuthorFactory(name=WORD, slug="most", credentials=LINE[:120], lead=LINE, bio=TEXT)
    most = BlogPageFactory(
        title=LINE, slug="most", date=LONG_AGO, topic=topic, author=author, body=body, listing_summary=LINE[:200]
    )
    StandardPageFactory(title=LINE, slug="most", introduction=LINE, body=body)
    StandardPageFactory(title="Least", slug="least")
    TopicFactory(name="Nothing yet", slug="empty")
    AuthorFactory(name="Nobody", slug="empty")
    least = BlogPageFactory(title="Least", slug="least", date=LONG_AGO)
    for number in range(ENOUGH_FOR_A_SECOND_PAGE):
        post = BlogPageFactory(title=f"Post {number}", date=LONG_AGO, topic=least.topic, author=least.author)
        Pick.objects.create(page=most, post=post, sort_order=number)
    assert BlogPage.objects.published().count() > ENOUGH_FOR_A_SECOND_PAGE


if __name__ == "__main__":
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("load_content", verbosity=0)
    call_command("load_sequences", verbosity=0)
    add_pages()
