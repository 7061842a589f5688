"""What holds of every promise, whatever the hours, the holidays, the time zone and the night on which clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from clinic.models import ClinicSettings
from clinic.models.settings import OpeningHours
from leads.promise import LOOK_AHEAD, WHOLE_DAY, moment_after, next_open, promise_in_words, promised_moment
from leads.services.intake import PARTS_OF_DAY

ZONES = ["America/Los_Angeles", "America/St_Johns", "Australia/Lord_Howe", "Europe/Berlin", "Pacific/Honolulu"]
TEN_MINUTES = timedelta(minutes=10)
MORNING = PARTS_OF_DAY["in the morning"]
# Weeks with both nights of every zone above, and common ones.
MOMENTS = some.datetimes(datetime(2026, 3, 1), datetime(2027, 4, 30), timezones=some.just(UTC))  # noqa: DTZ001
PARTS = some.sampled_from([WHOLE_DAY, *PARTS_OF_DAY.values()])
properties = settings(max_examples=150, deadline=None)


def clinic_open(hours, *, zone="America/Los_Angeles", closed=(), minutes=30) -> ClinicSettings:
    """Open at these `(weekday, opens, closes)`, as it is read from the database."""
    clinic = ClinicSettings(time_zone=zone, callback_minutes=minutes)
    clinic.hours = [OpeningHours(weekday=day, opens=opens, closes=closes) for day, opens, closes in hours]
    clinic.days_closed = set(closed)
    return clinic


@some.composite
def clinics(draw):
    """Open for a stretch or two on some weekdays. No stretch begins or ends in the hours that a night may skip."""
    hours = []
    for day in sorted(draw(some.sets(some.integers(0, 6), min_size=1))):
        times = sorted(draw(some.sets(some.integers(4 * 12, 23 * 12), min_size=2, max_size=4)))
        ends = [time(number // 12, number % 12 * 5) for number in times]
        hours += [(day, opens, closes) for opens, closes in zip(ends[::2], ends[1::2], strict=False)]
    closed = draw(some.sets(some.dates(date(2026, 3, 1), date(2027, 4, 30)), max_size=8))
    return clinic_open(hours, zone=draw(some.sampled_from(ZONES)), closed=closed, minutes=draw(some.integers(1, 600)))


def is_open(clinic, moment) -> bool:
    """By the clock on the wall; the moment of closing is still one to call at."""
    local = moment.astimezone(clinic.zone)
    return local.date() not in clinic.days_closed and any(
        row.weekday == local.weekday() and row.opens <= local.time() <= row.closes for row in clinic.hours
    )


def open_time(clinic, start, end, part=WHOLE_DAY) -> timedelta:
    """How long it is open between two moments, day by day."""
    total, day = timedelta(), start.astimezone(clinic.zone).date()
    while day <= end.astimezone(clinic.zone).date():
        for row in clinic.hours:
            if row.weekday == day.weekday() and day not in clinic.days_closed:
                opens, closes = (
                    datetime.combine(day, moment, tzinfo=clinic.zone).astimezone(UTC)
                    for moment in (max(row.opens, part[0]), min(row.closes, part[1]))
                )
                total += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total


@properties
@given(clinics(), MOMENTS, PARTS)
def test_a_promise_is_never_in_the_past_and_never_in_closed_hours(clinic, now, part):
    promised = promised_moment(now, clinic, part)
    assume(promised is not None)
    assert promised > now
    assert is_open(clinic, promised)
    assert promised.tzinfo == UTC


@properties
@given(clinics(), MOMENTS)
def test_staff_have_the_time_that_was_set_and_less_than_ten_minutes_more(clinic, now):
    promised = promised_moment(now, clinic)
    assume(promised is not None)
    spare = open_time(clinic, now, promised) - timedelta(minutes=clinic.callback_minutes)
    assert timedelta() <= spare < TEN_MINUTES


@properties
@given(clinics(), MOMENTS)
def test_a_promise_is_a_round_time_or_the_closing_time(clinic, now):
    promised = promised_moment(now, clinic)
    assume(promised is not None)
    local = promised.astimezone(clinic.zone)
    closings = {row.closes for row in clinic.hours if row.weekday == local.weekday()}
    assert (promised.minute % 10, promised.second, promised.microsecond) == (0, 0, 0) or local.time() in closings


@properties
@given(clinics(), MOMENTS, some.timedeltas(timedelta(), timedelta(days=9)))
def test_who_asks_later_is_never_called_earlier(clinic, now, wait):
    first, second = promised_moment(now, clinic), promised_moment(now + wait, clinic)
    assume(first is not None and second is not None)
    assert first <= second


@properties
@given(clinics(), MOMENTS, PARTS)
def test_who_asked_for_a_part_of_the_day_is_called_in_it_where_the_practice_is_open_then(clinic, now, part):
    promised = promised_moment(now, clinic, part)
    assume(promised is not None)
    if open_time(clinic, now, now + timedelta(days=LOOK_AHEAD - 1), part):
        assert part[0] <= promised.astimezone(clinic.zone).time() <= part[1]


@properties
@given(clinics(), MOMENTS)
def test_nothing_is_open_before_the_next_opening(clinic, moment):
    opens = next_open(moment, clinic)
    assert opens >= moment
    assert open_time(clinic, moment, opens) == timedelta()
    if opens > moment or is_open(clinic, moment):
        assert is_open(clinic, opens)


@properties
@given(clinics(), MOMENTS)
def test_the_words_of_a_promise_name_its_day(clinic, now):
    promised = promised_moment(now, clinic)
    assume(promised is not None)
    words = promise_in_words(promised, now, clinic)
    days = (promised.astimezone(clinic.zone).date() - now.astimezone(clinic.zone).date()).days
    assert ("today" in words, "tomorrow" in words) == (days == 0, days == 1)
    if days > 1:
        assert f"{promised.astimezone(clinic.zone):%A}" in words


# --- Single cases

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
WEEKDAYS = [(day, time(9), time(17)) for day in range(5)]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOS_ANGELES)


@pytest.mark.parametrize(
    ("now", "minutes", "expected"),
    [
        ("2026-11-23T09:00:00", 30, "2026-11-23T09:30"),
        ("2026-11-23T09:00:01", 30, "2026-11-23T09:40"),
        ("2026-11-23T09:09:59.999999", 30, "2026-11-23T09:40"),
        ("2026-11-23T16:00:00", 60, "2026-11-23T17:00"),
        ("2026-11-23T16:00:01", 60, "2026-11-24T09:10"),
        ("2026-11-23T16:55:00", 30, "2026-11-24T09:30"),  # five minutes today, and 25 rounded up
        ("2026-11-27T18:00:00", 30, "2026-11-30T09:30"),  # Friday evening
        ("2026-11-23T08:00:00", 60 * 8 * 5, "2026-11-27T17:00"),  # a whole week
        ("2026-11-23T03:00:00", 30, "2026-11-23T09:30"),
    ],
)
def test_the_promise_of(now, minutes, expected):
    clinic = clinic_open(WEEKDAYS, minutes=minutes)
    assert promised_moment(local(now).astimezone(UTC), clinic) == local(expected)


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "Asia/Tokyo"])
def test_the_day_is_the_clinics_and_not_the_servers(zone):
    """It is open for an hour yet, on the far side of a midnight."""
    clinic = clinic_open([(0, time(0), time(23, 30))], zone=zone)
    for clock in (time(0, 30), time(22, 30)):
        now = datetime.combine(date(2026, 11, 23), clock, tzinfo=ZoneInfo(zone))
        assert promised_moment(now.astimezone(UTC), clinic) == now + timedelta(minutes=30)


def test_rounding_never_passes_the_closing_time():
    clinic = clinic_open([(0, time(9), time(9, 35))], minutes=31)
    assert promised_moment(local("2026-11-23T09:00"), clinic) == local("2026-11-23T09:35")


def test_a_practice_whose_hours_nobody_entered_promises_nothing():
    clinic = clinic_open([])
    now = local("2026-11-23T09:00")
    assert promised_moment(now, clinic) is None
    assert next_open(now, clinic) == now


@pytest.mark.parametrize(("days", "is_promised"), [(LOOK_AHEAD - 1, True), (LOOK_AHEAD, False)])
def test_a_practice_that_is_closed_for_two_months_promises_nothing(days, is_promised):
    now = local("2026-11-23T09:00")
    closed = [now.date() + timedelta(days=number) for number in range(days)]
    every_day = [(day, time(9), time(17)) for day in range(7)]
    assert (promised_moment(now, clinic_open(every_day, closed=closed)) is not None) is is_promised


def test_no_call_is_promised_on_a_holiday():
    clinic = clinic_open(WEEKDAYS, closed=[date(2026, 11, 26), date(2026, 11, 27)])
    assert promised_moment(local("2026-11-25T17:00"), clinic) == local("2026-11-30T09:30")


def test_who_wants_the_morning_is_called_in_the_morning():
    clinic = clinic_open(WEEKDAYS)
    assert promised_moment(local("2026-11-23T11:50"), clinic, MORNING) == local("2026-11-24T09:20")
    assert next_open(local("2026-11-23T12:00"), clinic, MORNING) == local("2026-11-24T09:00")


def test_who_wants_a_part_of_the_day_that_is_never_open_is_called_in_another():
    clinic = clinic_open([(day, time(12), time(17)) for day in range(5)])
    assert promised_moment(local("2026-11-23T09:00"), clinic, MORNING) == local("2026-11-23T12:30")
    assert next_open(local("2026-11-23T09:00"), clinic, MORNING) == local("2026-11-23T12:00")


@pytest.mark.parametrize(
    ("day_before", "expected"), [("2027-03-13T16:30", "2027-03-14T09:30"), ("2026-10-31T16:30", "2026-11-01T09:30")]
)
def test_over_the_night_on_which_clocks_change_the_clock_on_the_wall_counts(day_before, expected):
    clinic = clinic_open([(day, time(9), time(17)) for day in (5, 6)], minutes=60)
    assert promised_moment(local(day_before).astimezone(UTC), clinic) == local(expected)


def test_another_time_than_the_usual_can_be_counted():
    assert moment_after(timedelta(hours=2), local("2026-11-23T09:00"), clinic_open(WEEKDAYS)) == local(
        "2026-11-23T11:00"
    )


@pytest.mark.parametrize(
    ("promised", "words"),
    [
        ("2026-11-23T11:40", "by 11:40 am today"),
        ("2026-11-24T09:30", "tomorrow by 9:30 am"),
        ("2026-11-25T14:00", "on Wednesday by 2:00 pm"),
        ("2026-11-29T10:00", "on Sunday by 10:00 am"),
        ("2026-11-30T10:00", "on Monday, November 30 by 10:00 am"),
    ],
)
def test_a_promise_reads(promised, words):
    clinic = clinic_open(WEEKDAYS)
    assert (
        promise_in_words(local(promised).astimezone(UTC), local("2026-11-23T09:00"), clinic).replace("\xa0", " ")
        == words
    )
