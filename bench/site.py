"""The site as `make run` serves it, with the first content, on servers that are thrown away afterwards."""

import contextlib
import http.client
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dev import environment
from dev.chromium import CHROMIUM
from dev.environment import ROOT
from dev.processes import Group, Problem, free_port
from dev.run import python
from dev.services import THROWAWAY_OPTIONS, throwaway

POST = "/blog/lower-back-stretches-to-reduce-stiffness-and-pain/"
PAGES = {"Article": POST, "Home": "/", "Index": "/blog/", "Search": "/search/?q=stretch"}
READY_SECONDS = 60
CHROMIUM_FLAGS = [
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True)
class Site:
    url: str
    env: Mapping[str, str]
    var_dir: Path


@contextlib.contextmanager
def serve(*, is_durable: bool = False) -> Iterator[Site]:
    """A site that is ready for readers. Whatever ends the block ends its processes and removes its data.

    `is_durable`: its database waits for the disk as one does that people rely on.
    """
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)  # a database that someone uses is not ours to fill
    with contextlib.ExitStack() as stack:
        var_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clinic-bench-")))
        servers, processes = Group(), Group()
        addresses = stack.enter_context(
            throwaway(stack.enter_context(servers), {} if is_durable else THROWAWAY_OPTIONS)
        )
        stack.enter_context(processes)
        url = f"http://127.0.0.1:{free_port()}"
        ours = {"DEBUG": "", "SITE_URL": url, "VAR_DIR": str(var_dir), "DJANGO_SETTINGS_MODULE": "clinic.settings"}
        env = os.environ | environment.generated() | addresses | ours
        prepare(processes, env, var_dir)
        start_gunicorn(processes, "clinic.wsgi", url, env, var_dir)
        wait_until_ready(processes, f"{url}/readyz/")
        for path in PAGES.values():
            if (answer := status(url + path, {})) != http.client.OK:
                raise Problem(f"{path} answers {answer}: {(var_dir / 'clinic.wsgi.log').read_text()}")
        yield Site(url, env, var_dir)


def prepare(processes: Group, env: Mapping[str, str], var_dir: Path) -> None:
    (var_dir / "static").mkdir()
    command = python("dev.prepare", "database", "static")
    preparation = processes.start("The preparation", command, log=var_dir / "prepare.log", env=env, cwd=ROOT)
    if preparation.process.wait():
        raise Problem(f"The site could not be prepared: {preparation.log.read_text()}")
    processes.children.remove(preparation)


def start_gunicorn(processes: Group, module: str, url: str, env: Mapping[str, str], var_dir: Path) -> None:
    """With the options of `make run`."""
    options = (f"--bind={urlsplit(url).netloc}", "--no-control-socket", "--log-level=warning")
    command = python("gunicorn", module, "--config=deploy/gunicorn.conf.py", *options)
    processes.start(module, command, log=var_dir / f"{module}.log", env=env, cwd=ROOT)


def wait_until_ready(processes: Group, address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while status(address, {}) != http.client.OK:
        if ended := processes.first_ended():
            raise Problem(f"{ended.name} ended at once: {ended.log.read_text()}")
        if time.monotonic() > deadline:
            raise Problem(f"{address} is not ready after {READY_SECONDS} seconds.")
        time.sleep(0.1)


def status(address: str, headers: Mapping[str, str]) -> int | None:
    """The status of the answer, or None where nothing answers."""
    parts = urlsplit(address)
    with contextlib.closing(http.client.HTTPConnection(parts.netloc, timeout=10)) as connection:
        try:
            connection.request("GET", address.removeprefix(f"http://{parts.netloc}"), headers=dict(headers))
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None


def chromium_path() -> str:
    if path := CHROMIUM.path():
        return path
    raise Problem(CHROMIUM.missing)
