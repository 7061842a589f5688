"""An operator at the server's terminal, who runs the scripts of deploy/ as docs/operators.md says."""

import base64
import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from dev import production
from dev.servers import postgresql_program
from tests.edge.site import EdgeSite, bring_up_to_date
from tests.smtp import wait_for


class Operator:
    """There are no containers here: a `docker` of our own does what each command means to the processes of `site`."""

    def __init__(self, site: EdgeSite):
        self.site = site
        self.restarts = 0

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="clinic-")
        socket, docker = f"{self.folder.name}/socket", Path(self.folder.name, "docker")
        docker.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.chaos.docker "$@"\n')
        docker.chmod(0o755)
        programs = f"{self.folder.name}:{postgresql_program('pg_dump').parent}:{self.site.env['PATH']}"
        backups = self.site.folder / "backups"
        self.env = {"PATH": programs, "DOCKER_SOCKET": socket, "BACKUP_DIR": str(backups), "LC_ALL": "C"}
        self.listener = Listener(socket)
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.folder.cleanup()

    def run(self, script: str, *arguments: str) -> str:
        return self.site.run("sh", script, *arguments, **self.env)

    # --- In the place of Docker

    def listen(self) -> None:
        while True:
            try:
                connection = self.listener.accept()
            except OSError:
                return
            with connection:
                self.answer(connection)

    def answer(self, connection: Connection) -> None:
        try:
            self.obey(connection.recv())
        except AssertionError as failure:
            connection.send(str(failure) or "it failed")
        else:
            connection.send("")

    def obey(self, command: list[str]) -> None:
        match command:
            case ["compose", "build"] | ["compose", "up", "-d", "--wait"]:
                pass  # there are no images, and nothing else has changed
            case ["compose", "run", "--rm", production.FIRST]:
                bring_up_to_date(self.site)
            case ["compose", "exec", "-T", "edge", *inside]:
                self.site.run(*inside)
            case ["compose", "up", "-d", "--wait", "--no-deps", "--force-recreate", *names]:
                for name in names:
                    self.restart(name)
            case _:
                raise AssertionError(f"what does docker {' '.join(command)} do?")

    def restart(self, name: str) -> None:
        self.site.stop(name)
        self.site.start(name)
        if name in production.WEBS:
            wait_for(lambda: self.site.is_well(name), 90)
        self.restarts += 1

    # --- What takes several steps

    def rotation(self) -> Iterator[Callable[[], object]]:
        """A new key that only opens what others close, then the one that closes; then the old one is not needed."""
        held, signed = self.secret("field_encryption_keys"), self.secret("secret_key")
        new = base64.urlsafe_b64encode(os.urandom(32)).decode()
        new_signature = secrets.token_urlsafe(50)
        yield partial(self.take_up, field_encryption_keys=f"{held},{new}", secret_key_fallbacks=new_signature)
        yield partial(
            self.take_up,
            field_encryption_keys=f"{new},{held}",
            secret_key=new_signature,
            secret_key_fallbacks=signed,
        )
        yield partial(self.site.python, "manage.py", "rotate_keys")
        yield partial(self.take_up, field_encryption_keys=new)

    def secret(self, name: str) -> str:
        return (self.site.folder / "secrets" / name).read_text()

    def take_up(self, **values: str) -> None:
        for name, value in values.items():
            (self.site.folder / "secrets" / name).write_text(value)
        self.run("deploy/upgrade.sh")

    def back_up(self) -> str:
        """The moment that names the backup."""
        return self.run("deploy/backup.sh", "now").split()[-1]

    def restore(self, moment: str) -> None:
        assert "the sender is stopped" in self.run("deploy/restore.sh", moment)
