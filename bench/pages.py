"""How many requests a second the pages take, beside floors of this machine and beside WordPress."""

import contextlib
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench import edge, wordpress
from bench.load import Load, ask, cpu_of_each, cpu_seconds
from bench.plot import Plot
from bench.progress import now
from bench.report import Row, Section, at_least
from bench.site import PAGES, POST, Site, start_gunicorn, wait_until_ready
from dev.processes import Group, Problem, free_port

CONNECTIONS = (1, 16, 64)
SECONDS = 3
SOME = 16  # connections for which there are aims
AIM = 160  # requests a second for the article on two cores, drawn anew
ROUNDS = 5  # of what has an aim: in one of them, most connections may fall to one worker
ROUND_SECONDS = 2
ROUND_AIM = 0.85  # of what the file reaches

ARTICLE = "Article at gunicorn"
BARE = "A bare Django view at gunicorn"
EDGE = "Article through the edge"
FILE = "The same bytes from a file"
WORDPRESS = "WordPress's post"
WORDPRESS_CACHE = "WordPress's post from nginx's cache"


@dataclass(frozen=True)
class Rates:
    loads: Mapping[int, Load]  # by connections
    cpu: str  # of one request

    def __str__(self) -> str:
        return " · ".join(map(str, self.loads.values()))

    @property
    def has_failed(self) -> bool:
        return any(load.failures for load in self.loads.values())

    @property
    def points(self) -> list[tuple[float, float]]:
        return [(connections, load.requests_a_second) for connections, load in self.loads.items()]


def measure(site: Site) -> Section:
    note = (
        "Requests a second, and in brackets the median and the 99th percentile of their times, at "
        f"{', '.join(map(str, CONNECTIONS))} connections, {SECONDS} s each after a warm-up. gunicorn has 2 workers as "
        "in `make run`; the edge is nginx as in production, over TLS, asked for gzip. The page cache is the edge's and "
        "keeps every page but the search; gunicorn has none and draws each page anew. The file holds the article's "
        "compressed bytes; the same processes give it with the same headers and the same line in the log. WordPress is "
        "Debian's with its default theme, opcache, nginx, php-fpm and MariaDB; it shows the article's text and is "
        "spared TLS. The generator (wrk; closed loop: each connection asks again once answered) shares the cores. What "
        f"has an aim is the middle of {ROUNDS} rounds of {ROUND_SECONDS} s."
    )
    ours, ratio = of_ours(site)
    rows = [Row(name, str(rates), "none failed", not rates.has_failed) for name, rates in ours.items()]
    rows += [
        at_least(f"{ARTICLE}, {SOME} connections", round(of_rounds(site)), AIM, "/s", depends_on_speed=True),
        Row(f"{ARTICLE}: CPU of one request", ours[ARTICLE].cpu),
        at_least(f"{EDGE}, beside the file", round(ratio, 2), ROUND_AIM, depends_on_speed=True),
    ]
    try:
        theirs = of_wordpress(site)
        rows += [Row(name, str(rates)) for name, rates in theirs.items()]
        rows.append(Row(f"{WORDPRESS}: CPU of one request", theirs[WORDPRESS].cpu))
    except Problem as problem:
        theirs = {}
        rows.append(Row("WordPress", str(problem)))
    return Section("Requests a second", note, rows, plots(ours | theirs))


def of_ours(site: Site) -> tuple[dict[str, Rates], float]:
    """Of all that we serve, and of the edge beside the file."""
    with edge.serve(site) as served, bare_view(site) as bare:
        addresses = {
            **{f"{name} at gunicorn": site.url + path for name, path in PAGES.items()},
            BARE: bare,
            **{f"{name} through the edge": served.url + path for name, path in PAGES.items()},
            FILE: served.file,
        }
        return {name: measured(name, address) for name, address in addresses.items()}, beside_the_file(served)


def of_wordpress(site: Site) -> dict[str, Rates]:
    now("WordPress starts")
    with wordpress.serve(site) as post:
        addresses = {WORDPRESS: post.plain, WORDPRESS_CACHE: post.cached}
        return {name: measured(name, address) for name, address in addresses.items()}


@contextlib.contextmanager
def bare_view(site: Site) -> Iterator[str]:
    with Group() as processes:
        url = f"http://127.0.0.1:{free_port()}/"
        start_gunicorn(processes, "bench.bare", url, site.env, site.var_dir)
        wait_until_ready(processes, url)
        yield url


def measured(name: str, address: str) -> Rates:
    now(name)
    before = cpu_seconds()
    loads = {connections: ask(address, connections, SECONDS) for connections in CONNECTIONS}
    used = cpu_seconds() - before
    return Rates(loads, cpu_of_each(used, sum(load.requests for load in loads.values())))


def of_rounds(site: Site) -> float:
    now(f"{ARTICLE}, {SOME} connections")
    return statistics.median(ask(site.url + POST, SOME, ROUND_SECONDS).requests_a_second for _ in range(ROUNDS))


def beside_the_file(served: edge.Edge) -> float:
    now("The edge and the file by turns")
    addresses = (served.url + POST, served.file)
    rounds = [[ask(address, SOME, ROUND_SECONDS).requests_a_second for address in addresses] for _ in range(ROUNDS)]
    return statistics.median(kept / file for kept, file in rounds)


def plots(found: Mapping[str, Rates]) -> list[Plot]:
    return [
        Plot(
            "article",
            "The article, beside what else this machine can do",
            "connections",
            "requests a second",
            {
                label: found[name].points
                for label, name in {
                    "file": FILE,
                    "article, edge": EDGE,
                    "bare Django view": BARE,
                    "article, gunicorn": ARTICLE,
                    "WordPress, cached": WORDPRESS_CACHE,
                    "WordPress": WORDPRESS,
                }.items()
                if name in found
            },
        ),
        Plot(
            "pages",
            "Pages drawn anew",
            "connections",
            "requests a second",
            {name: found[f"{name} at gunicorn"].points for name in PAGES},
            {f"aim for the article: {AIM}": AIM},
        ),
    ]
