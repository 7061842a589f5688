"""The person's poses: the angles of her joints for each drawing, and how far a movement turns them."""

from .body import (
    DOT,
    DOT_BONE,
    FOREARM,
    LUMBAR,
    NECK,
    SHIN,
    SHOULDER,
    SHOULDER_BONE,
    THIGH,
    THORAX,
    UPPER_ARM,
    rise,
)
from .geometry import Point, reach, turn
from .scene import Group, Node, Part


def tip(bone: int) -> Point:
    """Where the next bone starts, seen from the joint of this one."""
    return 0, -rise(bone)


class Spine:
    """How the trunk bends: the lean of the pelvis, then the whole bend of low back, chest, neck and head, each against
    the part below. Forward is positive."""

    def __init__(self, pelvis: float, lumbar: float, thorax: float, neck: float, head: float) -> None:
        self.bends = {
            "pelvis": pelvis,
            "lumbar": lumbar / len(LUMBAR),
            "thorax": thorax / len(THORAX),
            "neck": neck,
            "skull": head,
        }

    def region(self, bone: int) -> str:
        return "pelvis" if bone == 0 else "lumbar" if bone in LUMBAR else "thorax"

    def place(self, bone: int, point: Point) -> tuple[Point, float]:
        """Where a point of a bone is, seen from the hip, and how far that bone leans."""
        x = y = lean = 0.0
        for index in range(bone + 1):
            lean += self.bends[self.region(index)]
            step = turn(point if index == bone else tip(index), lean)
            x, y = x + step[0], y + step[1]
        return (x, y), lean

    def arm_to(self, wrist: Point, hand: float, stretch: tuple[float, float] = (1, 1)) -> Group:
        """The near arm, with its wrist at a point seen from the hip; `stretch` shortens what points out of the page."""
        start, lean = self.place(SHOULDER_BONE, SHOULDER)
        upper, fore = reach(start, wrist, UPPER_ARM * stretch[0], FOREARM * stretch[1], 1)
        return arm(upper - lean, fore - upper, hand - fore, stretch=stretch)

    def dot(self) -> Point:
        """Where the dot at the low back is, seen from the hip."""
        return self.place(DOT_BONE, DOT)[0]

    def trunk(self, near_arm: Group | None = None, *, dot: bool = True) -> Group:
        """Shirt, spine, neck and head, and the arm over them, on all the bones."""
        head = Group([Part("head")], (0, -NECK), self.bends["skull"], "skull")
        group = Group([Part("neck"), head, Part("nape")], tip(THORAX[-1]), self.bends["neck"], "neck")
        for bone in reversed(range(THORAX.stop)):
            children: list[Node] = [Part(f"back{bone}"), group] if bone else [group, Part("sacrum")]
            if bone == DOT_BONE and dot:
                children.append(Group([Part("dot")], DOT))
            if bone == SHOULDER_BONE and near_arm:
                children.append(near_arm)
            region = self.region(bone)
            group = Group(children, tip(bone - 1) if bone else (0, 0), self.bends[region], region)
        return group

    def pelvis(self) -> Group:
        return Group([Part("pelvis")], (0, 0), self.bends["pelvis"], "pelvis")


def arm(
    upper: float,
    lower: float,
    hand: float,
    *,
    far: bool = False,
    thumb: bool = False,
    stretch: tuple[float, float] = (1, 1),
) -> Group:
    def flesh(name: str, share: float) -> Node:
        return Part(name, far) if share == 1 else Group([Part(name, far)], stretch=share)

    palm = [Part("hand", far), Part("thumb", far)] if thumb else [Part("hand", far)]
    fingers = Group(palm, (0, FOREARM * stretch[1]), hand)
    forearm = Group([fingers, flesh("forearm", stretch[1])], (0, UPPER_ARM * stretch[0]), lower, "elbow")
    return Group([flesh("arm", stretch[0]), forearm, flesh("sleeve", stretch[0])], SHOULDER, upper, "shoulder")


def leg(hip: float, knee: float, ankle: float, *, far: bool = False, at: Point = (0, 0)) -> Group:
    foot = Group([Part("foot", far)], (0, SHIN), ankle, "ankle")
    shin = Group([foot, Part("shin", far)], (0, THIGH), knee, "knee")
    return Group([shin, Part("thigh", far)], at, hip, "hip")


def leg_to(ankle: Point, *, far: bool = False, foot: float = 0, at: Point = (0, 0)) -> Group:
    """A leg whose ankle stands at a point seen from the hip, knee in front, the sole at an angle to the floor."""
    thigh, shin = reach((0, 0), ankle, THIGH, SHIN, -1)
    return leg(thigh, shin - thigh, foot - shin, far=far, at=at)


# The spine, and where the wrist rests. Each pose is reached from another.
SEATED = {
    "round": (Spine(-22, 38, 46, 22, 10), (120, -26)),
    "tall": (Spine(7, -14, 18, 8, -17), (106, -33)),
    "lift": (Spine(25, -48, 13, 20, -10), (106, -33)),
}
BEFORE = {"round": "tall", "tall": "round", "lift": "tall"}
HAND_ON_THIGH = -82
LYING = Spine(-92, -1, 4, -3, 1)
RESTING = Spine(-92, -1, 8, 8, 2)
LYING_FLOOR = 46
SITTING = Spine(4, -12, 12, 12, -15)
WALKING = Spine(4, -9, 12, 8, -14)
BENDING = Spine(50, -11, 8, 3, -20)

# One stride in eight even steps from heel strike to heel strike: hip forward, knee bent, toes up (degrees, rounded from
# published gait curves for comfortable speed), then how far upper arm and forearm of that side swing forward.
STRIDE = (
    (20, 3, 4, -24, 8),
    (18, 14, -4, -18, 8),
    (7, 8, 5, -4, 10),
    (-4, 6, 9, 12, 16),
    (-15, 32, -4, 22, 22),
    (-4, 50, -14, 18, 20),
    (17, 58, -2, 4, 14),
    (27, 26, 1, -14, 10),
)


def limbs(step: int) -> dict[str, float]:
    """The turns of one side's joints at a step of the stride."""
    hip, knee, toes, upper, lower = STRIDE[step % 8]
    return {"hip": -hip, "knee": knee, "ankle": -toes, "shoulder": -upper, "elbow": -lower}


def sole(step: int) -> float:
    """How far below the hip that side's foot reaches at a step: the lower of heel and toes."""
    turns = limbs(step)
    shin = turns["hip"] + turns["knee"]
    ankle = turn((0, THIGH), turns["hip"])[1] + turn((0, SHIN), shin)[1]
    return max(ankle + turn(point, shin + turns["ankle"])[1] for point in ((-18, 26), (0, 28), (50, 28), (72, 25)))


def hip_height(step: int) -> float:
    """How high above the ground the hip is at a step: whichever foot reaches lower stands."""
    return max(sole(step), sole(step + 4))
