"""Figures in rows, for the page and for a spreadsheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from .counts import Pair, Waits

Cell = str | int
ENOUGH_FOR_PERCENT = 20  # of 3, a percentage says more than is known
NOTHING = "–"
NBSP = "\u00a0"  # keeps what belongs together on one line


@dataclass(frozen=True)
class Row:
    label: str
    cells: Sequence[Cell]
    address: str = ""
    note: str = ""
    bar: str = ""  # how long the bar beside the label is, such as "62.5%"
    is_total: bool = False


@dataclass(frozen=True)
class Table:
    """`shown` rows stand on the page; all of them are in the spreadsheet."""

    key: str
    title: str
    headings: Sequence[str]
    rows: Sequence[Row] = field(default_factory=list)
    shown: int = 100
    is_wide: bool = False  # on a phone a row becomes a card
    note: str = ""

    @property
    def rows_shown(self) -> list[dict[str, object]]:
        names = self.headings[1:]
        return [{"row": row, "cells": list(zip(names, row.cells, strict=True))} for row in self.rows[: self.shown]]

    @property
    def left_out(self) -> int:
        return max(len(self.rows) - self.shown, 0)

    @property
    def for_a_spreadsheet(self) -> list[list[str]]:
        labels = [f"{row.label} ({row.note})" if row.note else row.label for row in self.rows]
        rows: list[list[Cell]] = [[label, *row.cells] for label, row in zip(labels, self.rows, strict=True)]
        return [[str(cell).replace(NBSP, " ") for cell in cells] for cells in [self.headings, *rows]]


def two(numbers: Pair) -> list[Cell]:
    return [numbers.now, numbers.before]


def with_bars(rows: Sequence[Row], numbers: Sequence[int]) -> Iterator[Row]:
    """The rows, each with a bar as long as its number is large."""
    most = max([*numbers, 1])
    for row, number in zip(rows, numbers, strict=True):
        yield Row(row.label, row.cells, row.address, row.note, f"{100 * number / most:.1f}%", row.is_total)


def share(part: int, whole: int) -> str:
    """Such as "2 of 3", or "90 % (18 of 20)" where there is enough for it."""
    return f"{percentage(part, whole)} ({unbroken(part, whole)})" if whole >= ENOUGH_FOR_PERCENT else few(part, whole)


def few(part: int, whole: int) -> str:
    return unbroken(part, whole) if whole else NOTHING


def unbroken(part: int, whole: int) -> str:
    return f"{part} of {whole}".replace(" ", NBSP)


def percentage(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)}{NBSP}%"


def clock_time(wait: Waits) -> str:
    return NOTHING if wait.clock is None else length(wait.clock)


def opening_time(wait: Waits) -> str:
    return NOTHING if wait.opening is None else length(wait.opening)


def length(time: timedelta) -> str:
    """Such as "25 min", "1 h 40 min", "74 h"."""
    minutes = round(time.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    words = [f"{hours} h"] if hours else []
    if (rest and hours < 48) or not hours:
        words.append(f"{rest} min")
    return " ".join(words).replace(" ", NBSP)
