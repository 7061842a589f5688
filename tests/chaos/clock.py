"""Fault 19: a clock that is set on and back: that of PostgreSQL, by which all of the ledger goes.

Workers and beat keep the machine's: Python cannot sleep under the library. For beat there is tests/test_beat.py.
"""

import contextlib
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

from dev.debian import Program
from tests.chaos.site import Count, Site
from tests.smtp import wait_for

FAKETIME = Program(need="Fault 19 needs a clock that can be set", names=("faketime",), packages="faketime")
ZONE = ZoneInfo("America/Los_Angeles")
NIGHTS = (date(2026, 11, 1), date(2027, 3, 14))  # an hour comes twice, an hour is left out

# Three tips a day from each other, in the hours of the practice.
STEPS = """
    UPDATE leads_step SET delay_hours = 24, window_opens = '09:00', window_closes = '17:00';
    INSERT INTO leads_step (sequence_id, version, position, key, delay_hours, window_opens, window_closes,
                            subject, preheader, body)
    SELECT sequence_id, version, position + number, key || number, 24, window_opens, window_closes,
           subject, preheader, body
      FROM leads_step, generate_series(1, 2) AS number
"""
ENROLMENTS = """
    WITH contact AS (
        INSERT INTO leads_contact (email, soft_bounces)
        SELECT 'chaos-' || number || '@example.com', '[]' FROM generate_series(%(first)s::int, %(last)s::int) AS number
        RETURNING id)
    INSERT INTO leads_enrolment (contact_id, sequence_id, version, ending)
    SELECT contact.id, sequence.id, 1, '' FROM contact, leads_sequence AS sequence WHERE sequence.key = 'tips'
"""
WAY = """
    SELECT enrolment.started_at, array_agg(step.position ORDER BY sent_at), array_agg(sent_at ORDER BY sent_at)
      FROM leads_outgoingmail AS mail
      JOIN leads_step AS step ON step.id = mail.step_id
      JOIN leads_enrolment AS enrolment ON enrolment.id = mail.enrolment_id
  GROUP BY enrolment.id
"""


class Clock:
    def __init__(self, file: Path):
        self.file = file
        self.times_set = 0
        self.move(timedelta())

    def set(self, moment: datetime) -> None:
        self.move(moment - datetime.now(UTC))
        self.times_set += 1

    def move(self, offset: timedelta) -> None:
        """From the machine's own time. In one piece: somebody looks at this clock each moment."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{offset.total_seconds():+.0f}\n")
        new.rename(self.file)
        self.offset = offset

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


@contextlib.contextmanager
def settable_clock() -> Iterator[Clock]:
    """Servers that are started within the block go by it; how long something takes, the machine says."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    with tempfile.TemporaryDirectory(prefix="clinic-clock-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user
        clock = Clock(Path(folder) / "clock")
        env = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(clock.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }
        with patch.dict(os.environ, env):
            yield clock


def set_on_and_back(site: Site, clock: Clock, readers: int) -> Count:
    """Over both nights on which clocks change: each tip once, in order, none early, and none out of its hours."""
    site.env["LD_PRELOAD"] = ""  # the servers have it; workers and beat go by the machine
    site.have(workers=2)
    site.database.execute(STEPS)
    for number, night in enumerate(NIGHTS):
        clock.set(at(night, days=-2, hour=10))
        site.owe(ENROLMENTS, readers)
        before = 3 * number * readers
        for moment, tips in moments(night):
            clock.set(moment)
            wait_for(lambda: ticked(site, clock), 30)
            due = before + tips * readers
            wait_for(lambda due=due: site.states()["sent"] >= due, 90)
            time.sleep(3)  # for what should not leave
            assert site.states()["sent"] == due, f"{site.states()} at {moment}"
    assert_in_order_and_not_early(site)
    return site.count(injected=clock.times_set)


def at(night: date, *, days: int = 0, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(night.year, night.month, night.day, hour, minute, tzinfo=ZONE) + timedelta(days=days)


def moments(night: date) -> Iterator[tuple[datetime, int]]:
    """Where the clock is set to, and how many tips each reader has then; they start two days before, at ten."""
    yield at(night, days=-2, hour=9), 0  # an hour back
    yield at(night, days=-1, hour=9, minute=30), 0
    yield at(night, days=-1, hour=10, minute=30), 1
    yield at(night, days=-1, hour=9, minute=45), 1
    for half_hours in range(1, 7):
        yield at(night).astimezone(UTC) + half_hours * timedelta(minutes=30), 1
    yield at(night, hour=12), 2
    yield at(night, hour=11), 2
    yield at(night, days=1, hour=8, minute=30), 2
    yield at(night, days=2, hour=12), 3  # a day on
    yield at(night, days=1, hour=12), 3


def ticked(site: Site, clock: Clock) -> bool:
    """Whether the sender had a look since the clock was set."""
    rows = site.database.execute("SELECT ticked_at FROM leads_sender").fetchall()
    return any(abs(clock.now - tick) < timedelta(seconds=30) for (tick,) in rows)


def assert_in_order_and_not_early(site: Site) -> None:
    for started, positions, sent in site.database.execute(WAY):
        assert len(positions) == 3
        assert positions == sorted({*positions})
        for earlier, later in itertools.pairwise([started, *sent]):
            assert later - earlier >= timedelta(hours=24), (earlier, later)
            assert 9 <= later.astimezone(ZONE).hour < 17, later
