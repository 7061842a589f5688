"""The list of posts, a page at a time."""

from datetime import date

import pytest
from bs4 import BeautifulSoup

from tests.factories import BlogIndexPageFactory, BlogPageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def posts():
    """Thirty-three, of which two have the same day; the oldest first."""
    BlogIndexPageFactory(slug="blog")
    return [BlogPageFactory(title=f"Post {day}", date=date(2026, 1, 1 + day // 2)) for day in range(33)]


def titles(client, number):
    page = BeautifulSoup(client.get(f"/blog/?page={number}").content, "html.parser")
    return [link.get_text(strip=True) for link in page.select("main .post-list__link")]


def test_the_pages_of_the_list_show_every_post_once_and_the_newest_first(client, posts):
    pages = [titles(client, number) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [10, 10, 10, 3]
    assert [title for page in pages for title in page] == [post.title for post in reversed(posts)]
