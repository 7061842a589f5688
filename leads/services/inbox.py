"""What staff do with a card. Each verb locks the card, changes it and writes its timeline in one transaction.

    new, trying --attempt--> trying, or reached --book--> booked --visit--> attended or missed
    any --close--> closed, with a reason --reopen, or a new submission--> new

Whoever does something with a card that nobody has takes it. Two people never call the same person: `claim` is one
statement, and an attempt at a colleague's card is refused.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from clinic.models import ClinicSettings, User
from leads.mail import ledger, sequences
from leads.models import Contact, Enrolment, Lead, OutgoingMail, Submission, TimelineEntry
from leads.promise import moment_after, next_open

from .intake import part_of_day

State = Lead.State

MAX_ATTEMPTS = 4
FIRST_WAIT = timedelta(hours=4)  # in which the practice is open
LATER_WAITS = {2: timedelta(days=1), 3: timedelta(days=3)}  # by the number of the attempt before
VISIT = "Visit"
COULD_NOT_REACH = "Could not reach"


class Outcome(models.TextChoices):
    """Of an attempt to reach a person."""

    SPOKE = "spoke", "Spoke"
    VOICEMAIL = "voicemail", "Left voicemail"
    NO_ANSWER = "no_answer", "No answer"
    MESSAGE = "message", "Sent message"


class Refused(Exception):
    """It cannot be done with this card now. The text says why, in a sentence for staff."""


class TakenByAnother(Refused):
    """A colleague has this card."""

    def __init__(self, owner: User):
        super().__init__(f"{owner.get_full_name() or owner.username} has this card. Ask, or have it handed over first.")
        self.owner = owner


def locked(lead: Lead) -> Lead:
    """The row as it is now, for this transaction alone. Errors: `Refused` where it was merged into another card.

    No key lock: a mail's outcome, written on the timeline meanwhile, need not wait for it. And no join: who waited for
    the lock would see the row as it is now, and joined to it an owner as of before.
    """
    card = Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    if card.merged_into_id:
        raise Refused("This card was merged into another one. Open that one.")
    return card


def write(lead: Lead, event: str, user: User | None, note: str = "", **details: Any) -> TimelineEntry:
    return TimelineEntry.objects.create(lead=lead, event=event, details=details, user=user, note=note)


def keep(lead: Lead, *names: str) -> Lead:
    lead.changed_at = Now()
    lead.save(update_fields=[*names, "changed_at"])
    lead.refresh_from_db(fields=["changed_at"])
    return lead


# --- Owners


@transaction.atomic
def claim(*, lead: Lead, user: User) -> bool:
    """Take a card that nobody has; False when somebody else has it. Of two at once, one gets it."""
    free = Lead.objects.filter(pk=lead.pk, owner=None, merged_into=None)
    if free.update(owner=user, changed_at=Now()):
        write(lead, "claimed", user)
        return True
    return Lead.objects.filter(pk=lead.pk, owner=user, merged_into=None).exists()


@transaction.atomic
def hand_over(*, lead: Lead, owner: User | None, user: User) -> Lead:
    """Give a card to a colleague, or with None to whoever takes it."""
    lead = locked(lead)
    before, lead.owner = lead.owner_id, owner
    if before != lead.owner_id:
        write(lead, "handed_over", user, before=before, after=lead.owner_id)
    return keep(lead, "owner")


def take(lead: Lead, user: User) -> None:
    """Claim a locked card that nobody has."""
    if lead.owner is None:
        lead.owner = user
        write(lead, "claimed", user)


# --- Attempts


@transaction.atomic
def note_attempt(*, lead: Lead, outcome: Outcome, user: User, note: str = "") -> Lead:
    """Somebody tried to reach the person: what was promised is kept, and what follows is set.

    Spoke: reached. Else the next attempt is due after 4 hours of opening time, a day, three days; after the fourth the
    card is closed, and the person gets one mail that says so. A visit that is booked stays booked.
    Errors: `TakenByAnother`, `Refused`.
    """
    lead = locked(lead)
    if lead.owner is not None and lead.owner != user:
        raise TakenByAnother(lead.owner)
    take(lead, user)
    answer(lead)
    lead.attempts = 0 if outcome == Outcome.SPOKE else lead.attempts + 1
    write(lead, "attempt", user, note, outcome=str(outcome), number=lead.attempts)
    if outcome == Outcome.SPOKE:
        settle(lead, State.REACHED)
    elif lead.attempts < MAX_ATTEMPTS:
        try_again(lead)
    else:
        stop_trying(lead, user)
    return keep(lead, "owner", "state", "closed_because", "attempts", "promised_at", "next_action", "next_action_at")


def answer(lead: Lead) -> None:
    """What the person asked for is answered from now on, and nobody is alarmed about it any more."""
    lead.promised_at = None
    open_submissions = lead.submissions.filter(answered_at=None, is_spam=False)
    open_submissions.exclude(kind=Submission.Kind.NEWSLETTER).update(answered_at=Now())
    late = OutgoingMail.objects.filter(
        submission__lead=lead, kind__in=[OutgoingMail.Kind.ALARM, OutgoingMail.Kind.DELAY]
    )
    ledger.call_off(late, "somebody was in touch meanwhile")


def settle(lead: Lead, state: State) -> None:
    """Nothing is left to do by a certain time, but for a visit that is booked."""
    lead.next_action, lead.next_action_at, lead.closed_because = "", None, ""
    visit_at = booked_visit(lead) if lead.state == State.BOOKED else None
    if visit_at is not None:
        lead.next_action, lead.next_action_at = VISIT, visit_at
    elif lead.state != State.BOOKED:
        lead.state = state


def booked_visit(lead: Lead) -> datetime | None:
    entry = lead.timeline.filter(event="booked").first()
    return datetime.fromisoformat(entry.details["visit_at"]) if entry else None


def try_again(lead: Lead) -> None:
    if lead.state != State.BOOKED:
        lead.state, lead.closed_because = State.TRYING, ""
    lead.next_action = "Write again" if lead.channel == Lead.Channel.EMAIL else "Call again"
    lead.next_action_at = next_attempt(lead)


def next_attempt(lead: Lead) -> datetime:
    """In opening hours, and in the part of the day that the person likes best."""
    now, clinic, part = timezone.now(), ClinicSettings.current(), part_of_day(lead.call_times)
    if wait := LATER_WAITS.get(lead.attempts):
        return next_open(now + wait, clinic, part)
    return moment_after(FIRST_WAIT, now, clinic) or now + FIRST_WAIT


def stop_trying(lead: Lead, user: User) -> None:
    if lead.state == State.BOOKED:
        lead.attempts = 0
        settle(lead, State.BOOKED)
        return
    end(lead, State.CLOSED, Enrolment.Ending.STAFF)
    lead.closed_because = COULD_NOT_REACH
    write(lead, "closed", user, COULD_NOT_REACH)
    submission = latest_request(lead)
    if lead.contact is not None and submission is not None:
        mail = OutgoingMail(kind=OutgoingMail.Kind.UNREACHED, contact=lead.contact, submission=submission)
        mail.dedupe_key = f"unreached:{submission.pk}"
        ledger.owe([mail])


def latest_request(lead: Lead) -> Submission | None:
    """What the card's own mailbox asked for last: a mail about it may lead to the page of that mailbox."""
    submissions = lead.submissions.filter(contact=lead.contact, is_spam=False)
    return submissions.exclude(kind=Submission.Kind.NEWSLETTER).order_by("-created_at", "-pk").first()


# --- Plans, visits and ends


@transaction.atomic
def plan(*, lead: Lead, next_action: str, next_action_at: datetime | None, user: User) -> Lead:
    """Write down what is next and when. A promise that still runs keeps its moment: it is not ours to move."""
    lead = locked(lead)
    take(lead, user)
    moments = [moment for moment in (next_action_at, lead.promised_at) if moment is not None]
    lead.next_action, lead.next_action_at = next_action, min(moments, default=None)
    planned_at = next_action_at.isoformat() if next_action_at else None
    write(lead, "planned", user, next_action, next_action_at=planned_at)
    return keep(lead, "owner", "next_action", "next_action_at")


@transaction.atomic
def book(*, lead: Lead, visit_at: datetime, user: User) -> Lead:
    """A visit is agreed upon; tips end."""
    lead = locked(lead)
    take(lead, user)
    end(lead, State.BOOKED, Enrolment.Ending.BOOKED)
    lead.next_action, lead.next_action_at = VISIT, visit_at
    write(lead, "booked", user, visit_at=visit_at.isoformat())
    return keep_end(lead)


@transaction.atomic
def note_visit(*, lead: Lead, has_come: bool, user: User) -> Lead:
    """The person came to the visit, or did not and is to be asked why. Errors: `Refused` where none was booked."""
    lead = locked(lead)
    if lead.state not in (State.BOOKED, State.ATTENDED, State.MISSED):
        raise Refused("No visit is booked on this card.")
    end(lead, State.ATTENDED if has_come else State.MISSED, Enrolment.Ending.BOOKED)
    if not has_come:
        lead.next_action, lead.next_action_at = "Call about the missed visit", next_attempt(lead)
    write(lead, "attended" if has_come else "missed", user)
    return keep_end(lead)


@transaction.atomic
def close(*, lead: Lead, reason: str, user: User) -> Lead:
    """Nothing is to be done for this person any more; tips end."""
    lead = locked(lead)
    end(lead, State.CLOSED, Enrolment.Ending.STAFF)
    lead.closed_because = reason
    write(lead, "closed", user, reason)
    return keep_end(lead)


@transaction.atomic
def reopen(*, lead: Lead, user: User | None) -> Lead:
    """Take a card up again that was done; nothing happens to one that is open."""
    lead = locked(lead)
    if lead.state in Lead.OPEN_STATES:
        return lead
    lead.state, lead.closed_because, lead.attempts = State.NEW, "", 0
    write(lead, "reopened", user)
    return keep(lead, "state", "closed_because", "attempts")


def end(lead: Lead, state: State, ending: Enrolment.Ending) -> None:
    """Lead a card to a state in which what was asked for is answered, and end the tips to each of its mailboxes."""
    answer(lead)
    lead.state, lead.closed_because, lead.attempts = state, "", 0
    lead.next_action, lead.next_action_at = "", None
    mailboxes = Contact.objects.filter(Q(leads=lead) | Q(submissions__lead=lead, submissions__is_spam=False))
    for contact in mailboxes.distinct().order_by("pk"):
        sequences.end(contact=contact, ending=ending)


def keep_end(lead: Lead) -> Lead:
    return keep(lead, "owner", "state", "closed_because", "attempts", "promised_at", "next_action", "next_action_at")


# --- Notes and answers


@transaction.atomic
def add_note(*, lead: Lead, text: str, user: User) -> TimelineEntry:
    return write(locked(lead), "note", user, text)


def open_health_answers(*, submission: Submission, user: User) -> dict[str, str]:
    """The answers about health, once it is on the timeline who opened them."""
    with transaction.atomic():
        write(submission.lead, "opened_health_answers", user, submission=submission.pk)
    answers: dict[str, str] = json.loads(submission.health_answers or "{}")
    return answers
