"""What Celery's beat sets off, by a clock that a test sets."""

import contextlib
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from clinic.celery import SteadyScheduler, app
from dev.environment import ROOT

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Beat(SteadyScheduler):
    """Notes what it sets off instead of asking a broker for it."""

    def apply_entry(self, entry, producer=None):
        self.set_off.add(entry.name)


class Clock:
    def __init__(self):
        self.now = app.now()

    def run(self, beat, seconds):
        """What beat sets off in so many seconds, with a look at the clock in each."""
        beat.set_off = set()
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            while not beat.tick():
                pass
        return beat.set_off


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(app, "now", lambda: clock.now)
    return clock


@pytest.fixture
def start_beat(tmp_path):
    return lambda: contextlib.closing(Beat(app, schedule_filename=str(tmp_path / "schedule")))


@pytest.fixture
def within_a_minute():
    return {name for name, entry in app.conf.beat_schedule.items() if entry["schedule"] in (2.0, 10.0, 60.0)}


def test_what_beat_notes_lies_where_the_environment_says(tmp_path):
    """On a disk that is full, beat would not start."""
    env = os.environ | {"BEAT_SCHEDULE": str(tmp_path / "schedule")}
    script = "from clinic.celery import app; print(app.conf.beat_schedule_filename)"
    done = subprocess.run([sys.executable, "-c", script], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "schedule")


def test_all_goes_on_within_a_minute_after_the_clock_was_set_back(clock, start_beat, within_a_minute):
    with start_beat() as beat:
        clock.run(beat, 61)
        clock.now -= HOUR
        assert clock.run(beat, 61) == within_a_minute


def test_a_beat_that_starts_after_the_clock_was_set_back_goes_on_as_well(clock, start_beat, within_a_minute):
    with start_beat() as beat:
        clock.run(beat, 61)
    clock.now -= HOUR
    with start_beat() as beat:
        assert clock.run(beat, 61) == within_a_minute


def test_all_is_set_off_at_once_after_the_clock_was_set_a_day_on(clock, start_beat):
    with start_beat() as beat:
        clock.run(beat, 61)
        clock.now += DAY
        assert clock.run(beat, 1) >= {*app.conf.beat_schedule}
