"""A site of real processes with databases of its own: what it was to send, and what the mail server got."""

import contextlib
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from dev.environment import ROOT
from dev.processes import Group, free_port
from dev.services import start_postgresql
from tests.backstage import Backstage, running
from tests.conftest import ENVIRONMENT
from tests.smtp import SmtpServer, wait_for

TABLES = ("outgoingmail", "enrolment", "sender", "suppression", "timelineentry", "subscription", "issue")
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


# An issue that is due, and those who get it.
READERS = """
    WITH contact AS (
        INSERT INTO leads_contact (email, soft_bounces)
        SELECT 'chaos-' || number || '@example.com', '[]' FROM generate_series(%(first)s::int, %(last)s::int) AS number
        RETURNING id)
    INSERT INTO leads_subscription (contact_id, state, wants_newsletter, wants_tips, confirmed_at)
    SELECT id, 'confirmed', true, false, now() FROM contact
"""
ISSUE = """
    INSERT INTO leads_issue (subject, preheader, note, state, due_at)
    VALUES ('News', '', 'Dear reader.', 'scheduled', now())
"""
HELD_UP = """
    INSERT INTO leads_outgoingmail (dedupe_key, kind, contact_id, template_version, state, reason, attempts, was_resent)
    SELECT 'issue:' || issue.id || ':' || contact_id, 'tip', contact_id, 1, 'queued', '', 0, false
      FROM leads_issue AS issue, leads_subscription
     ORDER BY contact_id OFFSET %(after)s LIMIT 1
"""


@dataclass(frozen=True)
class Count:
    """What became of the mails of one fault, and of the forms where some were sent."""

    injected: int  # how often the fault was
    mails: int
    sent: int  # rows that say so
    lost: int  # rows that say so with no delivery, or that came to no end
    twice: int  # deliveries of a mail after its first
    uncertain: int
    dead: int
    forms: int = 0
    refused: int = 0  # of these, and told so
    p99: float = 0.0  # seconds until a form was answered

    def __str__(self):
        forms = f"forms {self.forms}, refused {self.refused}, p99 {self.p99:.1f} s, " if self.forms else ""
        return (
            f"injected {self.injected}, {forms}mails {self.mails}, sent {self.sent}, lost {self.lost}, "
            f"sent twice {self.twice}, uncertain {self.uncertain}, dead {self.dead}"
        )


class Site(Backstage):
    def __init__(self, fill: Callable[[str], object], folder: Path, servers: Group, processes: Group, smtp: SmtpServer):
        self.database_url = start_postgresql(servers, folder / "postgres", folder, {})
        fill(self.database_url)
        ours = {
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
            "VAR_DIR": str(folder),
        }
        super().__init__(folder, servers, processes, smtp, os.environ | ENVIRONMENT | ours)
        self.made = 0
        self.run("tests.chaos.prepare")
        self.database = psycopg.connect(self.database_url, autocommit=True)

    def run(self, module: str, *arguments: str) -> None:
        child = self.processes.start(
            module, [sys.executable, "-m", module, *arguments], log=self.folder / "run.log", env=self.env, cwd=ROOT
        )
        child.process.wait()
        assert child.process.returncode == 0, child.complaint
        self.processes.children.remove(child)

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

    def schedule_issue(self, readers: int) -> None:
        self.owe(READERS, readers)
        self.database.execute(ISSUE)

    def owe(self, statement: str, number: int, **values: str) -> None:
        first, self.made = self.made + 1, self.made + number
        self.database.execute(statement, {"first": first, "last": self.made} | values)

    def states(self) -> Counter[str]:
        return Counter(
            dict(self.database.execute("SELECT state, count(*) FROM leads_outgoingmail GROUP BY 1").fetchall())
        )

    @contextlib.contextmanager
    def hold_up_preparing(self, after: int):
        """Another transaction owes one of these mails and has not ended: whoever prepares the issue waits for it."""
        with psycopg.connect(self.database_url) as other:
            other.execute(HELD_UP, {"after": after})
            yield
            other.rollback()

    def preparing_is_held_up(self) -> bool:
        waiting = "wait_event_type = 'Lock' AND query LIKE '%INSERT INTO leads_outgoingmail%'"
        return bool(self.database.execute(f"SELECT FROM pg_stat_activity WHERE {waiting}").fetchall())

    def let_waiting_pass(self) -> None:
        """What waits for a later try is due now, and the sender's pause is over."""
        self.database.execute("UPDATE leads_outgoingmail SET due_at = now() WHERE state = 'queued' AND due_at > now()")
        self.database.execute("UPDATE leads_sender SET resumes_at = NULL")

    def settled(self) -> bool:
        self.let_waiting_pass()
        return not sum(number for state, number in self.states().items() if state not in ENDS)

    def settle(self, seconds: float = 60) -> None:
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

    def close(self) -> None:
        self.database.close()
        super().close()

    def clear(self) -> None:
        self.smtp.clear()
        self.database.execute(f"TRUNCATE {', '.join(f'leads_{table}' for table in TABLES)} CASCADE")


HOST = "testserver"


def connect(address: str) -> psycopg.Connection | None:
    with contextlib.suppress(psycopg.OperationalError):
        return psycopg.connect(address, autocommit=True, connect_timeout=2)
    return None


def running_site(fill: Callable[[str], object] = lambda address: None) -> contextlib.AbstractContextManager[Site]:
    """`fill` finds the database at that address without tables; those that it leaves out are made."""
    return running(partial(Site, fill))
