"""What somebody tries who means ill: other methods, other lengths, other ciphers, and what was left lying about."""

import re
import socket
import ssl
from urllib.parse import urlsplit

import pytest

from tests.e2e.staff import PASSWORD

FIELD = re.compile(r"<input\b[^>]*>")


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


def say(site, text: str) -> bytes:
    """Letter by letter, as no client would."""
    with site.connect("127.0.5.1") as line:
        line.sendall(text.replace("\n", "\r\n").encode())
        return line.recv(4096)


def test_the_cookies_of_staff_are_kept_from_scripts_from_other_sites_and_from_other_hosts(site, session):
    page = site.ask("/admin/login/", address="127.0.5.2")
    while page.status == 302:
        path = page.headers["location"]
        page = site.ask(path, address="127.0.5.2")
    fields = FIELD.findall(page.text)
    form = {attribute(tag, "name"): attribute(tag, "value") for tag in fields if attribute(tag, "name")}
    (name,) = [attribute(tag, "name") for tag in fields if attribute(tag, "type") == "text"]
    cookies = {cookie.partition("=")[0]: cookie for cookie in page.cookies}
    answer = site.ask(
        "/admin/login/",
        address="127.0.5.2",
        form=form | {name: "dee", "password": PASSWORD},
        Cookie="; ".join(cookie.partition(";")[0] for cookie in page.cookies),
        Referer=f"{site.url}/admin/login/",
    )
    cookies |= {cookie.partition("=")[0]: cookie for cookie in answer.cookies}

    assert answer.status == 302
    assert set(cookies) == {"__Host-csrf", "__Host-session"}
    for cookie in cookies.values():
        assert {"secure", "samesite=lax", "path=/"} <= set(cookie.lower().split("; "))
        assert "domain=" not in cookie.lower()
    assert "HttpOnly" in cookies["__Host-session"]


def test_passwords_are_stored_as_argon2(site, session):
    stored = [password for (password,) in site.execute("SELECT password FROM clinic_user")]

    assert stored
    assert all(password.startswith("argon2$argon2id$") for password in stored)


def test_a_form_of_the_admin_from_another_site_is_refused(site, session):
    cookie = f"__Host-session={session}"

    for origin in (site.url, "https://elsewhere.example"):
        answer = site.ask("/admin/account/", form={"x": "y"}, address="127.0.5.3", Cookie=cookie, Origin=origin)
        assert answer.status == 403
        assert "That was not stored." in answer.text


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG", "PUT", "DELETE"])
def test_methods_that_nothing_needs_are_refused(site, method):
    answer = say(site, f"{method} / HTTP/1.1\nHost: localhost:{site.port}\nX-Secret: MARKER\nConnection: close\n\n")

    assert re.match(rb"HTTP/1\.1 (400|403|405) ", answer)
    assert b"MARKER" not in answer


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 5\nTransfer-Encoding: chunked",
        "Content-Length: 5\nContent-Length: 6",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Content-Length: +5",
    ],
)
def test_a_request_whose_length_can_be_read_in_two_ways_is_refused(site, lengths):
    request = f"POST /newsletter/ HTTP/1.1\nHost: localhost:{site.port}\n{lengths}\nConnection: close\n\n0\n\nGET"

    assert re.match(rb"HTTP/1\.1 (400|501) ", say(site, request))


@pytest.mark.parametrize("path", ["/static/", "/static/css/", "/media/images/", "/media/", "/documents/"])
def test_no_folder_lists_its_files(site, path):
    answer = site.ask(path, address="127.0.5.4")

    assert answer.status in (403, 404)
    assert "Index of" not in answer.text


@pytest.mark.parametrize(
    "path", ["/.git/HEAD", "/.env", "/static/../.env", "/docker-compose.yml", "/secrets/", "/manage.py"]
)
def test_nothing_of_the_sources_or_the_settings_is_given_away(site, path):
    assert site.ask(path, address="127.0.5.4").status == 404


def test_no_answer_tells_which_version_of_what_runs_here(site):
    for path in ("/", "/admin/login/", "/static/css/site.css", "/nowhere/"):
        headers = site.ask(path, address="127.0.5.5").headers
        assert headers["server"] == "nginx"
        assert "x-powered-by" not in headers
        assert "via" not in headers


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA256"])
def test_ciphers_that_are_weak_or_keep_no_secret_for_later_are_refused(site, cipher):
    context = ssl.create_default_context(cafile=f"{site.env['CERTIFICATE_DIR']}/fullchain.pem")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")

    with pytest.raises(ssl.SSLError):
        site.connect(context=context)


def test_a_providers_report_without_tls_is_not_sent_on(site):
    line = socket.create_connection(("127.0.0.1", site.http_port), timeout=10)
    with line:
        line.sendall(b"POST /email/events/postmark/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        answer = line.recv(4096)

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert urlsplit(site.url).netloc.encode() not in answer
