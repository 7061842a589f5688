"""The drawings: who stands on what, in which box."""

from .body import ANKLES, FEET_APART, HIPS, KNEES, KNEES_APART, SHOULDER, SHOULDER_BONE
from .poses import (
    BENDING,
    HAND_ON_THIGH,
    LYING,
    LYING_FLOOR,
    RESTING,
    SEATED,
    SITTING,
    WALKING,
    arm,
    hip_height,
    leg,
    leg_to,
    limbs,
)
from .scene import Drawing, Group, Label, Node, Part, Still

SEAT_FLOOR = 201


def floor(at: float, left: float = 0) -> Group:
    return Group([Part("floor")], (left, at))


def knees(name: str, ankle: tuple[float, float], *, far: bool = False) -> Group:
    """A bent leg of the lying figure, which lowers towards the floor when it tips to the side."""
    bent = Group([leg_to(ankle, far=far)], (0, -LYING_FLOOR))
    return Group([Still([bent])], (0, LYING_FLOOR), joint=f"{name}-knee")


def lying() -> list[Node]:
    wrist, foreshortened = (-50, -43), (0.7, 0.88)
    trunk = LYING.trunk(LYING.arm_to(wrist, -84, foreshortened), dot=False)
    return [
        knees("far", (224, 18), far=True),
        Still([LYING.pelvis()]),
        knees("near", (213, 18)),
        Still([trunk]),
        Group([Part("dot")], LYING.dot(), joint="dot"),
    ]


def both(part: str, apart: float) -> list[Node]:
    """Left and right of the view from the feet."""
    one = Group([Part(part)], (apart, 0))
    return [one, Group([one], mirror=True)]


def swinging(part: str, apart: float, about: float) -> Group:
    """A pair between the knees and a height about which it leans from side to side."""
    return Group([Still([Group(both(part, apart), (0, about - KNEES))])], (0, -about), joint=f"{part}s")


def seated(name: str) -> Drawing:
    spine, wrist = SEATED[name]
    return Drawing(
        f"seated-{name}",
        (-92, -376, 352, 586),
        [
            Still([floor(SEAT_FLOOR), Part("chair"), leg_to((150, 172), far=True, at=(-3, 1))]),
            spine.pelvis(),
            Still([leg_to((174, 174)), Part("seat")]),
            spine.trunk(spine.arm_to(wrist, HAND_ON_THIGH)),
            Part(f"arrow-{name}"),
        ],
    )


def walking() -> Drawing:
    near, far = limbs(0), limbs(4)
    shoulder, _ = WALKING.place(SHOULDER_BONE, SHOULDER)
    at = (shoulder[0] - SHOULDER[0], shoulder[1] - SHOULDER[1])
    far_side = Group([arm(far["shoulder"], far["elbow"], 0, far=True, thumb=True)], at)
    near_side = Group([arm(near["shoulder"], near["elbow"], 0, thumb=True)], at)
    body = [
        Group([far_side, leg(far["hip"], far["knee"], far["ankle"], far=True)], joint="far"),
        Still([WALKING.pelvis()]),
        Group([leg(near["hip"], near["knee"], near["ankle"])], joint="near"),
        Still([WALKING.trunk()]),
        Group([near_side], joint="near"),
    ]
    height = hip_height(0)
    return Drawing("walking", (-210, -706, 420, 716), [floor(0), Group([Group(body, joint="bob")], (0, -height))])


def bending() -> Drawing:
    """From the hips: the knees soft, the back as long as it stands, a hand gliding down the thigh."""
    ankle, foot = (56, 304), 28
    body = [
        leg_to((ankle[0] + 14, ankle[1]), far=True, at=(-3, 1)),
        BENDING.pelvis(),
        leg_to(ankle),
        BENDING.trunk(BENDING.arm_to((75, 66), -20)),
    ]
    return Drawing(
        "hip-hinge",
        (-160, -600, 420, 610),
        [Still([floor(0), Group(body, (0, -ankle[1] - foot))])],
    )


DRAWINGS = [
    Drawing("supine-hero", (-370, -154, 684, 200), lying(), below=[floor(LYING_FLOOR, -36)]),
    Drawing("supine-side", (-370, -172, 684, 230), [*lying(), floor(LYING_FLOOR - 1, -36)]),
    Drawing(
        "supine-feet",
        (-164, -242, 328, 252),
        [
            Still([*both("front-sleeve", 0), *both("front-arm", 0), Part("front-chest")]),
            Group([Part("front-pelvis")], joint="front-pelvis"),
            swinging("front-thigh", FEET_APART, HIPS),
            Still(both("front-foot", FEET_APART)),
            swinging("front-shin", KNEES_APART, ANKLES),
            Still([Part("ghosts"), Part("ruler"), floor(0)]),
            Group([Part("pointer")], joint="pointer"),
            *(Label((x, -226), text) for x, text in ((-30, "3"), (-10, "1"), (10, "1"), (30, "3"))),
            Label((62, -204), "inches", "start"),
        ],
    ),
    seated("round"),
    seated("tall"),
    seated("lift"),
    Drawing(
        "sitting-well",
        (-120, -360, 380, 570),
        [
            Still(
                [floor(SEAT_FLOOR), Part("backrest"), leg_to((150, 172), far=True, at=(-3, 1)), Part("towel")],
            ),
            Still([SITTING.pelvis()]),
            Still([leg_to((174, 174)), Part("seat")]),
            Still([SITTING.trunk(SITTING.arm_to((106, -33), HAND_ON_THIGH))]),
        ],
    ),
    walking(),
    bending(),
    Drawing(
        "lying-knees-supported",
        (-386, -130, 756, 186),
        [
            Still([leg_to((306, 24), far=True, foot=-62), Part("head-pillow"), RESTING.pelvis()]),
            Still([leg_to((300, 24), foot=-66), Part("knee-pillow")]),
            Still([RESTING.trunk(RESTING.arm_to((-50, -43), -84, (0.7, 0.88)))]),
            floor(LYING_FLOOR - 1, -6),
        ],
    ),
]
