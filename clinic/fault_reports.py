"""Tells a service that speaks Sentry's protocol, such as GlitchTip, of faults. `SENTRY_DSN` switches it on.

What leaves is less than a line of the log holds: what kind of fault, in which calls, and the number of the request or
the task, by which the log has the rest. No message, no variable, no address, nobody. So there is nothing to scrub.
"""

import contextlib
import json
import logging
import queue
import threading
import uuid
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from . import logs

MOST_WAITING = 100  # reports; a site in trouble has better things to do
MOST_READ = 64 * 1024  # bytes of an answer
PATIENCE = 5  # seconds for each answer, and for all that waits when the process ends


class FaultReporter(logging.Handler):
    """Sends from a thread of its own, which begins with the first fault of each process: a request never waits."""

    def __init__(self, dsn: str):
        super().__init__(logging.ERROR)
        address = urlsplit(dsn)
        folder, _, project = address.path.rpartition("/")
        if not (address.username and address.hostname and project) or address.scheme not in ("http", "https"):
            raise ValueError("SENTRY_DSN has to be like https://key@host/project")
        self.host = address.netloc.rpartition("@")[2]
        self.path = f"{folder}/api/{project}/envelope/"
        self.connection = HTTPSConnection if address.scheme == "https" else HTTPConnection
        self.authorization = f"Sentry sentry_version=7, sentry_client=clinic/1, sentry_key={address.username}"
        self.waiting: queue.Queue[dict[str, Any]] = queue.Queue(MOST_WAITING)
        self.thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.waiting.put_nowait(report(record))
        except queue.Full:
            return
        if self.thread is None or not self.thread.is_alive():  # none came along from the process that this one is of
            self.thread = threading.Thread(target=self.send_all, name="fault-reports", daemon=True)
            self.thread.start()

    def send_all(self) -> None:
        while True:
            event = self.waiting.get()
            try:
                self.send(event)
            except (OSError, HTTPException):  # it is in the log, and a second fault about a fault helps nobody
                pass
            finally:
                self.waiting.task_done()

    def send(self, event: dict[str, Any]) -> None:
        lines = ({"event_id": event["event_id"]}, {"type": "event"}, event)
        headers = {"Content-Type": "application/x-sentry-envelope", "X-Sentry-Auth": self.authorization}
        with contextlib.closing(self.connection(self.host, timeout=PATIENCE)) as connection:
            connection.request("POST", self.path, "\n".join(map(json.dumps, lines)).encode(), headers)
            connection.getresponse().read(MOST_READ)

    def flush(self) -> None:
        """`logging` asks for it when the process ends."""
        with self.waiting.all_tasks_done:
            self.waiting.all_tasks_done.wait_for(lambda: not self.waiting.unfinished_tasks, timeout=PATIENCE)


def report(record: logging.LogRecord) -> dict[str, Any]:
    event: dict[str, Any] = {
        "event_id": uuid.uuid4().hex,
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        "platform": "python",
        "level": record.levelname.lower(),
        "logger": record.name,
        "tags": dict(logs.occasion.get()),
    }
    error = record.exc_info and record.exc_info[1]
    if error:
        chain = reversed(list(logs.chain(error)))  # the protocol begins with what came first
        event["exception"] = {"values": [{"type": type(each).__name__, "stacktrace": frames(each)} for each in chain]}
    else:
        event["transaction"] = f"{logs.place(record.pathname)}:{record.lineno}"
    return event


def frames(error: BaseException) -> dict[str, Any]:
    return {"frames": [frame(call) for call in logs.calls(error)]}


def frame(call: str) -> dict[str, Any]:
    """Of what `logs.calls` says, such as "leads/views/answer.py:52 take"."""
    place, function = call.split(" ", 1)
    filename, _, line = place.rpartition(":")
    return {"filename": filename, "lineno": int(line), "function": function}
