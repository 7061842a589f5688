"""The way of a mailbox through a sequence: one mail after the other, each a while after the one before.

The ledger holds one open mail of an enrolment at a time. The next is owed when that one has ended, and its wait counts
from that moment: a sender that stood still for a month does not send a month's mails at once.
"""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Greatest, Now

from leads.models import Contact, Enrolment, OutgoingMail, Sequence, Step

from . import ledger

State = OutgoingMail.State
ENDS = [State.SENT, State.DEAD, State.UNCERTAIN, State.SKIPPED]
BATCH = 500
PAUSED = "the sequence is paused"

# One statement: a form that enrols has few to spare. Who unsubscribed and comes back goes on where they were, in the
# sequence's present version; the mail that the unsubscribing called off waits its full time anew. So it is with an
# address that stood in spam, for its owner may be somebody else.
ENROL = """
    WITH enrolled AS (
        INSERT INTO leads_enrolment (contact_id, sequence_id, version, ending)
        SELECT %(contact)s, id, version, '' FROM leads_sequence WHERE key = %(sequence)s
            ON CONFLICT (contact_id, sequence_id) DO UPDATE
               SET ended_at = NULL, ending = '', version = excluded.version, started_at = clock_timestamp()
             WHERE leads_enrolment.ending IN ('unsubscribed', 'spam')
        RETURNING id)
    UPDATE leads_outgoingmail mail
       SET state = 'queued', reason = '', changed_at = clock_timestamp(),
           due_at = clock_timestamp() + make_interval(hours => step.delay_hours)
      FROM enrolled, leads_step step
     WHERE mail.enrolment_id = enrolled.id AND mail.state = 'skipped' AND step.id = mail.step_id
"""


def enrol(*, contact: Contact, sequence: str) -> None:
    """Start a mailbox on the sequence of this key, once in life. Who got all of it, or booked, is not started again."""
    with connection.cursor() as cursor:
        cursor.execute(ENROL, {"contact": contact.pk, "sequence": sequence})


@transaction.atomic
def end(*, contact: Contact, ending: Enrolment.Ending) -> None:
    """End every sequence of a mailbox, and what it still has to come."""
    Enrolment.objects.filter(contact=contact, ended_at=None).update(ended_at=Now(), ending=ending)
    tips = OutgoingMail.objects.filter(contact=contact, kind=OutgoingMail.Kind.TIP)
    ledger.call_off(tips, f"the sequence ended: {ending.label}")


def advance() -> None:
    """Owe the next mail of each enrolment whose last one has ended, and end those that had every step."""
    after: int | None = 0
    while after is not None:
        after = advance_some(after)


@transaction.atomic
def advance_some(after: int) -> int | None:
    """A batch of those numbered above `after`; the number of its last one, None when there was none."""
    rows = list(stepping().filter(pk__gt=after)[:BATCH])
    steps = Step.objects.in_bulk([row.next_step for row in rows if row.next_step])
    ledger.owe_many(
        OutgoingMail(
            dedupe_key=f"tip:{row.pk}:{steps[row.next_step].key}",
            kind=OutgoingMail.Kind.TIP,
            contact_id=row.contact_id,
            enrolment_id=row.pk,
            step_id=row.next_step,
            due_at=row.since + steps[row.next_step].delay,
        )
        for row in rows
        if row.next_step
    )
    done = [row.pk for row in rows if not row.next_step]
    Enrolment.objects.filter(pk__in=done).update(ended_at=Now(), ending=Enrolment.Ending.FINISHED)
    return rows[-1].pk if rows else None


def stepping() -> QuerySet[Enrolment, Any]:
    """Open enrolments with no open mail, locked: their pk, contact_id, next_step, and since when that waits."""
    mails = OutgoingMail.objects.filter(enrolment=OuterRef("pk"))
    idle = Enrolment.objects.filter(~Exists(mails.exclude(state__in=ENDS)), ended_at=None)
    return (
        with_next_step(idle)
        .order_by("pk")
        .select_for_update(of=("self",), skip_locked=True)
        .values_list("pk", "contact_id", "next_step", "since", named=True)
    )


def with_next_step(enrolments: QuerySet[Enrolment, Any]) -> QuerySet[Any, Any]:
    """Annotated: `next_step`, the pk of the first step ahead, and `since`, from when its wait counts."""
    mails = OutgoingMail.objects.filter(enrolment=OuterRef("pk"))
    ahead = steps_ahead().filter(sequence=OuterRef("sequence"), version=OuterRef("version")).order_by("position")
    return enrolments.annotate(next_step=Subquery(ahead.values("pk")[:1])).annotate(
        since=Greatest("started_at", Subquery(mails.order_by("-changed_at").values("changed_at")[:1]))
    )


def steps_left(enrolment: Enrolment) -> list[Step]:
    """What one enrolment still has to come beside the mails that are owed, in its order."""
    ahead = steps_ahead().filter(sequence=OuterRef("sequence"), version=OuterRef("version"))
    numbers = Enrolment.objects.filter(pk=enrolment.pk).values(numbers=ArraySubquery(ahead.values("pk")))
    return list(Step.objects.filter(pk__in=numbers.get()["numbers"]).order_by("position"))


def steps_ahead() -> QuerySet[Step]:
    """For a subquery of an enrolment: what is still to come of it, in any version.

    A step is told by its key: who had it in one version does not get it in another. Who had a later one before this
    one was thought of is past it.
    """
    mails = OutgoingMail.objects.filter(enrolment=OuterRef(OuterRef("pk")))
    same, mine = {"sequence": OuterRef("step__sequence")}, OuterRef(OuterRef("version"))
    later = Step.objects.filter(
        **same, version=mine, key=OuterRef("step__key"), position__gt=OuterRef(OuterRef("position"))
    )
    known_then = Step.objects.filter(**same, version=OuterRef("step__version"), key=OuterRef(OuterRef("key")))
    return Step.objects.filter(
        ~Exists(mails.filter(step__key=OuterRef("key"))), ~Exists(mails.filter(Exists(later), ~Exists(known_then)))
    )


@transaction.atomic
def pause(*, sequence: Sequence) -> None:
    """No mail of this sequence leaves, and no wait passes, until it is resumed."""
    Sequence.objects.filter(pk=sequence.pk, paused_at=None).update(paused_at=Now())
    waiting(sequence).update(reason=PAUSED)


@transaction.atomic
def resume(*, sequence: Sequence) -> None:
    """Each wait goes on with what was left of it."""
    paused_at = Sequence.objects.select_for_update().get(pk=sequence.pk).paused_at
    if paused_at is None:
        return
    pause = Now() - Greatest(Value(paused_at), F("created_at"))
    waiting(sequence).update(due_at=F("due_at") + pause, reason="")
    Sequence.objects.filter(pk=sequence.pk).update(paused_at=None)


def waiting_by_step(sequence: Sequence) -> dict[str, int]:
    """How many people wait for each step, by its key. Who is between two for a minute is not among them."""
    mails = OutgoingMail.objects.filter(enrolment__sequence=sequence, enrolment__ended_at=None, resend_of=None)
    counted = mails.exclude(state__in=ENDS).order_by().values_list("step__key")
    return dict(counted.annotate(Count("pk")))


def waiting(sequence: Sequence) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(enrolment__in=sequence.enrolments.all(), state=State.QUEUED)
