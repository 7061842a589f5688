"""What the person lies, sits and stands on, what measures her, and what shows the way."""

from .body import ANKLES, KNEES, KNEES_APART
from .geometry import Point, numbers
from .shapes import Dot, Parts, Shape, line

SPIRAL = "M-53-28c10 0 15-10 14-19c-1-11-17-15-23-6c-5 8 1 18 9 17c8-1 9-12 3-14c-5-1-8 4-5 6"
KNEE_PILLOW = "M78 46c-8-18 22-62 66-62c32 0 72 42 62 62z"
HEAD_PILLOW = "M-372 46c-8-18 6-24 32-24c30 0 50-8 78-8c38 0 42 16 34 32z"

# The outer edge of a leg seen from the feet: up to the knee, and over it.
OUTER_EDGE = ((25, 92), (25, 150), (25, 172), (8, 184), (-9, 180))


def ghost(shift: float) -> str:
    """The outer edge of the outer leg when the knees have moved so far to one side; the foot stays."""
    side = 1 if shift > 0 else -1
    edge: list[Point] = []
    for beside, above in OUTER_EDGE:
        edge.append((side * (KNEES_APART + beside) + shift * (above - ANKLES) / (KNEES - ANKLES), -above))
    ankle, knee, *over = (numbers(point) for point in edge)
    return f"M{ankle}L{knee}C{' '.join(over)}"


THINGS: Parts = {
    "floor": [Shape("M-380 0h760v9h-760z", "wood")],
    "chair": [
        line("M-76-135q18 75 20 175q-2 80-14 158M96 50q2 70 6 148M-62 128l160 0", "wood", 11),
        line("M-77-139q9 34 13 67", "wood", 20),
    ],
    "seat": [Shape("M-60 37l166 0q7 0 7 7q0 8-7 8l-166 0q-7 0-7-8q0-7 7-7z", "wood")],
    "backrest": [
        line("M-80-142q8 82 12 184q2 78-6 156M98 50q0 70 4 148M-67 128l165 0", "wood", 11),
        line("M-81-142q5 52 8 112", "wood", 17),
    ],
    "towel": [Dot((-53, -46), 18, "bone", "wood", 2.5), line(SPIRAL, "wood", 2.5)],
    "knee-pillow": [Shape(KNEE_PILLOW, "bone"), line("M92 30q48-18 98 4", "mat", 3)],
    "head-pillow": [Shape(HEAD_PILLOW, "bone")],
    # Ten units to the inch, above the knees: 1 inch is wood, 3 inches mat.
    "ruler": [
        Shape("M-54-220h108v22h-108z", "paper", "heading", 2),
        Shape("M-30-219h60v20h-60z", "mat"),
        Shape("M-10-219h20v20h-20z", "wood"),
        line("M-50-198v-6M-40-198v-6M-20-198v-6M0-198v-6M20-198v-6M40-198v-6M50-198v-6", "heading", 1.5),
        line("M-30-198v-12M-10-198v-12M10-198v-12M30-198v-12", "heading", 2),
    ],
    "pointer": [Shape("M0-194l7 11h-14z", "heading")],
    "ghosts": [
        line(ghost(30) + ghost(-30), "heading", 2, dashes="6 5"),
        line(ghost(10) + ghost(-10), "heading", 2, dashes=".1 4.5"),
    ],
    "arrow-round": [line("M186-300q36 18 34 62M208-252l12 16l12-16", "heading", 4)],
    "arrow-tall": [line("M70-300v-52M58-338l12-15l12 15", "heading", 4)],
    "arrow-lift": [line("M128-170q32-26 30-66M145-222l13-16l13 16", "heading", 4)],
}
