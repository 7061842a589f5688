"""A WordPress with one post, to measure beside the site: Debian's packages, nginx, php-fpm and MariaDB.

Everything lies in a folder of its own, and only nginx listens on a port. What would cost it time and has nothing to do
with showing a post is off: TLS, tasks that a visit starts, and requests to the world.
"""

import contextlib
import getpass
import http.client
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bs4 import BeautifulSoup

from bench.site import POST, Site, status, wait_until_ready
from dev.debian import FOLDERS, Program
from dev.processes import Group, Problem, free_port

SOURCE = Path("/usr/share/wordpress")
FILES = Path(__file__).with_name("php")
SLUG = "post"
START_SECONDS = 30
TEXT = ("p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "table", "tr", "td", "th")


class Packages(Program):
    def path(self) -> str | None:
        """Where WordPress lies, where everything that it needs is there too."""
        return str(SOURCE) if SOURCE.is_dir() and all(map(found, self.names)) else None

    def is_installed(self) -> bool:
        return self.path() is not None  # nginx alone is there for the edge


PACKAGES = Packages(
    need="The comparison needs WordPress",
    names=("nginx", "mariadbd", "mariadb-install-db", "php", "php-fpm[0-9]*"),
    packages="nginx wordpress wordpress-theme-twentytwentythree php-fpm php php-mysql mariadb-server",
)


def found(pattern: str) -> Path | None:
    return next((path for folder in FOLDERS.split(":") for path in sorted(Path(folder).glob(pattern))), None)


@dataclass(frozen=True)
class WordPress:
    """The addresses of the post."""

    plain: str
    cached: str  # from nginx's cache


@contextlib.contextmanager
def serve(site: Site) -> Iterator[WordPress]:
    """A post with the text of our article; a Problem where it cannot be had."""
    if PACKAGES.install():
        raise Problem(f"not installed here. {PACKAGES.missing}")
    title, text = article(site)
    with tempfile.TemporaryDirectory(prefix="wordpress-", dir=site.var_dir) as folder, Group() as servers:
        post = start(servers, Path(folder), title, text)
        wait_until_ready(servers, post.plain)
        if (answer := status(post.cached, {})) != http.client.OK:
            raise Problem(f"its post answers {answer}")
        yield post


def article(site: Site) -> tuple[str, str]:
    """Our article's title, and its text as HTML without classes and figures."""
    with urlopen(site.url + POST) as response:  # noqa: S310  an address of our own page
        page = BeautifulSoup(response.read(), "html.parser")
    story = page.article
    title = story.h1.get_text()
    for other in story.select("header, nav, svg, .print-only"):
        other.decompose()
    for tag in story.find_all(True):
        if tag.name in TEXT:
            tag.attrs = {"href": tag["href"]} if tag.get("href") else {}
        else:
            tag.unwrap()
    return title, story.decode_contents()


def start(servers: Group, folder: Path, title: str, text: str) -> WordPress:
    user, ports = getpass.getuser(), (free_port(), free_port())
    is_root = user == "root"  # whom servers obey when they are told to, and none but root may look into the folder
    values = {
        "FOLDER": str(folder),
        "PLAIN": str(ports[0]),
        "CACHED": str(ports[1]),
        "SECRET": secrets.token_hex(32),
        "USER": user,
        "NGINX_USER": "user root;" if is_root else "",
    }
    shutil.copytree(SOURCE, folder / "site")  # follows the package's links to other packages
    for file in FILES.iterdir():
        write(file, folder / ("site" if file.name == "wp-config.php" else "") / file.name, values)
    start_mariadb(servers, folder, user)
    install(folder, title, text)
    php = [found("php-fpm[0-9]*"), "--nodaemonize", f"--fpm-config={folder}/pool.conf"]
    servers.start("php-fpm", [*php, "--allow-to-run-as-root"] if is_root else php, log=folder / "php-fpm.log")
    nginx = [found("nginx"), "-e", "stderr", "-c", folder / "nginx.conf", "-g", "daemon off;"]
    servers.start("nginx", nginx, log=folder / "nginx.log")
    return WordPress(*(f"http://127.0.0.1:{port}/{SLUG}/" for port in ports))


def write(source: Path, target: Path, values: Mapping[str, str]) -> None:
    text = source.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    target.write_text(text)


def start_mariadb(servers: Group, folder: Path, user: str) -> None:
    options = ["--no-defaults", f"--datadir={folder}/data", f"--user={user}"]
    run(
        "MariaDB could not make its files",
        found("mariadb-install-db"),
        *options,
        "--auth-root-authentication-method=normal",
    )
    socket = folder / "mariadb.socket"
    options += ["--skip-networking", f"--socket={socket}", f"--pid-file={folder}/mariadb.pid"]
    options += [f"--init-file={folder}/database.sql"]
    server = servers.start("MariaDB", [found("mariadbd"), *options], log=folder / "mariadb.log")
    deadline = time.monotonic() + START_SECONDS
    while not socket.exists():
        if server.has_ended or time.monotonic() > deadline:
            raise Problem(f"MariaDB did not start: {server.complaint}")
        time.sleep(0.05)


def install(folder: Path, title: str, text: str) -> None:
    command = (found("php"), folder / "install.php", folder / "site", title, SLUG)
    run("WordPress could not be installed", *command, input=text, env={"HTTP_HOST": "localhost"})


def run(failure: str, *command: object, **options: Any) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    if done.returncode:
        raise Problem(f"{failure}: {done.stdout}")
