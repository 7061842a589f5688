"""What becomes of the site's time, statements and memory as its posts, its leads and its subscribers become many.

Each size is a process of its own: it fills the site up to there with SQL, measures, and leaves the rest to the next.
"""

import json
import math
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.growth.cost import Cost
from bench.plot import Plot
from bench.progress import now
from bench.report import Row, Section
from bench.site import Site
from dev.environment import ROOT
from dev.processes import Problem
from dev.run import python

SECONDS = 300  # for one size, filling included
BATCH = 1_000  # rows
# How many times the blocks ten times the rows may take. An index gets deeper, and the rows that it names lie apart.
STEADY, WHOLE = 3, 20
MEGABYTES = 10  # that anything may take more, where there are many rows
PLOTTED_FLOOR = 0.1  # milliseconds or megabytes: below it a logarithmic plot shows noise


@dataclass(frozen=True)
class Limit:
    """What a thing may cost at any size."""

    queries: float = math.inf
    milliseconds: float = math.inf
    cpu_milliseconds: float = math.inf


@dataclass(frozen=True)
class Part:
    """What grows, and how it is measured."""

    name: str  # of the module that fills and measures
    sizes: tuple[int, ...]
    whole: Collection[str]  # what reads or writes each row that there is; the work of all else stays as it is
    plotted: Sequence[str]
    batched: Collection[str] = ()  # of the whole, what takes a statement for each batch of rows
    limits: Mapping[str, Limit] = field(default_factory=dict)
    limit: Limit = Limit()  # of what has none of its own, and is not whole


PARTS = (
    Part(
        "posts",
        (10, 100, 1_000, 10_000),
        whole=[
            "Index",
            "Index, the last page",
            "Topic",
            "Author",
            "Find a common word",
            "Find a mistyped word",
            "Sitemap",
        ],
        plotted=["Article", "Home", "Index", "Find a common word", "Feed", "Sitemap"],
        limits={"Article": Limit(queries=6, cpu_milliseconds=10)},
    ),
    Part(
        "leads",
        (1_000, 10_000, 100_000, 1_000_000),
        whole=["Export as CSV"],
        batched=["Export as CSV"],
        plotted=[
            "The working list",
            "A card, and the list beside it",
            "All leads",
            "Find a common name",
            "Find digits",
            "Export as CSV",
        ],
        limit=Limit(milliseconds=200),
    ),
    Part(
        "subscribers",
        (1_000, 10_000, 100_000),
        whole=[
            "Who gets it, the page that asks",
            "Prepare an issue",
            "How far it got",
            "Publish the tips anew",
        ],
        plotted=[
            "Who gets it, the page that asks",
            "Prepare an issue",
            "Send one mail of it",
            "How far it got",
            "Publish the tips anew",
        ],
    ),
)
NOTE = """\
With 10, 100, 1,000 and 10,000 posts; with 1,000, 10,000, 100,000 and 1,000,000 leads; with 1,000, 10,000 and 100,000
subscribers, of whom all are on their way through the health tips. The application runs in process, without a page
cache: time is the median of up to 50 requests, the database included; statements and blocks (8 KB that the database
reads, from its cache or the disk) are those of a process that just started and has to read everything; memory is what
the first request takes more. What is made once (an issue, an export, a sequence's new version) is measured once.

Nothing may grow faster than its work, from the last size but one to the last, which has ten times the rows. What shows
or changes a few rows may take no more statements, three times the blocks and 10 MB more. What counts or gives out all
rows (¶) may take twice the blocks and memory a row, and a statement for each thousand of them only where it goes in
batches, as the export does."""


def measure(site: Site) -> Section:
    rows: list[Row] = []
    plots: list[Plot] = []
    for part in PARTS:
        found = {size: costs(site, part, size) for size in part.sizes}
        by_thing = {name: {size: found[size][name] for size in part.sizes} for name in found[part.sizes[0]]}
        rows += [row(part, name, costs) for name, costs in by_thing.items()]
        plots += drawn(part, {name: by_thing[name] for name in part.plotted})
    return Section("Growth", NOTE, rows, plots)


def costs(site: Site, part: Part, size: int) -> dict[str, Cost]:
    now(f"{size:,} {part.name}")
    command = python(f"bench.growth.{part.name}", str(size))
    done = subprocess.run(command, env=site.env, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise Problem(f"{size:,} {part.name} could not be measured: {done.stderr}")
    return {name: Cost(**cost) for name, cost in json.loads(done.stdout.splitlines()[-1]).items()}


def row(part: Part, name: str, costs: Mapping[int, Cost]) -> Row:
    is_whole = name in part.whole
    before, last = (costs[size] for size in part.sizes[-2:])
    limit = part.limits.get(name) or (Limit() if is_whole else part.limit)
    batches = part.sizes[-1] // BATCH if name in part.batched else 0
    queries = min(limit.queries, before.queries + batches)
    blocks = before.blocks * (WHOLE if is_whole else STEADY)
    megabytes = MEGABYTES + before.megabytes * (WHOLE if is_whole else 1)
    is_steady = last.queries <= queries and last.blocks <= blocks and last.megabytes <= megabytes
    is_fast = last.milliseconds <= limit.milliseconds and last.cpu_milliseconds <= limit.cpu_milliseconds
    measured = [
        f"{series(f'{cost.milliseconds:,.1f}' for cost in costs.values())} ms",
        f"{series(f'{cost.queries:,}' for cost in costs.values())} statements",
        f"{series(f'{cost.blocks:,}' for cost in costs.values())} blocks",
        f"{series(f'{cost.megabytes:,.0f}' for cost in costs.values())} MB",
    ]
    budget = [f"≤ {queries:,.0f} statements", f"≤ {blocks:,.0f} blocks", f"≤ {megabytes:,.0f} MB"]
    if limit.cpu_milliseconds < math.inf:
        measured.insert(1, f"CPU {series(f'{cost.cpu_milliseconds:,.1f}' for cost in costs.values())} ms")
        budget.insert(0, f"CPU ≤ {limit.cpu_milliseconds:,.0f} ms")
    if limit.milliseconds < math.inf:
        budget.insert(0, f"≤ {limit.milliseconds:,.0f} ms")
    title = f"{part.name.capitalize()}: {name}{' ¶' if is_whole else ''}"
    return Row(title, "; ".join(measured), ", ".join(budget), is_steady and is_fast, depends_on_speed=is_steady)


def series(values: Iterable[str]) -> str:
    """The figures of each size, or the one that they share."""
    figures = list(values)
    return figures[0] if len(set(figures)) == 1 else " → ".join(figures)


def drawn(part: Part, things: Mapping[str, Mapping[int, Cost]]) -> Iterator[Plot]:
    def lines(value: str) -> dict[str, list[tuple[float, float]]]:
        return {
            name.partition(",")[0]: [(size, max(getattr(cost, value), PLOTTED_FLOOR)) for size, cost in costs.items()]
            for name, costs in things.items()
        }

    milliseconds = part.limit.milliseconds
    limits = {f"{milliseconds:.0f} ms": milliseconds} if milliseconds < math.inf else {}
    title, name = f"with ever more {part.name}", f"growth-{part.name}"
    yield Plot(f"{name}-time", f"Time {title}", part.name, "milliseconds", lines("milliseconds"), limits)
    yield Plot(f"{name}-statements", f"SQL statements {title}", part.name, "statements", lines("queries"))
    yield Plot(f"{name}-memory", f"Memory {title}", part.name, "megabytes", lines("megabytes"))
