"""What the person lies, sits and stands on, what measures her, and what shows the way."""

from .body import ANKLES, KNEES, KNEES_APART
from .geometry import Point, curve
from .shapes import Dot, Parts, Shape, line

SPIRAL = "M-53-28C-43-28-38-38-39-47C-40-58-56-62-62-53C-67-45-61-35-53-36C-45-37-44-48-50-50C-55-51-58-46-55-44"
KNEE_PILLOW = [(78, 46), (74, 30), (92, 8), (118, -10), (146, -16), (172, -4), (196, 16), (210, 32), (206, 46)]
HEAD_PILLOW = [(-372, 46), (-376, 34), (-360, 22), (-318, 22), (-270, 14), (-232, 18), (-222, 34), (-228, 46)]

# The outer edge of a leg seen from the feet: beside the middle, and above the floor.
OUTER_EDGE = ((24.5, 92), (25, 110), (25, 130), (25, 156), (18, 173), (3, 182), (-9, 180))


def ghost(shift: float) -> str:
    """The outer edge of the outer leg when the knees have moved so far to one side; the foot stays."""
    side = 1 if shift > 0 else -1
    edge: list[Point] = []
    for beside, above in OUTER_EDGE:
        edge.append((side * (KNEES_APART + beside) + shift * (above - ANKLES) / (KNEES - ANKLES), -above))
    return curve(edge, closed=False)


THINGS: Parts = {
    "floor": [Shape("M-380 0H380V9H-380z", "wood")],
    "chair": [
        line("M-76-135Q-58-60-56 40Q-58 120-70 198M96 50Q98 120 102 198M-62 128L98 128", "wood", 11),
        line("M-77-139Q-68-105-64-72", "wood", 20),
    ],
    "seat": [Shape("M-60 37L106 37Q113 37 113 44Q113 52 106 52L-60 52Q-67 52-67 44Q-67 37-60 37z", "wood")],
    "backrest": [
        line("M-80-142Q-72-60-68 42Q-66 120-74 198M98 50Q98 120 102 198M-67 128L98 128", "wood", 11),
        line("M-81-142Q-76-90-73-30", "wood", 17),
    ],
    "towel": [Dot((-53, -46), 18, "bone", "wood", 2.5), line(SPIRAL, "wood", 2.5)],
    "knee-pillow": [Shape(curve(KNEE_PILLOW), "bone"), line("M92 30Q140 12 190 34", "mat", 3)],
    "head-pillow": [Shape(curve(HEAD_PILLOW), "bone")],
    # Ten units to the inch, above the knees: 1 inch is wood, 3 inches mat.
    "ruler": [
        Shape("M-54-220H54V-198H-54z", "paper", "heading", 2),
        Shape("M-30-219H30V-199H-30z", "mat"),
        Shape("M-10-219H10V-199H-10z", "wood"),
        line("M-50-198v-6M-40-198v-6M-20-198v-6M0-198v-6M20-198v-6M40-198v-6M50-198v-6", "heading", 1.5),
        line("M-30-198v-12M-10-198v-12M10-198v-12M30-198v-12", "heading", 2),
    ],
    "pointer": [Shape("M0-194L7-183H-7z", "heading")],
    "ghosts": [
        line(ghost(30) + ghost(-30), "heading", 2, dashes="6 5"),
        line(ghost(10) + ghost(-10), "heading", 2, dashes=".1 4.5"),
    ],
    "arrow-round": [line("M186-300Q222-282 220-238M208-252L220-236L232-252", "heading", 4)],
    "arrow-tall": [line("M70-300V-352M58-338L70-353L82-338", "heading", 4)],
    "arrow-lift": [line("M128-170Q160-196 158-236M145-222L158-238L171-222", "heading", 4)],
}
