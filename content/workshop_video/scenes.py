"""What moves in each chapter: the drawing at a moment of it, counted in seconds from the start of the chapter."""

from collections.abc import Callable, Sequence
from math import atan, cos, degrees, pi, sin

from content.figures.body import ANKLES, HIPS, KNEES, SHIN, SHOULDER, SHOULDER_BONE, THIGH
from content.figures.draw import NAMED
from content.figures.drawings import SEAT_FLOOR, floor
from content.figures.geometry import Point, turn
from content.figures.poses import HAND_ON_THIGH, SEATED, STRIDE, WALKING, Spine, arm, leg, leg_to
from content.figures.scene import COLOURS, Group, Node, Part, Still, expanded, placed

Scene = Callable[[float], str]  # an SVG

INCH = 10  # in the drawing
SWAY = 12.0  # seconds from one side to the other and back
STEP = 4.0  # seconds for a stride
JOINTS = ("hip", "knee", "ankle", "shoulder", "elbow")
POSES = (  # seconds, pose
    (0.0, "tall"),
    (5.0, "tall"),
    (8.5, "round"),
    (10.0, "round"),
    (13.5, "tall"),
    (15.0, "tall"),
    (18.5, "lift"),
    (21.0, "lift"),
    (23.5, "tall"),
    (26.0, "round"),
)


def eased(share: float) -> float:
    """From 0 to 1, slow at both ends."""
    return (1 - cos(pi * min(max(share, 0), 1))) / 2


def picture(box: Sequence[float], inside: str) -> str:
    x, y, width, height = box
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y} {width} {height}" width="{width}" height="{height}" '
        f'font-family="Atkinson Hyperlegible Next" font-size="13" font-weight="700" fill="{COLOURS["heading"]}">'
        f"{inside}</svg>"
    )


# --- Lying


def moved(nodes: Sequence[Node], moves: dict[str, str]) -> str:
    """The nodes in literal colours, those with a joint moved as figure.css moves them on the page."""
    text = ""
    for node in nodes:
        match node:
            case Group():
                inside = moved(node.children, moves)
                if node.joint in moves:
                    inside = f'<g transform="{moves[node.joint]}">{inside}</g>'
                text += f"<g{placed(node)}>{inside}</g>"
            case Still():
                text += moved(node.children, moves)
            case _:
                text += expanded([node])
    return text


def swayed(inches: float) -> dict[str, str]:
    """See `content.figures.motion.sway`."""
    shift = inches * INCH
    return {
        "front-shins": f"skewX({-degrees(atan(shift / (KNEES - ANKLES))):.3f})",
        "front-thighs": f"skewX({-degrees(atan(shift / (KNEES - HIPS))):.3f})",
        "front-pelvis": f"rotate({inches * 1.2:.3f})",
        "pointer": f"translate({shift:.3f} 0)",
        "near-knee": f"scale(1 {1 + inches * 0.008:.5f})",
        "far-knee": f"scale(1 {1 - inches * 0.008:.5f})",
    }


def from_the_feet(inches: float) -> str:
    drawing = NAMED["supine-feet"]
    return picture(drawing.box, moved(drawing.children, swayed(inches)))


def lying(moment: float) -> str:
    drawing = NAMED["supine-side"]
    return picture(drawing.box, moved(drawing.children, swayed(0)))


def one_inch(moment: float) -> str:
    return from_the_feet(sin(2 * pi * max(moment - 5, 0) / SWAY))


def three_inches(moment: float) -> str:
    return from_the_feet((1 + 2 * eased((moment - 0.5) / 4)) * sin(2 * pi * moment / SWAY))


# --- Sitting


def between(before: str, after: str, share: float) -> tuple[Spine, Point]:
    (one, wrist), (other, other_wrist) = SEATED[before], SEATED[after]
    spine = Spine(0, 0, 0, 0, 0)
    spine.bends = {name: bend + (other.bends[name] - bend) * share for name, bend in one.bends.items()}
    return spine, tuple(a + (b - a) * share for a, b in zip(wrist, other_wrist, strict=True))


def sitting(moment: float) -> str:
    index = max(number for number, (start, _) in enumerate(POSES[:-1]) if start <= moment)
    (start, before), (end, after) = POSES[index : index + 2]
    spine, wrist = between(before, after, eased((moment - start) / (end - start)))
    nodes = [
        floor(SEAT_FLOOR),
        Part("chair"),
        leg_to((150, 172), far=True, at=(-3, 1)),
        spine.pelvis(),
        leg_to((174, 174)),
        Part("seat"),
        spine.trunk(spine.arm_to(wrist, HAND_ON_THIGH)),
    ]
    return picture((-150, -380, 450, 592), expanded(nodes))


# --- Walking


def limbs_at(stride: float) -> dict[str, float]:
    """The turns of one side's joints; 8 is a whole stride. Between the eight known steps, on a smooth line."""
    index, share = int(stride // 1), stride % 1
    rows = [STRIDE[(index + ahead) % len(STRIDE)] for ahead in (-1, 0, 1, 2)]
    values = [smooth(column, share) for column in zip(*rows, strict=True)]
    hip, knee, toes, upper, lower = values
    return dict(zip(JOINTS, (-hip, knee, -toes, -upper, -lower), strict=True))


def smooth(points: Sequence[float], share: float) -> float:
    """Catmull-Rom between the second point and the third."""
    a, b, c, d = points
    return b + share * ((c - a) + share * ((2 * a - 5 * b + 4 * c - d) + share * (3 * (b - c) + d - a))) / 2


def sole(turns: dict[str, float]) -> float:
    """How far below the hip that side's foot reaches; see `content.figures.poses.sole`."""
    shin = turns["hip"] + turns["knee"]
    ankle = turn((0, THIGH), turns["hip"])[1] + turn((0, SHIN), shin)[1]
    return max(ankle + turn(point, shin + turns["ankle"])[1] for point in ((-18, 26), (0, 28), (50, 28), (72, 25)))


def walking(moment: float) -> str:
    stride = moment / STEP * len(STRIDE)
    near, far = limbs_at(stride), limbs_at(stride + len(STRIDE) / 2)
    shoulder, lean = WALKING.place(SHOULDER_BONE, SHOULDER)
    at = (shoulder[0] - SHOULDER[0], shoulder[1] - SHOULDER[1])
    far_arm = arm(far["shoulder"] - lean, far["elbow"], 0, far=True, thumb=True)
    near_arm = arm(near["shoulder"] - lean, near["elbow"], 0, thumb=True)
    body: list[Node] = [
        Group([far_arm], at, lean),
        leg(far["hip"], far["knee"], far["ankle"], far=True),
        WALKING.pelvis(),
        leg(near["hip"], near["knee"], near["ankle"]),
        WALKING.trunk(),
        Group([near_arm], at, lean),
    ]
    height = max(sole(near), sole(far))
    return picture((-260, -706, 520, 716), expanded([floor(0), Group(body, (0, -height))]))


def nothing(moment: float) -> str:
    return ""


# One for each chapter of the workshop, and what stands beside the drawing.
SCENES: list[tuple[Scene, str]] = [
    (nothing, "A short workshop for a stiff low back"),
    (lying, "Slowly. Never into pain."),
    (one_inch, "From the feet, to scale"),
    (three_inches, "Never more than 3 inches"),
    (sitting, "On a flat chair"),
    (walking, "Five easy minutes"),
    (nothing, "Some signs should not wait. They stand below this film."),
]
