import re
from datetime import UTC, datetime

import pytest
from django.contrib.sitemaps import Sitemap

from tests.factories import (
    AuthorFactory,
    BlogIndexPageFactory,
    BlogPageFactory,
    HomePageFactory,
    StandardPageFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

OF_OURS = ["/assessment/", "/newsletter/", "/privacy/data/"]  # that are no pages of staff's


def addresses(client):
    return re.findall(r"<loc>http://testserver([^<]+)</loc>", client.get("/sitemap.xml").text)


def test_every_kind_of_page_is_in_the_sitemap(client):
    post = BlogPageFactory()
    pages = [HomePageFactory(), BlogIndexPageFactory(), StandardPageFactory(), post]
    lists = [post.topic.get_absolute_url(), post.author.get_absolute_url()]
    assert set(addresses(client)) == {*(page.url for page in pages), *lists, *OF_OURS}


def test_each_address_in_the_sitemap_shows_a_page(client):
    BlogPageFactory()
    StandardPageFactory()
    for url in addresses(client):
        assert client.get(url).status_code == 200


def test_the_sitemap_says_when_a_page_changed(client):
    BlogPageFactory(last_published_at=datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    assert (
        client.get("/sitemap.xml").text.count("<lastmod>2026-11-20</lastmod>") == 3
    )  # the post, its topic, its author


@pytest.mark.parametrize("make_one", [TopicFactory, AuthorFactory])
def test_a_list_without_posts_is_not_in_the_sitemap(client, make_one):
    assert make_one().get_absolute_url() not in addresses(client)


def test_the_sitemap_takes_the_same_number_of_queries_with_any_number_of_posts(
    client, settings, django_assert_num_queries
):
    settings.REMEMBER_SECONDS = 60.0
    for posts in (1, 9):
        for _ in range(posts):
            BlogPageFactory()
        addresses(client)
        with django_assert_num_queries(6):  # for pages, topics and authors: how many, and which
            addresses(client)


def test_a_sitemap_has_room_for_more_posts_than_a_clinic_writes():
    assert Sitemap.limit == 50_000


def test_robots_are_told_where_the_sitemap_is_and_to_leave_searches_alone(client):
    lines = client.get("/robots.txt").text.splitlines()
    assert "Sitemap: http://testserver/sitemap.xml" in lines
    assert {"Disallow: /admin/", "Disallow: /search/"} <= set(lines)
