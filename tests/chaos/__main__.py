"""`make chaos`: docs/faults.md in large numbers, a line a fault. `python -m tests.chaos 6 20` does only those.

The faults of mail hit a site of workers alone, those behind the edge all of production; some do both. The one of the
clock has a site of its own.
"""

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial

from dev.processes import Problem
from tests.chaos import clock, faults, outages
from tests.chaos.production import Disks, empty, first_content
from tests.chaos.site import Count, running_site
from tests.chaos.small_disk import may_mount
from tests.edge.site import EdgeSite

FAULTS = {
    1: partial(faults.redis_down, mails=200),
    2: partial(faults.redis_silent, mails=200),
    3: partial(faults.redis_flushed, mails=600),
    4: partial(faults.killed_after_the_server_accepted, mails=20),
    5: partial(faults.killed_before_data, mails=20),
    6: partial(faults.killed_at_random, mails=600, kills=75),
    7: partial(faults.pool_children_killed, mails=600, kills=75),
    8: partial(faults.refused_for_now, mails=200),
    9: partial(faults.refused_for_good, mails=100),
    10: partial(faults.out_of_order, mails=100),
    11: partial(faults.connection_lost, mails=60),
    12: partial(faults.postgresql_crashes, mails=600, crashes=20),
    20: partial(faults.two_beats, mails=300, workers=5),
    21: partial(faults.issue_broken_off, mails=100_000, leaving=500, kills=20),
    23: partial(faults.asked_to_stop, mails=100),
    26: partial(faults.poison, mails=100),
    29: partial(faults.stopped_past_its_lease, mails=10),
}


def outages_of(site: EdgeSite, disks: Disks | None) -> Mapping[int, Callable[[], Count]]:
    return {
        12: partial(outages.postgresql_crashes, site, crashes=10),
        13: partial(outages.postgresql_hangs, site, seconds=20),
        14: partial(outages.full_database, site, disks, seconds=20),
        15: partial(outages.full_media, site, disks),
        16: partial(outages.full_log_and_temporary_files, site, disks, seconds=20),
        17: partial(outages.sent_at_once, site, forms=50, times=20),
        18: partial(outages.connection_dies, site, forms=200),
        20: partial(outages.two_hosts, site, forms=300),
        22: partial(outages.locked_table, site, seconds=30),
        23: partial(outages.upgrades, site, seconds=300),
        24: partial(outages.slow_visitors, site, number=500),
        25: partial(outages.dark, site),
        27: partial(outages.rotated_keys, site),
        28: partial(outages.restored, site),
    }


OUTAGES = (12, 13, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 27, 28)
CLOCK = 19
NUMBERS = {*FAULTS, *OUTAGES, CLOCK}
ON_SMALL_DISKS = (14, 15, 16)


def main() -> int:
    chosen = [int(number) for number in sys.argv[1:] if number.isdecimal()] or sorted(NUMBERS)
    if unknown := {*sys.argv[1:]} - {str(number) for number in NUMBERS}:
        print(f"There is no fault {', '.join(sorted(unknown))}; they go from 1 to {max(NUMBERS)}.", file=sys.stderr)
        return 2
    if CLOCK in chosen and clock.FAKETIME.install():
        return 1
    try:
        if not {*chosen}.isdisjoint(ON_SMALL_DISKS):
            may_mount()
        survived = [mail_survives(chosen), a_clock_is_survived(chosen), production_survives(chosen)]
        return 0 if all(survived) else 1
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1


def mail_survives(chosen: list[int]) -> bool:
    if {*chosen}.isdisjoint(FAULTS):
        return True
    with running_site() as site:
        known = {number: partial(fault, site) for number, fault in FAULTS.items()}
        return are_survived(chosen, known, site.clear)


def a_clock_is_survived(chosen: list[int]) -> bool:
    if CLOCK not in chosen:
        return True
    with clock.settable_clock() as settable, running_site() as site:
        return are_survived(chosen, {CLOCK: partial(clock.set_on_and_back, site, settable, readers=100)}, site.clear)


def production_survives(chosen: list[int]) -> bool:
    if {*chosen}.isdisjoint(OUTAGES):
        return True
    with first_content(on_small_disks=not {*chosen}.isdisjoint(ON_SMALL_DISKS)) as (site, disks):
        return are_survived(chosen, outages_of(site, disks), partial(empty, site))


def are_survived(chosen: list[int], known: Mapping[int, Callable[[], Count]], clear: Callable[[], None]) -> bool:
    """All of them are tried, whatever becomes of the first."""
    survived = [is_survived(number, known[number], clear) for number in chosen if number in known]
    return all(survived)


def is_survived(number: int, fault: Callable[[], Count], clear: Callable[[], None]) -> bool:
    clear()
    begin = time.monotonic()
    try:
        count = fault()
    except AssertionError:
        print(f"fault {number:2}: not survived", flush=True)
        traceback.print_exc()
        return False
    print(f"fault {number:2}: {count} ({time.monotonic() - begin:.0f} s)", flush=True)
    is_refused_as_injected = count.dead in (0, count.injected)
    return not count.lost and not count.twice and is_refused_as_injected


if __name__ == "__main__":
    sys.exit(main())
