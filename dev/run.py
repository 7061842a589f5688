"""`make run` and `make dev`: the whole site on this machine, from nothing to an address to open.

It runs as in production, except that PostgreSQL and Valkey come from wheels, mail goes to files, and no edge stands in
front. With `--reload` (`make dev`) the pages come from Django's development server.
"""

import contextlib
import errno
import http.client
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from dev import environment
from dev.changes import SOURCES, prepared_for
from dev.environment import OWNER, ROOT
from dev.processes import Child, Group, Problem, end_with_parent, is_free
from dev.services import claim, kept

ROOM_FOR_A_NEW_SITE = 300  # megabytes
ROOM_FOR_MORE = 50
READY_SECONDS = 60
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Stopped(BaseException):
    """Someone pressed Ctrl-C, or asked us to end."""


class Mode:
    """What is started once the data is there: here the site as `make run` serves it."""

    def environment(self, env: dict[str, str]) -> dict[str, str]:
        return env

    def start(self, site: Group, var_dir: Path, env: dict[str, str]) -> None:
        self.start_web(site, var_dir / "log", env)
        wait_until_ready(site, env)
        start_worker_and_beat(site, var_dir / "log", env)

    def start_web(self, site: Group, logs: Path, env: dict[str, str]) -> None:
        # Threads, because a browser opens connections ahead of need and no edge is there to hold them.
        web = (
            *("--config=deploy/gunicorn.conf.py", f"--bind=127.0.0.1:{env['PORT']}"),
            *("--no-control-socket", "--graceful-timeout=5", "--log-level=warning"),
        )
        site.start("The site", python("gunicorn", "clinic.wsgi", *web), log=logs / "web.log", env=env, cwd=ROOT)


class Reload(Mode):
    """`make dev`."""

    def environment(self, env: dict[str, str]) -> dict[str, str]:
        return env | {"DEBUG": "1"}

    def start_web(self, site: Group, logs: Path, env: dict[str, str]) -> None:
        command = [sys.executable, "manage.py", "runserver", f"127.0.0.1:{env['PORT']}"]
        site.start("The site", command, env=env, cwd=ROOT)


def main(mode: Mode, var_dir: Path) -> int:
    servers, site = Group(), Group()
    end_on_signals(servers, site)
    end_with_parent(signal.SIGTERM)  # the parent is make
    try:
        run(var_dir, servers, site, mode)
    except Stopped:
        say("Stopped.")
        return 0
    except Problem as problem:
        # A log on a full disk holds no reason.
        print(no_room(var_dir) if room(var_dir) < 1 else problem, file=sys.stderr)
    except OSError as error:
        full = error.errno in DISK_IS_FULL
        place = error.filename or var_dir
        print(no_room(var_dir) if full else f"{place}: {error.strerror or error}.", file=sys.stderr)
    return 1


def run(var_dir: Path, servers: Group, site: Group, mode: Mode) -> None:
    with claim(var_dir), contextlib.ExitStack() as stack:
        check_room(var_dir)
        env = mode.environment(environment.load(var_dir))
        wait_for_port(int(env["PORT"]), var_dir)
        for folder in ("log", "mail", "media", "static"):
            (var_dir / folder).mkdir(exist_ok=True)
        say("Starting PostgreSQL and Valkey")
        stack.enter_context(servers)
        env |= stack.enter_context(kept(var_dir, servers))
        stack.enter_context(site)
        prepare(site, var_dir, env)
        say("Starting the site")
        mode.start(site, var_dir, env)
        say(welcome(var_dir, env))
        while not (ended := site.first_ended() or servers.first_ended()):
            time.sleep(0.2)
        raise Problem(f"{ended.name} ended by itself. {details(ended)}")


def end_on_signals(*groups: Group) -> None:
    """The first signal ends us in good order; a second one, a while later, at once."""
    first = 0.0

    def stop(_number: int, _frame: object) -> None:
        nonlocal first
        if not first:
            first = time.monotonic()
            raise Stopped
        if time.monotonic() - first > 1:  # make passes on what the terminal has sent us already
            for group in groups:
                group.kill()

    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # started by nohup
            signal.signal(number, stop)


def check_room(var_dir: Path) -> None:
    needed = ROOM_FOR_MORE if (var_dir / "postgres/data").exists() else ROOM_FOR_A_NEW_SITE
    if room(var_dir) < needed:
        raise Problem(no_room(var_dir))


def room(var_dir: Path) -> float:
    """Megabytes."""
    return shutil.disk_usage(next(folder for folder in (var_dir, *var_dir.parents) if folder.is_dir())).free / 1e6


def no_room(var_dir: Path) -> str:
    return f"The disk with {var_dir} is full: make room ({ROOM_FOR_A_NEW_SITE} MB for a new site) and start again."


def wait_for_port(port: int, var_dir: Path) -> None:
    """Refuse a port that someone else holds. After a kill -9 of ours, its holder may need a moment to end."""
    was_killed = (var_dir / "services.json").exists()
    deadline = time.monotonic() + (10 if was_killed else 0)
    while not is_free(port):
        if time.monotonic() >= deadline:
            raise Problem(f"Port {port} is taken: stop what listens there, or choose another: make run PORT={port + 1}")
        time.sleep(0.1)


def prepare(site: Group, var_dir: Path, env: dict[str, str]) -> None:
    stale = []
    for part in SOURCES:
        if part == "static" and env.get("DEBUG"):
            continue
        is_ours = part != "database" or "DATABASE_URL" not in os.environ
        stamp = var_dir / f"prepared-{part}"
        if not is_ours or not stamp.exists() or stamp.read_text() != prepared_for(part, var_dir):
            stale.append(part)
    if not stale:
        return
    say(f"Preparing the {' and the '.join(stale).replace('static', 'static files')}")
    preparation = site.start("The preparation", python("dev.prepare", *stale), log=var_dir / "log/prepare.log", env=env)
    while not preparation.has_ended:
        time.sleep(0.05)
    if preparation.process.returncode:
        raise Problem(f"The site could not be prepared. {details(preparation)}")
    site.children.remove(preparation)
    for part in stale:
        (var_dir / f"prepared-{part}").write_text(prepared_for(part, var_dir))


def start_worker_and_beat(site: Group, logs: Path, env: dict[str, str]) -> None:
    """They load while someone reads the address: on two cores, the site is there a few seconds earlier."""
    celery = python("celery", "--app=clinic", "--quiet")
    worker = ("worker", "--concurrency=1", "--without-gossip", "--without-mingle", "--loglevel=INFO")
    site.start("The worker", [*celery, *worker], log=logs / "worker.log", env=env, cwd=ROOT)
    beat = ("beat", "--pidfile=", "--loglevel=WARNING")
    site.start("Celery beat", [*celery, *beat], log=logs / "beat.log", env=env, cwd=ROOT)


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def wait_until_ready(site: Group, env: dict[str, str]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while (status := answer(env)) != http.HTTPStatus.OK:
        if ended := site.first_ended():
            raise Problem(f"{ended.name} ended at once. {details(ended)}")
        if time.monotonic() > deadline:
            raise Problem(f"The site is not ready: /readyz/ answers {status}. {details(site.children[0])}")
        time.sleep(0.1)


def answer(env: dict[str, str]) -> int | None:
    """The status of /readyz/, or None while nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", int(env["PORT"]), timeout=5)
    try:
        connection.request("GET", "/readyz/", headers={"Host": urlsplit(env["SITE_URL"]).netloc})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def details(child: Child) -> str:
    return f"{child.log} says: {child.complaint}" if child.log else "See above."


def welcome(var_dir: Path, env: dict[str, str]) -> str:
    return f"""
  Site    {env["SITE_URL"]}/
  Admin   {env["SITE_URL"]}/admin/
  Login   {OWNER}   password {env["OWNER_PASSWORD"]}   (until it is changed there)
  Mail    {var_dir / "mail"}
  Data    {var_dir}

  Ctrl-C stops everything and keeps the data."""


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(Reload() if "--reload" in sys.argv else Mode(), environment.var_dir()))
