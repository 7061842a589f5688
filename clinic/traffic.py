"""How many requests were answered, with what, and how soon: one set of counts for all workers of a gunicorn.

They lie in memory that the workers share, a row for each, so that nobody waits for a lock that a killed worker held. A
new worker goes on with the row of one that ended. Each start of gunicorn begins at nought.
"""

import mmap
import threading
from bisect import bisect_left
from collections.abc import Iterator

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
WIDTH = len(BOUNDS) + 2  # and what took longer, and the sum of all
ROW = len(CLASSES) * WIDTH
ROWS = 64
NAME = "clinic_request_seconds"

cells = memoryview(mmap.mmap(-1, ROWS * ROW * 8)).cast("d")
row = 0  # this process's
threads = threading.Lock()  # of this process


def take_row(number: int) -> None:
    global row  # noqa: PLW0603  a process has one
    row = number


def free_row(taken: set[int]) -> int:
    """The last row is for all who come after: two in a row may lose a count, and no worker is turned away."""
    return next((number for number in range(ROWS) if number not in taken), ROWS - 1)


def count(status: int, seconds: float) -> None:
    start = row * ROW + (status // 100 - 1) * WIDTH
    with threads:
        cells[start + bisect_left(BOUNDS, seconds)] += 1
        cells[start + WIDTH - 1] += seconds


def lines() -> Iterator[str]:
    """A histogram for each class of answers, as Prometheus reads it: each bucket holds those before it."""
    yield f"# HELP {NAME} Seconds until a request was answered."
    yield f"# TYPE {NAME} histogram"
    for place, name in enumerate(CLASSES):
        *buckets, total = (sum(cells[place * WIDTH + column :: ROW]) for column in range(WIDTH))
        answered = 0
        for bound, number in zip([*BOUNDS, "+Inf"], buckets, strict=True):
            answered += int(number)
            yield f'{NAME}_bucket{{status="{name}",le="{bound}"}} {answered}'
        yield f'{NAME}_sum{{status="{name}"}} {total:.6f}'
        yield f'{NAME}_count{{status="{name}"}} {answered}'
