"""One site for all tests of the edge. A test that uses up what one visitor may ask takes an address of its own."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from dev.environment import ROOT
from tests.edge.site import EdgeSite, serve


@pytest.fixture(scope="session")
def site() -> Iterator[EdgeSite]:
    with serve() as site:
        yield site


@pytest.fixture(scope="session")
def session(site: EdgeSite) -> str:
    """An owner's, on a site that has staff and leads from now on."""
    command = [sys.executable, "-m", "tests.e2e.owner"]
    made = subprocess.run(command, env=site.env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()
