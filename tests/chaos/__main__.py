"""`make chaos`: FAULTS.md in large numbers, one line a fault. `python -m tests.chaos 6 20` does only those."""

import sys
import time
from functools import partial

from tests.chaos import faults
from tests.chaos.site import running_site

FAULTS = {
    1: partial(faults.redis_down, mails=200),
    2: partial(faults.redis_silent, mails=200),
    3: partial(faults.redis_flushed, mails=600),
    4: partial(faults.killed_after_the_server_accepted, mails=20),
    5: partial(faults.killed_before_data, mails=20),
    6: partial(faults.killed_at_random, mails=600, kills=75),
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


def main() -> int:
    chosen = [int(number) for number in sys.argv[1:]] or list(FAULTS)
    is_good = True
    with running_site() as site:
        for number in chosen:
            site.clear()
            begin = time.monotonic()
            count = FAULTS[number](site)
            is_refused_as_injected = count.dead in (0, count.injected)
            is_good = is_good and not count.lost and not count.twice and is_refused_as_injected
            print(f"fault {number:2}: {count} ({time.monotonic() - begin:.0f} s)", flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
