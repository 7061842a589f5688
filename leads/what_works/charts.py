"""Charts as a browser draws them without a script: bars that stand on each other, or lines.

Everything across is in percent of the width, everything down in pixels: so a chart fits a phone and its letters keep
their size. Colours are classes of admin-what-works.css.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

TOP, PLOT, FOOT = 20, 160, 28  # pixels
LEFT = 7.0  # percent, for the scale
BAR, WIDEST = 0.66, 11.0  # of the room that there is; percent
FEW = 14  # up to so many slots each has its label, and each bar its number
ROOM_ON_A_PHONE = 8
GAP = 2  # pixels between what stands on each other


@dataclass(frozen=True)
class Series:
    """`key` names the colour. A value of None is still to come."""

    key: str
    name: str
    values: Sequence[int | None]


@dataclass(frozen=True)
class Chart:
    key: str
    title: str
    description: str
    labels: Sequence[str]
    series: Sequence[Series]

    height = TOP + PLOT + FOOT
    baseline = TOP + PLOT
    left = f"{LEFT}%"
    scale_end = f"{LEFT - 1.5}%"

    @property
    def heights(self) -> list[int]:
        """What has to fit in, of each slot."""
        raise NotImplementedError

    @cached_property
    def top(self) -> int:
        """A round, even number that nothing is above."""
        most = max([*self.heights, 1])
        size = 1
        while most > 10 * size:
            size *= 10
        return next(step * size for step in (2, 4, 6, 10) if most <= step * size)

    @property
    def grid(self) -> list[tuple[float, int]]:
        """`(y, number)` of each line of the scale."""
        return [(self.y(number), number) for number in (self.top, self.top // 2)]

    @property
    def marks(self) -> list[dict[str, Any]]:
        """What is written below; `is_minor` has no room on a phone."""
        count = len(self.labels)
        every = 1 if count <= FEW else 7
        return [
            {"x": percent(self.middle(number)), "text": text, "is_minor": count > ROOM_ON_A_PHONE and number % 2 == 1}
            for number, text in enumerate(self.labels)
            if number % every == 0
        ]

    @property
    def is_empty(self) -> bool:
        return not any(self.heights)

    @property
    def room(self) -> float:
        return (100 - LEFT) / len(self.labels)

    def middle(self, number: int) -> float:
        return LEFT + self.room * (number + 0.5)

    def y(self, value: int) -> float:
        return round(TOP + PLOT * (1 - value / self.top), 1)


class BarChart(Chart):
    @property
    def heights(self) -> list[int]:
        return [sum(value or 0 for value in slot) for slot in self.slots]

    @property
    def slots(self) -> list[tuple[int | None, ...]]:
        return list(zip(*(series.values for series in self.series), strict=True))

    @property
    def bars(self) -> list[dict[str, Any]]:
        width = min(self.room * BAR, WIDEST)
        bars = []
        for number, slot in enumerate(self.slots):
            below = 0
            for series, value in zip(self.series, slot, strict=True):
                if value:
                    tall = self.y(below) - self.y(below + value)
                    gap = GAP if below and tall > 2 * GAP else 0
                    x = percent(self.middle(number) - width / 2)
                    bars.append(bar(series.key, x, self.y(below + value), percent(width), tall - gap))
                    below += value
        return bars

    @property
    def numbers(self) -> list[dict[str, Any]]:
        """What is written above each bar; nothing above a day that is still to come."""
        if len(self.labels) > FEW:
            return []
        return [
            {"x": percent(self.middle(number)), "y": self.y(sum(value or 0 for value in slot)) - 6, "text": tall}
            for number, (slot, tall) in enumerate(zip(self.slots, self.heights, strict=True))
            if None not in slot
        ]


class LineChart(Chart):
    @property
    def heights(self) -> list[int]:
        return [value or 0 for series in self.series for value in series.values]

    @property
    def dots(self) -> list[dict[str, Any]]:
        return [
            {"key": series.key, "x": percent(self.middle(number)), "y": self.y(value)}
            for series in self.series
            for number, value in enumerate(series.values)
            if value is not None and not self.is_empty
        ]

    @property
    def lines(self) -> list[dict[str, Any]]:
        dots = self.dots
        return [
            {"key": one["key"], "x1": one["x"], "y1": one["y"], "x2": other["x"], "y2": other["y"]}
            for one, other in pairwise(dots)
            if one["key"] == other["key"]
        ]


def bar(key: str, x: str, y: float, width: str, height: float) -> dict[str, Any]:
    return {"key": key, "x": x, "y": y, "width": width, "height": round(height, 1)}


def percent(number: float) -> str:
    return f"{number:.2f}%"
