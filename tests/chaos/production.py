"""All of production with forms coming in through the edge, and the count of what became of them and of their mail."""

import contextlib
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.chaos.site import ENDS, Count
from tests.chaos.small_disk import SmallDisk
from tests.chaos.visitors import MARKER, Visitors
from tests.e2e.clinic import OPEN
from tests.edge.site import EdgeSite, serving
from tests.smtp import wait_for

MAILS_OF_A_FORM = ["assessment", "staff"]
PASSING = """
    UPDATE leads_outgoingmail SET due_at = now() WHERE state = 'queued' AND due_at > now();
    UPDATE leads_sender SET resumes_at = NULL
"""
FORMS = """
    SELECT key::text, coalesce(array_agg(mail.kind ORDER BY mail.kind) FILTER (WHERE mail.id IS NOT NULL), '{}')
      FROM leads_submission LEFT JOIN leads_outgoingmail AS mail ON mail.submission_id = leads_submission.id
  GROUP BY key
"""


class Disks:
    """The small ones that a site stands on, by what lies there."""

    def __init__(self, folder: Path):
        self.database = SmallDisk(folder / "postgres", 600)
        self.media = SmallDisk(folder / "media", 64)
        self.others = [SmallDisk(folder / name, 32) for name in ("log", "tmp", "edge")]


def empty(site: EdgeSite) -> None:
    """Nothing was ever sent, and a visitor's form sets off a mail to them and one to the clinic."""
    site.smtp.clear()
    site.execute("TRUNCATE leads_outgoingmail, leads_contact, leads_submission, leads_lead, leads_sender CASCADE")


@contextlib.contextmanager
def first_content(*, on_small_disks: bool) -> Iterator[tuple[EdgeSite, Disks | None]]:
    """A site as operators first see it."""
    disks: list[Disks | None] = [None]

    def arrange(folder: Path) -> None:
        if on_small_disks:
            disks[0] = Disks(folder)

    def fill(site: EdgeSite) -> None:
        site.env["OWNER_PASSWORD"] = "only for these tests"
        site.python("-m", "dev.prepare", "static", "database")
        site.execute(OPEN)

    with serving(fill, None, {}, arrange) as site:
        yield site, disks[0]


def states(site: EdgeSite) -> Counter[str]:
    return Counter(dict(site.execute("SELECT state, count(*) FROM leads_outgoingmail GROUP BY 1")))


def settled(site: EdgeSite) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        site.execute(PASSING)
        return not sum(number for state, number in states(site).items() if state not in ENDS)
    return False


def count(site: EdgeSite, visitors: Visitors, injected: int) -> Count:
    """What docs/faults.md asks of every fault, once it is healed."""
    wait_for(lambda: settled(site), 90)
    forms = dict(site.execute(FORMS))
    rows = site.execute("SELECT id, state FROM leads_outgoingmail")
    lines = site.smtp.lines()
    deliveries = Counter(message_id for message_id, _ in lines)
    mailboxes = Counter(recipient for _, recipient in lines if recipient.startswith("chaos-"))
    arrived = {pk: deliveries[f"<mail.{pk}@localhost>"] for pk, _ in rows}
    assert_nobody_else_reads_it(site)
    totals = Counter(state for _, state in rows)
    return Count(
        injected=injected,
        mails=len(rows),
        sent=totals["sent"],
        lost=sum(forms.get(visit.key) != MAILS_OF_A_FORM for visit in visitors.thanked)
        + sum(state not in ENDS or (state == "sent" and not arrived[pk]) for pk, state in rows),
        twice=sum(number - 1 for number in [*deliveries.values(), *mailboxes.values()] if number > 1),
        uncertain=totals["uncertain"],
        dead=totals["dead"],
        forms=len(visitors.visits),
        refused=len(visitors.refused),
        p99=percentile([visit.seconds for visit in visitors.visits]),
    )


def assert_nobody_else_reads_it(site: EdgeSite) -> None:
    for file in [*(site.folder / "log").iterdir(), *site.folder.glob("*.log")]:
        assert MARKER not in file.read_text(errors="replace"), f"a health answer stands in {file.name}"
    for delivery in site.smtp.deliveries:
        assert MARKER.encode() not in delivery.content, f"a health answer stands in a mail to {delivery.recipient}"


def percentile(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98] if len(seconds) > 1 else max(seconds, default=0.0)
