"""The site as production serves it (gunicorn, bundled static files, all middleware) on a database of its own."""

import contextlib
import fcntl
import http.client
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from playwright.sync_api import BrowserContext

from dev.environment import ROOT
from dev.processes import Group, free_port
from tests.database import execute, make_migrated, run, server
from tests.e2e.pages import POST

READY_SECONDS = 60
MODEL = "e2e"  # the database that each worker's own is copied from


@dataclass(frozen=True)
class Site:
    url: str
    database_url: str
    env: dict[str, str]
    log: Path

    def start_over(self) -> None:
        """As it was first filled, whatever other tests did."""
        name = self.database_url.rpartition("/")[2]
        with filled(self.env):
            execute(f"DROP DATABASE {name} WITH (FORCE)")
            execute(f"CREATE DATABASE {name} TEMPLATE {MODEL}")
        wait_until_ready(self.url, self.log)

    def let_in(self, browser: BrowserContext, session: str) -> None:
        """As the member of staff whose session it is: nobody fills in the form."""
        browser.add_cookies([{"name": "session", "value": session, "url": self.url}])

    @contextlib.contextmanager
    def without_posts(self) -> Iterator[None]:
        """As on the day before the first post."""
        hide = "UPDATE wagtailcore_page SET live = NOT live WHERE id IN (SELECT page_ptr_id FROM blog_blogpage)"
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(hide)
            try:
                yield
            finally:
                connection.execute(hide)


@contextlib.contextmanager
def serve(worker: str, *, host: str = "127.0.0.1", **changes: str) -> Iterator[Site]:
    """One site a worker. The first that comes fills the database; the others wait for it and copy that.

    `changes` are to its environment.
    """
    url = f"http://{host}:{free_port()}"
    env = os.environ | {
        "SITE_URL": url,
        "VAR_DIR": str(folder()),
        "DATABASE_URL": f"{server()}/{MODEL}_{worker}",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",  # nothing listens there: no page needs it
        "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
        **changes,
    }
    with filled(env):
        execute(f"CREATE DATABASE {MODEL}_{worker} TEMPLATE {MODEL}")
    site = Site(url, env["DATABASE_URL"], env, folder() / f"{worker}.log")
    with Group() as processes:
        options = (f"--bind={urlsplit(url).netloc}", "--workers=1", "--threads=8", "--no-control-socket")
        command = [sys.executable, "-m", "gunicorn", "clinic.wsgi", *options, "--log-level=warning"]
        processes.start("The site", command, log=site.log, env=env, cwd=ROOT)
        wait_until_ready(url, site.log)
        yield site


def folder() -> Path:
    """What the site keeps beside its database; all workers share it."""
    return Path(os.environ["VAR_DIR"], "e2e")


@contextlib.contextmanager
def filled(env: Mapping[str, str]) -> Iterator[None]:
    """Hold the model database, filled, for as long as it takes to copy it: PostgreSQL copies only what nobody uses."""
    folder().mkdir(exist_ok=True)
    done = folder() / "filled"
    with (folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            execute(f"CREATE DATABASE {MODEL} TEMPLATE {make_migrated()}")
            run("tests.e2e.content", env={**env, "DATABASE_URL": f"{server()}/{MODEL}"})
            done.touch()
        yield


def wait_until_ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while status(url) != http.client.OK:
        assert time.monotonic() < deadline, f"the site is not ready: {log.read_text()}"
        time.sleep(0.1)


def status(url: str) -> int | None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("GET", POST)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()
