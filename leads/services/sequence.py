"""How staff change what a sequence sends: in a draft of its next version, which is published as a whole."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as List
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from wagtail.log_actions import log

from clinic.models import ClinicSettings, User
from leads.mail import sequences
from leads.models import Enrolment, Lead, Sequence, Step, TimelineEntry

PUT_FIRST = """
    UPDATE leads_outgoingmail mail
       SET step_id = %(step)s, dedupe_key = 'tip:' || mail.enrolment_id || ':' || %(key)s,
           due_at = mail.due_at + make_interval(hours => %(hours)s - later.delay_hours)
      FROM leads_step later, leads_enrolment enrolment
     WHERE mail.state = 'queued' AND mail.resend_of_id IS NULL
       AND later.id = mail.step_id AND later.sequence_id = %(sequence)s AND later.version = %(version)s
       AND later.position > %(position)s
       AND enrolment.id = mail.enrolment_id AND enrolment.ended_at IS NULL
       AND NOT EXISTS (SELECT FROM leads_outgoingmail had
                        WHERE had.enrolment_id = mail.enrolment_id AND had.step_id = ANY (%(past)s))
"""


class Reach(models.TextChoices):
    """Whom a new version is for."""

    NEW = "new", "New people only"
    ON_THE_WAY = "on_the_way", "Also those who are not past it"


class Outdated(Exception):
    """Somebody was faster: what the page showed is no longer so."""


# --- Publishing


@transaction.atomic
def publish_steps(*, sequence: Sequence, steps: List[Step]) -> Sequence:
    """Give a sequence its next version, made of these new steps in their order. A step that says the same as before
    keeps its review.

    Whom it reaches, goes on in it: a correction reaches those who wait, and nobody gets a step twice, for a step is
    told by its key. A mail that waits for a step that is gone still leaves as it was owed. The others stay in theirs.
    """
    sequence = Sequence.objects.select_for_update().get(pk=sequence.pk)
    before = list(sequence.steps.filter(version=sequence.version))
    sequence.version += bool(before)
    for position, step in enumerate(steps, 1):
        step.sequence, step.version, step.position = sequence, sequence.version, position
    keep_reviews(steps, before)
    Step.objects.bulk_create(steps)
    sequence.save(update_fields=["version"])
    lead_over(sequence, steps)
    return sequence


@transaction.atomic
def publish_draft(*, sequence: Sequence, version: int, reach: Reach, user: User) -> Sequence:
    """Put the draft into force, if it is still the one of this number. Errors: `Outdated`."""
    sequence = lock(sequence)
    steps = list(draft_of(sequence))
    if version != sequence.version + 1 or not steps:
        raise Outdated("This draft was published or thrown away meanwhile.")
    sequence.version = version
    sequence.save(update_fields=["version"])
    if reach == Reach.ON_THE_WAY:
        lead_over(sequence, steps)
    log(sequence, "leads.publish_sequence", user=user, data={"version": version, "reach": reach})
    return sequence


def lead_over(sequence: Sequence, steps: Iterable[Step]) -> None:
    """Have those who are on the way go on in the present version, each from where they stand."""
    sequence.enrolments.filter(ended_at=None).update(version=sequence.version)
    waiting = sequences.waiting(sequence)
    for step in steps:
        waiting.filter(step__key=step.key).update(step=step)
    past = steps_past(sequence)
    for step in steps:
        put_first(step, past[step.key])


def steps_past(sequence: Sequence) -> dict[str, list[int]]:
    """By the key of each present step, whoever had which steps of any version does not get it: the same one, or one
    that now comes later, from a version that did not know it. As `sequences.steps_ahead` says for one enrolment."""
    known = defaultdict(set)
    every = list(sequence.steps.all())
    for step in every:
        known[step.version].add(step.key)
    places = {step.key: step.position for step in every if step.version == sequence.version}
    return {
        key: [
            step.pk
            for step in every
            if step.key == key or (places.get(step.key, 0) > place and key not in known[step.version])
        ]
        for key, place in places.items()
    }


def put_first(step: Step, past: List[int]) -> None:
    """Where a mail waits for a later step, and this one is still ahead of its reader, it becomes the mail of this one.

    It keeps its place in time, so that a pause that goes on counts for it as for the others.
    """
    values: dict[str, Any] = {
        "step": step.pk,
        "key": step.key,
        "hours": step.delay_hours,
        "sequence": step.sequence_id,
        "version": step.version,
        "position": step.position,
        "past": past,
    }
    with connection.cursor() as cursor:
        cursor.execute(PUT_FIRST, values)


# --- The draft


def draft_of(sequence: Sequence) -> models.QuerySet[Step]:
    return sequence.steps.filter(version=sequence.version + 1).order_by("position")


@transaction.atomic
def start_draft(*, sequence: Sequence) -> Sequence:
    """Copy the present steps, reviews and all, to be changed. A draft that is there stays as it is."""
    sequence = lock(sequence)
    if not draft_of(sequence).exists():
        for step in sequence.steps.filter(version=sequence.version):
            step.pk, step.version = None, sequence.version + 1
            step.save(force_insert=True)
    return sequence


@transaction.atomic
def discard_draft(*, sequence: Sequence) -> None:
    draft_of(lock(sequence)).delete()


@transaction.atomic
def change_step(*, step: Step, values: Mapping[str, Any]) -> Step:
    """Save a step of a draft. New words lose their review, unless they are those of the present version again.

    Errors: `Outdated`.
    """
    step = drafted(step)
    before = step.fingerprint
    for name, value in values.items():
        setattr(step, name, value)
    if step.fingerprint != before:
        step.reviewed_by = step.reviewed_on = None
        keep_reviews([step], step.sequence.steps.filter(version=step.sequence.version))
    step.save()
    return step


@transaction.atomic
def add_step(*, sequence: Sequence, values: Mapping[str, Any]) -> Step:
    """Put a step at the end of the draft. Its key is new in all versions, so that nobody is taken to have had it.

    Errors: `Outdated`.
    """
    sequence = lock(sequence)
    last = draft_of(sequence).aggregate(last=Max("position"))["last"]
    if last is None:
        raise Outdated("This draft was published or thrown away meanwhile.")
    step = Step(sequence=sequence, version=sequence.version + 1, position=last + 1, **values)
    step.key = free_key(sequence, step.subject)
    step.save()
    return step


def free_key(sequence: Sequence, subject: str) -> str:
    taken = set(sequence.steps.values_list("key", flat=True))
    name = slugify(subject)[:40].strip("-") or "step"
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(key for key in (name, *numbered) if key not in taken)


@transaction.atomic
def remove_step(*, step: Step) -> None:
    """Take a step out of the draft; its last one stays. Errors: `Outdated`."""
    step = drafted(step)
    if draft_of(step.sequence).count() == 1:
        raise Outdated("A sequence needs at least one step.")
    step.delete()


@transaction.atomic
def move_step(*, step: Step, is_up: bool) -> None:
    """Let a step of the draft change places with the one before or after it. Errors: `Outdated`."""
    step = drafted(step)
    steps = list(draft_of(step.sequence))
    index = steps.index(step) + (-1 if is_up else 1)
    if not 0 <= index < len(steps):
        return
    other = steps[index]
    here, there = step.position, other.position
    for row, position in ((step, steps[-1].position + 1), (other, here), (step, there)):  # no place is taken twice
        row.position = position
        row.save(update_fields=["position"])


# --- Clinical review


@transaction.atomic
def sign_off(*, step: Step, fingerprint: str, user: User) -> Step:
    """A clinician stands for the words of a step, which are those of the fingerprint; so for the same in the draft.

    Errors: `Outdated`.
    """
    sequence = lock(step.sequence)
    step = Step.objects.select_related("sequence").get(pk=step.pk)
    if step.fingerprint != fingerprint:
        raise Outdated("The words of this step were changed while you read them. Read them again.")
    same = sequence.steps.filter(key=step.key, subject=step.subject, preheader=step.preheader, body=step.body)
    today = timezone.localdate(timezone=ClinicSettings.load().zone)
    same.filter(version__gte=sequence.version).update(reviewed_by=user, reviewed_on=today)
    log(sequence, "leads.review_step", user=user, data={"step": step.key, "version": step.version})
    return step


def keep_reviews(steps: Iterable[Step], before: Iterable[Step]) -> None:
    reviewed = {(step.key, step.fingerprint): step for step in before if step.reviewed_by_id}
    for step in steps:
        if same := reviewed.get((step.key, step.fingerprint)):
            step.reviewed_by_id, step.reviewed_on = same.reviewed_by_id, same.reviewed_on


# --- Pauses, and a single person's end


@transaction.atomic
def switch(*, sequence: Sequence, is_paused: bool, user: User) -> Sequence:
    """Pause a sequence or resume it; nothing when it is so already."""
    sequence = lock(sequence)
    if (sequence.paused_at is not None) == is_paused:
        return sequence
    (sequences.pause if is_paused else sequences.resume)(sequence=sequence)
    log(sequence, "leads.pause_sequence" if is_paused else "leads.resume_sequence", user=user)
    return sequence


@transaction.atomic
def stop_tips(*, lead: Lead, user: User) -> bool:
    """End what a person's mailbox still gets of any sequence. False when there is nothing to end."""
    lead = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("contact").get(pk=lead.pk)
    contact = lead.contact
    if contact is None or not Enrolment.objects.filter(contact=contact, ended_at=None).exists():
        return False
    sequences.end(contact=contact, ending=Enrolment.Ending.STAFF)
    TimelineEntry.objects.create(lead=lead, event="tips_stopped", user=user)
    return True


# --- Locks


def lock(sequence: Sequence) -> Sequence:
    return Sequence.objects.select_for_update().get(pk=sequence.pk)


def drafted(step: Step) -> Step:
    """The step as it is now, and its sequence locked."""
    sequence = lock(step.sequence)
    row = draft_of(sequence).filter(pk=step.pk).first()
    if row is None:
        raise Outdated("This draft was published or thrown away meanwhile.")
    row.sequence = sequence
    return row
