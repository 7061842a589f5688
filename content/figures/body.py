"""The one person of all the drawings: joints, lengths and the parts that turn on them.

She is 67 inches tall and faces right. Each part is drawn with its upper joint at the origin; legs and arms hang down,
the trunk and the head rise.
"""

from .geometry import Point, between, curve, limb, numbers, segment
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
# Nineteen bones: the pelvis, then nine for the low back and nine for the chest, short enough to bend without a facet.
LUMBAR, THORAX = range(1, 10), range(10, 19)
HEIGHTS = (0, *range(20, 201, 10))
SHOULDER_BONE, SHOULDER = 14, (9, -6)
DOT_BONE, DOT = 3, (-15, 0)
NECK = 47


def depth(joint: int) -> float:
    """Half the depth of the trunk at a joint."""
    return (between(TRUNK, HEIGHTS[joint], 1) + between(TRUNK, HEIGHTS[joint], 2)) / 2


def bone_tip(bone: int) -> Point:
    """Where the next bone starts, seen from the joint of this one."""
    middle = [(between(TRUNK, HEIGHTS[j], 2) - between(TRUNK, HEIGHTS[j], 1)) / 2 for j in (bone, bone + 1)]
    return middle[1] - middle[0], HEIGHTS[bone] - HEIGHTS[bone + 1]


def spine_piece(bone: int) -> str:
    """The bone-white line. Round ends close the gap that a bend leaves."""
    x, y = bone_tip(bone)
    low, high = (-between(TRUNK, HEIGHTS[j], 3) for j in (bone, bone + 1))
    return f"M{numbers((low, 0), exact=True)}L{numbers((x + high, y), exact=True)}"


# A calm profile: forehead, nose, lips, chin, then the jaw and the back of the skull.
HEAD = (
    "M33-54C36.5-46 37.5-40 36.5-34C36-30 37-28 38.5-24C40.5-19 44-14 46-9C46.5-6.5 44-5.5 41-5C39-4.6 38.5-3.5 39-2"
    "C39.6-.5 41.5.5 41 2C40.6 3.2 39 3.6 38.2 4C39.4 4.6 40.4 5.8 40 7.2C39.5 8.8 37 9.6 37.2 11.5"
    "C37.4 13.5 38.6 15.5 37.6 19C36.6 22.5 32 24.5 27 23.5C18 21.5 10 18 4 11"
    "C-8 9-18 5-24 0C-36-12-40-24-39-38C-38-62-14-72 4-71C18-70 29-62 33-54z"
)
HAIR = (
    "M34.5-51C30-50 22-47 17-41C12-35 10.5-30 9.5-24C9-20 6-17 3-16C-1-13-5-7-9-1C-13 5-18 8-24 7"
    "C-34 2-43-18-42-40C-41-64-20-77 2-77C20-77 32-66 34.5-51z"
)
EAR = "M3-22C-1-27-9-25-9-18C-9-12-5-5-2-5C2-5 1-10 3-13C4.5-16 5-19 3-22z"
EAR_AND_EYELID = "M-1-20C-5-22-6-16-4-12M26-25Q30-22 34-25"
NECKLINE = "M-24-50L22-50L20-34Q19-22 21-11Q2-4-20-12Q-18-22-19-34z"

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
ANKLE_WIDTHS = [(118, 14, 15), (138, 12.5, 12.5), (SHIN, 13, 13)]
ARM_WIDTHS = [(0, 20, 20), (34, 18.5, 19), (70, 15.5, 16), (UPPER_ARM, 13.5, 13.5)]
SLEEVE_WIDTHS = [(0, 24, 24), (24, 24.5, 24.5), (48, 23, 23), (68, 22, 22.5)]
FOREARM_WIDTHS = [(0, 13.5, 13.5), (20, 15.5, 14.5), (48, 13, 12.5), (76, 9.5, 9.5), (FOREARM, 9.5, 9.5)]

FOOT = [
    (-13, 2), (-17, 12), (-21, 21), (-16, 27.5), (0, 28), (24, 27), (48, 28), (66, 28), (74, 25), (73, 19.5),
    (62, 15), (44, 10), (28, 3), (15, -5), (10, -11), (0, -13), (-10, -10),
]  # fmt: skip
HAND = [
    (-9, -4), (-9.5, 12), (-10, 26), (-9.5, 42), (-7, 57), (-1.5, 66), (4, 65), (7, 55), (9, 40),
    (11.5, 26), (11.5, 12), (9, -4), (0, -9),
]  # fmt: skip
THUMB = [(4, 4), (12, 12), (17, 25), (19, 38), (15, 43), (10, 37), (6, 26), (1, 15)]

BODY: Parts = {
    "head": [
        Dot((-25, -83), 19, "hair"),
        Shape(HEAD, "skin"),
        Shape(HAIR, "hair"),
        Shape(EAR, "skin"),
        line(EAR_AND_EYELID, "skin-far", 2),
    ],
    "neck": [Shape(NECKLINE, "skin")],
    "nape": [line("M-13 3C-13-8-9-22-4-34", "bone", 5)],
    "sacrum": [line("M-5 12Q-11 0-14-22", "bone", 5)],
    "dot": [Dot((0, 0), 8, "dot", "bone", 4)],
    "pelvis": [Shape(limb(PELVIS), "trousers")],
    "thigh": [Shape(limb(THIGH_WIDTHS), "trousers")],
    "shin": [Shape(limb(ANKLE_WIDTHS), "skin"), Shape(limb(SHIN_WIDTHS, hem=True), "trousers")],
    "foot": [Shape(curve(FOOT), "skin")],
    "arm": [Shape(limb(ARM_WIDTHS), "skin")],
    "sleeve": [Shape(limb(SLEEVE_WIDTHS, hem=True), "sleeve")],
    "forearm": [Shape(limb(FOREARM_WIDTHS), "skin")],
    "hand": [Shape(curve(HAND), "skin")],
    "thumb": [Shape(curve(THUMB), "skin")],
}
for bone in (*LUMBAR, *THORAX):
    outline = segment(depth(bone), bone_tip(bone), depth(bone + 1), hem=bone == LUMBAR[0])
    BODY[f"back{bone}"] = [Shape(outline, "shirt"), line(spine_piece(bone), "bone", 5)]

# The same person seen from the feet: the middle of the body at 0, the floor at 0.
FEET_APART, KNEES_APART = 34, 33
ANKLES, HIPS, KNEES = 40, 45, 157
FRONT_THIGH_WIDTHS = [(0, 23.5, 23.5), (30, 28, 27), (70, 36, 33), (112, 41, 36)]
FRONT_SHIN_WIDTHS = [(0, 25, 25), (24, 24.5, 25), (54, 23, 25), (86, 20, 21.5), (116, 17.5, 18)]
FRONT_FOOT = (
    "M-12-46C-12-34-14-28-18-18C-21-12-22-8-21.5-5C-21 0-15 1-13.5-1C-12 1-7 1-5.5-1C-4 1.5 1 1.5 2.5-1"
    "C4 1 8.5 1 9.5-1C11 1.5 21 2 22-5C22.5-11 19-17 16-24C13-31 12-36 12-46z"
)
BODY |= {
    "front-chest": [Shape("M-74 0C-86-34-70-90 0-92C70-90 86-34 74 0z", "shirt")],
    "front-sleeve": [Shape("M66-62Q92-58 104-36L96-22Q78-30 62-40z", "sleeve")],
    "front-arm": [
        Shape("M101-37Q116-30 124-14L126-9Q134-10 144-6Q151-2 146 0L112 0Q107-4 107-10Q104-18 95-23z", "skin")
    ],
    "front-pelvis": [Shape("M-72 2C-82-30-66-78 0-79C66-78 82-30 72 2z", "trousers-far")],
    "front-thigh": [Shape(limb(FRONT_THIGH_WIDTHS), "trousers-far")],
    "front-shin": [Shape(limb(FRONT_SHIN_WIDTHS, hem=True), "trousers"), line("M-11 2Q0 10 11 2", "sleeve", 2.5)],
    "front-foot": [Shape(FRONT_FOOT, "skin"), line("M-13.5-1V-6M-5.5-1V-7M2.5-1V-7.5M9.5-1V-8", "skin-far", 1.6)],
}
