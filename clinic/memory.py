"""What many pages show and staff seldom change, kept by each process for a moment instead of read for each page."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import WeakSet

from django.conf import settings
from django.db import DatabaseError

Key = ParamSpec("Key")
Value = TypeVar("Value")
MOST_ANSWERS = 1000  # then all of them are forgotten: simpler than choosing, and soon known again


class Remembered(Generic[Key, Value]):
    """A function whose answer to the same arguments stays good for `settings.REMEMBER_SECONDS`.

    A change made by this process is told at once with `forget`; one made by another is seen when the time is over.
    While the database does not answer, the last answer stays good.
    """

    def __init__(self, read: Callable[Key, Value]):
        self.read = read
        self.answers: dict[tuple[object, ...], tuple[float, Value]] = {}  # and until when each is good
        wraps(read)(self)
        all_remembered.add(self)

    def __call__(self, *key: Key.args, **_: Key.kwargs) -> Value:
        known = self.answers.get(key)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        try:
            value = self.read(*key)
        except DatabaseError:
            if known is None:
                raise
            value = known[1]
        if len(self.answers) >= MOST_ANSWERS:
            self.answers.clear()
        self.answers[key] = (time.monotonic() + settings.REMEMBER_SECONDS, value)
        return value

    def forget(self) -> None:
        """Let what is known stand in for a database that does not answer, and for nothing else."""
        self.answers = {key: (0.0, value) for key, (_, value) in self.answers.items()}


all_remembered: WeakSet[Remembered[Any, Any]] = WeakSet()


def forget_all() -> None:
    """As a process that just started. For tests and measurements."""
    for remembered in all_remembered:
        remembered.answers.clear()
