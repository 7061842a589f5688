"""What works behind the pages, as real processes: a Valkey, workers, beats, and the mail server that they talk to."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import redis

from dev.environment import ROOT
from dev.processes import Child, Group
from dev.servers import server_user, valkey_program
from tests.smtp import SmtpServer, wait_for


class Backstage:
    """Works for the site of `env`: its database, and a Valkey of its own where `REDIS_URL` says."""

    def __init__(self, folder: Path, servers: Group, processes: Group, smtp: SmtpServer, env: Mapping[str, str]):
        self.folder = folder
        self.servers = servers
        self.processes = processes
        self.smtp = smtp
        self.env = {**env, "EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}"}
        self.redis_url = env["REDIS_URL"]
        self.workers: list[Child] = []
        self.beats: list[Child] = []
        self.start_redis()

    def celery(self, name: str, *arguments: str) -> Child:
        number = len(list(self.folder.glob("celery-*.log")))
        command = [sys.executable, "-m", "celery", "--app=clinic", "--quiet", *arguments, "--loglevel=INFO"]
        return self.processes.start(name, command, log=self.folder / f"celery-{number}.log", env=self.env, cwd=ROOT)

    def have(self, workers: int, beats: int = 1) -> None:
        """Run this many; those that run already go on."""
        self.workers = [worker for worker in self.workers if not worker.has_ended]  # as a supervisor would
        for worker in self.workers[workers:]:
            self.kill(worker)
        for beat in self.beats[beats:]:
            self.kill(beat)
        self.workers, self.beats = self.workers[:workers], self.beats[:beats]
        while len(self.workers) < workers:
            self.workers.append(self.start_worker())
        while len(self.beats) < beats:
            schedule = f"--schedule={self.folder / f'beat-{time.monotonic_ns()}'}"
            self.beats.append(self.celery("beat", "beat", "--pidfile=", schedule))

    def start_worker(self) -> Child:
        lean = ("--concurrency=1", "--without-gossip", "--without-mingle", "--without-heartbeat")
        return self.celery("worker", "worker", *lean)

    def kill(self, child: Child) -> None:
        child.kill()
        self.processes.children.remove(child)

    def pool_child(self, worker: Child) -> psutil.Process:
        return wait_for(lambda: next(iter(psutil.Process(worker.process.pid).children()), None), 60)

    def kill_pool_child(self, worker: Child) -> bool:
        """False when there is none just now."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(worker.process.pid).children():
                child.kill()
                return True
        return False

    def all_pool_children(self) -> list[psutil.Process]:
        return [self.pool_child(worker) for worker in self.workers]

    def start_redis(self) -> None:
        port = str(urlsplit(self.redis_url).port)
        options = ("--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no")
        self.redis = self.servers.start(
            "Valkey", [valkey_program(), *options], log=self.folder / "valkey.log", user=server_user(), cwd="/"
        )
        client = redis.Redis.from_url(self.redis_url, retry=None)
        wait_for(lambda: answers(client))

    def stop_redis(self) -> None:
        self.redis.kill()
        self.servers.children.remove(self.redis)

    def close(self) -> None:
        self.smtp.clear()
        for child in [*self.processes.children, *self.servers.children]:
            child.kill()


def answers(client: redis.Redis) -> bool:
    with contextlib.suppress(redis.RedisError):
        return client.ping()
    return False


@contextlib.contextmanager
def running(make):
    """What `make` makes of a folder, a group for servers, one for the other processes, and a mail server."""
    with (
        tempfile.TemporaryDirectory(prefix="clinic-", ignore_cleanup_errors=True) as folder,
        SmtpServer(Path(folder) / "deliveries") as smtp,
        Group() as servers,
        Group() as processes,
    ):
        backstage = make(Path(folder), servers, processes, smtp)
        try:
            yield backstage
        finally:
            backstage.close()
