"""The way through a sequence as one line with a dot for each mail: where it stands in time, and who waits there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from leads.models import Step

LEFT, WIDTH = 5.0, 90.0  # per cent of the picture
SMALLEST, LARGEST = 6.0, 13.0  # radius in pixels


@dataclass(frozen=True)
class Dot:
    step: Step
    x: float  # per cent from the left
    radius: float
    day: int  # after the start, at the earliest
    waiting: int


def dots_of(steps: Sequence[Step], waiting: Mapping[str, int]) -> list[Dot]:
    """Far apart where the wait is long; never so near that two dots touch."""
    hours = [step.delay_hours for step in steps]
    even = max(sum(hours) / (len(steps) or 1), 1)
    shares = [delay + even for delay in hours]
    most = max([*waiting.values(), 1])
    dots, passed, place = [], 0, 0.0
    for step, share in zip(steps, shares, strict=True):
        passed += step.delay_hours
        place += share
        number = waiting.get(step.key, 0)
        radius = SMALLEST + (LARGEST - SMALLEST) * (number / most) ** 0.5
        dots.append(
            Dot(step, round(LEFT + WIDTH * place / sum(shares), 2), round(radius, 1), round(passed / 24), number)
        )
    return dots


def gone(dots: Iterable[Dot], waiting: Mapping[str, int]) -> int:
    """How many wait for a step of an earlier version that the present one has no more."""
    return sum(waiting.values()) - sum(dot.waiting for dot in dots)
