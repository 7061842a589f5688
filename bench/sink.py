"""Postfix's smtp-sink: a mail server in C that takes every mail and forgets it. Nothing of Postfix is installed."""

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from dev import environment
from dev.debian import FOLDERS
from dev.processes import Group, Problem, free_port
from dev.servers import server_user

HELP = "The sender is measured with Postfix's smtp-sink: on Debian it is downloaded, elsewhere put it on the PATH."
START_SECONDS = 10


def start(servers: Group, log: Path) -> int:
    """The port on which it listens."""
    port = free_port()
    program, libraries = find(environment.var_dir() / "postfix")
    user = ["-u", server_user()] if server_user() else []
    command = [program, *user, f"127.0.0.1:{port}", "128"]
    sink = servers.start("smtp-sink", command, log=log, env=os.environ | {"LD_LIBRARY_PATH": libraries})
    end = time.monotonic() + START_SECONDS
    while not answers(port):
        if sink.has_ended or time.monotonic() > end:
            raise Problem(f"smtp-sink did not start: {sink.complaint}.")
        time.sleep(0.05)
    return port


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def find(folder: Path) -> tuple[str, str]:
    """The program, and the folders of its libraries."""
    if program := shutil.which("smtp-sink", path=FOLDERS):
        return program, ""
    unpacked = folder / "usr/sbin/smtp-sink"
    if not unpacked.exists():
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise Problem(HELP)
        folder.mkdir(parents=True, exist_ok=True)
        for library in needs(fetch("postfix", folder)):
            fetch(library, folder)
    folders = {str(file.parent) for file in folder.glob("usr/lib/**/*.so*")}
    return str(unpacked), ":".join(sorted(folders))


def needs(package: Path) -> list[str]:
    """The libraries that a package names, but for the one that every system has."""
    named = run("dpkg-deb", "--field", str(package), "Depends")
    return [name for name in re.findall(r"\blib[a-z0-9.+-]+", named) if name != "libc6"]


def fetch(name: str, folder: Path) -> Path:
    """Downloads a package and unpacks it into the folder, which changes nothing of the system."""
    run("apt-get", "download", name, folder=folder)
    package = next(folder.glob(f"{name}_*.deb"))
    run("dpkg-deb", "--extract", str(package), str(folder))
    return package


def run(*command: str, folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise Problem(f"{HELP} {(done.stderr.strip() or 'It says nothing').splitlines()[-1]}")
    return done.stdout
