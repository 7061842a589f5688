"""Who gets an issue, and who does not and why: before it goes, and what became of it afterwards."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When
from django.db.models.functions import Now

from leads.models import Issue, OutgoingMail, Subscription, Suppression
from leads.suppression import suppressed_among

State = OutgoingMail.State
Subscribed = Subscription.State

GETS_IT = "in"
# Everybody who ever asked for mail stands in one of these, the first that fits.
STANDINGS = {
    GETS_IT: "Get it",
    **{reason.value: reason.label for reason in Suppression.Reason},
    "unsubscribed": "Unsubscribed",
    "unconfirmed": "Never confirmed the address",
    "tips": "Want the health tips only",
}
WANTS_IT = Q(state=Subscribed.CONFIRMED, wants_newsletter=True)

# Nobody twice, however often it runs: the key of a row is the issue and the mailbox.
FILL = """
    INSERT INTO leads_outgoingmail (dedupe_key, kind, contact_id, issue_id, template_version, state, reason, attempts,
                                    was_resent)
    SELECT 'issue:' || %(issue)s::bigint || ':' || contact_id, 'issue', contact_id, %(issue)s::bigint, 1, 'queued', '',
           0, false
      FROM leads_subscription
     WHERE state = 'confirmed' AND wants_newsletter AND contact_id <> ALL (%(suppressed)s::bigint[])
     ORDER BY contact_id
        ON CONFLICT (dedupe_key) DO NOTHING
"""


def fill(issue: Issue) -> int:
    """Owe the issue to everybody who gets it now, in one statement; how many rows it has then."""
    suppressed = suppressed_subscribers(Subscription.objects.filter(WANTS_IT))
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"issue": issue.pk, "suppressed": list(suppressed)})
        # Who plans the claim by how the queue was before would sort all of it for each mail.
        cursor.execute("ANALYZE leads_outgoingmail")
    return mails_of(issue).count()


def suppressed_subscribers(subscriptions: QuerySet[Subscription]) -> dict[int, str]:
    return suppressed_among(subscriptions.values_list("contact_id", "contact__email").iterator())


def mails_of(issue: Issue) -> QuerySet[OutgoingMail]:
    """One for each of the audience, without the copies that staff sent by hand."""
    return OutgoingMail.objects.filter(issue=issue, kind=OutgoingMail.Kind.ISSUE, resend_of=None)


def standings() -> QuerySet[Any]:
    """Everybody who ever asked for mail, with their `standing`, in an order that does not change."""
    by_reason: dict[str, list[int]] = defaultdict(list)
    for contact, reason in suppressed_subscribers(Subscription.objects.all()).items():
        by_reason[reason].append(contact)
    standing = Case(
        *(When(contact__in=contacts, then=Value(reason)) for reason, contacts in by_reason.items()),
        When(state=Subscribed.UNSUBSCRIBED, then=Value("unsubscribed")),
        When(state=Subscribed.UNCONFIRMED, then=Value("unconfirmed")),
        When(wants_newsletter=False, then=Value("tips")),
        default=Value(GETS_IT),
        output_field=CharField(),
    )
    return Subscription.objects.annotate(standing=standing).select_related("contact").order_by("contact__email")


def counted(subscriptions: QuerySet[Any]) -> dict[str, int]:
    """How many stand where, as `standings` says; those who get it first."""
    rows = subscriptions.order_by().values("standing").annotate(number=Count("pk"))
    numbers = {row["standing"]: row["number"] for row in rows}
    return {standing: numbers.get(standing, 0) for standing in STANDINGS if standing == GETS_IT or standing in numbers}


def count() -> int:
    """How many would get an issue now."""
    subscribers = Subscription.objects.filter(WANTS_IT)
    return subscribers.count() - len(suppressed_subscribers(subscribers))


def rest(issue: Issue) -> list[int]:
    """The mails of those who did not get it, for certain, and still want it."""
    ended = mails_of(issue).filter(state__in=[State.DEAD, State.SKIPPED])
    wanted = ended.filter(
        contact__subscription__state=Subscribed.CONFIRMED, contact__subscription__wants_newsletter=True
    )
    suppressed = suppressed_among(wanted.values_list("pk", "contact__email").iterator())
    return [pk for pk in wanted.values_list("pk", flat=True) if pk not in suppressed]


# --- What became of it


@dataclass(frozen=True)
class Line:
    state: OutgoingMail.State
    reason: str
    number: int


@dataclass(frozen=True)
class Progress:
    """What became of an issue's mails. `gone` are those of people who were erased since: the numbers still add up."""

    audience: int
    lines: list[Line]
    last_minute: int  # sent in it

    def in_state(self, *states: OutgoingMail.State) -> int:
        return sum(line.number for line in self.lines if line.state in states)

    @cached_property
    def sent(self) -> int:
        return self.in_state(State.SENT)

    @cached_property
    def waiting(self) -> int:
        return self.in_state(State.QUEUED, State.LEASED, State.HANDED)

    @cached_property
    def gone(self) -> int:
        return self.audience - sum(line.number for line in self.lines)

    @cached_property
    def done(self) -> int:
        return self.audience - self.waiting

    @property
    def minutes_left(self) -> int | None:
        return -(-self.waiting // self.last_minute) if self.last_minute else None


def progress(issue: Issue) -> Progress:
    rows = (
        mails_of(issue)
        .order_by("state", "reason")
        .values_list("state", "reason")
        .annotate(number=Count("pk"), recent=Count("pk", filter=Q(sent_at__gt=Now() - timedelta(minutes=1))))
    )
    lines = [(Line(State(state), reason, number), recent) for state, reason, number, recent in rows]
    return Progress(issue.audience or 0, [line for line, _ in lines], sum(recent for _, recent in lines))
