"""How many mails a second leave, beside a script that builds each of them and sends it; and a great issue's start."""

import contextlib
import json
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from bench import sink
from bench.progress import now
from bench.report import Row, Section, at_least, at_most
from bench.site import Site, serve
from dev.environment import ROOT
from dev.processes import Group, Problem
from dev.run import python

MAILS = {"issue": 1500, "guide": 600}  # of each kind, for one process
PROCESSES = (1, 4)
SHARE = 1.0  # of what the script sends
READERS = 100_000
SECONDS = 10
MEGABYTES = 200
COMMITS = 200
PATIENCE = 120  # seconds


def measure(_site: Site) -> Section:
    note = (
        "Workers send what the ledger owes over one connection each to Postfix's smtp-sink, on the same machine; "
        "PostgreSQL writes to its disk that a mail is about to leave before it does. The script beside them has no "
        "ledger: it draws each mail from its template, writes the style sheet onto its elements, encodes it, and sends "
        "it on one open connection."
    )
    with serve(is_durable=True) as site, Group() as servers:
        port = sink.start(servers, site.var_dir / "sink.log")
        env = {**site.env, "EMAIL_URL": f"smtp://127.0.0.1:{port}"}
        disk = Row("One commit that waits for the disk, which each mail does", f"{commit_milliseconds(env):.1f} ms")
        return Section("Mails", note, [disk, *(row for kind in MAILS for row in sent(kind, env)), *prepared(env)])


def commit_milliseconds(env: Mapping[str, str]) -> float:
    """The median, of a transaction that writes next to nothing."""
    times = []
    with psycopg.connect(env["DATABASE_URL"], autocommit=True) as connection:
        for _ in range(COMMITS):
            begin = time.perf_counter()
            connection.execute("SELECT pg_logical_emit_message(true, 'bench', '')")
            times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)


def sent(kind: str, env: Mapping[str, str]) -> Iterator[Row]:
    for processes in PROCESSES:
        now(f"{kind}, {processes}")
        number = MAILS[kind] * (2 if processes > 1 else 1)
        (owed,) = together([("owe", kind, str(number))], env)
        name = f"{kind}, {owed['bytes'] / 1000:.0f} kB, {'one process' if processes == 1 else f'{processes} processes'}"
        script = together([("loop", kind, str(number // processes))] * processes, env)
        ours = together([("drain",)] * processes, env)
        done = sum(found["mails"] for found in ours)
        share = round(rate(ours) / rate(script), 2)
        yield at_least(f"Sender beside the script: {name}", share, SHARE, depends_on_speed=True)
        yield Row(f"— the sender: {name}", said(ours))
        yield Row(f"— the script: {name}", said(script))
        yield Row(f"— sent, of those owed: {name}", f"{done:,} of {number:,}", "all", done == number)


def prepared(env: Mapping[str, str]) -> Iterator[Row]:
    now(f"{READERS:,} readers")
    (found,) = together([("prepare", str(READERS))], env)
    name = f"An issue to {READERS:,} readers"
    yield Row(f"{name}: mails owed", f"{found['mails']:,}", f"{READERS:,}", found["mails"] == READERS)
    yield at_most(f"{name}: prepared", round(found["seconds"], 1), SECONDS, " s", depends_on_speed=True)
    yield at_most(f"{name}: memory of the worker grows by", round(found["grown"]), MEGABYTES, " MB")


def rate(found: Sequence[Mapping[str, Any]]) -> float:
    return sum(each["mails"] for each in found) / max(each["seconds"] for each in found)


def said(found: Sequence[Mapping[str, Any]]) -> str:
    each = 1000 * sum(one["cpu"] for one in found) / (sum(one["mails"] for one in found) or 1)
    return f"{rate(found):,.0f}/s, {each:.1f} ms of its own CPU for each"


def together(commands: Sequence[Sequence[str]], env: Mapping[str, str]) -> list[dict[str, Any]]:
    """What each prints. Those that wait for the others begin in the same moment."""
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(running(command, env)) for command in commands]
        if commands[0][0] in ("drain", "loop"):
            for process in started:
                process.stdout.readline()
        for process in started:
            process.stdin.write("\n")
            process.stdin.flush()
        return [answer(process) for process in started]


@contextlib.contextmanager
def running(command: Sequence[str], env: Mapping[str, str]) -> Iterator[Any]:
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(python("bench.mails", *command), env=env, cwd=ROOT, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def answer(process: Any) -> dict[str, Any]:
    output, errors = process.communicate(timeout=PATIENCE)
    if process.returncode:
        raise Problem(f"The mails could not be measured: {errors}")
    return dict(json.loads(output.splitlines()[-1]))
