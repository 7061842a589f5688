"""One line of JSON for each event, and nobody in it.

What an exception says is left out, since a database quotes the row that it refuses; and so are local variables, what
follows the ? of an address, and the tokens in links, which open somebody's page.
"""

import json
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = f"{Path(__file__).resolve().parent.parent}/"
INSTALLED = re.compile(r"^.*/(?:site|dist)-packages/|^.*/lib/python[\d.]+/")
QUERY = re.compile(r"(/[^\s?]*)\?\S+")
TOKEN = re.compile(
    r"(/(?:r|email/(?:confirm|preferences|unsubscribe)|workshops/watch|assessment/thanks"
    r"|admin/password_reset/confirm/[^/\s]+)/)[^/\s]+"
)
CALLS = 15  # the innermost, of a fault

# What is being done: the request's number, which the edge's log and its answer carry too, or the task.
occasion: ContextVar[Mapping[str, str]] = ContextVar("occasion", default={})  # noqa: B039  nobody changes it


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_tokens(message(record)),
            **occasion.get(),
        }
        if record.exc_info and record.exc_info[1]:
            event["fault"] = [type(error).__name__ for error in chain(record.exc_info[1])]
            event["calls"] = calls(record.exc_info[1])
        return json.dumps(event, ensure_ascii=False)


def message(record: logging.LogRecord) -> str:
    """Celery would tell what an exception says, and with it the traceback."""
    if isinstance(record.args, Mapping) and "traceback" in record.args:
        kept = {name: record.args.get(name) for name in ("name", "id", "description")}
        return "Task {name}[{id}] {description}".format(**kept)
    return record.getMessage()


def without_tokens(text: str) -> str:
    return TOKEN.sub(r"\1-", QUERY.sub(r"\1", text))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def calls(error: BaseException) -> list[str]:
    """Where it happened, the innermost last: such as "leads/views/answer.py:52 take"."""
    summary = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    return [f"{place(frame.filename)}:{frame.lineno} {frame.name}" for frame in summary[-CALLS:]]


def place(filename: str) -> str:
    return INSTALLED.sub("", filename).removeprefix(ROOT)
