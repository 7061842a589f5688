"""How many requests a second a server takes, and how much of the CPU each one costs."""

import contextlib
import re
import shutil
import ssl
import subprocess
from collections import Counter
from dataclasses import dataclass
from urllib.request import urlopen

import psutil

from bench.plot import short
from dev.processes import Problem

PATIENCE = 30  # seconds
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
# What psutil calls them; whatever else we start is gunicorn.
KINDS = {"postgres": "PostgreSQL", "nginx": "nginx", "mariadbd": "MariaDB", "php-fpm": "PHP"}


@dataclass(frozen=True)
class Load:
    requests: int  # that the server worked on
    requests_a_second: float
    p50: float  # milliseconds
    p99: float  # milliseconds
    failures: int

    def __str__(self) -> str:
        failures = f", {self.failures} failed" if self.failures else ""
        return f"{self.requests_a_second:,.0f}/s ({short(self.p50)}, {short(self.p99)} ms{failures})"


def ask(url: str, connections: int, seconds: int) -> Load:
    """After a warm-up, which counts among the requests but not in the rates."""
    warm_up = run_wrk(url, connections, max(1, seconds // 4))
    output = run_wrk(url, connections, seconds)
    answered = sum(int(found(r"(\d+) requests in", text)[1]) for text in (warm_up, output))
    if not answered:
        raise Problem(f"{url} answered nothing in {seconds} seconds.")
    failures = [
        int(number)
        for number in re.findall(r"(?:Non-2xx or 3xx responses: |connect |timeout |read |write )(\d+)", output)
    ]
    rate = float(found(r"Requests/sec:\s+([\d.]+)", output)[1])
    given_up = 2 * connections  # at the end of the warm-up, and of the rest
    return Load(answered + given_up, rate, percentile(50, output), percentile(99, output), sum(failures))


def cpu_seconds() -> Counter[str]:
    """What the processes that we started have used so far, with those that they started and that ended, by kind."""
    used: Counter[str] = Counter()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            kind = next((kind for name, kind in KINDS.items() if process.name().startswith(name)), "gunicorn")
            used[kind] += times.user + times.system + times.children_user + times.children_system
    return used


def cpu_of_each(used: Counter[str], requests: int) -> str:
    """Depends less than the rate on what else runs on the machine."""
    each = {kind: 1000 * seconds / requests for kind, seconds in sorted(used.items())}
    parts = ", ".join(f"{kind} {milliseconds:.1f} ms" for kind, milliseconds in each.items() if milliseconds >= 0.05)
    return f"{parts}: two free cores give {2000 / sum(each.values()):,.0f}/s"


def run_wrk(url: str, connections: int, seconds: int) -> str:
    wrk = shutil.which("wrk")
    if not wrk:
        raise Problem("The load generator is missing: on Debian, apt-get install wrk.")
    options = ["--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--latency", "--timeout=10s"]
    command = [wrk, *options, "--header=Accept-Encoding: gzip", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    wait_until_idle(url)
    return done.stdout


def wait_until_idle(url: str) -> None:
    """At its end, wrk gives up a request a connection. Servers work them off all the same, before they take ours."""
    with contextlib.suppress(OSError):
        urlopen(url, timeout=PATIENCE, context=ssl._create_unverified_context()).close()  # noqa: S310, S323  ours


def percentile(number: int, output: str) -> float:
    """Milliseconds."""
    match = found(rf"\s{number}%\s+([\d.]+)(us|ms|s)", output)
    return float(match[1]) * MILLISECONDS[match[2]]


def found(pattern: str, output: str) -> re.Match[str]:
    if match := re.search(pattern, output):
        return match
    raise Problem(f"wrk said something unexpected: {output}")
