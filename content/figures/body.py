"""The one person of all the drawings: joints, lengths and the parts that turn on them.

She is 66 inches tall and faces right. Each part is drawn with its upper joint at the origin; legs and arms hang down,
the trunk and the head rise. Every colour is a token of the page, so one part serves near and far side, light and dark.
"""

from dataclasses import dataclass

from .geometry import Point, between, curve, limb, numbers, segment

THIGH, SHIN, ANKLE = 163, 160, 28
UPPER_ARM, FOREARM = 112, 92
HEIGHT_OF_HIP = THIGH + SHIN + ANKLE

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
    width: int = 0


def depth(joint: int) -> float:
    """Half the depth of the trunk at a joint."""
    return (between(TRUNK, HEIGHTS[joint], 1) + between(TRUNK, HEIGHTS[joint], 2)) / 2


def bone_tip(bone: int) -> Point:
    """Where the next bone starts, seen from the joint of this one."""
    middle = [(between(TRUNK, HEIGHTS[j], 2) - between(TRUNK, HEIGHTS[j], 1)) / 2 for j in (bone, bone + 1)]
    return middle[1] - middle[0], HEIGHTS[bone] - HEIGHTS[bone + 1]


def spine_piece(bone: int) -> str:
    """The bone-white line. Each piece starts well below its joint, so that a bend shows no gap."""
    x, y = bone_tip(bone)
    low, high = (-between(TRUNK, HEIGHTS[j], 3) for j in (bone, bone + 1))
    lean = (x + high - low) / y
    return f"M{numbers((low + 3 * lean, 3), exact=True)}L{numbers((x + high, y), exact=True)}"


HEAD = (
    "M33-54C36.5-46 37.5-40 36.5-34C36-30 37-28 38.5-24C40.5-19 44-14 46-9C46.5-6.5 44-5.5 41-5C39-4.6 "
    "38.5-3.5 39-2C39.6-.5 41.5.5 41 2C40.6 3.2 39 3.6 38.2 4C39.4 4.6 40.4 5.8 40 7.200C39.5 8.8 "
    "37 9.6 37.2 11.500C37.4 13.5 38.6 15.5 37.6 19C36.6 22.5 32 24.5 27 23.500C18 21.5 10 18 4 11"
    "C-8 9-18 5-24 0C-36-12-40-24-39-38C-38-62-14-72 4-71C18-70 29-62 33-54z"
)
HAIR = "M34.5-51C30-50 22-47 17-41C12-35 10.5-30 9.5-24C9-20 6-17 3-16C-1-13-5-7-9-1C-13 5-18 8-24 7C-34 2-43-18-42-40C-41-64-20-77 2-77C20-77 32-66 34.5-51z"
EAR = "M3-22C-1-27-9-25-9-18C-9-12-5-5-2-5C2-5 1-10 3-13C4.5-16 5-19 3-22z"

# What the far arm and leg are painted with.
FAR = {"skin": "skin-far", "trousers": "trousers-far"}

PARTS: dict[str, list[Shape | Dot]] = {
    "head": [
        Dot((-25, -83), 19, "hair"),
        Shape(HEAD, "skin"),
        Shape(HAIR, "hair"),
        Shape(EAR, "skin"),
        Shape("M-1-20C-5-22-6-16-4-12M26-25Q30-22 34-25", stroke="skin-far", width=2),
    ],
    "neck": [Shape("M-24-50L22-50L20-34Q19-22 21-11Q2-4-20-12Q-18-22-19-34z", "skin")],
    "pelvis": [Shape(limb([(-20, 44, 45), (0, 46, 47)]), "trousers")],
    "thigh": [Shape(limb([(0, 42, 42), (30, 43, 43), (62, 40, 38), (96, 33, 32), (124, 27.5, 28), (146, 24.5, 25), (THIGH, 23.5, 23.5)]), "trousers")],
    "shin": [
        Shape(limb([(118, 14, 15), (138, 12.5, 12.5), (SHIN, 13, 13)]), "skin"),
        Shape(limb([(0, 23.5, 23.5), (18, 22.5, 24.5), (46, 20, 27), (76, 18.5, 25), (106, 17.5, 20.5), (142, 17, 17.5)], hem=True), "trousers"),
    ],
    "foot": [
        Shape(
            curve([(-13, 2), (-17, 12), (-21, 21), (-16, 27.5), (0, 28), (24, 27), (48, 28), (66, 28), (74, 25), (73, 19.5),
                   (62, 15), (44, 10), (28, 3), (15, -5), (10, -11), (0, -13), (-10, -10)]),
            "skin",
        ),
    ],
    "arm": [
        Shape(limb([(0, 20, 20), (34, 18.5, 19), (70, 15.5, 16), (UPPER_ARM, 13.5, 13.5)]), "skin"),
    ],
    "sleeve": [Shape(limb([(0, 24, 24), (24, 24.5, 24.5), (48, 23, 23), (68, 22, 22.5)], hem=True), "sleeve")],
    "forearm": [Shape(limb([(0, 13.5, 13.5), (20, 15.5, 14.5), (48, 13, 12.5), (76, 9.5, 9.5), (FOREARM, 9.5, 9.5)]), "skin")],
    "hand": [
        Shape(
            curve([(-9, -4), (-9.5, 12), (-10, 26), (-9.5, 42), (-7, 57), (-1.5, 66), (4, 65), (7, 55), (9, 40), (11.5, 26),
                   (11.5, 12), (9, -4), (0, -9)]),
            "skin",
        ),
    ],
    "thumb": [Shape(curve([(4, 4), (12, 12), (17, 25), (19, 38), (15, 43), (10, 37), (6, 26), (1, 15)]), "skin")],
}  # fmt: skip
for bone in (*LUMBAR, *THORAX):
    outline = segment(depth(bone), bone_tip(bone), depth(bone + 1))
    if bone == LUMBAR[0]:  # the hem hangs below the first joint
        outline = f"M48 14L{outline[1:-7]}L-48 14Q0 20 48 14z"
    PARTS[f"back{bone}"] = [Shape(outline, "shirt"), Shape(spine_piece(bone), stroke="bone", width=5)]
PARTS["sacrum"] = [Shape("M-5 12Q-11 0-14-22", stroke="bone", width=5)]
PARTS["nape"] = [Shape("M-13 1C-11-10-8-22-5-34", stroke="bone", width=5)]
PARTS["dot"] = [Dot((0, 0), 8, "dot", "bone", 4)]
PARTS["chair"] = [
    Shape("M-76-135Q-58-60-56 40Q-58 120-70 198M96 50Q98 120 102 198M-62 128L98 128", stroke="wood", width=11),
    Shape("M-77-139Q-68-105-64-72", stroke="wood", width=20),
]
PARTS["seat"] = [Shape("M-60 37L106 37Q113 37 113 44Q113 52 106 52L-60 52Q-67 52-67 44Q-67 37-60 37z", "wood")]
PARTS["floor"] = [Shape("M-380 0H380V9H-380z", "wood")]

# Seen from the feet: the middle of the body at 0, the floor at 0, the knees 15.8 inches above it.
PARTS["front-body"] = [
    Shape("M-66-62Q-92-58-104-36L-96-22Q-78-30-62-40zM66-62Q92-58 104-36L96-22Q78-30 62-40z", "sleeve"),
    Shape("M-101-37Q-116-30-124-14L-126-9Q-134-10-144-6Q-151-2-146 0L-112 0Q-107-4-107-10Q-104-18-95-23z"
          "M101-37Q116-30 124-14L126-9Q134-10 144-6Q151-2 146 0L112 0Q107-4 107-10Q104-18 95-23z", "skin"),
    Shape("M-74 0C-86-34-70-90 0-92C70-90 86-34 74 0z", "shirt"),
]  # fmt: skip
PARTS["front-pelvis"] = [Shape("M-72 2C-82-30-66-78 0-79C66-78 82-30 72 2z", "trousers-far")]
PARTS["front-thigh"] = [Shape(limb([(0, 23.5, 23.5), (30, 28, 27), (70, 36, 33), (112, 41, 36)]), "trousers-far")]
PARTS["front-shin"] = [
    Shape(limb([(0, 25.5, 25.5), (22, 24, 24), (52, 22.5, 25), (86, 19, 20.5), (116, 17.5, 18)], hem=True), "trousers"),
    Shape("M-13 1Q-4 10 10 3", stroke="sleeve", width=2.5),
]
PARTS["front-foot"] = [
    Shape(
        "M-12-46C-12-34-14-28-18-18C-21-12-22-8-21.5-5C-21 0-15 1-13.500-1C-12 1-7 1-5.500-1C-4 1.500 1 1.500 2.500-1C4 1 8.500 1 "
        "9.500-1C11 1.500 21 2 22-5C22.500-11 19-17 16-24C13-31 12-36 12-46z".replace("500", "5"),
        "skin",
    ),
    Shape("M-13.5-1V-6M-5.5-1V-7M2.5-1V-7.5M9.5-1V-8", stroke="skin-far", width=1.6),
]
PARTS["ruler"] = [
    Shape("M-54-220H54V-198H-54z", "paper", "heading", 2),
    Shape("M-30-219H30V-199H-30z", "mat"),
    Shape("M-10-219H10V-199H-10z", "wood"),
    Shape("M-50-198v-6M-40-198v-6M-20-198v-6M0-198v-6M20-198v-6M40-198v-6M50-198v-6", stroke="heading", width=1.5),
    Shape("M-30-198v-12M-10-198v-12M10-198v-12M30-198v-12", stroke="heading", width=2),
]
PARTS["pointer"] = [Shape("M0-194L7-183H-7z", "heading")]


def ghost(shift: float) -> str:
    """The outer edge of the outer leg when the knees have moved by so much."""
    side = 1 if shift > 0 else -1
    points = []
    for x, y in ((52, -42), (55, -66), (58, -96), (58, -130), (58, -156), (51, -173), (36, -182), (24, -180)):
        points.append((side * x + shift * (y + 40) / -118, y))
    return curve(points, closed=False)


PARTS["ghosts"] = [
    Shape(ghost(30) + ghost(-30), stroke="heading", width=2, dashes="6 5"),
    Shape(ghost(10) + ghost(-10), stroke="heading", width=2, dashes=".1 4.5"),
]
for direction, outline in {
    "round": "M186-300Q222-282 220-238M208-252L220-236L232-252",
    "tall": "M70-300V-352M58-338L70-353L82-338",
    "lift": "M128-170Q160-196 158-236M145-222L158-238L171-222",
}.items():
    PARTS[f"arrow-{direction}"] = [Shape(outline, stroke="heading", width=4)]
PARTS["towel"] = [
    Dot((-53, -46), 18, "bone", "wood", 2.5),
    Shape(
        "M-53-28C-43-28-38-38-39-47C-40-58-56-62-62-53C-67-45-61-35-53-36C-45-37-44-48-50-50C-55-51-58-46-55-44",
        stroke="wood",
        width=2.5,
    ),
]
PARTS["backrest"] = [
    Shape("M-80-142Q-72-60-68 42Q-66 120-74 198M98 50Q98 120 102 198M-67 128L98 128", stroke="wood", width=11),
    Shape("M-81-142Q-76-90-73-30", stroke="wood", width=17),
]
