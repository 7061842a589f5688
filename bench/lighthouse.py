"""Google's Lighthouse of every kind of page, as a phone on a slow network. npm installs it once, into VAR_DIR."""

import json
import os
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import Any

from bench.progress import now
from bench.report import Row, Section
from bench.site import CHROMIUM_FLAGS, POST, Site, chromium_path
from dev import environment
from dev.processes import Problem

VERSION = "12"
PAGES = {
    "Home": "/",
    "Article": POST,
    "Index": "/blog/",
    "Topic": "/blog/topics/health-tips/",
    "Author": "/blog/authors/amy-konvalin/",
    "Search": "/search/?q=stretch",
    "Standard page": "/about/",
    "Assessment form": "/assessment/",
    "Newsletter": "/newsletter/",
    "Guide": "/guides/7-easy-ways/",
    "Workshops": "/workshops/",
    "Workshop": "/workshops/start-with-one-inch/",
    "What is kept": "/privacy/data/",
    "Thanks": "/newsletter/thanks/",
}
NOT_LISTED = ["Search", "Thanks"]  # they ask search engines to leave them out, for which Lighthouse takes SEO away
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
RUNS = 3  # of each page: what Chromium takes to start one differs by a tenth of a second
LCP_SECONDS = 1.0
REQUESTS, KILOBYTES = 7, 64  # of the article


def measure(site: Site) -> Section:
    program = install(environment.var_dir() / "lighthouse")
    runs = {name: [report(program, site, name) for _ in range(RUNS)] for name in PAGES}
    note = (
        f"Lighthouse {runs['Home'][0]['lighthouseVersion']}, mobile: a slow 4G network and a processor four times "
        f"slower, both simulated. No edge. Of {RUNS} runs the LCP in the middle, and the worst of all else. The "
        "scores are performance, accessibility, best practices and SEO; LCP is the largest contentful paint, CLS the "
        "layout shift, TBT the blocking time. Requests and bytes are those of a page that is not scrolled, without its "
        f"icon. {' and '.join(NOT_LISTED)} ask not to be listed, so whether they can be is left out."
    )
    return Section("Lighthouse", note, [row(name, reports) for name, reports in runs.items()])


def install(folder: Path) -> Path:
    program = folder / "node_modules/.bin/lighthouse"
    if program.exists():
        return program
    npm = shutil.which("npm")
    if not npm:
        raise Problem("Lighthouse needs npm: on Debian, apt-get install nodejs npm.")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(folder), "--no-save", "--no-audit", "--no-fund", f"lighthouse@{VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        raise Problem(
            f"npm could not install Lighthouse: {(done.stderr.strip() or 'it says nothing').splitlines()[-1]}"
        )
    return program


def report(program: Path, site: Site, name: str) -> dict[str, Any]:
    now(name)
    output = site.var_dir / "lighthouse.json"
    command = [program, site.url + PAGES[name], "--quiet", "--no-enable-error-reporting", "--output=json"]
    command += [f"--output-path={output}", f"--chrome-flags={' '.join(['--headless', *CHROMIUM_FLAGS])}"]
    command += ["--skip-audits=is-crawlable"] if name in NOT_LISTED else []
    env = os.environ | {"CHROME_PATH": chromium_path()}
    for _ in range(2):  # on a busy machine it loses the trace now and then
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=False)
        if not done.returncode:
            return json.loads(output.read_text())
    raise Problem(f"Lighthouse could not rate {name}: {(done.stderr.strip() or 'it says nothing').splitlines()[-1]}")


def row(name: str, reports: list[dict[str, Any]]) -> Row:
    """Scores and times that depend on the speed of the machine fail no run; the others do."""
    scores = {category: min(score(report, category) for report in reports) for category in CATEGORIES}
    lcp = round(statistics.median(value(report, "largest-contentful-paint") for report in reports) / 1000, 2)
    shift = round(max(value(report, "cumulative-layout-shift") for report in reports), 3)
    blocking = round(max(value(report, "total-blocking-time") for report in reports))
    requests, kilobytes = map(max, zip(*map(loaded, reports), strict=True))
    measured = [
        " ".join(map(str, scores.values())),
        f"LCP {lcp} s, CLS {shift:g}, TBT {blocking} ms",
        f"{requests} requests, {kilobytes} KB",
        *(f"{category} misses {missed(reports, category)}" for category in CATEGORIES if scores[category] < 100),
    ]
    budget = f"100 each; LCP ≤ {LCP_SECONDS:g} s, CLS 0, TBT 0 ms"
    is_sound = shift == 0 and all(scores[category] == 100 for category in CATEGORIES if category != "performance")
    if name == "Article":
        budget += f"; ≤ {REQUESTS} requests, ≤ {KILOBYTES} KB"
        is_sound &= requests <= REQUESTS and kilobytes <= KILOBYTES
    is_fast = scores["performance"] == 100 and lcp <= LCP_SECONDS and not blocking
    return Row(name, "; ".join(measured), budget, is_sound and is_fast, depends_on_speed=is_sound)


def score(report: dict[str, Any], category: str) -> int:
    return round(100 * (report["categories"][category]["score"] or 0))


def loaded(report: dict[str, Any]) -> tuple[int, float]:
    """Requests and kilobytes."""
    items = report["audits"]["network-requests"]["details"]["items"]
    sizes = [item["transferSize"] for item in items if not item["url"].startswith("data:")]
    return len(sizes), round(sum(sizes) / 1024, 1)


def value(report: dict[str, Any], audit: str) -> float:
    return report["audits"][audit]["numericValue"]


def missed(reports: list[dict[str, Any]], category: str) -> str:
    """What each of the category's audits is called that did not pass in every run."""
    weighty = [item["id"] for item in reports[0]["categories"][category]["auditRefs"] if item["weight"]]
    audits = ((name, report["audits"][name]) for name in weighty for report in reports)
    return ", ".join(dict.fromkeys(name for name, audit in audits if is_scored(audit) and (audit["score"] or 0) < 1))


def is_scored(audit: dict[str, Any]) -> bool:
    return audit["scoreDisplayMode"] in ("binary", "numeric", "metricSavings")
