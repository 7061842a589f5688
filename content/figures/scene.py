"""A drawing as a tree of turned groups, and the ways to write it: in the sprite, on the page with it or without, as its
own file."""

from collections.abc import Iterable, Iterator, Sequence
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
    as its class on the page, and the style sheet turns it about its own origin."""

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
    def id(self) -> str:
        return f"{self.name}-far" if self.far else self.name

    @property
    def shapes(self) -> "Sequence[Node]":
        return [recolour(shape) for shape in PARTS[self.name]] if self.far else PARTS[self.name]


@dataclass
class Still:
    """Things that never move against each other: one reference on the page, however many parts they have."""

    id: str
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


def placed(group: Group) -> str:
    """The transform attribute that puts a group in its place, or nothing."""
    steps = []
    if group.at != (0, 0):
        steps.append(f"translate({number(group.at[0])} {number(group.at[1])})")
    if group.angle:
        steps.append(f"rotate({number(group.angle)})")
    if group.stretch != 1:
        steps.append(f"scale(1 {group.stretch:g})")
    if group.mirror:
        steps.append("scale(-1 1)")
    return f' transform="{"".join(steps)}"' if steps else ""


def drawn(item: Shape | Dot, colours: dict[str, str] | None) -> str:
    """One shape, painted with tokens of the page or with the colours given."""

    def paint(name: str) -> str:
        if not name:
            return "none"
        return colours[name] if colours else f"var(--{name})"

    line = f' stroke="{paint(item.stroke)}" stroke-width="{number(item.width)}"' if item.stroke else ""
    if isinstance(item, Dot):
        x, y = (number(value) for value in item.centre)
        return f'<circle cx="{x}" cy="{y}" r="{item.radius}" fill="{paint(item.fill)}"{line}/>'
    if item.stroke:
        line += f' stroke-dasharray="{item.dashes}"' if item.dashes else ""
        line += ' stroke-linecap="round" stroke-linejoin="round"'
    return f'<path fill="{paint(item.fill)}"{line} d="{item.d}"/>'


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if isinstance(node, Group | Still):
            yield from walk(node.children)


def sprite(drawings: Iterable[Drawing]) -> str:
    """Every part that the drawings use, once, each with an id."""
    symbols: dict[str, str] = {}
    for drawing in drawings:
        for node in walk(drawing.children):
            if isinstance(node, Part):
                symbols[node.id] = "".join(drawn(shape, None) for shape in node.shapes)
            elif isinstance(node, Still):
                symbols[node.id] = "".join(referred(child, "") for child in node.children)
    groups = "\n".join(f'<g id="{key}">{symbols[key]}</g>' for key in sorted(symbols))
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{groups}\n</svg>\n'


def referred(node: Node, file: str) -> str:
    """A node by reference to the sprite, which is at `file`; inside the sprite itself that is empty."""
    match node:
        case Part() | Still():
            return f'<use href="{file}#{node.id}"/>'
        case Label():
            x, y = (number(value) for value in node.at)
            return f'<text x="{x}" y="{y}" text-anchor="{node.anchor}">{node.text}</text>'
        case Group():
            return grouped(node, "".join(referred(child, file) for child in node.children), moves=bool(file))
        case _:
            return drawn(node, None)


def written(node: Node, *, moves: bool = True) -> str:
    """A node with every part written out in the page's tokens."""
    match node:
        case Part():
            return "".join(drawn(shape, None) for shape in node.shapes)
        case Still():
            return "".join(written(child, moves=False) for child in node.children)
        case Group():
            return grouped(node, "".join(written(child, moves=moves) for child in node.children), moves=moves)
        case _:
            return referred(node, "")


def grouped(group: Group, inside: str, *, moves: bool) -> str:
    """What is in a group, in its place, and under the name of its joint where the style sheet moves it."""
    transform, name = placed(group), f' class="figure__{group.joint}"' if group.joint and moves else ""
    if name and transform:  # the style sheet's turn must not replace the place
        return f"<g{transform}><g{name}>{inside}</g></g>"
    return f"<g{transform}{name}>{inside}</g>" if transform or name else inside


def expanded(nodes: Iterable[Node]) -> str:
    """Nodes with every part written out in literal colours, for programs that know no style sheet and no sprite."""
    text = ""
    for node in nodes:
        match node:
            case Part():
                text += "".join(drawn(shape, COLOURS) for shape in node.shapes)
            case Still():
                text += expanded(node.children)
            case Group():
                text += f"<g{placed(node)}>{expanded(node.children)}</g>"
            case Label():
                x, y = (number(value) for value in node.at)
                text += f'<text x="{x}" y="{y}" text-anchor="{node.anchor}">{node.text}</text>'
            case _:
                text += drawn(node, COLOURS)
    return text
