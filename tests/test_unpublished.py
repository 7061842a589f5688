"""A draft, and a page behind a password, appear nowhere, and neither does what hangs on them."""

import pytest

from blog.models import Pick
from blog.templatetags.blog_tags import latest_posts
from tests.factories import (
    AuthorFactory,
    BlogIndexPageFactory,
    BlogPageFactory,
    HomePageFactory,
    StandardPageFactory,
    TopicFactory,
    make_private,
)

pytestmark = pytest.mark.django_db

SECRET = "Zanzibar"
SURFACES = ["/", "/blog/", "/blog/feed/", "/sitemap.xml", "/blog/topics/tips/", "/blog/authors/amy/", "/blog/shown/"]
SEARCHES = ["zanzibar", "zanzibr", "shown zanzibar"]
NOT_SHOWN = {
    "a draft": lambda post: BlogPageFactory(live=False, **post),
    "a post behind a password": lambda post: make_private(BlogPageFactory(**post)),
}


@pytest.fixture(params=NOT_SHOWN)
def secret_post(request):
    """A post that is not for readers, beside one that is: of the same topic and author, and picked by it."""
    around = {"topic": TopicFactory(slug="tips"), "author": AuthorFactory(slug="amy")}
    shown = BlogPageFactory(title="Shown", **around)
    secret = NOT_SHOWN[request.param]({"title": SECRET, "listing_summary": SECRET, **around})
    Pick.objects.create(page=shown, post=secret)
    return secret


@pytest.mark.parametrize("url", SURFACES)
def test_an_unpublished_post_appears_nowhere(client, secret_post, url):
    response = client.get(url)
    assert response.status_code == 200
    assert SECRET.lower() not in response.text.lower()


@pytest.mark.parametrize("typed", SEARCHES)
def test_an_unpublished_post_is_not_found(client, secret_post, typed):
    response = client.get("/search/", {"q": typed})
    assert secret_post.title not in response.text
    assert secret_post.pk not in [result.page.pk for result in response.context["posts"]]


def test_an_unpublished_post_is_not_among_the_latest(secret_post):
    assert [post.title for post in latest_posts(9)] == ["Shown"]


def test_an_unpublished_post_is_not_shown_at_its_address(client, secret_post):
    assert secret_post.listing_summary not in client.get(secret_post.url).text


@pytest.mark.parametrize("url", ["/", "/sitemap.xml", "/search/?q=zanzibar", "/none/"])
@pytest.mark.parametrize("make_page", [lambda page: StandardPageFactory(live=False, **page), None])
def test_an_unpublished_page_appears_nowhere(client, url, make_page):
    HomePageFactory()
    page = {"title": SECRET, "slug": "secret", "show_in_menus": True, "show_in_footer": True}
    make_page(page) if make_page else make_private(StandardPageFactory(**page))
    response = client.get(url)
    assert "/secret/" not in response.text
    assert SECRET not in response.text.replace("“zanzibar”", "")


def test_posts_below_a_list_with_a_password_appear_nowhere(client):
    post = BlogPageFactory(title=SECRET)
    make_private(BlogIndexPageFactory())
    for url in ("/", "/blog/feed/", "/sitemap.xml", "/search/?q=zanzibar"):
        assert SECRET not in client.get(url).text
    for url in (post.topic.get_absolute_url(), post.author.get_absolute_url()):
        assert client.get(url).status_code == 404


def test_a_page_that_becomes_private_is_hidden_at_once_and_comes_back_with_its_password_gone(client, settings):
    settings.REMEMBER_SECONDS = 60.0  # far longer than this test
    post = BlogPageFactory(title=SECRET)
    assert SECRET in client.get(post.url).text
    make_private(post)
    assert SECRET not in client.get(post.url).text
    assert SECRET not in client.get("/blog/feed/").text
    post.view_restrictions.all().delete()
    assert SECRET in client.get(post.url).text
