"""What the edge keeps from the application: too much, too slow, too curious. And what it keeps to itself."""

import contextlib
import json
import os
import signal
import socket
import ssl
import time

import pytest

from tests.e2e.pages import POST
from tests.smtp import wait_for

PHONE = "tel:+1"
SECURITY = (
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
)


def policies(answer):
    """The order of a policy's parts has no meaning."""
    return {name: set(answer.headers[name].split("; ")) for name in SECURITY}


def test_whoever_asks_too_much_is_asked_to_wait_and_told_the_phone_number(site):
    answers = site.ask_often("/about/", 200, address="127.0.1.1")
    refused = next(answer for answer in answers if answer.status != 200)
    assert refused.status == 429
    assert PHONE in refused.text
    assert refused.headers["retry-after"] == "30"
    assert sum(answer.status == 200 for answer in answers) >= 60
    assert site.ask("/about/", address="127.0.1.2").status == 200


def test_whoever_sends_too_many_forms_can_still_read(site):
    sent = [answer.status for answer in site.ask_often("/no/form/", 30, method="POST", address="127.0.1.3")]
    assert 429 not in sent[:20]
    assert 429 in sent
    assert site.ask(POST, address="127.0.1.3").status == 200


@contextlib.contextmanager
def standing_still(site):
    """The application takes requests, and answers none until the end of the block."""
    groups = [site.child(name).process.pid for name in ("web", "web-2")]
    for group in groups:
        os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        for group in groups:
            os.killpg(group, signal.SIGCONT)


def heard(visitors):
    """What those were answered who were answered by now."""
    for visitor in visitors:
        visitor.setblocking(False)
        with contextlib.suppress(ssl.SSLWantReadError):
            yield visitor.recv(100_000).decode()


def test_of_more_forms_than_can_be_answered_in_time_the_rest_are_asked_to_wait(site):
    form = f"POST /no/form/ HTTP/1.1\r\nHost: localhost:{site.port}\r\nContent-Length: 0\r\n\r\n"
    refused, answered = [], []
    with contextlib.ExitStack() as stack:
        visitors = [stack.enter_context(site.connect(f"127.0.4.{number}")) for number in range(1, 206)]
        with standing_still(site):
            for visitor in visitors:
                visitor.send(form.encode())
            wait_for(lambda: refused.extend(heard(visitors)) or len(refused) >= 5, 8)
        wait_for(lambda: answered.extend(heard(visitors)) or len(answered) >= 200)
    assert len(refused) == 5  # a hundred wait for each gunicorn
    for answer in refused:
        assert answer.startswith("HTTP/1.1 429")
        assert "retry-after: 30" in answer.lower()
        assert PHONE in answer
    assert {answer[:12] for answer in answered} == {
        "HTTP/1.1 403"
    }  # the application has its say: there is no such form


def test_files_are_not_counted(site):
    path = site.ask("/").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert {answer.status for answer in site.ask_often(path, 100, address="127.0.1.4")} == {200}


def test_the_reports_of_a_provider_are_not_counted_like_visitors(site):
    answers = site.ask_often("/email/events/postmark/", 100, method="HEAD", address="127.0.1.5")
    assert {answer.status for answer in answers} == {404}  # no provider is in use here


def test_mails_are_stopped_however_many_ask_through_one_provider(site):
    """With the button that a mail program shows (RFC 8058), the provider's few addresses ask for all of its users."""
    answers = site.ask_often("/email/unsubscribe/made-up/", 100, method="POST", address="127.0.1.8")
    assert {answer.status for answer in answers} == {404}  # such a token opens nothing
    assert all("no-store" in answer.headers["cache-control"] for answer in answers)
    assert site.ask("/email/unsubscribe/made-up/", address="127.0.1.8").headers["referrer-policy"] == "no-referrer"


def test_a_form_that_is_far_too_long_is_refused(site):
    with contextlib.suppress(ConnectionError):  # it may stop listening before all of it is said
        assert site.ask("/newsletter/", form={"email": "x" * 600_000}, address="127.0.1.6").status == 413


def test_slow_visitors_keep_nobody_waiting(site):
    with contextlib.ExitStack() as stack:
        for number in range(60):
            slow = [stack.enter_context(site.connect(f"127.0.2.{number % 20 + 1}")) for _ in range(3)]
            slow[0].send(b"GET / HTTP/1.1\r\nHost: local")  # and no more
            body = f"POST /newsletter/ HTTP/1.1\r\nHost: localhost:{site.port}\r\nContent-Length: 1000\r\n\r\nemail="
            slow[1].send(body.encode())
            slow[2].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            slow[2].send(f"GET {POST} HTTP/1.1\r\nHost: localhost:{site.port}\r\n\r\n".encode())
        for path in (POST, "/search/?q=sit", "/static/css/site.css"):
            begin = time.monotonic()
            assert site.ask(path).status == 200
            assert time.monotonic() - begin < 2


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/", "/metrics", "/metrics/", "/-/503.html", "/status/"])
def test_what_operators_look_at_is_not_public(site, path):
    assert site.ask(path).status == 404


@pytest.mark.parametrize("folder", ["original_images", "documents", "videos", "share", "images/../videos"])
def test_only_what_was_cut_for_pages_is_given_as_a_file(site, folder):
    secret = site.folder / "media" / folder / "secret.jpg"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text("private")
    assert site.ask(f"/media/{folder}/secret.jpg").status == 404


def test_a_picture_cannot_act_as_a_page(site):
    folder = site.folder / "media/images"
    folder.mkdir(exist_ok=True)
    (folder / "cut.jpg").write_bytes(b"\xff\xd8")
    (folder / "page.html").write_text("<script>alert(1)</script>")
    picture, page = site.ask("/media/images/cut.jpg"), site.ask("/media/images/page.html")
    assert (picture.status, picture.headers["content-type"]) == (200, "image/jpeg")
    assert "content-disposition" not in picture.headers
    assert page.headers["content-disposition"] == "attachment"
    for answer in (picture, page):
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_static_file_is_kept_for_good_and_is_compressed_already(site):
    path = site.ask("/").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    answer = site.ask(path, Accept_Encoding="gzip, br")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] in ("gzip", "br")
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" not in site.ask("/static/css/site.css").headers["cache-control"]


def test_what_the_edge_answers_itself_is_as_strict_as_a_page(site):
    page = policies(site.ask("/about/"))
    for path in ("/static/nothing.css", "/-/429.html"):
        assert policies(site.ask(path)) == page, path
    assert policies(site.ask_often("/about/", 100, address="127.0.1.7")[-1]) == page


def test_a_file_of_ours_may_load_nothing_and_is_as_strict_in_all_else(site):
    page, file = site.ask("/about/").headers, site.ask("/static/css/site.css").headers
    assert set(file["content-security-policy"].split("; ")) == {"default-src 'none'", "frame-ancestors 'none'"}
    assert {name: file.get(name) for name in SECURITY} == {name: page[name] for name in SECURITY} | {
        "content-security-policy": file["content-security-policy"],
        "permissions-policy": None,
    }


def test_no_log_knows_who_asked_or_what_for(site):
    private = ["/r/MARKER-1/", "/r/MARKER-2/data/", "/email/confirm/MARKER-3/", "/workshops/watch/MARKER-4/video.mp4"]
    answers = [site.ask(path, address="127.0.9.77") for path in private]
    headers = {"User_Agent": "MARKER-6", "Referer": f"{site.url}/r/MARKER-7/", "Cookie": "x=MARKER-8"}
    answers += [site.ask("/search/?q=MARKER-5", **headers), site.ask("/assessment/thanks/22222222/")]
    with site.connect() as connection:
        connection.send(b"GET /r/MARKER-0/ HTTP/1.1\r\nBroken\r\n\r\n")
        connection.recv(1000)
    wait_for(lambda: all(answer.headers["x-request-id"] in site.log("access") for answer in answers))
    for known in ('"path":"/r/-/data/"', '"path":"/assessment/thanks/-/"', '"network":"127.0.9.0"'):
        assert known in site.log("access")
    for name in ("access", "edge", "web", "web-2"):
        assert "MARKER" not in site.log(name)
        assert "127.0.9.77" not in site.log(name)


def test_a_page_a_log_line_and_the_application_share_the_number_of_a_request(site):
    answer = site.ask("/assessment/", X_Request_ID="made-up")
    number = answer.headers["x-request-id"]
    assert len(number) == 32
    wait_for(lambda: f'"request":"{number}"' in site.log("access"))


def test_the_application_logs_the_number_of_the_request_too_and_nothing_but_json(site):
    answer = site.ask("/search/nowhere/?q=MARKER", address="127.0.9.78")
    assert answer.status == 404
    wait_for(lambda: answer.headers["x-request-id"] in site.log("web") + site.log("web-2"))
    events = [json.loads(line) for line in (site.log("web") + site.log("web-2")).splitlines()]
    assert answer.headers["x-request-id"] in [event.get("request") for event in events]
    assert {"gunicorn.error", "django.request"} <= {event["logger"] for event in events}
    wait_for(lambda: '"task": "leads.tasks.drain_outbox"' in site.log("worker"))
