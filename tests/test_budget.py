"""What a page may weigh, ask of the database, and carry. `make bench` measures how long it takes."""

import gzip
import re
from datetime import date

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext

from blog.models import Author, BlogPage, Topic
from clinic.memory import forget_all
from tests.factories import BlogPageFactory, UserFactory

POST = "/blog/lower-back-stretches-to-reduce-stiffness-and-pain/"
PAGES = [
    *("/", "/blog/", "/blog/topics/health-tips/", "/blog/authors/amy-konvalin/"),
    *(POST, "/about/", "/contact/", "/privacy/", "/health-data-privacy/", "/privacy/data/", "/accessibility/"),
    *("/search/", "/search/?q=stretch", "/search/?q=xyzzyx", "/search/?q=%00", "/not-here/"),
]

pytestmark = pytest.mark.usefixtures("first_content", "db")


@pytest.fixture
def queries(client, settings):
    """How many queries a page takes in a process that remembers as in production, when that has to be read again."""
    settings.REMEMBER_SECONDS = 60

    def count(address: str) -> int:
        client.get(address)  # what Wagtail reads once a process is no page's own cost
        forget_all()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    return count


def test_an_article_is_at_most_12_kilobytes_of_compressed_html(client):
    post = BlogPage.objects.get(slug=POST.split("/")[2])
    post.sign(user=UserFactory(first_name="Amy", last_name="Rivers"), on=date(2026, 11, 20), until=date(2027, 11, 20))
    post.save()
    answer = client.get(POST, headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) <= 12 * 1024
    assert len(gzip.decompress(answer.content)) > len(answer.content)


def test_an_article_takes_at_most_6_queries_with_few_posts_and_with_many(queries):
    few = queries(POST)
    BlogPageFactory.create_batch(25, topic=Topic.objects.get(), author=Author.objects.get())
    assert queries(POST) == few <= 6


def test_every_page_is_the_same_for_every_reader(client):
    for address in PAGES:
        answer = client.get(address)
        assert not answer.cookies, address
        assert "cookie" not in answer.get("Vary", "").lower(), address
        if answer.status_code == 200:
            assert {"public", "max-age=60"} <= set(answer["Cache-Control"].split(", ")), address


def test_a_page_that_has_not_changed_is_not_sent_again(client):
    for address in ("/", POST, "/blog/", "/search/?q=stretch"):
        tag = client.get(address)["ETag"]
        again = client.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b""), address


def test_every_page_allows_only_what_this_site_serves(client):
    for address in PAGES:
        policy = client.get(address)["Content-Security-Policy"]
        rules = {name: rest for name, _, rest in (rule.strip().partition(" ") for rule in policy.split(";"))}
        assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'", address
        assert rules["script-src"] == rules["style-src"] == rules["form-action"] == "'self'", address
        assert "unsafe" not in policy, address
        assert "*" not in policy, address


def test_no_page_carries_a_script_a_style_or_a_handler_of_its_own(client):
    for address in PAGES:
        page = BeautifulSoup(client.get(address).content, "html.parser")
        scripts = page.select("script:not([type='application/ld+json'])")
        assert all(script.get("src") and not script.string for script in scripts), address
        assert page.select("style, [style], [href^='javascript:']") == [], address
        assert [tag for tag in page(True) if any(name.startswith("on") for name in tag.attrs)] == [], address


def test_no_page_loads_anything_from_another_host(client):
    # What a browser only reads about, such as the canonical address, is not loaded.
    loading = "[src], [srcset], [poster], use, link:not([rel=canonical], [rel=alternate], [rel=prev], [rel=next])"
    for address in PAGES:
        page = BeautifulSoup(client.get(address).content, "html.parser")
        addresses = [tag.get(name, "") for tag in page.select(loading) for name in ("src", "href", "srcset", "poster")]
        assert [address for address in addresses if re.match(r"(https?:)?//", address)] == [], address
