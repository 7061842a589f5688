"""No answer of the site costs a point at MDN's HTTP Observatory: a reader's, staff's, a file, or a fault."""

import contextlib
import http.client
import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve

from tests.e2e.pages import PAGES
from tests.edge.observatory import penalties, points, redirection_points, score
from tests.edge.site import Answer
from tests.test_widgets import scripts_in

HOST = "localhost"
ELSEWHERE = {"Origin": "https://elsewhere.example"}
GOOD = {
    "content-type": "text/html",
    "content-security-policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
}
POLICY = "content-security-policy"

# What shows no page, or changes what the browser has in hand.
NOT_LOOKED_AT = {"wagtailadmin_logout"}
LINK = re.compile(r'<a\b[^>]*\bhref="([^"#]+)')


# --- The rules


def answer(body="", cookies=(), **headers):
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in (GOOD | changed).items() if value is not None}
    return Answer(200, kept, body.encode(), cookies)


def test_an_answer_that_does_all_that_is_asked_is_an_a_plus():
    assert penalties(answer(), HOST) == {}
    assert score(answer(), HOST) >= 100


@pytest.mark.parametrize(
    ("rule", "number", "given"),
    [
        (POLICY, -25, {"content_security_policy": None}),
        (POLICY, -25, {"content_security_policy": "default-src 'none'; default-src 'self'"}),
        (POLICY, -20, {"content_security_policy": "default-src 'self'; script-src 'self' 'unsafe-inline'"}),
        (POLICY, -20, {"content_security_policy": "default-src 'self'; script-src https:"}),
        (POLICY, -20, {"content_security_policy": "script-src 'self'"}),
        (POLICY, -20, {"content_security_policy": "default-src 'self'; connect-src http://a.example"}),
        (POLICY, -10, {"content_security_policy": "default-src 'self' 'unsafe-eval'"}),
        (POLICY, -10, {"content_security_policy": "default-src 'none'; img-src http:"}),
        (POLICY, 0, {"content_security_policy": "default-src 'none'; style-src 'self' 'unsafe-inline'"}),
        (POLICY, 5, {"content_security_policy": "default-src 'self'; script-src 'nonce-x' 'unsafe-inline'"}),
        ("cookies", -10, {"cookies": ("__Host-session=1; HttpOnly",)}),
        ("cookies", -30, {"cookies": ("__Host-session=1; Secure; SameSite=Lax",)}),
        ("cookies", -20, {"cookies": ("__Host-csrf=1; Secure",)}),
        ("cookies", -5, {"cookies": ("a=1; Secure; SameSite=Lax", "b=1; SameSite=Lax")}),
        (
            "cross-origin-resource-sharing",
            -50,
            {"access_control_allow_origin": ELSEWHERE["Origin"], "access_control_allow_credentials": "true"},
        ),
        ("cross-origin-resource-policy", -5, {"cross_origin_resource_policy": "nobody"}),
        ("referrer-policy", -5, {"referrer_policy": "unsafe-url"}),
        ("strict-transport-security", -20, {"strict_transport_security": None}),
        ("strict-transport-security", -10, {"strict_transport_security": "max-age=86400"}),
        ("subresource-integrity", -5, {"body": '<script src="https://a.example/x.js"></script>'}),
        ("subresource-integrity", -50, {"body": '<script defer src="//a.example/x.js"></script>'}),
        ("x-content-type-options", -5, {"x_content_type_options": None}),
        ("x-frame-options", -20, {"content_security_policy": "default-src 'none'"}),
    ],
)
def test_each_rule_counts_what_breaks_it(rule, number, given):
    assert points(answer(**given), HOST)[rule] == number


# --- The site


def ask_without_tls(site, host: str, path: str = "/blog/?page=2") -> http.client.HTTPResponse:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", site.http_port)) as connection:
        connection.request("GET", path, headers={"Host": host})
        response = connection.getresponse()
        response.read()
        return response


@pytest.mark.parametrize("name", PAGES)
def test_no_page_for_readers_is_penalised(site, name):
    found = site.ask(PAGES[name], address="127.0.3.1", **ELSEWHERE)

    assert penalties(found, HOST) == {}
    assert score(found, HOST) >= 100
    assert found.headers["cross-origin-opener-policy"] == "same-origin"
    assert "geolocation=()" in found.headers["permissions-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/login/",
        "/admin/password_reset/",
        "/email/confirm/altered/",
        "/r/altered/",
        "/workshops/watch/altered/",
        "/blog/feed/",
        "/sitemap.xml",
        "/robots.txt",
        "/.well-known/security.txt",
        "/share.png",
        "/guides/7-easy-ways/7-easy-ways.pdf",
        "/favicon.ico",
        "/documents/1/nothing.pdf",
        "/static/css/site.css",
        "/static/img/icon.svg",
        "/static/nothing.js",
        "/media/images/nothing.jpg",
        "/media/documents/nothing.pdf",
        "/healthz/",
        "/%zz",
    ],
)
def test_nothing_else_that_anybody_can_ask_for_is_penalised(site, path):
    found = site.ask(path, address="127.0.3.2", **ELSEWHERE)

    assert penalties(found, HOST) == {}


def test_what_the_edge_refuses_by_itself_is_not_penalised(site):
    long_query = f"/?q={'x' * 10_000}"
    refused = {
        400: site.ask("/", address="127.0.3.3", Host="two names"),
        404: site.ask("/-/503.html", address="127.0.3.3"),
        405: site.ask("/static/css/site.css", method="POST", address="127.0.3.3"),
        413: site.ask("/newsletter/", method="POST", address="127.0.3.3", Content_Length="999999"),
        414: site.ask(long_query, address="127.0.3.3"),
        421: site.ask("/", address="127.0.3.3", Host="somewhere.example"),
        429: next(answer for answer in site.ask_often("/about/", 200, address="127.0.3.4") if answer.status != 200),
    }

    for status, found in refused.items():
        assert found.status == status
        assert penalties(found, HOST) == {}, status
    for status in (404, 405, 413):
        assert "tel:+1" in refused[status].text


def test_no_page_of_the_admin_is_penalised_or_holds_a_script(site, session):
    """One of each kind that a link leads to, as an owner sees it."""
    waiting, seen, looked_at = ["/admin/"], set(), 0
    while waiting:
        path = waiting.pop()
        found = site.ask(path, address=f"127.0.4.{looked_at % 200 + 1}", Cookie=f"__Host-session={session}")
        looked_at += 1
        assert penalties(found, HOST) == {}, path
        assert score(found, HOST) >= 100, path
        if found.headers["content-type"].startswith("text/html"):
            assert scripts_in(found.text) == [], path
            for link in LINK.findall(found.text):
                target = urljoin(path, link.replace("&amp;", "&"))
                view = view_of(target)
                if view and view not in seen | NOT_LOOKED_AT:
                    seen.add(view)
                    waiting.append(target)
    assert looked_at > 60


def view_of(address: str) -> str | None:
    parts = urlsplit(address)
    try:
        return resolve(parts.path).view_name if not parts.netloc and parts.path.startswith("/admin/") else None
    except Resolver404:
        return None


@pytest.mark.parametrize("name", ["localhost", "www.localhost"])
def test_who_asks_without_tls_is_sent_to_the_same_name_with_it(site, name):
    found = ask_without_tls(site, name)

    assert redirection_points(name, found.status, found.headers["Location"]) == 0
    assert found.headers["Location"] == f"https://{name}:{site.port}/blog/?page=2"
    assert "Strict-Transport-Security" not in found.headers
    assert found.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("status", "location", "number"),
    [(200, "", -20), (301, "http://localhost/", -10), (301, "https://elsewhere.example/", -5)],
)
def test_another_way_from_there_would_be_penalised(status, location, number):
    assert redirection_points(HOST, status, location) == number
