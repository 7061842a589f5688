"""Addresses that no page links to: what a scanner, a broken link or a curious reader asks for."""

import pytest

from tests.factories import BlogPageFactory, HomePageFactory, TopicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site():
    BlogPageFactory(title="Walk", slug="walk")
    return HomePageFactory()


@pytest.mark.parametrize(
    "path",
    [
        "/%00/",
        "/%ff%fe/",
        "/%C0%AE%C0%AE/",
        "/static/../settings.py",
        "/static..%2fsettings.py",
        "/documents/1/../../etc/passwd",
        "/documents/1/%00",
        "/documents/-1/x.pdf",
        "/%5cevil.example",
        "/.env",
        "/wp-admin/",
        "/phpmyadmin/",
        "/cgi-bin/",
        "/api/v2/pages/",
        "/article;jsessionid=1/",
        "/images/x/1/fill-1x1/",
        "/media/",
        "/blog/%00/",
        "/blog/walk/share.png/",
        "/blog/topics/none/",
        "/blog/authors/none/",
        "/blog/topics/%00/",
        "/" + "a" * 2000,
    ],
)
def test_an_address_that_is_none_is_not_found(client, path):
    response = client.get(path, follow=True)
    assert response.status_code == 404
    assert "We cannot find that page." in response.text


def test_a_double_slash_leads_to_no_other_site(client):
    response = client.get("//evil.example/%2e%2e")
    assert "evil.example" not in response.get("Location", "")
    assert response.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/?page=1e309",
        "/?__proto__[x]=1",
        "/?cb=1",
        "/blog/?page=%00",
        "/blog/?page=99999999999999999999",
        "/blog/?page=²",
    ],
)
def test_a_parameter_that_means_nothing_changes_nothing(client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/blog/walk/", "/search/", "/blog/topics/none/", "/share.png", "/robots.txt"])
def test_pages_for_readers_take_nothing(client, path):
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("host", ["evil.example", ""])
def test_a_host_that_is_not_ours_is_refused(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "1.1.1.1, <script>"},
        {"X-Original-URL": "/admin/"},
        {"Accept-Language": "de," * 2000},
        {"Cookie": "a=1; " * 500},
    ],
)
def test_headers_change_nothing(client, headers):
    response = client.get("/", headers=headers)
    assert response.status_code == 200
    assert "<script>alert" not in response.text


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        ("/blog/walk/?utm_source=x", "/blog/walk/"),
        ("/blog/?page=1", "/blog/"),
        ("/blog/?page=last", "/blog/"),
        ("/blog/?page=2", "/blog/?page=2"),
        ("/blog/topics/tips/?page=2", "/blog/topics/tips/?page=2"),
    ],
)
def test_a_page_names_its_one_address(client, path, canonical):
    topic = TopicFactory(slug="tips")
    for _ in range(11):
        BlogPageFactory(topic=topic)
    assert f'<link rel="canonical" href="http://testserver{canonical}">' in client.get(path).text
