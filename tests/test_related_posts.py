"""What a post leads on to."""

from datetime import date

import pytest

from blog.models import Pick
from tests.factories import BlogPageFactory, TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic():
    return TopicFactory()


@pytest.fixture
def posts(topic):
    """Six posts of one topic, the oldest first."""
    return [BlogPageFactory(title=f"Day {day}", date=date(2026, 11, day), topic=topic) for day in range(1, 7)]


def titles(post):
    return [related.title for related in post.related_posts]


def test_a_post_leads_to_the_newest_of_its_topic_and_not_to_itself(posts):
    BlogPageFactory(title="Of another topic", date=date(2026, 11, 30))
    assert titles(posts[4]) == ["Day 6", "Day 4", "Day 3", "Day 2"]


def test_what_the_editor_picked_comes_first_in_the_editors_order_and_once(posts):
    other = BlogPageFactory(title="Of another topic")
    for place, post in enumerate([posts[5], other, posts[0]]):
        Pick.objects.create(page=posts[2], post=post, sort_order=place)
    assert titles(posts[2]) == ["Day 6", "Of another topic", "Day 1", "Day 5"]


def test_of_more_picks_than_there_is_room_for_none_is_left_out(posts):
    for place, post in enumerate(posts[:5]):
        Pick.objects.create(page=posts[5], post=post, sort_order=place)
    assert titles(posts[5]) == ["Day 1", "Day 2", "Day 3", "Day 4", "Day 5"]


def test_a_pick_that_is_a_draft_is_not_led_to(posts):
    posts[0].unpublish()
    Pick.objects.create(page=posts[5], post=posts[0])
    assert titles(posts[5]) == ["Day 5", "Day 4", "Day 3", "Day 2"]
