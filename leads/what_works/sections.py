"""The page in its parts. Each can be made by itself, for its spreadsheet."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from leads.models import Enrolment

from . import counts, pages
from .charts import BarChart, Chart, LineChart, Series
from .counts import Kind, Pair
from .pages import Place
from .period import Slot
from .report import Report
from .tables import (
    ENOUGH_FOR_PERCENT,
    NOTHING,
    Row,
    Table,
    clock_time,
    few,
    opening_time,
    percentage,
    share,
    two,
    unbroken,
    with_bars,
)

TO_CALL = [Kind.ASSESSMENT, Kind.CALL]  # whom somebody of the practice calls or called
TO_READ = [Kind.GUIDE, Kind.NEWSLETTER, Kind.WORKSHOP]
GROUPS = {  # in charts
    "assessment": ("Assessments and phone calls", TO_CALL),
    "reading": ("Guides, newsletter and workshops", TO_READ),
}
KINDS = {
    Kind.ASSESSMENT: "Assessment",
    Kind.CALL: "Phone call, written down by staff",
    Kind.GUIDE: "Guide",
    Kind.NEWSLETTER: "Newsletter",
    Kind.WORKSHOP: "Workshop",
}
FROM_A_PAGE = {
    Kind.ASSESSMENT: "Assessments",
    Kind.GUIDE: "Guides",
    Kind.NEWSLETTER: "Newsletter",
    Kind.WORKSHOP: "Workshops",
}
SHOWN = 12  # pages, and campaigns


@dataclass(frozen=True)
class Section:
    key: str
    heading: str
    text: str
    tables: Sequence[Table] = field(default_factory=list)
    chart: Chart | None = None
    chart_table: Table | None = None  # what the chart shows, in numbers

    @property
    def all_tables(self) -> list[Table]:
        return [*self.tables, *([self.chart_table] if self.chart_table else [])]


@dataclass(frozen=True)
class Tile:
    name: str
    now: str
    before: str
    note: str = ""


def tiles(report: Report) -> Iterator[Tile]:
    """The figures to read first."""
    asked = report.requests(*TO_CALL)
    yield Tile("Asked to be called", str(asked.now), str(asked.before), "assessments and phone calls")
    kept, kept_before = (report.promises_in(half) for half in report.halves)
    yield share_tile("Promises kept", (kept.kept, kept.ended), (kept_before.kept, kept_before.ended))
    wait, wait_before = report.waits_of()
    words, how = (opening_time, "in opening hours") if report.clinic.hours else (clock_time, "day and night")
    yield Tile("Waited for our call", words(wait), words(wait_before), f"{how}; half waited longer")
    visit, visit_before = report.visits_of()
    yield share_tile("Booked a visit", (visit.booked, visit.asked), (visit_before.booked, visit_before.asked))
    sign_up, sign_up_before = (report.sign_ups_in(half) for half in report.halves)
    yield Tile("New readers", str(sign_up.confirmed), str(sign_up_before.confirmed), "confirmed the newsletter")


def share_tile(name: str, now: tuple[int, int], before: tuple[int, int]) -> Tile:
    if now[1] < ENOUGH_FOR_PERCENT:
        return Tile(name, few(*now), share(*before))
    return Tile(name, percentage(*now), share(*before), unbroken(*now))


# --- What came in


def requests(report: Report) -> Section:
    numbers = {kind: report.requests(kind) for kind in KINDS}
    rows = [Row(name, two(numbers[kind])) for kind, name in KINDS.items()]
    total = Row("All", two(report.requests(*KINDS)), is_total=True)
    table = Table("requests", "Requests by kind", ["Kind", *report.names], [*rows, total])
    series = [
        Series(key, name, report.by_slot(partial(report.of_kinds, kinds))) for key, (name, kinds) in GROUPS.items()
    ]
    text = "Every form that was sent, and every call that staff wrote down."
    return Section("requests", "What came in", text, [table], *drawn(BarChart, report, "Requests", series))


def drawn(kind: type[Chart], report: Report, title: str, series: Sequence[Series]) -> tuple[Chart, Table]:
    """A chart over the period, and the same in numbers."""
    key = title.lower().replace(" ", "-")
    return draw(kind, key, f"{title}, {report.period.name}", report.period.slots, series)


def draw(
    kind: type[Chart], key: str, title: str, slots: Sequence[Slot], series: Sequence[Series]
) -> tuple[Chart, Table]:
    chart = kind(key, title, said(slots, series), [slot.label for slot in slots], series)
    columns = zip(*(line.values for line in series), strict=True)
    rows = [
        Row(slot.name, [NOTHING if value is None else value for value in values])
        for slot, values in zip(slots, columns, strict=True)
    ]
    return chart, Table(f"{key}-over-time", title, ["When", *(line.name for line in series)], rows)


def said(slots: Sequence[Slot], series: Iterable[Series]) -> str:
    """What the chart shows, for those who do not see it."""
    parts = []
    for line in series:
        values = [value or 0 for value in line.values]
        most = max(values)
        at_most = f", at most {most} ({slots[values.index(most)].name})" if most else ""
        parts.append(f"{line.name}: {sum(values)} in all{at_most}.")
    return " ".join(parts)


# --- Where it came from


def sources(report: Report) -> Section:
    by_path = Counter[str]()
    for origin in report.origins:
        by_path[origin.path] += origin.number.now + origin.number.before
    places = pages.places([path for path, _ in by_path.most_common()])
    found: dict[Place, dict[str, Pair]] = defaultdict(dict)
    for origin in report.origins:
        kinds = found[places[origin.path]]
        kinds[origin.kind] = kinds.get(origin.kind, Pair()) + origin.number
    text = "The page on which a form was sent; for an assessment, the page with the link to it."
    rows = by_kind_rows((place.name, place.address, place.note, kinds) for place, kinds in found.items())
    return Section("sources", "Which page brought it", text, [by_kind_table(report, "sources", "Page", rows)])


def campaigns(report: Report) -> Section:
    found = counts.campaigns(report.period)
    rows = by_kind_rows((campaign_name(*key), "", "", kinds) for key, kinds in found.items())
    text = (
        "What the link said that led to the site: its utm_campaign, utm_source and utm_medium. "
        "Only forms that were sent from the page on which such a link ended are known."
    )
    return Section(
        "campaigns", "Which campaign brought it", text, [by_kind_table(report, "campaigns", "Campaign", rows)]
    )


def campaign_name(source: str, medium: str, name: str) -> str:
    origin = ", ".join(filter(None, [source, medium]))
    return f"{name} ({origin})" if name and origin else name or origin


def by_kind_table(report: Report, key: str, what: str, rows: list[Row]) -> Table:
    now, before = report.names
    title = f"Requests by {what.lower()}"
    headings = [what, *FROM_A_PAGE.values(), now, before]
    return Table(key, title, headings, rows, shown=SHOWN, is_wide=True)


def by_kind_rows(found: Iterable[tuple[str, str, str, dict[str, Pair]]]) -> list[Row]:
    """Those that brought most first."""
    entries = sorted(found, key=lambda entry: (-total(entry[3]).now, -total(entry[3]).before, entry[0]))
    rows = [
        Row(name, [*(kinds.get(kind, Pair()).now for kind in FROM_A_PAGE), *two(total(kinds))], address, note)
        for name, address, note, kinds in entries
    ]
    return list(with_bars(rows, [total(kinds).now for *_, kinds in entries]))


def total(kinds: dict[str, Pair]) -> Pair:
    return sum(kinds.values(), Pair())


# --- Answers


def promises(report: Report) -> Section:
    now, before = halves = [report.promises_in(half) for half in report.halves]
    waits = report.waits_of()
    rows = [
        Row("Kept", [now.kept, before.kept]),
        Row("Answered late", [now.late, before.late]),
        Row("Late and not answered yet", [now.open, before.open]),
        Row("Still running", [now.running, before.running]),
        Row("Kept, of those that are over", [share(half.kept, half.ended) for half in halves], is_total=True),
        Row("Half waited longer than, in opening hours", [opening_time(wait) for wait in waits]),
        Row("Half waited longer than, day and night", [clock_time(wait) for wait in waits]),
    ]
    series = [
        Series("kept", "Kept", report.by_slot(lambda slot: report.promises_in(slot).kept)),
        Series("missed", "Missed", report.by_slot(lambda slot: report.promises_in(slot).missed)),
        Series("running", "Still running", report.by_slot(lambda slot: report.promises_in(slot).running)),
    ]
    text = (
        "The thank-you page says by when somebody calls. A promise is kept when the first attempt came by then. "
        "It counts on the day on which it was given."
    )
    table = Table("promises", "Promises and waits", ["Promises", *report.names], rows)
    return Section("promises", "How fast we answered", text, [table], *drawn(BarChart, report, "Promises", series))


def visits(report: Report) -> Section:
    now, before = report.visits_of()
    rows = [
        Row("Asked for", [now.asked, before.asked]),
        Row("Booked a visit", [now.booked, before.booked]),
        Row("Came", [now.attended, before.attended]),
        Row("Did not come", [now.missed, before.missed]),
    ]
    text = "Assessments that were asked for in this time, and what became of them until today."
    bars = with_bars(rows, [now.asked, now.booked, now.attended, now.missed])
    table = Table("visits", "From the assessment to the visit", ["Assessments", *report.names], list(bars))
    return Section("visits", "From the assessment to the visit", text, [table])


# --- Reading


def newsletter(report: Report) -> Section:
    now, before = halves = [report.sign_ups_in(half) for half in report.halves]
    left = counts.unsubscribed(report.period)
    rows = [
        Row("Signed up", [now.asked, before.asked]),
        Row("Confirmed", [now.confirmed, before.confirmed]),
        Row("Confirmed, of those who signed up", [share(half.confirmed, half.asked) for half in halves], is_total=True),
        Row("Unsubscribed in this time", two(left)),
    ]
    series = [
        Series("asked", "Signed up", report.by_slot(lambda slot: report.sign_ups_in(slot).asked)),
        Series("confirmed", "Confirmed", report.by_slot(lambda slot: report.sign_ups_in(slot).confirmed)),
    ]
    text = "Mailboxes that asked for the newsletter, on the day on which they did, and those that confirmed it since."
    table = Table("newsletter", "Sign-ups", ["Newsletter", *report.names], rows)
    return Section("newsletter", "Newsletter", text, [table], *drawn(LineChart, report, "Sign-ups", series))


def offers(report: Report) -> Section:
    found: dict[tuple[str, int], Pair] = defaultdict(Pair)
    for origin in report.origins:
        if origin.subject is not None:
            found[origin.kind, origin.subject] += origin.number
    titles = pages.titles(subject for _, subject in found)
    entries = sorted(found.items(), key=lambda entry: (-entry[1].now, -entry[1].before, entry[0]))
    rows = [
        Row(titles.get(subject, f"{Kind(kind).label}, no longer there"), two(numbers))
        for (kind, subject), numbers in entries
    ]
    bars = list(with_bars(rows, [numbers.now for _, numbers in entries]))
    table = Table("offers", "Guides and workshops", ["Title", *report.names], bars)
    return Section("offers", "Guides and workshops", "How often each of them was asked for.", [table])


def tips(report: Report) -> Section:
    found = counts.tips(report.period)
    reasons = [(Enrolment.Ending(key).label, numbers) for key, numbers in found.ended.items()]
    rows = [Row("Started", two(found.started))]
    rows += [
        Row(f"Ended: {name[:1].lower()}{name[1:]}", two(numbers)) for name, numbers in reasons if any(two(numbers))
    ]
    note = f"On their way just now: {found.on_their_way}."
    table = Table("tips", "Tips started and ended", ["Tips by e-mail", *report.names], rows, note=note)
    return Section(
        "tips", "Tips by e-mail", "Who began to get them in this time, and for whom they ended, and why.", [table]
    )


SECTIONS: dict[str, Callable[[Report], Section]] = {
    make.__name__: make for make in (requests, promises, visits, sources, campaigns, newsletter, offers, tips)
}


def sections(report: Report) -> list[Section]:
    return [make(report) for make in SECTIONS.values()]
