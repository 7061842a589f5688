"""Outlines as SVG path data, short enough to stand in the page. Lengths are tenths of an inch, y points down, angles
are degrees clockwise."""

from collections.abc import Sequence
from math import acos, asin, atan2, cos, degrees, hypot, radians, sin

Point = tuple[float, float]


def number(value: float) -> str:
    """Return the shortest text of a value rounded to a tenth of a unit."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def between(table: Sequence[tuple[float, ...]], at: float, column: int) -> float:
    """Read a column of a table of (position, value, ...) rows at any position, along a smooth line through the rows."""
    last = len(table) - 1
    i = max(k for k in range(last) if table[k][0] <= at)
    (x1, y1), (x2, y2) = ((table[k][0], table[k][column]) for k in (i, i + 1))
    before, after = table[max(i - 1, 0)], table[min(i + 2, last)]
    slope1 = (y2 - before[column]) / (x2 - before[0])
    slope2 = (after[column] - y1) / (after[0] - x1)
    t, gap = (at - x1) / (x2 - x1), x2 - x1
    return (
        y1 * (2 * t**3 - 3 * t**2 + 1)
        + gap * slope1 * (t**3 - 2 * t**2 + t)
        + y2 * (3 * t**2 - 2 * t**3)
        + gap * slope2 * (t**3 - t**2)
    )


def numbers(values: Sequence[float], *, exact: bool = False) -> str:
    """Join numbers as path data does, whole or with one decimal: a minus sign needs no space before it."""
    text = ""
    for value in values:
        part = number(value if exact else round(value))
        text += part if not text or part.startswith("-") else f" {part}"
    return text


def turn(point: Point, angle: float) -> Point:
    """About the origin."""
    x, y = point
    c, s = cos(radians(angle)), sin(radians(angle))
    return x * c - y * s, x * s + y * c


def limb(stations: Sequence[tuple[float, float, float]], *, hem: bool = False) -> str:
    """Outline a limb that hangs down from its joint: (distance, half width in front, half width behind) for each
    station, of which none or at least two stand between the ends. Round caps let the neighbours turn there without a
    kink; a hem cuts the lower end off straight."""
    front = [(round(f), y) for y, f, _ in stations]
    back = [(-round(b), y) for y, _, b in reversed(stations)]
    end = f"h{numbers((back[0][0] - front[-1][0],))}" if hem else cap(front[-1], back[0])
    return f"M{numbers(front[0])}{side(front)}{end}{side(back)}{cap(back[-1], front[0])}z"


def side(points: Sequence[Point]) -> str:
    """One curve from the first point to the last that comes nearest to those between: x is a cubic function of y."""
    (x0, y0), *between_them, (x3, y3) = points
    if not between_them:
        return f"l{numbers((x3 - x0, y3 - y0))}"
    # The two weights of the control points at each point between, and what they have to make up for there.
    rows = []
    for x, y in between_them:
        t = (y - y0) / (y3 - y0)
        rows.append((3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), x - x0 * (1 - t) ** 3 - x3 * t**3))
    aa, ab, bb = (sum(row[i] * row[j] for row in rows) for i, j in ((0, 0), (0, 1), (1, 1)))
    ar, br = (sum(row[i] * row[2] for row in rows) for i in (0, 1))
    x1 = (ar * bb - br * ab) / (aa * bb - ab * ab)
    x2 = (aa * br - ab * ar) / (aa * bb - ab * ab)
    third = (y3 - y0) / 3
    return f"c{numbers((x1 - x0, third, x2 - x0, 2 * third, x3 - x0, y3 - y0))}"


def cap(start: Point, end: Point) -> str:
    """Half a circle, clockwise: a radius that is too short for the way grows until it fits."""
    return f"a1 1 0 0 1 {numbers((end[0] - start[0], end[1] - start[1]))}"


def wedge(low: tuple[float, float], high: tuple[float, float], height: float) -> tuple[Point, Point, Point, Point]:
    """Where two circles, the one so far above the other, have their common edges: lower right, upper right, upper left
    and lower left. A circle is (its middle's distance from the upright, its radius)."""
    (x0, r0), (x1, r1) = low, high
    way = degrees(atan2(-height, x1 - x0))
    lean = degrees(asin((r0 - r1) / hypot(x1 - x0, height)))

    def edge(x: float, y: float, radius: float, side: int) -> Point:
        angle = radians(way + side * (90 - lean))
        return x + radius * cos(angle), y + radius * sin(angle)

    return edge(x0, 0, r0, 1), edge(x1, -height, r1, 1), edge(x1, -height, r1, -1), edge(x0, 0, r0, -1)


def reach(start: Point, target: Point, upper: float, lower: float, bend: int) -> tuple[float, float]:
    """Return the two angles, from straight down, that bring a two-part limb from start to target."""
    dx, dy = target[0] - start[0], target[1] - start[1]
    far = min(hypot(dx, dy), upper + lower - 0.5)
    base = degrees(atan2(-dx, dy))
    first = base + bend * degrees(acos((upper**2 + far**2 - lower**2) / (2 * upper * far)))
    elbow = turn((0, upper), first)
    tip = (dx - elbow[0], dy - elbow[1])
    return first, degrees(atan2(-tip[0], tip[1]))
