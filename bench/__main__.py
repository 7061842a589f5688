"""`python -m bench`: measures the site, prints what it found and writes it to RESULTS.md and plots/.

`python -m bench pages growth` measures those sections only, and puts them in the place of the old ones. Everything runs
on loopback, on servers that are started for it and stopped again. The exit code is 1 when a budget is broken that does
not depend on the speed of the machine.
"""

import os
import platform
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg

from bench import growth, lighthouse, pages, posts, sender, weight
from bench.progress import progress
from bench.report import Row, Section
from bench.site import Site, serve
from dev.processes import Problem, end_with_parent

RESULTS = Path(__file__).with_name("RESULTS.md")
PLOTS = Path(__file__).with_name("plots")
TIME_LIMIT = 2400  # seconds
TITLE = "# What the site costs, and how much it takes"
# A section that changes the site that it is given stands last, or serves one of its own.
SECTIONS: dict[str, Callable[[Site], Section]] = {
    "weight": weight.measure,
    "pages": pages.measure,
    "posts": posts.measure,
    "sender": sender.measure,
    "lighthouse": lighthouse.measure,
    "growth": growth.measure,
}


def main(names: Sequence[str]) -> int:
    if unknown := {*names} - {*SECTIONS}:
        print(f"There is no {', '.join(sorted(unknown))}; there is {', '.join(SECTIONS)}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(TIME_LIMIT)
    end_with_parent(signal.SIGTERM)  # the parent is make
    try:
        machine, sections = measure([name for name in SECTIONS if name in names or not names])
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 1
    write(machine, sections)
    print("\n".join(line for section in (machine, *sections.values()) for line in section.lines()))
    broken = [row for section in sections.values() for row in section.rows if row.is_broken]
    for row in broken:
        print(f"Over budget: {row.name}: {row.measured}, budget {row.budget}", file=sys.stderr)
    return 1 if broken else 0


def out_of_time(_number: int, _frame: object) -> None:
    sys.exit(f"Stopped after {TIME_LIMIT} seconds: the machine is too busy to measure anything.")


def measure(names: Sequence[str]) -> tuple[Section, dict[str, Section]]:
    progress.sections = 1 + len(names)
    progress.begin("Starting the site")
    with serve() as site:
        sections = {}
        for name in names:
            progress.begin(name)
            sections[name] = attempt(name, site)
        progress.end()
        return machine(site), sections


def attempt(name: str, site: Site) -> Section:
    """The section, or why there is none: one tool that fails does not take the rest with it."""
    before = os.getloadavg()[0]
    try:
        section = SECTIONS[name](site)
    except (Problem, subprocess.SubprocessError) as problem:
        return Section(name, "Could not be measured.", [Row("Reason", str(problem), "to be measured", is_met=False)])
    day, after = time.strftime("%Y-%m-%d"), os.getloadavg()[0]
    section.note += f" Measured on {day}; load average before {before:.1f}, after {after:.1f}."
    return section


def write(machine: Section, sections: dict[str, Section]) -> None:
    """Sections that were not measured stay as they were."""
    parts = dict.fromkeys(["machine", *SECTIONS], "") | kept()
    for name, section in {"machine": machine, **sections}.items():
        parts[name] = "\n".join(section.lines()).strip()
    blocks = [f"<!-- {name} -->\n{text}" for name, text in parts.items() if text and name in {"machine", *SECTIONS}]
    RESULTS.write_text("\n\n".join([TITLE, *blocks]) + "\n")
    PLOTS.mkdir(exist_ok=True)
    for section in sections.values():
        for plot in section.plots:
            (PLOTS / f"{plot.name}.svg").write_text(plot.svg())


def kept() -> dict[str, str]:
    if not RESULTS.exists():
        return {}
    _, *blocks = RESULTS.read_text().split("<!-- ")
    return {name: text.strip() for name, text in (block.split(" -->\n", 1) for block in blocks)}


def machine(site: Site) -> Section:
    with psycopg.connect(site.env["DATABASE_URL"]) as connection:
        postgresql = connection.info.parameter_status("server_version")
    build = "with" if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "") else "without"
    rows = [
        Row("Cores", str(os.cpu_count())),
        Row("Memory", f"{psutil.virtual_memory().total / 1024**3:.0f} GB"),
        Row("System", f"{platform.system()} {platform.machine()}"),
        Row("Python", f"{platform.python_version()}, built {build} PGO"),
        Row("Django, Wagtail", f"{version('django')}, {version('wagtail')}"),
        Row("gunicorn, PostgreSQL", f"{version('gunicorn')}, {postgresql}"),
    ]
    note = "A Python built without PGO (`--enable-optimizations`) is about a third slower than one with it."
    return Section("The machine", note, rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
