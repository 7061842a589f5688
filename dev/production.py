"""`make prod-local`: what docker-compose.yml starts, on this machine and without containers.

Every command comes from that file, with the settings of production, secrets in files, and a self-signed certificate.
What differs is what a container brings along: PostgreSQL and Valkey come from wheels, nginx from the system, and paths
and ports are this machine's. Mail goes to files.
"""

import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dev import compose, environment, run
from dev.debian import FOLDERS
from dev.environment import ROOT
from dev.nginx import NGINX
from dev.processes import Child, Group, Problem, free_port

# What a container of the image `postgres` or `valkey` is there, a wheel is here.
SERVERS = ("postgres", "redis")
FIRST = "migrate"
WEBS = ("web", "web-2")
SERVICES = (*WEBS, "worker", "beat", "edge")
# They need a night, or a name that the world can look up. `sh deploy/backup.sh now` makes a backup at once.
NOT_HERE = ("backup", "certificates")


class Production(run.Mode):
    def environment(self, env: dict[str, str]) -> dict[str, str]:
        """PORT is where visitors come in; each gunicorn gets one of its own."""
        return env | {"SITE_URL": f"https://localhost:{env['PORT']}", "ALLOWED_HOSTS": "localhost"}

    def start(self, site: Group, var_dir: Path, env: dict[str, str]) -> None:
        if not NGINX.path():
            raise Problem(NGINX.missing)
        here = environment_here(var_dir, env)
        migration = start(site, FIRST, var_dir, here)
        if migration.process.wait():
            raise Problem(f"The database could not be prepared. {run.details(migration)}")
        site.children.remove(migration)
        for name in SERVICES:
            start(site, name, var_dir, here)
        run.wait_until_ready(site, here)


def start(site: Group, name: str, var_dir: Path, here: dict[str, str]) -> Child:
    service = compose.service(name)
    return site.start(
        name,
        service.command,
        log=var_dir / f"log/{name}.log",
        stop_signal=signal.Signals[service.stop_signal],
        env=dict(service.environment) | here | port_of(name, here),
        cwd=ROOT,
    )


def port_of(name: str, here: Mapping[str, str]) -> dict[str, str]:
    """One machine has one address: each gunicorn listens on a port of its own, the one that the edge knows it by."""
    if name not in WEBS:
        return {}
    return {"PORT": here["WEB_SERVERS"].split()[WEBS.index(name)].rpartition(":")[2]}


def environment_here(var_dir: Path, env: dict[str, str]) -> dict[str, str]:
    """What the services find in their environment in place of what docker-compose.yml says."""
    edge = var_dir / "edge"
    for folder in (edge, edge / "acme", var_dir / "media/images"):
        folder.mkdir(parents=True, exist_ok=True)
    ports = [str(free_port()) for _ in WEBS]
    return without_secrets(env) | {
        **dict(in_files(var_dir, env)),
        "PATH": f"{Path(sys.executable).parent}:{FOLDERS}",
        "TMPDIR": str(var_dir / "tmp"),
        "BEAT_SCHEDULE": str(var_dir / "celerybeat-schedule"),
        "STATIC_DIR": env.get("STATIC_DIR") or str(var_dir / "static"),
        "PORT": ports[0],
        "WEB_HOST": "127.0.0.1",
        "WEB_SERVERS": " ".join(f"127.0.0.1:{port}" for port in ports),
        "HTTPS_LISTEN": f"127.0.0.1:{env['PORT']}",
        "HTTP_LISTEN": f"127.0.0.1:{free_port()}",
        "STATUS_PORT": str(free_port()),
        "EDGE_DIR": str(edge),
        "EDGE_STATIC_DIR": str(edge / "static"),
        "PICTURES_DIR": str(var_dir / "media/images"),
        "PAGES_DIR": str(var_dir / "error"),
        "CERTIFICATE_DIR": str(edge / "certificates"),
        "ACME_DIR": str(edge / "acme"),
        "ACCESS_LOG": str(var_dir / "log/access.log"),
    }


def secret_names() -> Iterator[str]:
    """`SECRET_KEY` for each `SECRET_KEY_FILE` that the site's services are given."""
    return (name.removesuffix("_FILE") for name in compose.service("web").environment if name.endswith("_FILE"))


def without_secrets(env: Mapping[str, str]) -> dict[str, str]:
    secrets = set(secret_names())
    return {name: value for name, value in env.items() if name not in secrets}


def in_files(var_dir: Path, env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    folder = var_dir / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in secret_names():
        file = folder / name.lower()
        file.write_text(env.get(name, ""))
        yield f"{name}_FILE", str(file)


if __name__ == "__main__":
    folder = environment.var_dir()
    sys.exit(run.main(Production(), folder if folder != ROOT / "var" else folder / "production"))
