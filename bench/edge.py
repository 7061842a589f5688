"""The edge as in production, and beside the site a file with the bytes of the article as gunicorn compressed it."""

import contextlib
import http.client
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.site import POST, Site
from dev import production, run
from dev.nginx import NGINX
from dev.processes import Group, Problem, free_port, is_free

START_SECONDS = 20
# What nginx says about a file by itself, or about a connection.
OF_A_FILE = {
    "accept-ranges",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "server",
}


@dataclass(frozen=True)
class Edge:
    url: str
    file: str  # given by the same processes with the same headers and the same line in the log


@contextlib.contextmanager
def serve(site: Site) -> Iterator[Edge]:
    if not NGINX.path():
        raise Problem(NGINX.missing)
    with Group() as services:
        yield start(services, site, site.var_dir)


def start(services: Group, site: Site, var_dir: Path) -> Edge:
    folder = var_dir / "file"
    for new in (folder, var_dir / "log"):
        new.mkdir()
    mode = production.Production()
    env = mode.environment({**site.env, "PORT": str(free_port()), "STATIC_DIR": str(var_dir / "static")})
    env = production.environment_here(var_dir, env) | {"UNLIMITED": "127.0.0.0/8", "EXTRA_DIR": str(folder)}
    production.start(services, "web", var_dir, env)
    run.wait_until_ready(services, env)
    port = free_port()
    write_file(folder, port, *answer(env))
    start_nginx(services, var_dir, env, port)
    return Edge(env["SITE_URL"], f"https://localhost:{port}/article.html")


def start_nginx(services: Group, var_dir: Path, env: Mapping[str, str], port: int) -> None:
    """Returns once it listens at this port."""
    edge = production.start(services, "edge", var_dir, env)
    begin = time.monotonic()
    while is_free(port):
        if edge.has_ended or time.monotonic() > begin + START_SECONDS:
            raise Problem(f"The edge did not start: {edge.complaint}.")
        time.sleep(0.1)


def answer(env: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """The article as gunicorn gives it to the edge, and its headers."""
    headers = {"Accept-Encoding": "gzip", "Host": urlsplit(env["SITE_URL"]).netloc, "X-Forwarded-Proto": "https"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", int(env["PORT"]), timeout=10)) as connection:
        connection.request("GET", POST, headers=headers)
        response = connection.getresponse()
        return response.read(), {name.lower(): value for name, value in response.getheaders()}


def write_file(folder: Path, port: int, body: bytes, headers: Mapping[str, str]) -> None:
    """A server of its own, in the http block of the edge."""
    (folder / "article.html.gz").write_bytes(body)
    lines = [f'add_header {name} "{value}";' for name, value in headers.items() if name not in OF_A_FILE]
    lines += ["add_header X-Request-ID $request_id;", "add_header X-Cache none;"]
    (folder / "file.conf").write_text(
        f"server {{ listen 127.0.0.1:{port} ssl http2; root {folder}; gzip_static always; {' '.join(lines)} }}\n"
    )
