"""PostgreSQL and Valkey on free loopback ports, for `make run`, `make test` and whoever needs them.

`DATABASE_URL` and `REDIS_URL`, where set, name servers to use instead.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import redis

from dev.processes import Child, Group, Problem, as_user, complaint, free_port
from dev.servers import postgresql_program, server_user, valkey_program

START_SECONDS = 60  # PostgreSQL may have to replay what a crash left
# What people typed stays out of the log: neither a statement that failed is repeated there, nor the row.
# docker-compose.yml says the same.
DISCREET_OPTIONS = {"log_min_error_statement": "panic", "log_error_verbosity": "terse"}
# One person tries the site, or two workers test it.
POSTGRESQL_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    **DISCREET_OPTIONS,
}
# For rows that nobody will read after the next power cut.
THROWAWAY_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextlib.contextmanager
def claim(var_dir: Path) -> Iterator[None]:
    """Hold VAR_DIR for ourselves: one set of servers and one beat work on it, or none.

    The kernel lets go of it when we end, even by kill -9.
    """
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(f"The site already runs on {var_dir}: stop it first, or set another VAR_DIR.") from None
        yield


@contextlib.contextmanager
def kept(var_dir: Path, servers: Group) -> Iterator[dict[str, str]]:
    """The addresses of servers with the data of VAR_DIR, which the caller has to `claim`."""
    note = var_dir / "services.json"
    addresses = start_services(servers, var_dir / "postgres", var_dir / "log", {})
    try:
        note.touch(mode=0o600)
        note.write_text(json.dumps(addresses))
        yield addresses
    finally:
        note.unlink(missing_ok=True)
        servers.stop()


@contextlib.contextmanager
def throwaway(servers: Group, options: dict[str, str] = THROWAWAY_OPTIONS) -> Iterator[dict[str, str]]:
    """The addresses of servers with no data yet, and none afterwards. `options` are PostgreSQL's."""
    folder = Path(tempfile.mkdtemp(prefix="clinic-"))
    try:
        yield start_services(servers, folder / "postgres", folder, options)
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


def start_services(servers: Group, cluster: Path, logs: Path, options: dict[str, str]) -> dict[str, str]:
    """Start what the environment does not name, and answer when both servers do."""
    logs.mkdir(parents=True, exist_ok=True)
    return {
        "DATABASE_URL": os.environ.get("DATABASE_URL") or start_postgresql(servers, cluster, logs, options),
        "REDIS_URL": os.environ.get("REDIS_URL") or start_valkey(servers, logs),
    }


def start_postgresql(servers: Group, cluster: Path, logs: Path, options: dict[str, str]) -> str:
    data = cluster / "data"
    if not data.exists():
        make_cluster(cluster, is_durable=not options)
    end_orphans(data)
    password = (cluster / "password").read_text()
    port = free_port()
    arguments = ["-D", as_the_server_sees(data), "-p", str(port)]
    for name, value in (POSTGRESQL_OPTIONS | options).items():
        arguments += ["-c", f"{name}={value}"]
    server = servers.start(
        "PostgreSQL",
        [postgresql_program("postgres"), *arguments],
        log=logs / "postgres.log",
        stop_signal=signal.SIGINT,  # a fast shutdown: open transactions are rolled back
        user=server_user(),
        cwd=data,
    )
    address = f"postgres://postgres:{password}@127.0.0.1:{port}"
    with connect_when_ready(server, f"{address}/postgres") as connection:
        if not connection.execute("SELECT FROM pg_database WHERE datname = 'clinic'").rowcount:
            connection.execute("CREATE DATABASE clinic")
    return f"{address}/clinic"


def make_cluster(cluster: Path, *, is_durable: bool) -> None:
    """Make an empty cluster, whole or not at all: a start that was cut short leaves no `data` behind."""
    unfinished = cluster / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    cluster.chmod(0o700)
    password = secrets.token_hex(16)
    (cluster / "password").write_text(password)
    with tempfile.TemporaryFile() as password_file:
        password_file.write(password.encode())
        password_file.flush()
        if user := server_user():
            shutil.chown(unfinished, user)
            os.fchown(password_file.fileno(), unfinished.stat().st_uid, -1)
        made = subprocess.run(
            [
                postgresql_program("initdb"),
                *("-D", as_the_server_sees(unfinished)),
                *("--username=postgres", "--auth=scram-sha-256", f"--pwfile=/dev/fd/{password_file.fileno()}"),
                # The wheel's own locale: the same order of words on every machine.
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *([] if is_durable else ["--no-sync"]),
            ],
            cwd=unfinished,
            pass_fds=[password_file.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            check=False,
            **as_user(user),
        )
    if made.returncode:
        raise Problem(f"PostgreSQL could not make its files in {cluster}: {complaint(made.stdout)}.")
    unfinished.rename(cluster / "data")


def as_the_server_sees(data: Path) -> str:
    return "/proc/self/cwd" if server_user() else str(data)


def end_orphans(data: Path) -> None:
    """Wait for, then end, the servers of a start that was killed; and forget the process number that it noted.

    PostgreSQL would refuse to start when another process of ours has that number by now.
    """
    if not (data / "postmaster.pid").exists():
        return
    for stop_signal in (None, signal.SIGQUIT, signal.SIGKILL):
        orphans = list(servers_in(data))
        if stop_signal:
            for orphan in orphans:
                with contextlib.suppress(psutil.NoSuchProcess):
                    orphan.send_signal(stop_signal)
        if not psutil.wait_procs(orphans, timeout=5)[1]:
            break
    (data / "postmaster.pid").unlink(missing_ok=True)


def servers_in(folder: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == "postgres" and process.cwd() == str(folder.resolve()):
                yield process


def connect_when_ready(server: Child, address: str) -> psycopg.Connection:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return psycopg.connect(address, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            failure = error
        if server.has_ended:
            raise Problem(f"PostgreSQL did not start: {server.complaint}.")
        if failure.sqlstate == "28P01":
            raise Problem("PostgreSQL refuses the password that lies beside its data.")
        if time.monotonic() > deadline:
            raise Problem(f"PostgreSQL does not answer; {server.log} says: {server.complaint}.")
        time.sleep(0.05)


def start_valkey(servers: Group, logs: Path) -> str:
    """Start a server that keeps nothing: tasks are nudges, and what they are about lies in the database."""
    port, password = free_port(), secrets.token_hex(16)
    # On standard input, because every user can read a command line.
    settings = f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\n'
    with tempfile.TemporaryFile() as settings_file:
        settings_file.write(settings.encode())
        settings_file.seek(0)
        server = servers.start(
            "Valkey",
            [valkey_program(), "-"],
            log=logs / "valkey.log",
            stdin=settings_file,
            user=server_user(),
            cwd="/",
        )
    address = f"redis://:{password}@127.0.0.1:{port}/0"
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            redis.Redis.from_url(address, retry=None, socket_timeout=5).ping()
        except redis.RedisError as error:
            if server.has_ended or time.monotonic() > deadline:
                raise Problem(f"Valkey did not start: {server.complaint}.") from error
            time.sleep(0.02)
        else:
            return address
