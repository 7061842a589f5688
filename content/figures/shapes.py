"""What parts are made of. A colour is the name of a token of the page: `shirt` is var(--shirt)."""

from dataclasses import dataclass

from .geometry import Point


@dataclass(frozen=True)
class Shape:
    d: str
    fill: str = ""
    stroke: str = ""
    width: float = 0
    dashes: str = ""


@dataclass(frozen=True)
class Dot:
    centre: Point
    radius: int
    fill: str
    stroke: str = ""
    width: float = 0


def line(d: str, colour: str, width: float, dashes: str = "") -> Shape:
    return Shape(d, stroke=colour, width=width, dashes=dashes)


Parts = dict[str, list[Shape | Dot]]
