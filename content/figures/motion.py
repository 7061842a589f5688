"""How far each pose and each movement turns each joint, as rules and keyframes for figure.css to play."""

from math import atan, degrees

from .body import ANKLES, HIPS, KNEES
from .geometry import number
from .poses import BEFORE, SEATED, hip_height, limbs

STEPS = 8


def bends(name: str) -> dict[str, float]:
    """The turns of every joint of a seated pose, the arm's among them."""
    spine, wrist = SEATED[name]
    near_arm = spine.arm_to(wrist, 0)
    elbow = next(child for child in near_arm.children if getattr(child, "joint", "") == "elbow")
    return {**spine.bends, "shoulder": near_arm.angle, "elbow": elbow.angle}


def seated() -> list[str]:
    """How far each pose turns its joints, and how far the pose before it did."""
    return [
        f".figure__drawing--seated-{name} .figure__{joint} "
        f"{{ --turn: {number(angle)}deg; --before: {number(bends(before)[joint])}deg; }}"
        for name, before in BEFORE.items()
        for joint, angle in bends(name).items()
    ]


def sway() -> list[str]:
    """The knees one inch and three inches to either side: what leans, what slides, what lowers towards the floor."""
    moves: dict[str, list[str]] = {
        "front-shins": [],
        "front-thighs": [],
        "front-pelvis": [],
        "pointer": [],
        "near-knee": [],
        "far-knee": [],
    }
    for inches in (1, -1, 3, -3):
        shift = inches * 10
        moves["front-shins"].append(f"skewX({-degrees(atan(shift / (KNEES - ANKLES))):.2f}deg)")
        moves["front-thighs"].append(f"skewX({-degrees(atan(shift / (KNEES - HIPS))):.2f}deg)")
        moves["front-pelvis"].append(f"rotate({number(inches * 1.2)}deg)")
        moves["pointer"].append(f"translateX({shift}px)")
        moves["near-knee"].append(f"scaleY({1 + inches * 0.008:g})")
        moves["far-knee"].append(f"scaleY({1 - inches * 0.008:g})")
    names = ("--one-left", "--one-right", "--three-left", "--three-right")
    rules = []
    for joint, turns in moves.items():
        values = " ".join(f"{name}: {turn};" for name, turn in zip(names, turns, strict=True))
        rules.append(f".figure__{joint} {{ {values} }}")
    return rules


def stride() -> tuple[list[str], list[str]]:
    """A walk on the spot: the rules for who stands at step 0, the far side half a stride later, and the keyframes."""
    rules, frames = [], []
    for side, start in (("near", 0), ("far", STEPS // 2)):
        for joint in limbs(0):
            turns = [f"rotate: {number(limbs(start + step)[joint])}deg" for step in range(STEPS + 1)]
            rules.append(f".figure__{side} .figure__{joint} {{ {turns[0]}; }}")
            frames.append(keyframes(f"figure-{side}-{joint}", turns))
    heights = [hip_height(0) - hip_height(step) for step in range(STEPS + 1)]
    frames.append(keyframes("figure-bob", [f"translate: 0 {number(value)}px" for value in heights]))
    return rules, frames


def keyframes(name: str, frames: list[str]) -> str:
    steps = " ".join(f"{number(100 * step / STEPS)}% {{ {frame}; }}" for step, frame in enumerate(frames))
    return f"@keyframes {name} {{ {steps} }}"


def style_sheet() -> str:
    walking, frames = stride()
    rules = "\n".join(f"  {rule}" for rule in [*seated(), *walking, *sway()])
    moves = "\n".join(frames)
    return (
        "/* Written by `python -m content.figures.draw`. How figure.css turns and moves the drawings' joints. */\n"
        f"@layer components {{\n{rules}\n}}\n\n{moves}\n"
    )
