"""The week in short, for the start page."""

from datetime import datetime, timedelta

from clinic.models import ClinicSettings

from . import counts
from .charts import BarChart, Chart, Series
from .period import WEEK, Period, Slot, Span, days_between, in_words, midnight
from .report import Report
from .sections import GROUPS, draw
from .tables import Table

WEEKS = 8  # in the chart


def week_to_read(now: datetime, clinic: ClinicSettings) -> Period:
    """This week; on a Monday the one that is over, for this one has hardly begun."""
    yesterday = now.astimezone(clinic.zone).date() - timedelta(days=1)
    return Period.around(yesterday, Span.WEEK, now, clinic.zone)


def recent_weeks(report: Report) -> tuple[Chart, Table]:
    """What came in during each of the last weeks up to this one, the running one too."""
    now, zone = report.period.now, report.period.zone
    last = Period.around(now.astimezone(zone).date(), Span.WEEK, now, zone).first
    slots = [
        Slot(monday, monday + WEEK, f"{monday:%b} {monday.day}", f"Week of {in_words(monday)}")
        for monday in days_between(last - (WEEKS - 1) * WEEK, last + timedelta(days=1))
        if monday.weekday() == 0
    ]
    found = counts.arrivals([(midnight(slots[0].first, zone), now)], counts.week_of(report.period))
    series = [
        Series(key, name, [sum(found[slot.first, kind] for kind in kinds) for slot in slots])
        for key, (name, kinds) in GROUPS.items()
    ]
    return draw(BarChart, "weeks", f"Requests in each of {WEEKS} weeks", slots, series)
