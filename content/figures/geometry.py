"""Outlines as SVG path data. Lengths are tenths of an inch, y points down, angles are degrees clockwise."""

from collections.abc import Sequence
from math import acos, atan2, cos, degrees, hypot, radians, sin, sqrt

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


def turn(point: Point, angle: float, about: Point = (0, 0)) -> Point:
    x, y = point[0] - about[0], point[1] - about[1]
    c, s = cos(radians(angle)), sin(radians(angle))
    return about[0] + x * c - y * s, about[1] + x * s + y * c


def curve(points: Sequence[Point], *, closed: bool = True) -> str:
    """Draw a smooth line through the points: a centripetal Catmull-Rom spline, which makes no loops or kinks."""
    count = len(points)
    last = count if closed else count - 1

    def at(index: int) -> Point:
        return points[index % count] if closed else points[min(max(index, 0), count - 1)]

    path = "M" + numbers(points[0], exact=True)
    for i in range(last):
        p0, p1, p2, p3 = at(i - 1), at(i), at(i + 1), at(i + 2)
        d1, d2, d3 = (sqrt(hypot(b[0] - a[0], b[1] - a[1])) or 1e-6 for a, b in ((p0, p1), (p1, p2), (p2, p3)))
        steps: list[float] = []
        for k in (0, 1):
            out = (d1 * d1 * p2[k] - d2 * d2 * p0[k] + (2 * d1 * d1 + 3 * d1 * d2 + d2 * d2) * p1[k]) / (
                3 * d1 * (d1 + d2)
            )
            back = (d3 * d3 * p1[k] - d2 * d2 * p3[k] + (2 * d3 * d3 + 3 * d3 * d2 + d2 * d2) * p2[k]) / (
                3 * d3 * (d3 + d2)
            )
            if not closed and i == 0:
                out = p1[k] + (p2[k] - p1[k]) / 3
            if not closed and i == last - 1:
                back = p2[k] - (p2[k] - p1[k]) / 3
            steps += [out, back, p2[k]]
        path += "C" + numbers([steps[n] for n in (0, 3, 1, 4, 2, 5)], exact=True)
    return path + ("z" if closed else "")


def limb(stations: Sequence[tuple[float, float, float]], *, hem: bool = False) -> str:
    """Outline a limb that hangs down from its joint: (distance, half width in front, half width behind) for each
    station. Round caps let the neighbours turn there without a kink; a hem cuts the lower end off straight."""
    front = [(f, y) for y, f, _ in stations]
    back = [(-b, y) for y, _, b in stations]
    top = cap(stations[0], -1)[::-1]
    if hem:
        return curve(back[::-1] + top + front, closed=False) + "z"
    return curve(front + cap(stations[-1], 1) + back[::-1] + top)


def cap(station: tuple[float, float, float], direction: int) -> list[Point]:
    y, front, back = station
    middle, radius = (front - back) / 2, (front + back) / 2
    angles = [radians(45), radians(90), radians(135)]
    return [(middle + radius * cos(angle), y + direction * radius * sin(angle)) for angle in angles]


def segment(low: float, tip: Point, high: float, *, hem: bool = False) -> str:
    """Outline one piece of trunk: from its own joint, half as deep as `low`, to a round end at the joint above. That
    round end is where the next piece turns, so the outline stays smooth at every bend. The notch below leaves the spine
    of the piece underneath in sight; a hem hangs below the joint instead."""
    dx, dy = tip
    way = degrees(atan2(dy, dx))
    lean = degrees(atan2(low - high, sqrt(dx * dx + dy * dy - (low - high) ** 2)))
    points = []
    for centre, radius, side in (((0, 0), low, 1), (tip, high, 1), (tip, high, -1), ((0, 0), low, -1)):
        angle = radians(way + side * (90 - lean))
        points.append((centre[0] + radius * cos(angle), centre[1] + radius * sin(angle)))
    p, q, r, s = (numbers(point, exact=True) for point in points)
    side = f"L{q}A{number(high)} {number(high)} 0 {int(lean < 0)} 0 {r}L{s}"
    return f"M48 14L{p}{side}L-48 14Q0 20 48 14z" if hem else f"M{p}{side}L-15-1z"


def reach(start: Point, target: Point, upper: float, lower: float, bend: int) -> tuple[float, float]:
    """Return the two angles, from straight down, that bring a two-part limb from start to target."""
    dx, dy = target[0] - start[0], target[1] - start[1]
    far = min(hypot(dx, dy), upper + lower - 0.5)
    base = degrees(atan2(-dx, dy))
    first = base + bend * degrees(acos((upper**2 + far**2 - lower**2) / (2 * upper * far)))
    elbow = turn((0, upper), first)
    tip = (dx - elbow[0], dy - elbow[1])
    return first, degrees(atan2(-tip[0], tip[1]))
