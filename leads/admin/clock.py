"""Moments in the words of the inbox: how late, how long still, or which day. In the active time zone, the clinic's."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

from django.utils import timezone

from clinic.clock import clock_time
from clinic.models import ClinicSettings
from leads.models import Lead

AT_RISK = timedelta(minutes=30)  # before a promise runs out
WEEK = 7  # days in which the name of a day says which


def clinic_time() -> AbstractContextManager[None]:
    """Everything in the inbox happens at the clinic, wherever the member of staff sits."""
    return timezone.override(ClinicSettings.current().zone)


@dataclass(frozen=True)
class Day:
    """The clinic's day at a moment, which ends at midnight."""

    clinic: ClinicSettings
    now: datetime
    midnight: datetime

    @classmethod
    def at(cls, now: datetime) -> Self:
        clinic = ClinicSettings.current()
        tomorrow = now.astimezone(clinic.zone).date() + timedelta(days=1)
        return cls(clinic, now, datetime.combine(tomorrow, time.min, tzinfo=clinic.zone))


def span(length: timedelta) -> str:
    """Such as "38 min", "2 h 12 min", "3 days"."""
    minutes = max(int(length.total_seconds() // 60), 1)
    hours, days = minutes // 60, minutes // (24 * 60)
    if minutes < 60:
        return f"{minutes} min"
    if days >= 2:
        return f"{days:,} days"
    return f"{hours} h {minutes % 60} min" if minutes % 60 and hours < 12 else f"{hours} h"


def day_and_time(moment: datetime, now: datetime) -> str:
    """Such as "9:00 am" today, "Mon 9:00 am" within a week, "May 4, 9:00 am" and "May 4, 2027, 9:00 am" beyond."""
    local, today = timezone.localtime(moment), timezone.localtime(now).date()
    days = abs((local.date() - today).days)
    if days == 0:
        return clock_time(local)
    if days < WEEK:
        return f"{local:%a} {clock_time(local)}"
    return f"{in_words(local.date(), with_year=local.year != today.year)}, {clock_time(local)}"


def in_words(day: date, *, with_year: bool = False) -> str:
    return f"{day:%b} {day.day}, {day.year}" if with_year else f"{day:%b} {day.day}"


@dataclass(frozen=True)
class Clock:
    """What runs out for a lead, or since when it waits."""

    text: str
    moment: datetime | None
    is_late: bool = False


def clock_of(lead: Lead, day: Day) -> Clock:
    due, now = lead.next_action_at, day.now
    if due is None:
        return Clock(f"{span(now - lead.asked_at)} ago" if lead.asked_at else "", lead.asked_at)
    if due < now:
        return Clock(f"{span(now - due)} late", due, is_late=True)
    if due < day.midnight:
        return Clock(f"in {span(due - now)}", due)
    return Clock(day_and_time(due, now), due)


def promise_of(lead: Lead, now: datetime) -> str:
    """How the promise to this person stands: "missed", "at-risk", "running", or "" where there is none."""
    if lead.promised_at is None or lead.state not in Lead.OPEN_STATES:
        return ""
    if lead.promised_at < now:
        return "missed"
    return "at-risk" if lead.promised_at - now <= AT_RISK else "running"
