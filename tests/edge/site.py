"""The whole of production without containers, on servers of its own, so that each part can be stopped by itself."""

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from dev import production, run
from dev.environment import ROOT
from dev.processes import Child, Group, free_port
from dev.services import THROWAWAY_OPTIONS, start_postgresql, start_valkey
from tests.conftest import ENVIRONMENT
from tests.database import copy_elsewhere
from tests.e2e import site as e2e
from tests.smtp import SmtpServer

BROWSER = {"Accept_Encoding": "gzip, deflate, br, zstd"}
READ_EARLY = (
    "/blog/whats-the-best-way-to-sit-with-low-back-pain/",
    "/blog/topics/health-tips/",
    "/guides/7-easy-ways/",
)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # with small letters
    body: bytes
    cookies: tuple[str, ...] = ()  # each as the header says it

    @property
    def text(self) -> str:
        return self.body.decode()


class EdgeSite:
    """Before any test, `READ_EARLY` was read at `read_at` (monotonic seconds), by a browser."""

    def __init__(self, folder: Path, servers: Group, services: Group, smtp: SmtpServer, env: dict[str, str]):
        self.folder = folder
        self.smtp = smtp
        self.servers = servers
        self.services = services
        self.env = env  # of all services
        self.port = int(env["HTTPS_LISTEN"].rpartition(":")[2])
        self.http_port = int(env["HTTP_LISTEN"].rpartition(":")[2])
        self.url = env["SITE_URL"]
        self.database_url = env["DATABASE_URL"]
        self.read_at = 0.0

    # --- Its parts

    def start(self, name: str) -> Child:
        return production.start(self.services, name, self.folder, self.env)

    def stop(self, name: str) -> None:
        """As a container is asked to stop: SIGTERM, for most; and then as long as it takes. Its log stays."""
        child = self.child(name)
        child.ask_to_stop()
        child.wait(60)
        self.kill(name)
        child.log.rename(child.log.with_name(f"{name}-until-{time.monotonic_ns()}.log"))

    def run(self, *command: str | Path, **env: str) -> str:
        """A command that has an end, in the environment of the services. What it said."""
        done = subprocess.run(command, env=self.env | env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, *arguments: str, **env: str) -> str:
        return self.run(sys.executable, *arguments, **env)

    def is_well(self, name: str) -> bool:
        """What the health check of a gunicorn asks."""
        port = production.port_of(name, self.env)["PORT"]
        return run.answer(self.env | {"PORT": port}) == http.client.OK

    def child(self, name: str) -> Child:
        children = [*self.services.children, *self.servers.children]
        return next(child for child in children if child.name == name)

    def kill(self, name: str) -> None:
        child = self.child(name)
        child.kill()
        group = self.services if child in self.services.children else self.servers
        group.children.remove(child)

    def log(self, name: str) -> str:
        return (self.folder / f"log/{name}.log").read_text()

    def execute(self, statement: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    # --- Its visitors

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Takes the site's own certificate, and only for its name."""
        return ssl.create_default_context(cafile=f"{self.env['CERTIFICATE_DIR']}/fullchain.pem")

    def connect(self, address: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """As the visitor with this address, of which a machine has many: 127.0.0.0/8."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10, source_address=(address, 0))
        return (context or self.tls).wrap_socket(plain, server_hostname="localhost")

    def connection(self, address: str) -> http.client.HTTPConnection:
        # the context is given because a new one would read all of the machine's certificates
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.tls)
        connection.sock = self.connect(address)
        return connection

    def ask(self, path: str, **request: object) -> Answer:
        with contextlib.closing(self.request(path, **request)) as connection:
            return answer_of(connection)

    def request(
        self,
        path: str,
        *,
        method: str = "GET",
        address: str = "127.0.0.1",
        form: Mapping[str, str] | None = None,
        **headers: str,
    ) -> http.client.HTTPConnection:
        """Where the answer will come; whoever asked closes it."""
        connection = self.connection(address)
        body = None
        if form is not None:
            method, body = "POST", urlencode(form)
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.url} | headers
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return connection

    def ask_often(self, path: str, times: int, *, method: str = "GET", address: str) -> list[Answer]:
        """Over one connection, in the blink of an eye."""
        with contextlib.closing(self.connection(address)) as connection:
            return [answer_to(connection, method, path) for _ in range(times)]


def answer_to(connection: http.client.HTTPConnection, *request: object) -> Answer:
    connection.request(*request)
    return answer_of(connection)


def answer_of(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read(), tuple(response.headers.get_all("Set-Cookie", ())))


def serve() -> contextlib.AbstractContextManager[EdgeSite]:
    """With what the browser tests look at."""
    # PostgreSQL is killed here, never the machine: what it commits has to be written, and need not be on the disk.
    options = THROWAWAY_OPTIONS | {"synchronous_commit": "on"}
    return serving(copy_of_the_browsers_site, e2e.folder() / "static", options)


@contextlib.contextmanager
def serving(
    fill: Callable[[EdgeSite], None],
    static: Path | None,
    postgresql: Mapping[str, str],
    arrange: Callable[[Path], object] = lambda folder: None,
) -> Iterator[EdgeSite]:
    """`arrange` finds its folder empty; `fill` finds it with a database that has no tables yet."""
    with (
        tempfile.TemporaryDirectory(prefix="clinic-", ignore_cleanup_errors=True) as name,
        SmtpServer(Path(name) / "deliveries") as smtp,
        Group() as servers,
        Group() as services,
    ):
        folder = Path(name)
        arrange(folder)
        (folder / "log").mkdir(exist_ok=True)
        env = environment(folder, static or folder / "static", servers, smtp, postgresql)
        site = EdgeSite(folder, servers, services, smtp, env)
        fill(site)
        bring_up_to_date(site)
        for service in production.SERVICES:
            site.start(service)
        run.wait_until_ready(services, site.env)
        for path in READ_EARLY:
            assert site.ask(path, **BROWSER).status == 200
        site.read_at = time.monotonic()
        yield site
        services.kill()  # nothing is kept of it
        servers.kill()


def bring_up_to_date(site: EdgeSite) -> None:
    migration = site.start(production.FIRST)
    assert migration.process.wait() == 0, migration.complaint
    site.services.children.remove(migration)


def environment(
    folder: Path, static: Path, servers: Group, smtp: SmtpServer, postgresql: Mapping[str, str]
) -> dict[str, str]:
    ours = {
        "DJANGO_SETTINGS_MODULE": "tests.edge.settings",
        "DATABASE_URL": start_postgresql(servers, folder / "postgres", folder, dict(postgresql)),
        "REDIS_URL": start_valkey(servers, folder),
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}",
        "VAR_DIR": str(folder),
        "STATIC_DIR": str(static),
        "PORT": str(free_port()),
    }
    env = production.Production().environment(os.environ | ENVIRONMENT | ours)
    env["ALLOWED_HOSTS"] = "localhost,www.localhost"
    return env | production.environment_here(folder, env)


def copy_of_the_browsers_site(site: EdgeSite) -> None:
    theirs = {"VAR_DIR": str(e2e.folder()), "DJANGO_SETTINGS_MODULE": "tests.e2e.settings"}
    with e2e.filled(os.environ | ENVIRONMENT | theirs):
        copy_elsewhere(e2e.MODEL, site.database_url)
    shutil.copytree(e2e.folder() / "media", site.folder / "media", dirs_exist_ok=True)
