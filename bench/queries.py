"""SQL queries and CPU time of each page, with few posts and with many."""

import json
import subprocess
from collections.abc import Iterator

from bench.report import Row, Section, at_most
from bench.site import PAGES, Site
from dev.environment import ROOT
from dev.processes import Problem
from dev.run import python

POSTS = 10_000
QUERIES = 6  # of the article
CPU_MILLISECONDS = 10  # of the article


def measure(site: Site) -> Section:
    command = python("bench.cost", str(POSTS))
    done = subprocess.run(command, env=site.env, cwd=ROOT, capture_output=True, text=True, timeout=160, check=False)
    if done.returncode:
        raise Problem(f"The pages could not be measured: {done.stderr}")
    found = json.loads(done.stdout)
    note = (
        "The WSGI application called in process, compression included, no page cache. CPU is the median of 200 "
        "requests; the database's own is not in it. Queries are those of a request that has to read everything; most "
        "take fewer, because each process remembers for two seconds the clinic's facts, the menu, which pages are "
        "private, which are related, and how a figure and the sign-up form look."
    )
    few, many, posts = found["few"], found["many"], found["posts"]
    return Section("Queries and CPU", note, [row for name in PAGES for row in rows(name, few[name], many[name], posts)])


def rows(name: str, few: dict, many: dict, posts: int) -> Iterator[Row]:
    is_article = name == "Article"
    queries = f"{name}: queries"
    yield at_most(queries, few["queries"], QUERIES) if is_article else Row(queries, str(few["queries"]))
    as_many = few["queries"] == many["queries"]
    yield Row(f"{queries} with {posts:,} posts", str(many["queries"]), f"{few['queries']}, the same", as_many)
    budget = f"≤ {CPU_MILLISECONDS} ms" if is_article else ""
    for cost, label in ((few, f"{name}: CPU"), (many, f"{name}: CPU with {posts:,} posts")):
        yield Row(label, f"{cost['cpu']:.1f} ms", budget, cost["cpu"] <= CPU_MILLISECONDS, depends_on_speed=True)
