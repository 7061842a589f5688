"""`python -m bench`: measures the site, prints what it found and writes it to RESULTS.md.

Everything runs on loopback, on servers that are started for it and stopped again, within twelve minutes. The exit code
is 1 when a budget is broken that does not depend on the speed of the machine.
"""

import os
import platform
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg

from bench import edge, inbox, lighthouse, load, queries, weight
from bench.report import Row, Section
from bench.site import Site, serve
from dev.processes import Problem, end_with_parent

RESULTS = Path(__file__).with_name("RESULTS.md")
TIME_LIMIT = 720  # seconds
STEPS: dict[str, Callable[[Site], Section]] = {
    "The article on a first visit": weight.measure,
    "Requests per second": load.measure,
    "Through the edge": edge.measure,
    "Lighthouse": lighthouse.measure,
    "Queries and CPU": queries.measure,  # after the others, because it fills the blog
    "The inbox": inbox.measure,
}


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(TIME_LIMIT)
    end_with_parent(signal.SIGTERM)  # the parent is make
    try:
        sections = measure()
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 1
    text = "\n".join(["# What a visit costs", "", *(line for section in sections for line in section.lines())])
    RESULTS.write_text(text)
    print(text)
    broken = [row for section in sections for row in section.rows if row.is_broken]
    for row in broken:
        print(f"Over budget: {row.name}: {row.measured}, budget {row.budget}", file=sys.stderr)
    return 1 if broken else 0


def out_of_time(_number: int, _frame: object) -> None:
    sys.exit(f"Stopped after {TIME_LIMIT} seconds: the machine is too busy to measure anything.")


def measure() -> list[Section]:
    before = os.getloadavg()
    start = time.monotonic()
    say("Starting the site", start, 0)
    with serve() as site:
        sections = []
        for number, (name, step) in enumerate(STEPS.items(), start=1):
            say(name, start, number)
            sections.append(attempt(name, step, site))
        say("Done", start, len(STEPS))
        return [machine(site, before), *sections]


def attempt(name: str, step: Callable[[Site], Section], site: Site) -> Section:
    """The section, or why there is none: one tool that fails does not take the rest with it."""
    try:
        return step(site)
    except (Problem, subprocess.SubprocessError) as problem:
        return Section(name, "Could not be measured.", [Row("Reason", str(problem), "to be measured", is_met=False)])


def say(what: str, start: float, number: int) -> None:
    print(f"[{number}/{len(STEPS)}, {time.monotonic() - start:3.0f} s] {what}", file=sys.stderr, flush=True)


def machine(site: Site, before: tuple[float, ...]) -> Section:
    with psycopg.connect(site.env["DATABASE_URL"]) as connection:
        postgresql = connection.info.parameter_status("server_version")
    build = "with" if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "") else "without"
    rows = [
        Row("Cores", str(os.cpu_count())),
        Row("Memory", f"{psutil.virtual_memory().total / 1024**3:.0f} GB"),
        Row("Load average before, after", f"{before[0]:.1f}, {os.getloadavg()[0]:.1f}"),
        Row("System", f"{platform.system()} {platform.machine()}"),
        Row("Python", f"{platform.python_version()}, built {build} PGO"),
        Row("Django, Wagtail", f"{version('django')}, {version('wagtail')}"),
        Row("gunicorn, PostgreSQL", f"{version('gunicorn')}, {postgresql}"),
    ]
    note = "A Python built without PGO (`--enable-optimizations`) is about a third slower than one with it."
    return Section("The machine", note, rows)


if __name__ == "__main__":
    sys.exit(main())
