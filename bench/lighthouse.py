"""Google's Lighthouse, as a phone on a slow network. npm installs it once, into VAR_DIR."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.report import Row, Section, at_least, at_most
from bench.site import CHROMIUM_FLAGS, PAGES, Site, chromium_path
from dev import environment
from dev.processes import Problem

VERSION = "12"
MEASURED = ("Home", "Article", "Index")
CATEGORIES = {
    "performance": "performance",
    "accessibility": "accessibility",
    "best-practices": "best practices",
    "seo": "SEO",
}
LCP_SECONDS = 1.0


def measure(site: Site) -> Section:
    program = install(environment.var_dir() / "lighthouse")
    rows = [row for name in MEASURED for row in rate(program, site, name)]
    version = json.loads((site.var_dir / "Home.json").read_text())["lighthouseVersion"]
    note = (
        f"Lighthouse {version}, mobile: a slow 4G network and a processor four times slower, both simulated. No edge."
    )
    return Section("Lighthouse", note, rows)


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


def rate(program: Path, site: Site, name: str) -> Iterator[Row]:
    output = site.var_dir / f"{name}.json"
    command = [program, site.url + PAGES[name], "--quiet", "--no-enable-error-reporting", "--output=json"]
    command += [f"--output-path={output}", f"--chrome-flags={' '.join(['--headless', *CHROMIUM_FLAGS])}"]
    env = os.environ | {"CHROME_PATH": chromium_path()}
    for _ in range(2):  # on a busy machine it loses the trace now and then
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=False)
        if not done.returncode:
            break
    else:
        raise Problem(
            f"Lighthouse could not rate {name}: {(done.stderr.strip() or 'it says nothing').splitlines()[-1]}"
        )
    report = json.loads(output.read_text())
    audits = report["audits"]
    for category, label in CATEGORIES.items():
        score = round(100 * (report["categories"][category]["score"] or 0))
        yield at_least(f"{name}: {label}", score, 100, depends_on_speed=category == "performance")
        yield from (Row(f"— {audit}", "missed") for audit in missed(report, category) if score < 100)
    lcp = audits["largest-contentful-paint"]["numericValue"] / 1000
    yield at_most(f"{name}: largest contentful paint", round(lcp, 2), LCP_SECONDS, " s", depends_on_speed=True)
    yield at_most(f"{name}: layout shift", round(audits["cumulative-layout-shift"]["numericValue"], 3), 0)
    yield at_most(
        f"{name}: blocking time", round(audits["total-blocking-time"]["numericValue"]), 0, " ms", depends_on_speed=True
    )


def missed(report: dict, category: str) -> list[str]:
    weighty = [item["id"] for item in report["categories"][category]["auditRefs"] if item["weight"]]
    return [
        audit for audit in weighty if (report["audits"][audit]["score"] or 0) < 1 and is_scored(report["audits"][audit])
    ]


def is_scored(audit: dict) -> bool:
    return audit["scoreDisplayMode"] in ("binary", "numeric", "metricSavings")
