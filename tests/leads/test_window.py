"""When a window opens next, on ordinary days and on the two nights on which the clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.mail.window import next_opening

ZONE = ZoneInfo("America/Los_Angeles")
MORNING = (time(9), time(11))


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=fold)


def opening(now: str, opens: time, closes: time, fold: int = 0) -> datetime | None:
    return next_opening(local(now, fold).astimezone(UTC), opens, closes, ZONE)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T08:59:59", "2026-11-23T09:00"),
        ("2026-11-23T09:00:00", None),
        ("2026-11-23T10:59:59", None),
        ("2026-11-23T11:00:00", "2026-11-24T09:00"),
        ("2026-12-31T23:00:00", "2027-01-01T09:00"),
        ("2027-03-13T12:00:00", "2027-03-14T09:00"),  # the night on which an hour is skipped lies between
        ("2026-10-31T12:00:00", "2026-11-01T09:00"),  # the one on which an hour comes twice
    ],
)
def test_a_window_opens_by_the_clock_on_the_wall(now, expected):
    found = opening(now, *MORNING)
    assert found == (local(expected) if expected else None)


@pytest.mark.parametrize(("noon_before", "hours"), [("2027-03-13T12:00:00", 20), ("2026-10-31T12:00:00", 22)])
def test_the_wait_over_such_a_night_is_an_hour_shorter_or_longer(noon_before, hours):
    wait = opening(noon_before, *MORNING) - local(noon_before).astimezone(UTC)
    assert wait == timedelta(hours=hours)


def test_an_opening_time_that_the_spring_night_skips_is_an_hour_later():
    assert opening("2027-03-14T00:30:00", time(2, 30), time(8)) == local("2027-03-14T03:30:00")


def test_a_window_that_the_spring_night_skips_altogether_opens_the_next_day():
    found = opening("2027-03-14T00:30:00", time(2), time(2, 30))
    again = next_opening(found, time(2), time(2, 30), ZONE)
    assert again == local("2027-03-15T02:00:00")


def test_a_window_in_the_hour_that_comes_twice_opens_with_the_first_one():
    found = opening("2026-11-01T00:30:00", time(1, 15), time(8))
    assert found == datetime(2026, 11, 1, 8, 15, tzinfo=UTC)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    opens=st.integers(0, 22),
    hours=st.integers(1, 23),
)
def test_a_window_opens_within_two_days_and_never_in_the_past(now, opens, hours):
    opens, closes = time(opens), time(min(23, opens + hours))
    found = next_opening(now, opens, closes, ZONE)
    if found is None:
        assert opens <= now.astimezone(ZONE).time() < closes
    else:
        assert now < found <= now + timedelta(hours=49)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    opens=st.times(time(4), time(22)),
    minutes=st.integers(1, 100),
    zone=st.sampled_from(["America/Los_Angeles", "America/St_Johns", "Australia/Lord_Howe", "Asia/Tokyo"]),
)
def test_a_window_opens_by_the_clock_and_not_a_moment_later_than_it_could(now, opens, minutes, zone):
    opens, zone = opens.replace(microsecond=0), ZoneInfo(zone)
    closes = (datetime.combine(now, opens) + timedelta(minutes=minutes)).time()
    found = next_opening(now, opens, closes, zone)
    if found is not None:
        assert found.astimezone(zone).time() == opens
        assert next_opening(found, opens, closes, zone) is None
        assert next_opening(found - timedelta(seconds=1), opens, closes, zone) == found
        assert found - now < timedelta(hours=25)
