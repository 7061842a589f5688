"""A real SMTP server on loopback. It can be told to refuse, stall or hang up at any point of the conversation.

Before it answers 250 to a mail, it writes a line with the Message-ID and the recipient to a file, and the file to disk:
whatever is killed, the file says what was delivered.
"""

import contextlib
import os
import re
import socket
import socketserver
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from functools import cached_property
from pathlib import Path

import pytest

# Points of the conversation. BODY: the whole mail has been read. ACCEPTED: and its line has been written.
POINTS = ("CONNECT", "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "BODY", "ACCEPTED")


@dataclass
class Fault:
    """What happens at a point instead of a friendly answer: an `answer`, or silence until `release`, or a hang-up."""

    point: str
    answer: str = ""
    is_silent: bool = False
    times: int | None = None  # None: until it is healed
    recipient: str = ""  # "": any
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    is_forgotten: bool = False  # its test is over: who still waits in silence hangs up

    def release(self) -> None:
        """End the silence; the conversation goes on as if nothing was."""
        self.released.set()


@dataclass(frozen=True)
class Delivery:
    sender: str
    recipient: str
    content: bytes

    @cached_property
    def message(self) -> EmailMessage:
        return BytesParser(policy=default).parsebytes(self.content)

    @property
    def text(self) -> str:
        return self.message.get_body(("plain",)).get_content()

    @property
    def html(self) -> str:
        return self.message.get_body(("html",)).get_content()

    @property
    def links(self) -> list[str]:
        return re.findall(r"https?://[^\s<>\"]+", self.text)


class SmtpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, log: Path, port: int = 0):
        super().__init__(("127.0.0.1", port), Conversation)
        self.log = log
        self.deliveries: list[Delivery] = []
        self.faults: list[Fault] = []
        self.visits: Counter[str] = Counter()  # how often each point was reached
        self.pace = 0.0  # seconds that it takes for a mail
        self.lock = threading.Lock()
        self.open: set[socket.socket] = set()

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def messages(self) -> list[EmailMessage]:
        return [delivery.message for delivery in self.deliveries]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.heal()
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    # --- Faults

    def refuse(self, point: str, answer: str, **how) -> Fault:
        """Answer this, such as "451 later"."""
        return self.add(Fault(point, answer=answer, **how))

    def stall(self, point: str, **how) -> Fault:
        return self.add(Fault(point, is_silent=True, **how))

    def hang_up(self, point: str, **how) -> Fault:
        return self.add(Fault(point, **how))

    def add(self, fault: Fault) -> Fault:
        assert fault.point in POINTS
        with self.lock:
            self.faults.append(fault)
        return fault

    def heal(self) -> None:
        with self.lock:
            faults, self.faults = self.faults, []
        for fault in faults:
            fault.release()

    def fault_at(self, point: str, recipient: str) -> Fault | None:
        with self.lock:
            self.visits[point] += 1
            for fault in self.faults:
                if fault.point == point and fault.times != 0 and fault.recipient in ("", recipient):
                    if fault.times is not None:
                        fault.times -= 1
                    fault.reached.set()
                    return fault
        return None

    # --- Deliveries

    def accept(self, sender: str, recipient: str, content: bytes) -> None:
        message_id = re.search(rb"^Message-ID: *(.*?)\r?$", content, re.IGNORECASE | re.MULTILINE)[1].decode()
        with self.lock:
            self.deliveries.append(Delivery(sender, recipient, content))
            with self.log.open("a") as log:
                log.write(f"{message_id}\t{recipient}\n")
                log.flush()
                os.fsync(log.fileno())

    def lines(self) -> list[tuple[str, str]]:
        """`(Message-ID, recipient)` of every mail that was delivered, in their order."""
        if not self.log.exists():
            return []
        return [tuple(line.split("\t")) for line in self.log.read_text().splitlines()]

    def clear(self) -> None:
        for fault in self.faults:
            fault.is_forgotten = True
        self.heal()
        self.pace = 0.0
        with self.lock:
            self.deliveries.clear()
            self.visits.clear()
            self.log.unlink(missing_ok=True)


class HungUp(Exception):
    """The conversation is over."""


class Conversation(socketserver.StreamRequestHandler):
    """RFC 5321, as far as one client goes that knows what it does."""

    server: SmtpServer
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.sender = self.recipient = ""
        self.server.open.add(self.connection)
        with contextlib.suppress(HungUp, OSError):
            self.say("CONNECT", "220 tests ESMTP")
            while line := self.rfile.readline():
                verb = line.split(b":")[0].strip().upper().decode("ascii", "replace")
                self.obey(verb.split(" ")[0], line)
        self.server.open.discard(self.connection)

    def obey(self, verb: str, line: bytes) -> None:
        if verb in ("EHLO", "HELO"):
            self.say("EHLO", "250-tests\r\n250-STARTTLS\r\n250 8BITMIME")
        elif verb == "STARTTLS":
            self.say("STARTTLS", "220 go ahead")
            raise HungUp  # there is no certificate: TLS fails
        elif verb == "MAIL":
            self.sender = address(line)
            self.say("MAIL", "250 ok")
        elif verb == "RCPT":
            self.recipient = address(line)
            self.say("RCPT", "250 ok")
        elif verb == "DATA":
            self.take()
        elif verb == "QUIT":
            raise HungUp
        else:
            self.reply("250 ok" if verb in ("RSET", "NOOP") else "502 no")

    def take(self) -> None:
        if not self.say("DATA", "354 go ahead"):
            return
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        time.sleep(self.server.pace)
        if not line or not self.passes("BODY"):
            return
        self.server.accept(self.sender, self.recipient, b"".join(lines))
        self.say("ACCEPTED", "250 ok")

    def say(self, point: str, answer: str) -> bool:
        """The answer, unless a fault says otherwise."""
        is_friendly = self.passes(point)
        if is_friendly:
            self.reply(answer)
        return is_friendly

    def passes(self, point: str) -> bool:
        fault = self.server.fault_at(point, self.recipient)
        if fault is None:
            return True
        if fault.is_silent:
            fault.released.wait()
            if fault.is_forgotten:
                raise HungUp
            return True
        if not fault.answer:
            self.connection.shutdown(socket.SHUT_RDWR)
            raise HungUp
        self.reply(fault.answer)
        if fault.answer.startswith("421"):
            raise HungUp
        return False

    def reply(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


def address(line: bytes) -> str:
    return re.search(rb"<(.*?)>", line)[1].decode()


def wait_for(condition, seconds: float = 30, *, seen=lambda: ""):
    """The first true value of `condition()`; fails when there is none in time, and says what was `seen` by then."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"it did not come to pass: {seen()}"
        time.sleep(0.01)
    return value


@pytest.fixture(scope="session")
def one_smtp_server():
    with tempfile.TemporaryDirectory() as folder, SmtpServer(Path(folder) / "deliveries") as server:
        yield server


@pytest.fixture
def smtp_server(one_smtp_server, settings):
    """The server that mail goes to: `smtp_server.deliveries` are the mails, parsed, in the order in which they came."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", one_smtp_server.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = ""
    settings.EMAIL_TIMEOUT = 1
    yield one_smtp_server
    one_smtp_server.clear()
