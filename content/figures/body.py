"""The one person of all the drawings: joints, lengths and the parts that turn on them.

She is 67 inches tall and faces right. Each part is drawn with its upper joint at the origin; legs and arms hang down,
the trunk and the head rise.
"""

from .geometry import between, limb, number, numbers, wedge
from .shapes import Dot, Parts, Shape, line

THIGH, SHIN = 163, 160
UPPER_ARM, FOREARM = 112, 92

# The trunk: at each height above the hip joint, how far it reaches behind and before the middle line, and how far
# behind that line the spine runs.
TRUNK = (
    (0, 47, 46, 12),
    (20, 46, 45, 14),
    (40, 42, 45, 15),
    (60, 38.5, 43, 15),
    (80, 37.5, 42, 15),
    (100, 39, 43.5, 17),
    (120, 41.5, 48.5, 19),
    (138, 43, 50.5, 21),
    (155, 42.5, 45.5, 21),
    (170, 39.5, 40, 19),
    (185, 32, 33, 16),
    (200, 22, 25, 13),
)
# Thirteen bones: the pelvis, then six for the low back and six for the chest, short enough to bend without a facet.
LUMBAR, THORAX = range(1, 7), range(7, 13)
HEIGHTS = (0, *range(20, 201, 15))
SHOULDER_BONE, SHOULDER = 10, (9, -1)
DOT_BONE, DOT = 2, (-15, -5)
NECK = 47


def rise(bone: int) -> int:
    """How far above its own joint the next bone starts."""
    return HEIGHTS[bone + 1] - HEIGHTS[bone]


def across(joint: int) -> tuple[float, float]:
    """The middle of the trunk at a joint, and half its depth there."""
    behind, front = (between(TRUNK, HEIGHTS[joint], column) for column in (1, 2))
    return (front - behind) / 2, (front + behind) / 2


def piece_of_trunk(bone: int) -> str:
    """From its own joint to a round end about the joint above, where the next piece turns: so the outline stays smooth
    at every bend. The notch below leaves the spine of the piece underneath in sight; a hem hangs below the lowest."""
    low, high = across(bone), across(bone + 1)
    p, q, r, s = (numbers(point, exact=True) for point in wedge(low, high, rise(bone)))
    radius, is_wide = number(high[1]), int(low[1] < high[1])
    side = f"{p}L{q}A{radius} {radius} 0 {is_wide} 0 {r}L{s}"
    return f"M48 14L{side}L-48 14Q0 20 48 14z" if bone == LUMBAR[0] else f"M{side}L-15-1z"


def piece_of_spine(bone: int) -> str:
    """The bone-white line. Round ends close the gap that a bend leaves."""
    low, high = (across(joint)[0] - between(TRUNK, HEIGHTS[joint], 3) for joint in (bone, bone + 1))
    return f"M{numbers((low, 0), exact=True)}L{numbers((high, -rise(bone)), exact=True)}"


# A calm profile: forehead, nose, lips, chin, then the jaw and the back of the skull.
HEAD = (
    "M33-54c4 8 5 14 3 21c0 7 8 18 10 24q1 3-7 5"
    "q-1 2 2 5q1 2-3 3q3 1 2 4q-3 1-3 4"
    "q3 12-7 12q-16-4-26-13q-20-3-28-11c-12-12-16-24-15-38c1-24 25-34 43-33q22 2 29 17z"
)
HAIR = "M34-51q-21 4-24 27q-1 6-7 8q-4 3-12 15q-5 9-15 8c-10-5-19-25-18-47c1-24 22-37 44-37q28 1 32 26z"
EAR = "M3-22c-4-5-12-3-12 4c0 6 4 13 7 13q4 0 4-6q4-7 1-11z"
EAR_AND_EYELID = "M-1-20c-4-2-5 4-3 8M26-25q4 3 8 0"
NECKLINE = "M-24-50l46 0l-2 16q-1 12 1 23q-19 7-41-1q2-10 1-22z"

# (distance from the joint, half width in front, half width behind)
PELVIS = [(-20, 44, 45), (0, 46, 47)]
THIGH_WIDTHS = [
    (0, 42, 45),
    (30, 43, 45.5),
    (62, 39.5, 40),
    (96, 33.5, 33),
    (124, 29.3, 29),
    (146, 26.2, 26),
    (THIGH, 23.8, 23.8),
]
SHIN_WIDTHS = [(0, 23.5, 23.5), (18, 22.5, 24.5), (46, 20, 27), (76, 18.5, 25), (106, 17.5, 20.5), (142, 17, 17.5)]
ANKLE_WIDTHS = [(118, 14, 15), (132, 13, 13), (146, 12.5, 12.5), (SHIN, 13, 13)]
ARM_WIDTHS = [(0, 20, 20), (34, 18.5, 19), (70, 15.5, 16), (UPPER_ARM, 13.5, 13.5)]
SLEEVE_WIDTHS = [(0, 24, 24), (24, 24.5, 24.5), (48, 23, 23), (68, 22, 22.5)]
FOREARM_WIDTHS = [(0, 13.5, 13.5), (20, 15.5, 14.5), (48, 13, 12.5), (76, 9.5, 9.5), (FOREARM, 9.5, 9.5)]

FOOT = "M-13 2c-2 8-8 14-8 19q0 7 9 7q39-2 78 0c8 0 10-6 5-9c-13-5-29-8-43-16q-10-6-18-14q-10-4-20 1z"
HAND = "M-9-4l-1 30c0 16 1 40 10 41c7 0 8-21 11-41q2-14-2-30q-9-9-18 0z"
THUMB = "M4 4c8 4 15 24 15 34q-2 7-9-1q-3-11-9-22q-1-11 3-11z"

BODY: Parts = {
    "head": [
        Dot((-25, -83), 19, "hair"),
        Shape(HEAD, "skin"),
        Shape(HAIR, "hair"),
        Shape(EAR, "skin"),
        line(EAR_AND_EYELID, "skin-far", 2),
    ],
    "neck": [Shape(NECKLINE, "skin")],
    "nape": [line("M-12 1c3-10 3-22 8-35", "bone", 5)],
    "sacrum": [line("M-5 12q-6-12-9-34", "bone", 5)],
    "dot": [Dot((0, 0), 8, "dot", "bone", 4)],
    "pelvis": [Shape(limb(PELVIS), "trousers")],
    "thigh": [Shape(limb(THIGH_WIDTHS), "trousers")],
    "shin": [Shape(limb(ANKLE_WIDTHS), "skin"), Shape(limb(SHIN_WIDTHS, hem=True), "trousers")],
    "foot": [Shape(FOOT, "skin")],
    "arm": [Shape(limb(ARM_WIDTHS), "skin")],
    "sleeve": [Shape(limb(SLEEVE_WIDTHS, hem=True), "sleeve")],
    "forearm": [Shape(limb(FOREARM_WIDTHS), "skin")],
    "hand": [Shape(HAND, "skin")],
    "thumb": [Shape(THUMB, "skin")],
}
for bone in (*LUMBAR, *THORAX):
    BODY[f"back{bone}"] = [Shape(piece_of_trunk(bone), "shirt"), line(piece_of_spine(bone), "bone", 5)]

# The same person seen from the feet: the middle of the body at 0, the floor at 0.
FEET_APART, KNEES_APART = 34, 33
ANKLES, HIPS, KNEES = 40, 45, 157
FRONT_THIGH_WIDTHS = [(0, 23.5, 23.5), (30, 28, 27), (70, 36, 33), (112, 41, 36)]
FRONT_SHIN_WIDTHS = [(0, 25, 25), (24, 24.5, 25), (54, 23, 25), (86, 20, 21.5), (116, 17.5, 18)]
FRONT_FOOT = "M-12-46q0 14-6 28q-8 18 4 17q4 2 8 0q4 3 8 0q4 2 8 0q11 3 12-4q0-7-6-19q-4-10-4-22z"
BODY |= {
    "front-chest": [Shape("M-74 0c-12-34 4-90 74-92c70 2 86 58 74 92z", "shirt")],
    "front-sleeve": [Shape("M66-62q26 4 38 26l-8 14q-18-8-34-18z", "sleeve")],
    "front-arm": [Shape("M101-37q15 7 23 23l2 5q8-1 18 3q7 4 2 6l-34 0q-5-4-5-10q-3-8-12-13z", "skin")],
    "front-pelvis": [Shape("M-72 2c-10-32 6-80 72-81c66 1 82 49 72 81z", "trousers-far")],
    "front-thigh": [Shape(limb(FRONT_THIGH_WIDTHS), "trousers-far")],
    "front-shin": [Shape(limb(FRONT_SHIN_WIDTHS, hem=True), "trousers"), line("M-11 2q11 8 22 0", "sleeve", 2)],
    "front-foot": [Shape(FRONT_FOOT, "skin"), line("M-14-1v-5M-6-1v-6M2-1v-6M10-1v-7", "skin-far", 2)],
}
