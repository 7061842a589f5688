"""Weeks, months and quarters of the clinic's calendar. A day there has 23, 24 or 25 hours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import TextChoices

WEEK = timedelta(days=7)
Stretch = tuple[datetime, datetime]  # the second moment is not in it


class Span(TextChoices):
    WEEK = "week", "Week"
    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"


@dataclass(frozen=True)
class Slot:
    """What one bar of a chart stands for: the days from `first` to the one before `end`."""

    first: date
    end: date
    label: str
    name: str


@dataclass(frozen=True)
class Period:
    """One week, month or quarter, seen at the moment `now`."""

    span: Span
    first: date
    now: datetime
    zone: ZoneInfo

    @classmethod
    def around(cls, day: date, span: Span, now: datetime, zone: ZoneInfo) -> "Period":
        """The period with this day in it, or the one that runs now where the day is yet to come."""
        return cls(span, first_day(min(day, now.astimezone(zone).date()), span), now, zone)

    @cached_property
    def end(self) -> date:
        """The first day that is no more in it."""
        if self.span == Span.WEEK:
            return self.first + WEEK
        return first_day(self.first + timedelta(days=31 if self.span == Span.MONTH else 92), self.span)

    @cached_property
    def before(self) -> "Period":
        return Period(self.span, first_day(self.first - timedelta(days=1), self.span), self.now, self.zone)

    @cached_property
    def after(self) -> "Period | None":
        return None if self.is_running else Period(self.span, self.end, self.now, self.zone)

    @cached_property
    def is_running(self) -> bool:
        return self.now < midnight(self.end, self.zone)

    @cached_property
    def so_far(self) -> Stretch:
        return midnight(self.first, self.zone), min(self.now, midnight(self.end, self.zone))

    @cached_property
    def as_far_before(self) -> Stretch:
        """The period before, up to the moment of it that the clock of this one has reached."""
        begins, ends = midnight(self.before.first, self.zone), midnight(self.first, self.zone)
        if not self.is_running:
            return begins, ends
        passed = self.now.astimezone(self.zone).replace(tzinfo=None) - datetime.combine(self.first, time.min)
        moment = datetime.combine(self.before.first, time.min) + passed
        return begins, min(moment.replace(tzinfo=self.zone).astimezone(UTC), ends)

    @property
    def name(self) -> str:
        """Such as "November 2026", or "July to September 2026"; of a week, its first and last day."""
        last = self.end - timedelta(days=1)
        if self.span == Span.MONTH:
            return f"{self.first:%B %Y}"
        if self.span == Span.QUARTER:
            return f"{self.first:%B} to {last:%B %Y}"
        if self.first.year != last.year:
            return f"{in_words(self.first)}, {self.first.year} – {in_words(last)}, {last.year}"
        ends = str(last.day) if self.first.month == last.month else in_words(last)
        return f"{in_words(self.first)}{'–' if ends.isdigit() else ' – '}{ends}, {last.year}"

    @property
    def whole(self) -> Slot:
        return Slot(self.first, self.end, self.name, self.name)

    @cached_property
    def slots(self) -> list[Slot]:
        return list(weeks_in(self.first, self.end) if self.span == Span.QUARTER else self.days)

    @property
    def days(self) -> Iterator[Slot]:
        for day in days_between(self.first, self.end):
            label = f"{day:%a}" if self.span == Span.WEEK else str(day.day)
            yield Slot(day, day + timedelta(days=1), label, f"{day:%A}, {in_words(day)}")


def first_day(day: date, span: Span) -> date:
    """Of the span with this day in it. A week begins on Monday, as the opening hours do."""
    if span == Span.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1, month=day.month if span == Span.MONTH else day.month - (day.month - 1) % 3)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """In UTC."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def days_between(first: date, end: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((end - first).days))


def weeks_in(first: date, end: date) -> Iterator[Slot]:
    """The weeks that have a day in it, without their other days."""
    monday = first_day(first, Span.WEEK)
    while monday < end:
        begins = max(monday, first)
        yield Slot(begins, min(monday + WEEK, end), f"{begins:%b} {begins.day}", f"Week of {in_words(begins)}")
        monday += WEEK


def in_words(day: date) -> str:
    return f"{day:%B} {day.day}"
