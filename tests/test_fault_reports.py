"""Faults that are told to a service outside: only on demand, and nothing of what was typed, said or asked for."""

import json
import logging
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import Client
from django.urls import path

from clinic.fault_reports import FaultReporter
from clinic.urls import handler500
from dev.environment import ROOT

from .smtp import wait_for

MARKER = "Zwischenwirbel"
NUMBER = "0123456789abcdef" * 2


def fail(request, name):
    answer = request.POST["hopes"]
    try:
        raise KeyError(f"no row for {answer}")
    except KeyError as error:
        raise ValueError(f"cannot keep {answer} of {name}") from error


urlpatterns = [path("fault/<str:name>/", fail)]
__all__ = ["handler500", "urlpatterns"]


class Receiver(ThreadingHTTPServer):
    """Takes what Sentry would."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Delivery)
        self.reports: list[tuple[str, dict, str]] = []  # address, headers, body
        self.elsewhere = ""

    @property
    def dsn(self) -> str:
        return f"http://public-key@127.0.0.1:{self.server_port}/base/7"


class Delivery(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.reports.append((self.path, dict(self.headers), body))
        self.send_response(307 if self.server.elsewhere else 200)
        self.send_header("Location", self.server.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        yield receiver
        receiver.shutdown()


@pytest.fixture
def reporter(receiver):
    reporter = FaultReporter(receiver.dsn)
    logging.getLogger().addHandler(reporter)
    yield reporter
    logging.getLogger().removeHandler(reporter)


@pytest.mark.urls(__name__)
def test_a_fault_is_told_without_what_was_typed_and_by_whom(receiver, reporter):
    client = Client(raise_request_exception=False)
    headers = {"X-Request-ID": NUMBER, "User-Agent": f"Mozilla {MARKER}", "Cookie": f"session={MARKER}"}

    answer = client.post(f"/fault/{MARKER}/?q={MARKER}", {"hopes": MARKER}, headers=headers)

    assert answer.status_code == 500
    ((address, sent, body),) = wait_for(lambda: receiver.reports)
    assert MARKER not in body + str(sent)
    assert address == "/base/api/7/envelope/"
    assert "sentry_key=public-key" in sent["X-Sentry-Auth"]
    envelope, kind, event = map(json.loads, body.splitlines())
    assert (kind, envelope["event_id"]) == ({"type": "event"}, event["event_id"])
    assert event["tags"] == {"request": NUMBER}
    first, last = event["exception"]["values"]
    assert (first["type"], last["type"]) == ("KeyError", "ValueError")
    innermost = last["stacktrace"]["frames"][-1]
    assert (innermost["filename"], innermost["function"]) == ("tests/test_fault_reports.py", "fail")
    assert set(event) == {"event_id", "timestamp", "platform", "level", "logger", "tags", "exception"}
    assert all(set(frame) == {"filename", "lineno", "function"} for frame in last["stacktrace"]["frames"])


def test_an_error_without_an_exception_is_told_by_its_place_alone(receiver, reporter):
    logging.getLogger("leads").error("cannot keep %s", MARKER)

    ((_, _, body),) = wait_for(lambda: receiver.reports)
    event = json.loads(body.splitlines()[2])
    assert MARKER not in body
    assert event["transaction"].startswith("tests/test_fault_reports.py:")


def test_what_is_no_fault_is_not_told(receiver, reporter):
    logging.getLogger("leads").warning("a mail was refused")
    logging.getLogger("leads").error("a fault")

    assert len(wait_for(lambda: receiver.reports)) == 1


def test_a_receiver_that_is_away_costs_nothing(reporter, receiver):
    receiver.shutdown()
    receiver.server_close()
    for _ in range(300):
        logging.getLogger("leads").error("a fault")
    reporter.flush()
    assert receiver.reports == []


def test_a_receiver_that_sends_reports_elsewhere_is_not_followed(reporter, receiver):
    receiver.elsewhere = "/elsewhere/"
    logging.getLogger("leads").error("a fault")
    reporter.flush()
    assert [address for address, _, _ in receiver.reports] == ["/base/api/7/envelope/"]


def test_it_is_off_unless_somebody_asks_for_it():
    assert not any(isinstance(handler, FaultReporter) for handler in logging.getLogger().handlers)


def test_a_setting_switches_it_on_and_what_waits_leaves_before_the_end(receiver, monkeypatch):
    monkeypatch.setenv("SENTRY_DSN", receiver.dsn)
    code = "import django, logging; django.setup(); logging.getLogger('leads').error('a fault')"

    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)

    assert len(receiver.reports) == 1


@pytest.mark.parametrize("dsn", ["on", "https://host/1", "https://key@host/", "file://key@host/1"])
def test_a_setting_that_leads_nowhere_stops_the_start_with_its_name(dsn):
    with pytest.raises(ValueError, match="SENTRY_DSN"):
        FaultReporter(dsn)
