"""Sends prepared requests over kept connections: as soon as one is free, or each at a moment of its own.

A request that has a moment has waited since then, whether or not a connection was free for it. There is no library for
HTTP in here: who sends shares the cores with what is measured.
"""

import re
import selectors
import socket
import ssl
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from dev.processes import Problem

PATIENCE = 20  # seconds for the last answers
LOST = 0  # stands for the status where the connection ended before an answer came
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LAST = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


@dataclass
class Answers:
    """Milliseconds until each answer, by its status, and the seconds from the first request to the last answer."""

    seconds: float = 0
    waits: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def number(self, first: int, last: int | None = None) -> int:
        """With this status, or one from `first` to `last`."""
        return sum(len(waits) for status, waits in self.waits.items() if first <= status <= (last or first))

    @property
    def acknowledged(self) -> int:
        return self.number(302)

    @property
    def rate(self) -> float:
        """Acknowledged a second."""
        return self.acknowledged / self.seconds if self.seconds else 0.0

    def percentile(self, number: int) -> float:
        """Of what was acknowledged, in milliseconds."""
        waits = sorted(self.waits[302])
        return waits[min(len(waits) * number // 100, len(waits) - 1)] if waits else float("inf")

    def __str__(self) -> str:
        others = [f", {len(waits)} × {status or 'no answer'}" for status, waits in self.waits.items() if status != 302]
        times = f"p50 {self.percentile(50):.0f} ms, p99 {self.percentile(99):.0f} ms"
        return f"{self.rate:,.0f}/s, {times}{''.join(others)}"


class Connection:
    """One request at a time. Each has a loopback address of its own where `source` names one."""

    def __init__(self, url: str, source: str | None):
        self.address = urlsplit(url)
        self.source = (source, 0) if source else None
        self.open()

    def open(self) -> None:
        server = ("127.0.0.1", self.address.port or 0)
        self.socket = socket.create_connection(server, 10, self.source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.address.scheme == "https":
            self.socket = TLS.wrap_socket(self.socket, server_hostname=self.address.hostname)
        self.socket.setblocking(False)
        self.received, self.is_over = b"", False

    def ask(self, request: bytes, since: float) -> None:
        self.since = since
        self.socket.sendall(request)  # a form is smaller than the buffer of a socket

    def status(self) -> int | None:
        """Of the answer, once all of it is there. Errors: `OSError` where the connection ended before."""
        try:
            piece = self.socket.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        if not piece:
            raise ConnectionResetError
        self.received += piece
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return None
        length, status = LENGTH.search(head), STATUS.match(head)
        if length is None or status is None:
            raise Problem(f"An answer does not say its length: {head.decode(errors='replace')}")
        if len(body) < int(length[1]):
            return None
        self.received, self.is_over = b"", bool(LAST.search(head))
        return int(status[1])


class Visitors:
    """Their connections are kept from one round to the next, and closed with the `with` block."""

    def __init__(self, url: str, number: int, sources: Sequence[str] = ()):
        self.free = deque(Connection(url, sources[each] if sources else None) for each in range(number))
        self.busy: dict[socket.socket, Connection] = {}
        self.selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in (*self.free, *self.busy.values()):
            connection.socket.close()
        self.selector.close()

    def send(self, requests: Sequence[bytes], *, rate: float | None = None, seconds: float = PATIENCE) -> Answers:
        """All of them at `rate` a second; or, without one, what is answered within `seconds`."""
        answers, number, begin = Answers(), 0, time.perf_counter()
        now, end = begin, begin + (len(requests) / rate + PATIENCE if rate else seconds)
        while now < end and (number < len(requests) or self.busy):
            while self.free and number < len(requests) and (due := begin + number / rate if rate else now) <= now:
                self.ask(requests[number], due, answers)
                number += 1
            pause = max(begin + number / rate - now, 0) if rate and self.free and number < len(requests) else 0.1
            self.hear(answers, pause)
            now = time.perf_counter()
        self.hear_the_rest(answers)
        answers.seconds = time.perf_counter() - begin
        return answers

    def ask(self, request: bytes, due: float, answers: Answers) -> None:
        connection = self.free.popleft()
        try:
            if connection.is_over:
                connection.open()
            connection.ask(request, due)
        except OSError:
            self.lose(connection, answers)
            return
        self.busy[connection.socket] = connection
        self.selector.register(connection.socket, selectors.EVENT_READ, connection)

    def hear(self, answers: Answers, pause: float) -> None:
        for key, _ in self.selector.select(pause):
            connection: Connection = key.data
            try:
                status = connection.status()
            except OSError:
                self.leave(key.fileobj)
                self.lose(connection, answers)
                continue
            if status is not None:
                answers.waits[status].append(1000 * (time.perf_counter() - connection.since))
                self.leave(key.fileobj)
                self.free.append(connection)

    def leave(self, waiting: object) -> None:
        self.selector.unregister(waiting)
        del self.busy[waiting]

    def lose(self, connection: Connection, answers: Answers) -> None:
        answers.waits[LOST].append(0.0)
        connection.is_over = True
        self.free.append(connection)

    def hear_the_rest(self, answers: Answers) -> None:
        """What was sent in time and answered later: acknowledged all the same."""
        end = time.perf_counter() + PATIENCE
        while self.busy and time.perf_counter() < end:
            self.hear(answers, 0.1)
        for waiting, connection in list(self.busy.items()):
            self.leave(waiting)
            self.lose(connection, answers)


def trusting() -> ssl.SSLContext:
    """The edge that is measured made its certificate itself."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


TLS = trusting()
