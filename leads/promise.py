"""The moment by which the practice says that it will call: counted in the hours in which it is open, and then kept."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain

from clinic.clock import clock_time
from clinic.models import ClinicSettings

ROUND_TO = timedelta(minutes=10)
PartOfDay = tuple[time, time]
Stretch = tuple[datetime, datetime]
WHOLE_DAY = (time.min, time.max)
LOOK_AHEAD = 60  # days; a practice that is closed for longer promises nothing


def promised_moment(now: datetime, clinic: ClinicSettings, part: PartOfDay = WHOLE_DAY) -> datetime | None:
    """When `clinic.callback_minutes` of opening time have passed; None while no opening hours are known."""
    return moment_after(timedelta(minutes=clinic.callback_minutes), now, clinic, part)


def moment_after(
    opening_time: timedelta, now: datetime, clinic: ClinicSettings, part: PartOfDay = WHOLE_DAY
) -> datetime | None:
    """When the practice will have been open for so long, rounded up; None while no opening hours are known.

    In UTC. Never in closed hours, never in the past: where rounding would pass the closing time, that is the moment.
    Only the hours in `part` count, where the practice is open in it at all.
    """
    found = counted(opening_time, now, clinic, part)
    return min(rounded_up(found[0]), found[1]) if found else None


def counted(
    opening_time: timedelta, now: datetime, clinic: ClinicSettings, part: PartOfDay = WHOLE_DAY
) -> tuple[datetime, datetime] | None:
    """The very moment, and when the practice closes after it."""
    left = opening_time
    for opens, closes in stretches_in(part, now, clinic):
        start = max(opens, now)
        if closes - start >= left:
            return start + left, closes
        left -= closes - start
    return None


def next_open(moment: datetime, clinic: ClinicSettings, part: PartOfDay = WHOLE_DAY) -> datetime:
    """The moment itself where the practice is open then, else when it opens next; itself too while no hours are known.

    Only the hours in `part` count, where the practice is open in it at all.
    """
    stretches = stretches_in(part, moment, clinic)
    return next((max(opens, moment) for opens, closes in stretches if closes > moment), moment)


def stretches_in(part: PartOfDay, moment: datetime, clinic: ClinicSettings) -> Iterator[Stretch]:
    """What of the stretches after this moment lies in a part of the day; all of them where nothing does."""
    cut = within(part, open_stretches(moment, clinic), clinic)
    first = next(cut, None)
    return open_stretches(moment, clinic) if first is None else chain([first], cut)


def within(part: PartOfDay, stretches: Iterable[Stretch], clinic: ClinicSettings) -> Iterator[Stretch]:
    """What of the stretches lies in a part of the day, in the clinic's time zone."""
    for opens, closes in stretches:
        day = opens.astimezone(clinic.zone).date()
        begins, ends = (datetime.combine(day, moment, tzinfo=clinic.zone).astimezone(UTC) for moment in part)
        if max(opens, begins) < min(closes, ends):
            yield max(opens, begins), min(closes, ends)


def open_stretches(now: datetime, clinic: ClinicSettings, days: int = LOOK_AHEAD) -> Iterator[Stretch]:
    """The stretches in which the practice is open that end after `now`, in UTC, in their order."""
    zone = clinic.zone
    hours = clinic.hours
    holidays = clinic.days_closed
    today: date = now.astimezone(zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(days)):
        if day in holidays:
            continue
        for stretch in hours:
            if stretch.weekday == day.weekday():
                opens = datetime.combine(day, stretch.opens, tzinfo=zone).astimezone(UTC)
                closes = datetime.combine(day, stretch.closes, tzinfo=zone).astimezone(UTC)
                if closes > now:
                    yield opens, closes


def rounded_up(moment: datetime) -> datetime:
    over = timedelta(minutes=moment.minute % 10, seconds=moment.second, microseconds=moment.microsecond)
    return moment + (ROUND_TO - over) if over else moment


def promise_in_words(promised: datetime, now: datetime, clinic: ClinicSettings) -> str:
    """Such as "by 11:40 am today", "tomorrow by 9:30 am", "on Monday by 10:00 am", "on Monday, May 4 by 9:30 am"."""
    local, today = promised.astimezone(clinic.zone), now.astimezone(clinic.zone).date()
    clock = clock_time(local)
    days = (local.date() - today).days
    if days == 0:
        return f"by {clock} today"
    if days == 1:
        return f"tomorrow by {clock}"
    if days < 7:
        return f"on {local:%A} by {clock}"
    return f"on {local:%A, %B} {local.day} by {clock}"
