"""Each view of the inbox, with few leads and with a million."""

import json
import subprocess
from collections.abc import Iterator

from bench.report import Row, Section, at_most
from bench.site import Site
from dev.environment import ROOT
from dev.processes import Problem
from dev.run import python

LEADS = 1_000_000
MILLISECONDS = 200


def measure(site: Site) -> Section:
    command = python("bench.leads", str(LEADS))
    done = subprocess.run(command, env=site.env, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise Problem(f"The inbox could not be measured: {done.stderr}")
    found = json.loads(done.stdout)
    note = (
        f"The application called in process by a member of staff, the database included: the median of 7 answers. "
        f"{found['leads']:,} leads, a tenth of them in each open state, half of those with a date; and one who phoned."
    )
    return Section(
        "The inbox",
        note,
        [row for name, few in found["few"].items() for row in rows(name, few, found["many"][name])],
    )


def rows(name: str, few: dict, many: dict) -> Iterator[Row]:
    yield at_most(name, round(many["milliseconds"], 1), MILLISECONDS, " ms", depends_on_speed=True)
    yield Row(
        f"{name}: queries, of few leads and of many",
        f"{few['queries']}, {many['queries']}",
        "no more",
        many["queries"] <= few["queries"],
    )
