"""What the blocks accept, and what they make of it."""

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError

from clinic.blocks import StoryBlock, VideoBlock, player_address

YOUTUBE = "https://www.youtube-nocookie.com/embed/dQw4_w9-gcQ"
VIMEO = "https://player.vimeo.com/video/1?dnt=1"


@pytest.mark.parametrize(
    ("address", "player"),
    [
        ("https://www.youtube.com/watch?v=dQw4_w9-gcQ", YOUTUBE),
        ("https://m.youtube.com/watch?list=x&v=dQw4_w9-gcQ", YOUTUBE),
        ("https://youtu.be/dQw4_w9-gcQ?t=5", YOUTUBE),
        ("https://www.youtube.com/shorts/dQw4_w9-gcQ", YOUTUBE),
        ("https://vimeo.com/1", VIMEO),
    ],
)
def test_a_video_plays_where_no_cookie_is_set(address, player):
    assert player_address(address) == player


@pytest.mark.parametrize(
    "address",
    [
        "https://youtube.com.evil.example/watch?v=dQw4",
        "https://evil.example/watch?v=dQw4",
        "https://www.youtube.com/watch?v=%22%3E%3Cscript%3E",
        "https://www.youtube.com/watch",
        "https://www.youtube.com/",
        "https://vimeo.com/channels/1",
        "http://127.0.0.1:6379/",
        "http://[::1]/",
        "javascript:alert(1)",
    ],
)
def test_a_video_comes_from_a_named_provider_or_not_at_all(address):
    assert player_address(address) == ""


def test_an_editor_is_told_which_addresses_a_video_may_have():
    block = VideoBlock()
    value = block.to_python({"title": "A video", "url": "https://evil.example/v", "poster": None, "description": ""})
    with pytest.raises(ValidationError) as refusal:
        block.clean(value)
    assert "YouTube or Vimeo" in str(refusal.value.block_errors["url"].message)


@pytest.mark.parametrize("name", list(StoryBlock().child_blocks))
def test_every_block_tells_an_editor_what_it_is_for(name):
    meta = StoryBlock().child_blocks[name].meta
    assert meta.icon != "placeholder"
    assert meta.label
    assert meta.description.endswith(".")


@pytest.mark.parametrize("level", [None, 3])
def test_the_caution_of_an_exercise_has_a_heading_below_that_of_the_exercise(level):
    block = StoryBlock().child_blocks["exercise"]
    exercise = {"number": 1, "name": "Rotation", "steps": ["Lie down."], "safety": "If it hurts, stop."}
    html = block.render(block.normalize(exercise), context={"level": level} if level else None)
    headings = BeautifulSoup(html, "html.parser").find_all(["h2", "h3", "h4"])
    own = level or 2
    assert [(tag.name, tag.text) for tag in headings] == [(f"h{own}", "Rotation"), (f"h{own + 1}", "Stay pain-free")]
