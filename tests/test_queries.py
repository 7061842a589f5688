"""How often the pages that readers see ask the database. It is the same with ten posts and with ten thousand."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from blog.models import Pick
from clinic.memory import forget_all
from tests.factories import (
    AuthorFactory,
    BlogIndexPageFactory,
    BlogPageFactory,
    ClinicSettingsFactory,
    HomePageFactory,
    StandardPageFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def new_process(settings):
    """Lets this process remember as it does outside the tests, and forget it all when called."""
    settings.REMEMBER_SECONDS = 60.0
    return forget_all


def make_site(posts):
    """A site with a menu and a footer, and posts of one topic and author of which the first picks two others."""
    ClinicSettingsFactory(phone="+14256584944", red_flags="Numb between your legs")
    HomePageFactory()
    BlogIndexPageFactory(show_in_menus=True)
    StandardPageFactory(show_in_menus=True, show_in_footer=True)
    around = {"topic": TopicFactory(slug="tips"), "author": AuthorFactory(slug="amy")}
    first, *others = [BlogPageFactory(body=[("text", "<p>Walk.</p>")], **around) for _ in range(posts)]
    Pick.objects.bulk_create([Pick(page=first, post=post) for post in others[:2]])
    return first


def number_of_queries(client, url):
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return len(queries)


def test_a_post_takes_at_most_six_queries(client, new_process):
    post = make_site(posts=8)
    client.get(post.url)
    new_process()
    assert (
        number_of_queries(client, post.url) <= 6
    )  # which pages are private, the post with its picks, what is related, the author's; clinic and menu
    assert number_of_queries(client, post.url) <= 4  # a moment later


@pytest.mark.parametrize(
    ("url", "most"),
    [
        ("/", 10),
        ("/about/", 10),
        ("/blog/", 12),
        ("/blog/topics/tips/", 8),
        ("/blog/authors/amy/", 7),
        ("/search/?q=walk", 8),
        ("/none/", 7),
    ],
)
def test_a_page_takes_the_same_number_of_queries_with_any_number_of_posts(client, new_process, url, most):
    post = make_site(posts=2)
    StandardPageFactory(title="About")
    counted = []
    for more in (1, 15):
        for _ in range(more):
            BlogPageFactory(topic=post.topic, author=post.author, body=[("text", "<p>Walk.</p>")])
        client.get(url)
        new_process()
        counted.append(number_of_queries(client, url))
    assert counted[0] == counted[1] <= most
