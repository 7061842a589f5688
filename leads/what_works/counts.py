"""What the rows say, added up by the database. No person leaves this module: only numbers, pages and campaigns do.

Spam does not count. What was on a card that was merged into another counts once, for merging moves it to the card that
is kept. Whoever was erased is not in the rows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    BooleanField,
    Case,
    Count,
    DateTimeField,
    DurationField,
    Expression,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, TruncDate, TruncWeek

from clinic.models import ClinicSettings
from leads.gate import CAMPAIGN_KEYS
from leads.models import Enrolment, Lapse, Submission, Subscription, TimelineEntry
from leads.promise import open_stretches

from .period import Period, Stretch

Kind = Submission.Kind
VISITS = ["booked", "attended", "missed"]  # entries of the timeline
LATE_ANSWERS = timedelta(days=60)  # opening time is counted for so long after a period


@dataclass(frozen=True)
class Pair:
    """A number of a period, and of the one before."""

    now: int = 0
    before: int = 0

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(self.now + other.now, self.before + other.before)


def within(stretches: Iterable[Stretch], field: str = "created_at") -> Q:
    either = Q()
    for begins, ends in stretches:
        either |= Q((f"{field}__gte", begins), (f"{field}__lt", ends))
    return either


def pair(period: Period, field: str = "created_at", *, of: str = "pk", distinct: bool = False) -> dict[str, Count]:
    return {
        "now": Count(of, filter=within([period.so_far], field), distinct=distinct),
        "before": Count(of, filter=within([period.as_far_before], field), distinct=distinct),
    }


def both(period: Period) -> list[Stretch]:
    return [period.as_far_before, period.so_far]


def day_of(period: Period) -> Expression:
    return TruncDate("created_at", tzinfo=period.zone)


def week_of(period: Period) -> Expression:
    return TruncWeek("created_at", tzinfo=period.zone)


def half_of(period: Period) -> Expression:
    """Whether it was in the period itself."""
    return Case(When(created_at__gte=period.so_far[0], then=True), default=False, output_field=BooleanField())


def submissions(stretches: Iterable[Stretch]) -> QuerySet[Submission]:
    return Submission.objects.filter(within(stretches), is_spam=False).order_by()


# --- What came in, and from where


def arrivals(stretches: Sequence[Stretch], slot: Expression) -> Counter[tuple[date, str]]:
    """Submissions by day or week, and kind."""
    rows = submissions(stretches).values_list(slot, "kind").annotate(number=Count("pk"))
    return Counter({(day_in(moment), kind): number for moment, kind, number in rows})


def day_in(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


@dataclass(frozen=True)
class Origin:
    """`path` is of the page on which the form was sent, `subject` the page of the guide or workshop asked for."""

    path: str
    kind: str
    subject: int | None
    number: Pair


def origins(period: Period) -> list[Origin]:
    """Of every form that was sent; nobody sends a phone call from a page."""
    rows = submissions(both(period)).exclude(kind=Kind.CALL).values_list("source_path", "kind", "subject_id")
    counted = rows.annotate(**pair(period))
    return [Origin(path, kind, subject, Pair(now, before)) for path, kind, subject, now, before in counted]


def campaigns(period: Period) -> dict[tuple[str, ...], dict[str, Pair]]:
    """By (source, medium, name), and by kind."""
    keys = [Coalesce(KT(f"campaign__{key}"), Value(""), output_field=TextField()) for key in CAMPAIGN_KEYS]
    rows = submissions(both(period)).exclude(campaign={}).values_list(*keys, "kind").annotate(**pair(period))
    found: dict[tuple[str, ...], dict[str, Pair]] = defaultdict(dict)
    for *key, kind, now, before in rows:
        found[tuple(key)][kind] = Pair(now, before)
    return found


# --- Promises


@dataclass(frozen=True)
class Promises:
    """How those of a period ended. `open` is what is late and still not answered; `running` is not late yet."""

    kept: int = 0
    late: int = 0
    open: int = 0
    running: int = 0

    @property
    def ended(self) -> int:
        return self.kept + self.late + self.open

    @property
    def missed(self) -> int:
        return self.late + self.open

    def __add__(self, other: "Promises") -> "Promises":
        return Promises(
            self.kept + other.kept, self.late + other.late, self.open + other.open, self.running + other.running
        )


def promises(stretches: Sequence[Stretch], slot: Expression, now: datetime) -> dict[date, Promises]:
    answered = Q(answered_at__isnull=False)
    rows = (
        submissions(stretches)
        .filter(promised_at__isnull=False)
        .values_list(slot)
        .annotate(
            kept=Count("pk", filter=Q(answered_at__lte=F("promised_at"))),
            late=Count("pk", filter=Q(answered_at__gt=F("promised_at"))),
            open=Count("pk", filter=~answered & Q(promised_at__lt=now)),
            running=Count("pk", filter=~answered & Q(promised_at__gte=now)),
        )
    )
    return {day_in(moment): Promises(*numbers) for moment, *numbers in rows}


@dataclass(frozen=True)
class Waits:
    """Medians from a request to the first attempt: on the clock, and of that the time in which the practice was open.

    `opening` is None while no opening hours are known.
    """

    clock: timedelta | None = None
    opening: timedelta | None = None


def waits(stretches: Sequence[Stretch], slot: Expression, clinic: ClinicSettings, now: datetime) -> dict[Any, Waits]:
    """Of what was promised and is answered, by the slot."""
    hours = opening_hours(stretches, clinic, now)
    opening = OpenUntil("answered_at", *hours) - OpenUntil("created_at", *hours)
    rows = (
        submissions(stretches)
        .filter(promised_at__isnull=False, answered_at__isnull=False)
        .values_list(slot)
        .annotate(
            clock=Median(F("answered_at") - F("created_at"), output_field=DurationField()),
            opening=Median(opening, output_field=FloatField()),
        )
    )
    is_known = bool(clinic.hours)
    return {key: Waits(clock, timedelta(seconds=seconds) if is_known else None) for key, clock, seconds in rows}


class Median(Aggregate):
    name = "Median"
    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


class OpenUntil(Func):
    """Seconds for which the practice was open from the first of the opening hours until a moment."""

    template = """(
        SELECT coalesce(opened[place], 0)
             + CASE WHEN mod(place, 2) = 1 THEN extract(epoch FROM moment - moments[place]) ELSE 0 END
          FROM (SELECT *, width_bucket(moment, moments) AS place
                  FROM (VALUES (%(expressions)s)) AS given (moment, moments, opened)) AS placed)"""
    output_field = FloatField()


def opening_hours(stretches: Sequence[Stretch], clinic: ClinicSettings, now: datetime) -> tuple[Value, Value]:
    """The moments at which the practice opens and closes, in turn; and the seconds for which it was open until each.

    By the hours as they are set now: what they once were is not kept.
    """
    begins, ends = stretches[0][0], min(stretches[-1][1] + LATE_ANSWERS, now)
    moments: list[datetime] = []
    for opens, closes in open_stretches(begins, clinic, days=(ends - begins).days + 2):
        if moments and opens <= moments[-1]:
            moments[-1] = max(moments[-1], closes)
        else:
            moments += [opens, closes]
    opened = [0.0] if moments else []
    for number, (one, other) in enumerate(pairwise(moments)):
        opened.append(opened[-1] + (0 if number % 2 else (other - one).total_seconds()))
    return Value(moments, ArrayField(DateTimeField())), Value(opened, ArrayField(FloatField()))


# --- From the assessment to the visit


@dataclass(frozen=True)
class Visits:
    """How far those who asked for an assessment came until now. Booked counts whoever has a visit or had one."""

    asked: int = 0
    attended: int = 0
    missed: int = 0
    to_come: int = 0

    @property
    def booked(self) -> int:
        return self.attended + self.missed + self.to_come


def visits(stretches: Sequence[Stretch], slot: Expression) -> dict[Any, Visits]:
    """By the slot in which the assessment was asked for. Of several visits, the latest that is over counts."""
    since = TimelineEntry.objects.filter(lead=OuterRef("lead"), created_at__gte=OuterRef("created_at"))
    is_to_come = Case(When(event="booked", then=1), default=0)
    outcome = since.filter(event__in=VISITS).order_by(is_to_come, "-created_at", "-pk").values("event")[:1]
    asked = submissions(stretches).filter(kind=Kind.ASSESSMENT)
    found: dict[Any, Counter[str]] = defaultdict(Counter)
    for key, event, number in asked.values_list(slot, Subquery(outcome)).annotate(Count("pk")):
        found[key][event] = number
    return {
        key: Visits(numbers.total(), numbers["attended"], numbers["missed"], numbers["booked"])
        for key, numbers in found.items()
    }


# --- Newsletter and tips


@dataclass(frozen=True)
class SignUps:
    """Mailboxes that asked for the newsletter, and those of them that confirmed it until now."""

    asked: int = 0
    confirmed: int = 0

    def __add__(self, other: "SignUps") -> "SignUps":
        return SignUps(self.asked + other.asked, self.confirmed + other.confirmed)


def sign_ups(stretches: Sequence[Stretch], slot: Expression) -> dict[date, SignUps]:
    """By day or week. Whoever had the newsletter already when asking for it is no sign-up."""
    subscription = "contact__subscription__"
    confirmed, unsubscribed = f"{subscription}confirmed_at", f"{subscription}unsubscribed_at"
    had_left = Q((f"{unsubscribed}__gte", F(confirmed)), (f"{unsubscribed}__lte", F("created_at")))
    is_new = Q((f"{confirmed}__isnull", True)) | Q((f"{confirmed}__gte", F("created_at"))) | had_left
    rows = (
        submissions(stretches)
        .filter(is_new, kind=Kind.NEWSLETTER)
        .values_list(slot)
        .annotate(
            asked=Count("contact", distinct=True),
            confirmed=Count("contact", distinct=True, filter=Q((f"{confirmed}__gte", F("created_at")))),
        )
    )
    return {day_in(moment): SignUps(*numbers) for moment, *numbers in rows}


def lapses(first: date, end: date) -> dict[date, int]:
    """Sign-ups of each day that nobody confirmed, of which nothing else is left."""
    return dict(Lapse.objects.filter(day__gte=first, day__lt=end).values_list("day", "number"))


def unsubscribed(period: Period) -> Pair:
    return Pair(**Subscription.objects.aggregate(**pair(period, "unsubscribed_at")))


@dataclass(frozen=True)
class Tips:
    started: Pair
    ended: dict[str, Pair]  # by reason
    on_their_way: int  # at this moment


def tips(period: Period) -> Tips:
    reasons = {
        f"{reason}_{half}": Count("pk", filter=within([stretch], "ended_at") & Q(ending=reason))
        for reason in Enrolment.Ending
        for half, stretch in (("now", period.so_far), ("before", period.as_far_before))
    }
    found = Enrolment.objects.aggregate(
        **pair(period, "started_at"), **reasons, on_their_way=Count("pk", filter=Q(ended_at=None))
    )
    ended = {reason.value: Pair(found[f"{reason}_now"], found[f"{reason}_before"]) for reason in Enrolment.Ending}
    return Tips(Pair(found["now"], found["before"]), ended, found["on_their_way"])
