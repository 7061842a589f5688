"""A site of real processes with databases of its own: what it was to send, and what the mail server got."""

import contextlib
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import redis

from dev.environment import ROOT
from dev.processes import Child, Group, free_port
from dev.servers import server_user, valkey_program
from dev.services import start_postgresql
from tests.conftest import ENVIRONMENT
from tests.smtp import SmtpServer, wait_for

TABLES = ("outgoingmail", "enrolment", "sender", "suppression", "timelineentry")
ENDS = ("sent", "dead", "skipped", "uncertain")

TIPS = """
    WITH contact AS (
        INSERT INTO leads_contact (email, soft_bounces)
        SELECT 'chaos-' || number || '@example.com', '[]' FROM generate_series(%(first)s::int, %(last)s::int) AS number
        RETURNING id),
    enrolment AS (
        INSERT INTO leads_enrolment (contact_id, sequence_id, version, ending)
        SELECT contact.id, sequence.id, 1, '' FROM contact, leads_sequence AS sequence WHERE sequence.key = 'tips'
        RETURNING id, contact_id, sequence_id)
    INSERT INTO leads_outgoingmail (dedupe_key, kind, contact_id, enrolment_id, step_id,
                                    template_version, state, reason, attempts, was_resent)
    SELECT 'tip:' || enrolment.id || ':' || step.key, 'tip', contact_id, enrolment.id, step.id,
           1, 'queued', '', 0, false
      FROM enrolment JOIN leads_step AS step USING (sequence_id)
"""
# Of the one form that `prepare` sent; a guide that it did not ask for cannot be rendered.
ANSWERS = """
    INSERT INTO leads_outgoingmail (dedupe_key, kind, contact_id, submission_id,
                                    template_version, state, reason, attempts, was_resent)
    SELECT %(kind)s::text || ':' || number, %(kind)s::text,
           CASE WHEN %(kind)s::text <> 'staff' THEN form.contact_id END, form.id, 1, 'queued', '', 0, false
      FROM generate_series(%(first)s::int, %(last)s::int) AS number,
           (SELECT id, contact_id FROM leads_submission ORDER BY id LIMIT 1) AS form
"""


@dataclass(frozen=True)
class Count:
    """What became of the mails of one fault."""

    injected: int  # how often the fault was
    mails: int
    sent: int  # rows that say so
    lost: int  # rows that say so with no delivery, or that came to no end
    twice: int  # deliveries of a mail after its first
    uncertain: int
    dead: int

    def __str__(self):
        return (
            f"injected {self.injected}, mails {self.mails}, sent {self.sent}, lost {self.lost}, "
            f"sent twice {self.twice}, uncertain {self.uncertain}, dead {self.dead}"
        )


class Site:
    def __init__(self, folder: Path, servers: Group, processes: Group, smtp: SmtpServer):
        self.folder = folder
        self.servers = servers
        self.processes = processes
        self.smtp = smtp
        self.workers: list[Child] = []
        self.beats: list[Child] = []
        self.made = 0
        self.redis_port = free_port()
        self.redis_url = f"redis://127.0.0.1:{self.redis_port}/0"
        self.database_url = start_postgresql(servers, folder / "postgres", folder, {})
        self.start_redis()
        self.env = (
            os.environ
            | ENVIRONMENT
            | {
                "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
                "DATABASE_URL": self.database_url,
                "REDIS_URL": self.redis_url,
                "EMAIL_URL": f"smtp://127.0.0.1:{smtp.port}",
                "VAR_DIR": str(folder),
            }
        )
        self.run("tests.chaos.prepare")
        self.database = psycopg.connect(self.database_url, autocommit=True)

    # --- Processes

    def run(self, module: str) -> None:
        child = self.processes.start(
            module, [sys.executable, "-m", module], log=self.folder / "run.log", env=self.env, cwd=ROOT
        )
        child.process.wait()
        assert child.process.returncode == 0, child.complaint
        self.processes.children.remove(child)

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

    # --- Redis

    def start_redis(self) -> None:
        options = ("--bind", "127.0.0.1", "--port", str(self.redis_port), "--save", "", "--appendonly", "no")
        self.redis = self.servers.start(
            "Valkey", [valkey_program(), *options], log=self.folder / "valkey.log", user=server_user(), cwd="/"
        )
        client = redis.Redis.from_url(self.redis_url, retry=None)
        wait_for(lambda: answers(client))

    def stop_redis(self) -> None:
        self.redis.kill()
        self.servers.children.remove(self.redis)

    # --- PostgreSQL

    def crash_postgresql(self) -> None:
        """Kill one of its processes: it ends all the others at once, and replays its log."""
        pid = self.database.info.backend_pid
        os.kill(pid, signal.SIGKILL)
        self.database.close()
        time.sleep(0.5)  # until it has seen that, it takes connections that it then ends with the others
        self.database = wait_for(lambda: connect(self.database_url), 30)

    # --- Mail

    def owe_tips(self, number: int) -> None:
        self.owe(TIPS, number)

    def owe_notices(self, number: int) -> None:
        self.owe(ANSWERS, number, kind="staff")

    def owe_poison(self, number: int) -> None:
        self.owe(ANSWERS, number, kind="guide")

    def owe(self, statement: str, number: int, **values: str) -> None:
        first, self.made = self.made + 1, self.made + number
        self.database.execute(statement, {"first": first, "last": self.made} | values)

    def states(self) -> Counter[str]:
        return Counter(
            dict(self.database.execute("SELECT state, count(*) FROM leads_outgoingmail GROUP BY 1").fetchall())
        )

    def let_waiting_pass(self) -> None:
        """What waits for a later try is due now, and the sender's pause is over."""
        self.database.execute("UPDATE leads_outgoingmail SET due_at = now() WHERE state = 'queued' AND due_at > now()")
        self.database.execute("UPDATE leads_sender SET resumes_at = NULL")

    def settled(self) -> bool:
        self.let_waiting_pass()
        return not sum(number for state, number in self.states().items() if state not in ENDS)

    def settle(self, seconds: float = 30) -> None:
        wait_for(self.settled, seconds)

    def count(self, injected: int) -> Count:
        lines = Counter(message_id for message_id, _ in self.smtp.lines())
        rows = self.database.execute("SELECT id, state FROM leads_outgoingmail").fetchall()
        states = Counter(state for _, state in rows)
        deliveries = {pk: lines[f"<mail.{pk}@{HOST}>"] for pk, _ in rows}
        assert sum(deliveries.values()) == lines.total(), "a mail arrived that nobody owed"
        return Count(
            injected=injected,
            mails=len(rows),
            sent=states["sent"],
            lost=sum(state not in ENDS or (state == "sent" and not deliveries[pk]) for pk, state in rows),
            twice=sum(number - 1 for number in deliveries.values() if number > 1),
            uncertain=states["uncertain"],
            dead=states["dead"],
        )

    def clear(self) -> None:
        self.smtp.clear()
        self.database.execute(f"TRUNCATE {', '.join(f'leads_{table}' for table in TABLES)} CASCADE")


HOST = "testserver"


def answers(client: redis.Redis) -> bool:
    with contextlib.suppress(redis.RedisError):
        return client.ping()
    return False


def connect(address: str) -> psycopg.Connection | None:
    with contextlib.suppress(psycopg.OperationalError):
        return psycopg.connect(address, autocommit=True, connect_timeout=2)
    return None


@contextlib.contextmanager
def running_site() -> Iterator[Site]:
    with (
        tempfile.TemporaryDirectory(prefix="clinic-chaos-", ignore_cleanup_errors=True) as folder,
        SmtpServer(Path(folder) / "deliveries") as smtp,
        Group() as servers,
        Group() as processes,
    ):
        site = Site(Path(folder), servers, processes, smtp)
        try:
            yield site
        finally:
            site.smtp.clear()
            site.database.close()
            for child in [*processes.children, *servers.children]:
                child.kill()
