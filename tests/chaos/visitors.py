"""People who send the assessment form, one after the other, whatever is broken; and what each of them was told."""

import contextlib
import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg

from tests.edge.site import EdgeSite
from tests.leads.visitor import filled_in

MARKER = "zebrafish"  # what hurts, in every form: nobody but the clinic may get to read it
numbers = itertools.count(1)
# So many forms in ten minutes would be a flood, in which each needs a proof of work. These are from long ago.
TIME_PASSES = """
    UPDATE leads_submission SET created_at = created_at - interval '1 day'
     WHERE created_at > now() - interval '10 minutes'
"""


@dataclass(frozen=True)
class Visit:
    key: str
    email: str
    status: int | None  # None: there was no answer
    seconds: float
    page: str

    @property
    def is_thanked(self) -> bool:
        return self.status == http.client.FOUND


class Visitors:
    """Some of them at the same time. Ends when the `with` block does, and then every form has its answer."""

    def __init__(self, site: EdgeSite, at_once: int = 2, pause: float = 0.2, words: int = 1):
        self.site = site
        self.pause = pause  # seconds, between two forms of a thread
        self.words = words  # in what each of them tells
        self.visits: list[Visit] = []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.send, daemon=True) for _ in range(at_once)]
        self.threads.append(threading.Thread(target=self.let_time_pass, daemon=True))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def send(self) -> None:
        while not self.is_over.wait(self.pause):
            self.visits.append(visit(self.site, somebody_new(self.words)))

    def let_time_pass(self) -> None:
        while not self.is_over.wait(1):
            with contextlib.suppress(psycopg.Error):
                self.site.execute(TIME_PASSES)

    @property
    def thanked(self) -> list[Visit]:
        return [visit for visit in self.visits if visit.is_thanked]

    @property
    def refused(self) -> list[Visit]:
        return [visit for visit in self.visits if not visit.is_thanked]

    @property
    def answers(self) -> Counter[int | None]:
        return Counter(visit.status for visit in self.visits)


@dataclass(frozen=True)
class Person:
    """One visitor: what they fill in, and the address that they have."""

    form: Mapping[str, str]
    address: str


def somebody_new(words: int = 1) -> Person:
    number = next(numbers)
    form = filled_in(
        email=f"chaos-{number}@example.com",
        name=f"Visitor {number}",
        phone=f"(425) 555-{number % 10_000:04}",
        hopes=" ".join([MARKER] * words),
    )
    return Person(form, f"127.{20 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}")


def visit(site: EdgeSite, person: Person) -> Visit:
    begin = time.monotonic()
    status, page = None, ""
    with contextlib.suppress(OSError, http.client.HTTPException):
        answer = site.ask("/assessment/", form=person.form, address=person.address)
        status, page = answer.status, answer.text
    return Visit(person.form["key"], person.form["email"], status, time.monotonic() - begin, page)


@contextlib.contextmanager
def readers(site: EdgeSite, path: str) -> Iterator[list[tuple[int | None, float]]]:
    """Somebody reads a page again and again: `(status, seconds)` of each time."""
    seen: list[tuple[int | None, float]] = []
    is_over = threading.Event()

    def read() -> None:
        number = 0
        while not is_over.wait(0.05):
            number += 1
            begin, status = time.monotonic(), None
            with contextlib.suppress(OSError, http.client.HTTPException):
                status = site.ask(path, address=f"127.9.{number // 250 % 250}.{number % 250 + 1}").status
            seen.append((status, time.monotonic() - begin))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()
