"""How many requests a second the article takes, uncached, beside a view that does nothing."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from bench.report import Row, Section
from bench.site import POST, Site, start_gunicorn, wait_until_ready
from dev.processes import Group, Problem, free_port

SECONDS = 8
CONNECTIONS = (1, 16)
AIM = 160  # requests a second for the article on two cores
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    requests: int
    requests_a_second: float
    p50: float  # milliseconds
    p99: float  # milliseconds
    failures: int

    def __str__(self) -> str:
        failures = f", {self.failures} failed" if self.failures else ""
        return f"{self.requests_a_second:,.0f}/s, p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms{failures}"


def measure(site: Site) -> Section:
    note = (
        f"gunicorn with 2 workers as in `make run`, no cache, {SECONDS} s each after a warm-up. The generator (wrk; "
        "closed loop: each connection asks again once answered) shares the cores with gunicorn and PostgreSQL."
    )
    return Section("Requests per second", note, list(rows(site)))


def rows(site: Site) -> Iterator[Row]:
    with Group() as processes:
        bare_url = f"http://127.0.0.1:{free_port()}/"
        start_gunicorn(processes, "bench.bare", bare_url, site.env, site.var_dir)
        wait_until_ready(processes, bare_url)
        for connections in CONNECTIONS:
            before = cpu_seconds()
            article = ask(site.url + POST, connections)
            used = cpu_seconds() - before
            bare = ask(bare_url, connections)
            if connections == 1:  # which waits for each answer, and so keeps one core busy
                label, budget, is_met = "1 connection", "none failed", not article.failures
            else:
                label, budget = f"{connections} connections", f"≥ {AIM}/s"
                is_met = article.requests_a_second >= AIM and not article.failures
            yield Row(f"Article, {label}", str(article), budget, is_met, depends_on_speed=True)
            yield Row(f"— CPU of one request, {label}", cpu_of_each(used, article.requests))
            yield Row(f"A bare view, {label}", str(bare))


def ask(url: str, connections: int, seconds: int = SECONDS) -> Load:
    warm_up = run_wrk(url, connections, max(1, seconds // 4))
    output = run_wrk(url, connections, seconds)
    requests = sum(int(found(r"(\d+) requests in", text)[1]) for text in (warm_up, output))
    failures = [
        int(number) for number in re.findall(r"(?:Non-2xx or 3xx responses: |timeout |read |write )(\d+)", output)
    ]
    rate = float(found(r"Requests/sec:\s+([\d.]+)", output)[1])
    return Load(requests, rate, percentile(50, output), percentile(99, output), sum(failures))


def cpu_seconds() -> Counter[str]:
    """What the processes that we started have used so far, by their kind."""
    used: Counter[str] = Counter()
    for process in psutil.Process().children(recursive=True):
        times = process.cpu_times()
        used["PostgreSQL" if process.name() == "postgres" else "gunicorn"] += times.user + times.system
    return used


def cpu_of_each(used: Counter[str], requests: int) -> str:
    """Independent of what else runs on the machine, unlike the rate."""
    each = {kind: 1000 * seconds / requests for kind, seconds in used.items()}
    parts = ", ".join(f"{kind} {milliseconds:.1f} ms" for kind, milliseconds in sorted(each.items()))
    return f"{parts}: two free cores give {2000 / sum(each.values()):,.0f}/s"


def run_wrk(url: str, connections: int, seconds: int) -> str:
    wrk = shutil.which("wrk")
    if not wrk:
        raise Problem("The load generator is missing: on Debian, apt-get install wrk.")
    options = ["--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--latency", "--timeout=10s"]
    command = [wrk, *options, "--header=Accept-Encoding: gzip", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    return done.stdout


def percentile(number: int, output: str) -> float:
    """Milliseconds."""
    match = found(rf"\s{number}%\s+([\d.]+)(us|ms|s)", output)
    return float(match[1]) * MILLISECONDS[match[2]]


def found(pattern: str, output: str) -> re.Match[str]:
    if match := re.search(pattern, output):
        return match
    raise Problem(f"wrk said something unexpected: {output}")
