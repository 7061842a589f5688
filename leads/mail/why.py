"""Why a person got a mail, or did not: every mail of a card, those to come among them, each with its reason.

What will become of a mail is asked of the gates that the sender asks; nothing about them is known here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from leads.models import Contact, Enrolment, Lead, OutgoingMail, Step, Submission, Subscription
from leads.retention import UNCONFIRMED

from . import gates, ledger, sequences

Kind = OutgoingMail.Kind
State = OutgoingMail.State
OPEN = [State.QUEUED, State.LEASED, State.HANDED]
MOST_OPEN = 20  # whose gates are asked
MOST = 100  # of those that have ended


@dataclass(frozen=True)
class Line:
    """One mail, or a kind of mail, and what is the matter with it."""

    title: str
    state: str  # in words
    reason: str = ""
    moment: datetime | None = None  # when it left or ended; of one to come, its turn
    mail: OutgoingMail | None = None
    tone: str = "open"  # good, open, bad or none


@dataclass(frozen=True)
class Mails:
    """Of one card. `coming` in their turn, `ended` with the newest first."""

    coming: list[Line] = field(default_factory=list)
    never: list[Line] = field(default_factory=list)
    ended: list[Line] = field(default_factory=list)
    has_more: bool = False  # ended ones that are not among these
    can_stop: bool = False  # some sequence goes on


def mails_of(lead: Lead) -> QuerySet[OutgoingMail]:
    """What answers the card's submissions, notices to staff among it, and what went to its mailbox without one."""
    # In three steps, each of which an index serves: of a person there are few, of all a million.
    submissions = list(Submission.objects.filter(lead=lead).values_list("pk", flat=True))
    others = Q(submission=None, contact=lead.contact_id, contact__isnull=False)
    mails = OutgoingMail.objects.filter(Q(submission__in=submissions) | others)
    return OutgoingMail.objects.filter(pk__in=list(mails.values_list("pk", flat=True)))


def mails_of_lead(lead: Lead, most: int = MOST) -> Mails:
    """Without the notices to staff: they went to the desk."""
    rows = mails_of(lead).exclude(kind__in=OutgoingMail.STAFF_KINDS)
    rows = rows.select_related("contact", "submission__lead", "enrolment__sequence", "step", "issue", "resend_of")
    rows = rows.defer("submission__health_answers")
    ended = list(rows.exclude(state__in=OPEN).order_by("-pk")[: most + 1])
    coming = [coming_line(mail) for mail in rows.filter(state__in=OPEN).order_by("due_at", "pk")[:MOST_OPEN]]
    never: list[Line] = []
    enrolments: list[Any] = []
    if lead.contact is None:
        never.append(Line("All mail", "Never", "no mailbox of this person is known", tone="none"))
    else:
        enrolments = enrolments_of(lead.contact)
        coming += [line for enrolment in enrolments for line in steps_to_come(enrolment)]
        never += what_never_comes(lead.contact, enrolments)
    return Mails(
        coming=coming,
        never=never,
        ended=[ended_line(mail) for mail in ended[:most]],
        has_more=len(ended) > most,
        can_stop=any(enrolment.ended_at is None for enrolment in enrolments),
    )


# --- A mail of the ledger


TONES = {State.SENT: "good", State.SKIPPED: "none", State.DEAD: "bad", State.UNCERTAIN: "bad"}


def title_of(mail: OutgoingMail) -> str:
    about = mail.step.subject if mail.step else mail.issue.subject if mail.issue else ""
    title = f"{mail.get_kind_display()}: {about}" if about else mail.get_kind_display()
    return f"{title} (again)" if mail.resend_of_id else title


def ended_line(mail: OutgoingMail) -> Line:
    state = State(mail.state)
    moment = mail.sent_at or mail.changed_at
    return Line(title_of(mail), state.label, mail.reason, moment, mail, TONES[state])


def coming_line(mail: OutgoingMail) -> Line:
    if mail.state != State.QUEUED:
        return Line(title_of(mail), mail.get_state_display(), mail.reason, mail.changed_at, mail)
    return foretold(mail)


def foretold(mail: OutgoingMail) -> Line:
    """What the sender would do when the turn of this mail comes. A mail that nobody is owed yet has no number."""
    known = mail if mail.pk else None
    at = max(mail.due_at, timezone.now())
    verdict = gates.ask(ledger.as_claimed(mail, at))
    if not verdict.reason:
        tried = f"so far, {mail.reason}" if mail.attempts and mail.reason else ""
        return Line(title_of(mail), "Will be sent", tried, at, known)
    if verdict.until is None:
        return Line(title_of(mail), "Will not be sent", verdict.reason, at, known, "none")
    until = at + verdict.until if isinstance(verdict.until, timedelta) else verdict.until
    return Line(title_of(mail), "Waits", verdict.reason, until, known)


# --- Tips


def enrolments_of(contact: Contact) -> list[Any]:
    """With `next_step` and `since`."""
    rows = Enrolment.objects.filter(contact=contact).select_related("sequence", "contact")
    return list(sequences.with_next_step(rows).order_by("pk"))


def steps_to_come(enrolment: Any) -> Iterator[Line]:
    """Those that the ledger does not owe yet: the next one, if no mail is open, and those that follow it."""
    if enrolment.ended_at is not None:
        return
    has_open = enrolment.mails.filter(state__in=OPEN).exists()
    for step in sequences.steps_left(enrolment):
        if step.pk == enrolment.next_step and not has_open:
            yield foretold(owed(enrolment, step))
        else:
            yield Line(f"{Kind.TIP.label}: {step.subject}", "Later", f"{in_words(step.delay)} after the one before")


def owed(enrolment: Any, step: Step) -> OutgoingMail:
    """The mail that will be owed for this step."""
    due_at = enrolment.since + step.delay
    mail = OutgoingMail(kind=Kind.TIP, contact=enrolment.contact, enrolment=enrolment, step=step, due_at=due_at)
    mail.can_wait = True  # the database would say so
    return mail


def in_words(delay: timedelta) -> str:
    hours = int(delay.total_seconds() // 3600)
    number, unit = (hours // 24, "day") if hours and hours % 24 == 0 else (hours, "hour")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


# --- What never comes


def what_never_comes(contact: Contact, enrolments: list[Any]) -> Iterator[Line]:
    yield from unconfirmed(contact)
    newsletter = OutgoingMail(kind=Kind.ISSUE, contact=contact)
    newsletter.can_wait = True  # the database would say so
    verdict = gates.ask(ledger.as_claimed(newsletter, timezone.now()))
    if verdict.reason and verdict.until is None:
        yield Line("Every newsletter", "Never", verdict.reason, tone="none")
    if not enrolments:
        yield Line("Health tips", "Never", "nobody confirmed this address for them", tone="none")
    for enrolment in enrolments:
        if enrolment.ended_at is not None:
            reason = enrolment.get_ending_display()
            yield Line(f"More of “{enrolment.sequence}”", "Ended", reason, enrolment.ended_at, tone="none")


def unconfirmed(contact: Contact) -> Iterator[Line]:
    subscription = Subscription.objects.filter(contact=contact, state=Subscription.State.UNCONFIRMED).first()
    if subscription is not None:
        until = subscription.asked_at + UNCONFIRMED.period
        reason = "the reader has not pressed the button in the mail that asks for it; forgotten at this moment"
        yield Line("Confirmation of the address", "Open", reason, until)
