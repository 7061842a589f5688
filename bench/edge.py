"""How many times a second the edge gives the article, beside nginx giving the same answer from a file."""

import http.client
import statistics
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from bench.load import Load, ask
from bench.report import Row, Section, at_least
from bench.site import POST, Site
from dev import production, run
from dev.nginx import NGINX
from dev.processes import Group, Problem, free_port, is_free

ROUNDS = 5
SECONDS = 2
CONNECTIONS = 16
AIM = 0.85  # of what a file reaches
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


def measure(site: Site) -> Section:
    note = (
        f"nginx as in production, over TLS; {CONNECTIONS} connections that ask for gzip. By turns, {ROUNDS} times "
        f"{SECONDS} s each: the article out of the page cache, and a file with the same compressed bytes, given by the "
        "same processes with the same headers and the same line in the log."
    )
    return Section("Through the edge", note, rows(site))


def rows(site: Site) -> list[Row]:
    if not NGINX.path():
        raise Problem(NGINX.missing)
    pairs = list(rounds(site))
    ratio = statistics.median(kept.requests_a_second / file.requests_a_second for kept, file in pairs)
    kept, file = (max(loads, key=lambda load: load.requests_a_second) for loads in zip(*pairs, strict=True))
    return [
        at_least("Article from the page cache, beside the file", round(ratio, 2), AIM, depends_on_speed=True),
        Row("— best round", str(kept)),
        Row("The file, best round", str(file)),
    ]


def rounds(site: Site) -> list[tuple[Load, Load]]:
    folder = site.var_dir / "file"
    folder.mkdir()
    (site.var_dir / "log").mkdir()
    mode = production.Production()
    env = mode.environment({**site.env, "PORT": str(free_port()), "STATIC_DIR": str(site.var_dir / "static")})
    env = production.environment_here(site.var_dir, env) | {"UNLIMITED": "127.0.0.0/8", "EXTRA_DIR": str(folder)}
    with Group() as services:
        production.start(services, "web", site.var_dir, env)
        run.wait_until_ready(services, env)
        port = free_port()
        write_file(folder, port, *answer(env))
        edge = production.start(services, "edge", site.var_dir, env)
        begin = time.monotonic()
        while is_free(port):
            if edge.has_ended or time.monotonic() > begin + START_SECONDS:
                raise Problem(f"The edge did not start: {edge.complaint}.")
            time.sleep(0.1)
        page, file = env["SITE_URL"] + POST, f"https://localhost:{port}/article.html"
        return [(ask(page, CONNECTIONS, SECONDS), ask(file, CONNECTIONS, SECONDS)) for _ in range(ROUNDS)]


def answer(env: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """The article as gunicorn gives it to the edge, and its headers."""
    headers = {"Accept-Encoding": "gzip", "Host": urlsplit(env["SITE_URL"]).netloc, "X-Forwarded-Proto": "https"}
    with closing(http.client.HTTPConnection("127.0.0.1", int(env["PORT"]), timeout=10)) as connection:
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
