"""Lines in an SVG that can be read in light and in dark, drawn without a library."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 76, 168, 46, 54  # around the lines, in units of the picture; labels of lines lie right
LABEL_HEIGHT = 15
DASHES = ("", "6 4", "2 3", "9 3 2 3")  # so that lines are told apart without their colours
STYLE = """
    text { font: 12px system-ui, sans-serif; fill: #1f2937 }
    .title { font-size: 15px; font-weight: 600 }
    .ground { fill: #ffffff }
    .grid { stroke: #d5dae1; stroke-width: 1 }
    .line { fill: none; stroke-width: 2.2 }
    .limit { stroke: #b91c1c; stroke-width: 1.4; stroke-dasharray: 3 4 }
    .c0 { stroke: #0f5e6b } .c1 { stroke: #b4540a } .c2 { stroke: #6d3fa8 } .c3 { stroke: #3c6e21 }
    .c4 { stroke: #9d174d } .c5 { stroke: #475569 }
    @media (prefers-color-scheme: dark) {
        text { fill: #e5e7eb } .ground { fill: #12181f } .grid { stroke: #38424e } .limit { stroke: #f87171 }
        .c0 { stroke: #5fc9da } .c1 { stroke: #f2a65a } .c2 { stroke: #c4a1f7 } .c3 { stroke: #9bd07c }
        .c4 { stroke: #f78bb5 } .c5 { stroke: #a9b4c2 }
    }
"""
COLOURS = 6

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    """Lines over a logarithmic x that was measured at a few points, such as numbers of posts; y is logarithmic too."""

    name: str  # of the file, without its ending
    title: str
    x: str  # what stands under the axis, with its unit
    y: str
    lines: Mapping[str, Points]  # the label of each line; x ascending, all above 0
    limits: Mapping[str, float] = field(default_factory=dict)  # drawn as level lines: a budget, by its label

    def svg(self) -> str:
        parts = [*self.frame(), *self.grid(), *self.drawn(), "</svg>"]
        return "\n".join(parts) + "\n"

    def frame(self) -> Iterator[str]:
        yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        yield f"<title>{escape(self.title)}</title>"
        yield f"<desc>{escape(self.described())}</desc>"
        yield f"<style>{STYLE}</style>"
        yield f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>'
        yield f'<text class="title" x="{LEFT}" y="26">{escape(self.title)}</text>'
        yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, self.x, "middle")
        middle = (TOP + HEIGHT - BOTTOM) / 2
        turned = f'text-anchor="middle" transform="rotate(-90 18 {middle})"'
        yield f'<text x="18" y="{middle}" {turned}>{escape(self.y)}</text>'

    def described(self) -> str:
        """All points in words, for those who do not see them."""
        return "; ".join(
            f"{label}: " + ", ".join(f"{short(y)} at {short(x)}" for x, y in points)
            for label, points in self.lines.items()
        )

    def grid(self) -> Iterator[str]:
        for tick in sorted({x for points in self.lines.values() for x, _ in points}):
            at = self.across(tick)
            yield f'<path class="grid" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
            yield text(at, HEIGHT - BOTTOM + 18, short(tick), "middle")
        for tick in decades(*self.y_range):
            at = self.up(tick)
            yield f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>'
            yield text(LEFT - 8, at + 4, short(tick), "end")

    def drawn(self) -> Iterator[str]:
        for label, value in self.limits.items():
            yield f'<path class="limit" d="M{LEFT} {self.up(value):.1f}H{WIDTH - RIGHT}"/>'
            yield text(LEFT + 6, self.up(value) - 5, label, "start")
        for number, points in enumerate(self.lines.values()):
            path = "L".join(f"{self.across(x):.1f} {self.up(y):.1f}" for x, y in points)
            dashes = DASHES[number % len(DASHES)]
            yield f'<path class="line c{number % COLOURS}" stroke-dasharray="{dashes or "none"}" d="M{path}"/>'
            for x, y in points:
                place = f'cx="{self.across(x):.1f}" cy="{self.up(y):.1f}"'
                yield f'<circle class="line c{number % COLOURS}" {place} r="2.5"/>'
        ends = {label: self.up(points[-1][1]) for label, points in self.lines.items()}
        for label, at in apart(ends).items():
            yield text(WIDTH - RIGHT + 8, at + 4, label, "start")

    @property
    def x_range(self) -> tuple[float, float]:
        values = [x for points in self.lines.values() for x, _ in points]
        return min(values), max(values)

    @property
    def y_range(self) -> tuple[float, float]:
        values = [y for points in self.lines.values() for _, y in points] + [*self.limits.values()]
        return 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values)) + 0.01)

    def across(self, x: float) -> float:
        low, high = (math.log10(value) for value in self.x_range)
        return LEFT + (math.log10(x) - low) / ((high - low) or 1) * (WIDTH - RIGHT - LEFT)

    def up(self, y: float) -> float:
        low, high = self.y_range
        share = math.log(y / low) / math.log(high / low)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def decades(low: float, high: float) -> list[float]:
    powers = range(math.ceil(math.log10(low) - 0.001), math.floor(math.log10(high) + 0.001) + 1)
    return [10.0**power for power in powers]


def apart(ends: Mapping[str, float]) -> dict[str, float]:
    """Where the label of each line stands: at its end, or as far below the last one as it needs."""
    places: dict[str, float] = {}
    last = -math.inf
    for label, at in sorted(ends.items(), key=lambda end: end[1]):
        last = max(at, last + LABEL_HEIGHT)
        places[label] = last
    return places


def short(value: float) -> str:
    return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
