"""What every page shows and staff seldom change, kept by each process for a moment instead of read for each page."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Generic, TypeVar

from django.conf import settings
from django.db import DatabaseError

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """A function without arguments whose answer stays good for `settings.REMEMBER_SECONDS`.

    A change made by this process is told at once with `forget`; one made by another is seen when the time is over.
    While the database does not answer, the last answer stays good.
    """

    def __init__(self, read: Callable[[], Value]):
        self.read = read
        self.value: Value | None = None
        self.good_until = 0.0
        wraps(read)(self)

    def __call__(self) -> Value:
        if self.value is None or time.monotonic() >= self.good_until:
            try:
                self.value = self.read()
            except DatabaseError:
                if self.value is None:
                    raise
            self.good_until = time.monotonic() + settings.REMEMBER_SECONDS
        return self.value

    def forget(self) -> None:
        self.good_until = 0.0
