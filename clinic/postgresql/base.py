"""Django's PostgreSQL, but a visitor does not wait for a database that hangs, nor for a plan that it has made before.

A server that is stopped, or a disk that does not answer, keeps a statement waiting without end: no time-out of the
server's own helps there. Within `answer_within` each statement ends in an `OperationalError` when the time is over.
"""

import select
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.postgresql import base

LAST_CHANCE = 0.1  # seconds, for the statement that comes when the time is over: a rollback, mostly

deadline: ContextVar[float | None] = ContextVar("deadline", default=None)  # of the monotonic clock


@contextmanager
def answer_within(seconds: float) -> Iterator[None]:
    """Let the statements in here take so long and no longer, all of them together."""
    token = deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        deadline.reset(token)


@contextmanager
def prepared() -> Iterator[None]:
    """Let PostgreSQL keep its plans of the statements in here for as long as the connection lasts.

    For those that every form and every mail comes with: to plan them takes longer than to execute them. They name the
    columns that they answer with, and no `*`: a plan does not outlive a change of what it answers.
    """
    connection.ensure_connection()
    inner = connection.connection
    usual, inner.cursor_factory = inner.cursor_factory, base.ServerBindingCursor
    try:
        yield
    finally:
        inner.cursor_factory = usual


class Connection(psycopg.Connection[Any]):
    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        ends_at = deadline.get()
        if ends_at is not None:
            kwargs["timeout"] = max(ends_at - time.monotonic(), LAST_CHANCE)
        try:
            return super().wait(gen, *args, **kwargs)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()  # its answer may still come, and must not be taken for that of another statement
            raise


class DatabaseWrapper(base.DatabaseWrapper):
    Database = SimpleNamespace(**{**vars(psycopg), "connect": Connection.connect})

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "prepare_threshold": 0}  # of the statements in `prepared` alone

    def is_usable(self) -> bool:
        """After an error the server is asked, as Django does. Else it is enough that it did not hang up meanwhile:

        to ask it before each request takes longer than to write a row.
        """
        if self.connection is None or self.connection.closed or self.errors_occurred:
            return bool(super().is_usable())
        news = select.poll()
        news.register(self.connection, select.POLLIN)
        return not news.poll(0)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        ends_at = deadline.get()
        if ends_at is not None and time.monotonic() > ends_at:
            raise psycopg.OperationalError("the time for this answer is over")
        return super().get_new_connection(conn_params)
