"""The tables and roles, made once a run: every other database is a copy of this one, which is a matter of a moment."""

import fcntl
import gc
import os
import subprocess
import sys
from pathlib import Path

import django
import psycopg
from django.core.management import call_command

from dev.environment import ROOT
from dev.servers import postgresql_program

MIGRATED = "migrated"


def server() -> str:
    """The address of the run's PostgreSQL, without a database."""
    return os.environ["DATABASE_URL"].rsplit("/", 1)[0]


def make_migrated() -> str:
    """The name of the database to copy. The first worker that comes makes it; the others wait."""
    var_dir = Path(os.environ["VAR_DIR"])
    with (var_dir / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = var_dir / "migrated"
        if not done.exists():
            execute(f"CREATE DATABASE {MIGRATED}")
            env = os.environ | {"DATABASE_URL": f"{server()}/{MIGRATED}"}
            run("tests.database", env=env)
            done.touch()
    return MIGRATED


def copy_migrated(name: str) -> None:
    """A database as the migrations leave it, in the place of the one that had the name."""
    execute(f"DROP DATABASE {name} WITH (FORCE)")
    execute(f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")


def copy_elsewhere(name: str, address: str) -> None:
    """Into the empty database at `address`, on another server."""
    dump = [postgresql_program("pg_dump"), "--no-owner", f"{server()}/{name}"]
    copy = subprocess.run(dump, capture_output=True, check=True)
    restore = [postgresql_program("psql"), "--quiet", address]
    subprocess.run(restore, input=copy.stdout, stdout=subprocess.DEVNULL, check=True)


def run(module: str, *arguments: str, env: dict[str, str]) -> str:
    """What a module prints, in a process of its own: the tests' Django has another database."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def execute(statement: str) -> None:
    with psycopg.connect(f"{server()}/postgres", autocommit=True) as connection:
        connection.execute(statement)


if __name__ == "__main__":
    gc.disable()  # Django makes ten thousand classes on the way through the migrations, and this process ends soon
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("set_up_roles", verbosity=0)
