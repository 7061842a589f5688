"""A drawing as a tree of turned groups, and how to write it: on the page, or as a file that stands alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .body import BODY
from .geometry import Point, number
from .shapes import Dot, Shape
from .things import THINGS

PARTS = BODY | THINGS

# What the far arm and leg are painted with.
FAR = {"skin": "skin-far", "trousers": "trousers-far"}

# The light colours of tokens.css, for the files that no style sheet reaches. A test compares the two.
COLOURS = {
    "bone": "#fffaf0",
    "dot": "#f08a4b",
    "plate": "#eee4d2",
    "hair": "#12433a",
    "heading": "#12433a",
    "mat": "#dfd2b9",
    "paper": "#fbf8f1",
    "shirt": "#2a7a69",
    "skin": "#d9a583",
    "skin-far": "#bd8866",
    "sleeve": "#1f6b5c",
    "trousers": "#12433a",
    "trousers-far": "#0c322b",
    "wood": "#c5b08e",
}


@dataclass
class Group:
    """Things that move together: the origin moves to `at` and turns by `angle`. A group with a `joint` gets that name
    as its class on the page, where the style sheet turns it: so the poses of one drawing differ there alone."""

    children: "Sequence[Node]"
    at: Point = (0, 0)
    angle: float = 0
    joint: str = ""
    stretch: float = 1
    mirror: bool = False


@dataclass
class Part:
    """One part of the body, in its near or its far colours."""

    name: str
    far: bool = False

    @property
    def shapes(self) -> "Sequence[Node]":
        return [recolour(shape) for shape in PARTS[self.name]] if self.far else PARTS[self.name]


@dataclass
class Still:
    """Things that never move against each other, whatever joints they have."""

    children: "Sequence[Node]"


@dataclass
class Label:
    at: Point
    text: str
    anchor: str = "middle"


Node = Group | Part | Still | Label | Shape | Dot


@dataclass
class Drawing:
    """One view: the box it shows (left, top, width, height), what is in it, and what the page draws below it itself."""

    name: str
    box: tuple[int, int, int, int]
    children: Sequence[Node]
    below: Sequence[Node] = ()


def recolour(item: Shape | Dot) -> Shape | Dot:
    return type(item)(
        **(item.__dict__ | {"fill": FAR.get(item.fill, item.fill), "stroke": FAR.get(item.stroke, item.stroke)})
    )


def placed(group: Group, *, turns: bool) -> str:
    """The transform attribute that puts a group in its place, or nothing."""
    steps = []
    if group.at != (0, 0):
        steps.append(f"translate({number(group.at[0])} {number(group.at[1])})")
    if group.angle and turns:
        steps.append(f"rotate({number(group.angle)})")
    if group.stretch != 1:
        steps.append(f"scale(1 {group.stretch:g})")
    if group.mirror:
        steps.append("scale(-1 1)")
    return f' transform="{"".join(steps)}"' if steps else ""


def written(nodes: Iterable[Node], colours: dict[str, str] | None = None, *, moves: bool = True) -> str:
    """Nodes with every part written out: painted with the page's tokens and with a name for each joint that the style
    sheet moves, or in literal `colours`, for programs that know no style sheet."""
    text = ""
    for node in nodes:
        match node:
            case Group():
                text += grouped(node, written(node.children, colours, moves=moves), moves=moves and colours is None)
            case Still():
                text += written(node.children, colours, moves=False)
            case Part():
                text += written(node.shapes, colours)
            case Label():
                x, y = (number(value) for value in node.at)
                fill = f' fill="{colours["heading"]}"' if colours else ""
                text += f'<text x="{x}" y="{y}" text-anchor="{node.anchor}"{fill}>{node.text}</text>'
            case Shape() | Dot():
                text += drawn(node, colours)
    return text


def grouped(group: Group, inside: str, *, moves: bool) -> str:
    """What is in a group, in its place, and under the name of its joint where the style sheet moves it."""
    if not (group.joint and moves):
        place = placed(group, turns=True)
        return f"<g{place}>{inside}</g>" if place else inside
    joint = f'<g class="figure__{group.joint}">{inside}</g>'
    place = placed(group, turns=False)
    return f"<g{place}>{joint}</g>" if place else joint  # one group would turn before it moves


def drawn(item: Shape | Dot, colours: dict[str, str] | None) -> str:
    """One shape. Round ends of lines, and that what has no colour is not filled, come from around it."""

    def paint(name: str) -> str:
        return colours[name] if colours else f"var(--{name})"

    fill = f' fill="{paint(item.fill)}"' if item.fill else ""
    line = f' stroke="{paint(item.stroke)}" stroke-width="{number(item.width)}"' if item.stroke else ""
    if isinstance(item, Dot):
        x, y = (number(value) for value in item.centre)
        return f'<circle cx="{x}" cy="{y}" r="{item.radius}"{fill}{line}/>'
    line += f' stroke-dasharray="{item.dashes}"' if item.dashes else ""
    return f'<path{fill}{line} d="{item.d}"/>'
