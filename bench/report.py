"""What was measured, beside what it may be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.plot import Plot


@dataclass(frozen=True)
class Row:
    """One measured thing. A row that depends on the machine's speed is reported, and never fails the run."""

    name: str
    measured: str
    budget: str = ""
    is_met: bool = True
    depends_on_speed: bool = False

    @property
    def verdict(self) -> str:
        if not self.budget:
            return ""
        return "ok" if self.is_met else "over"

    @property
    def is_broken(self) -> bool:
        return not self.is_met and not self.depends_on_speed


def at_most(name: str, value: float, limit: float, unit: str = "", *, depends_on_speed: bool = False) -> Row:
    return Row(name, f"{value:,.10g}{unit}", f"≤ {limit:,.10g}{unit}", value <= limit, depends_on_speed)


def at_least(name: str, value: float, limit: float, unit: str = "", *, depends_on_speed: bool = False) -> Row:
    return Row(name, f"{value:,.10g}{unit}", f"≥ {limit:,.10g}{unit}", value >= limit, depends_on_speed)


def none_of(name: str, found: Sequence[str]) -> Row:
    return Row(name, ", ".join(found) or "none", "none", not found)


@dataclass
class Section:
    """`note` says how it was measured."""

    title: str
    note: str
    rows: list[Row] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The section in Markdown."""
        yield from (f"## {self.title}", "", self.note, "")
        if any(row.budget for row in self.rows):
            yield from ("| | measured | budget | |", "|---|---|---|---|")
            yield from (f"| {row.name} | {row.measured} | {row.budget} | {row.verdict} |" for row in self.rows)
        else:
            yield from ("| | |", "|---|---|")
            yield from (f"| {row.name} | {row.measured} |" for row in self.rows)
        yield ""
        for plot in self.plots:
            yield from (f"![{plot.title}](plots/{plot.name}.svg)", "")
