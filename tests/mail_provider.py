"""A mail provider on loopback that speaks HTTP as Postmark and Mailgun do, and the settings of a site that uses it."""

import json
import runpy
import threading
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

SETTINGS = str(Path(__file__).parents[1] / "clinic" / "settings.py")
TAKEN = {"ErrorCode": 0, "Message": "Queued. Thank you.", "MessageID": "b7bc2f4a"}
TAKEN |= {"message": "Queued. Thank you.", "id": "<b7bc2f4a@example.org>"}  # as Mailgun says it
SECRETS = {"postmark": "events:events-password", "mailgun": "signing-key"}


@dataclass
class Answer:
    status: int = 200
    body: dict | str | None = None  # None: nothing is said, and the connection is closed
    is_silent: bool = False


class Provider(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mails: list[dict] = []  # what arrived, whatever was answered
        self.greetings = 0
        self.answer = Answer(body=TAKEN)
        self.is_leaving = False  # closes its door after the next greeting
        self.is_over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request, client_address):
        """A client that hung up is what some tests are about."""


class Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def do_HEAD(self):
        self.server.greetings += 1
        self.send_response(404)
        self.send_header("Content-Length", "0")
        if self.server.is_leaving:
            self.server.shutdown()
            self.server.server_close()
            self.send_header("Connection", "close")
        self.end_headers()

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.mails.append(self.read(content) | {"path": self.path, "headers": dict(self.headers)})
        answer = self.server.answer
        if answer.is_silent:
            self.server.is_over.wait()
        if answer.body is None:
            self.close_connection = True
            return
        body = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def read(self, content: bytes) -> dict:
        kind = self.headers["Content-Type"]
        if kind == "application/json":
            return json.loads(content)
        if kind == "application/x-www-form-urlencoded":
            return dict(parse_qsl(content.decode()))
        form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + content, policy=HTTP)
        parts = form.iter_parts()
        return {part.get_param("name", header="Content-Disposition"): part.get_content() for part in parts}

    def log_message(self, *_):
        """Silent."""


@pytest.fixture
def use_provider(settings, monkeypatch):
    """The settings of a site whose environment names this provider."""

    def use(name: str, api_url: str = "http://127.0.0.1:1/") -> None:
        monkeypatch.setenv("EMAIL_PROVIDER", name)
        monkeypatch.setenv("EMAIL_PROVIDER_API_KEY", "key-of-the-account")
        monkeypatch.setenv("EMAIL_PROVIDER_WEBHOOK_SECRET", SECRETS[name])
        monkeypatch.setenv("EMAIL_PROVIDER_API_URL", api_url)
        monkeypatch.delenv("EMAIL_URL", raising=False)
        for setting, value in runpy.run_path(SETTINGS).items():
            if setting in ("EMAIL_PROVIDER", "EMAIL_BACKEND", "ANYMAIL"):
                setattr(settings, setting, value)
        settings.EMAIL_TIMEOUT = 1

    return use


@pytest.fixture
def provider(use_provider):
    """Postmark, as far as this site can tell."""
    with Provider() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        use_provider("postmark", server.url)
        yield server
        server.is_over.set()
        server.shutdown()
