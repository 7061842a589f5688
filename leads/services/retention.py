"""Letting go of what has met the end of its time, a small batch at a time, by the periods of `leads.retention`.

What is deleted leaves a number behind. A person is forgotten: the rows stay, for the figures, and say that somebody
asked, when and from which page; who that was is gone from them.

Nothing is touched that somebody still waits for: an open card, a promise, a privacy request, mail that has not come to
its end, a mailbox that gets our mail. And nothing of a card that is held.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat, Now

from clinic.models import ClinicSettings
from leads import retention
from leads.models import (
    Consent,
    Contact,
    Enrolment,
    Lead,
    MailEvent,
    Merge,
    OutgoingMail,
    PrivacyRequest,
    Purge,
    Submission,
    Subscription,
    TimelineEntry,
)
from leads.models.person import LeadQuerySet
from leads.retention import NOTICE, RULES, Rule

BATCH = 200
FORGOTTEN = "Forgotten"  # why a card that was closed is closed, once its own reason is gone
VISITS = ["booked", "attended", "missed"]  # entries of the timeline that the figures count
QUIET = ["held", "released"]  # entries by which nobody hears of the person

State = Lead.State
Rows = QuerySet[Any, Any]


@dataclass(frozen=True)
class Work:
    """How one rule is kept. `order` names the moment that decides; an index leads to the rows by it."""

    due: Callable[[datetime], Rows]  # whose time is over by a moment
    let_go: Callable[[list[int]], None]
    order: str
    mailboxes: Callable[[list[int]], list[int]] | None = None  # locked before the rows, as forms lock them


def purge() -> dict[str, int]:
    """Let go of all that is due; how many rows by the key of their rule.

    Each batch is a transaction that counts itself: any number of workers may be at it, and any may stop at any point.
    """
    return {rule.key: sum(batches(rule)) for rule in RULES}


def batches(rule: Rule) -> Iterator[int]:
    now = database_now()
    day = now.astimezone(ClinicSettings.current().zone).date()
    Purge.objects.bulk_create([Purge(day=day, rule=rule.key)], ignore_conflicts=True)
    after: tuple[Any, int] | None = None
    while found := some(rule, now, after):
        yield let_go(rule, now, day, [pk for _, pk in found])
        after = found[-1]


def database_now() -> datetime:
    """A worker whose own clock is years ahead must not take everything for old."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def some(rule: Rule, now: datetime, after: tuple[Any, int] | None) -> list[tuple[Any, int]]:
    work = WORK[rule.key]
    rows = work.due(now - rule.period)
    if after is not None:
        moment, pk = after
        rows = rows.filter(Q(**{f"{work.order}__gt": moment}) | Q(**{work.order: moment, "pk__gt": pk}))
        rows = rows.filter(**{f"{work.order}__gte": moment})  # says the same; an index can begin there
    return list(rows.order_by(work.order, "pk").values_list(work.order, "pk")[:BATCH])


@transaction.atomic
def let_go(rule: Rule, now: datetime, day: date, pks: list[int]) -> int:
    """Of these rows, those that are still due and that nobody else is at."""
    work = WORK[rule.key]
    if work.mailboxes:
        contacts = Contact.objects.filter(pk__in=work.mailboxes(pks)).order_by("pk")
        list(contacts.select_for_update(no_key=True).values_list("pk"))
    rows = work.due(now - rule.period).filter(pk__in=pks).order_by("pk")
    locked = list(rows.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True))
    work.let_go(locked)
    Purge.objects.filter(day=day, rule=rule.key).update(number=F("number") + len(locked))
    return len(locked)


# --- What is coming


@dataclass(frozen=True)
class Forecast:
    rule: Rule
    number: int


def forecast(now: datetime) -> list[Forecast]:
    """How many rows of each rule will have met their end within `NOTICE`, were nothing to happen meanwhile."""
    return [Forecast(rule, coming(rule, now).count()) for rule in RULES]


def coming(rule: Rule, now: datetime) -> Rows:
    return WORK[rule.key].due(now + NOTICE - rule.period)


def cards_to_forget(now: datetime, *, only_lately: bool = False) -> LeadQuerySet:
    """Within `NOTICE`; who goes first comes first.

    `only_lately`: without those whose time was over long ago and that stayed for another reason. That is soon counted,
    however many people get our mail for years.
    """
    either = Q()
    for rule in (retention.CARD, retention.VISITOR):
        cards = coming(rule, now)
        if only_lately:
            cards = cards.filter(changed_at__gte=now - rule.period - NOTICE)
        either |= Q(pk__in=cards.values("pk"))
    return Lead.objects.filter(either).order_by("changed_at", "pk")


# --- What is due


def spam(moment: datetime) -> Rows:
    taken = Submission.objects.filter(is_spam=True, created_at__lt=moment, lead__held_because="")
    waits = OutgoingMail.objects.filter(submission=OuterRef("pk"), state__in=OutgoingMail.UNSETTLED)
    return taken.filter(~Exists(waits), ~is_asked_about("lead"))


def unconfirmed(moment: datetime) -> Rows:
    asked = Subscription.objects.filter(state=Subscription.State.UNCONFIRMED, asked_at__lt=moment)
    waits = OutgoingMail.objects.filter(contact=OuterRef("contact"), state__in=OutgoingMail.UNSETTLED)
    held = Lead.objects.filter(contact=OuterRef("contact")).exclude(held_because="")
    return asked.filter(~Exists(waits), ~Exists(held))


def health_answers(moment: datetime) -> Rows:
    done = {"lead__state__in": Lead.DONE_STATES, "lead__changed_at__lt": moment, "lead__promised_at": None}
    told = Submission.objects.filter(~Q(health_answers=""), **done, lead__held_because="")
    return told.filter(~is_asked_about("lead"))


def cards(*states: State) -> Callable[[datetime], Rows]:
    """Done for good, and nothing was heard of them since."""

    def due(moment: datetime) -> Rows:
        idle = {"held_because": "", "promised_at": None, "next_action_at": None}
        done = Lead.objects.cards().filter(state__in=states, changed_at__lt=moment, **idle)
        lately = TimelineEntry.objects.filter(lead=OuterRef("pk"), created_at__gte=moment).exclude(event__in=QUIET)
        notices = OutgoingMail.objects.filter(submission__lead=OuterRef("pk"), state__in=OutgoingMail.UNSETTLED)
        used = [use for whose in MAILBOXES for use in uses(whose)]
        return done.filter(~Exists(lately), ~is_asked_about("pk"), ~Exists(notices), *(~use for use in used))

    return due


# A card's own mailbox, those of the cards that were merged into it, and those that its forms named.
MAILBOXES = ["leads", "leads__merged_into", "submissions__lead"]


def mailboxes_of(cards: list[int]) -> list[int]:
    return mailboxes(*MAILBOXES, among=cards)


def mailboxes(*whose: str, among: list[int]) -> list[int]:
    first, *others = (Contact.objects.filter(**{f"{name}__in": among}).values_list("pk", flat=True) for name in whose)
    return list(first.union(*others))


def uses(whose: str) -> Iterator[Exists]:
    """Why a mailbox is still needed: it gets the newsletter, is on its way through tips, or is owed a mail."""
    contacts = Contact.objects.filter(**{whose: OuterRef("pk")})
    yield Exists(contacts.filter(subscription__state=Subscription.State.CONFIRMED))
    yield Exists(contacts.filter(Exists(Enrolment.objects.filter(contact=OuterRef("pk"), ended_at=None))))
    yield Exists(contacts.filter(mails__state__in=OutgoingMail.UNSETTLED))


def is_asked_about(card: str) -> Exists:
    return Exists(PrivacyRequest.objects.filter(lead=OuterRef(card), closed_at=None))


def mails(moment: datetime) -> Rows:
    """What is sent once in life, or counted with its issue, stays for as long as its mailbox does."""
    stays = [OutgoingMail.Kind.WELCOME, OutgoingMail.Kind.TIP, OutgoingMail.Kind.ISSUE]
    ended = OutgoingMail.objects.filter(created_at__lt=moment, state__in=OutgoingMail.FINAL).exclude(kind__in=stays)
    waits = Submission.objects.filter(pk=OuterRef("submission"), lead__state__in=Lead.OPEN_STATES)
    return ended.filter(~Exists(waits), resent=None)


def mail_events(moment: datetime) -> Rows:
    return MailEvent.objects.filter(created_at__lt=moment)


def privacy_requests(moment: datetime) -> Rows:
    return PrivacyRequest.objects.filter(closed_at__lt=moment)


# --- How it goes


def delete_spam(pks: list[int]) -> None:
    delete_submissions(Submission.objects.filter(pk__in=pks))


def delete_unconfirmed(pks: list[int]) -> None:
    """With what they asked for; of whoever asked for something else as well, that is kept."""
    contacts = list(Subscription.objects.filter(pk__in=pks).values_list("contact", flat=True))
    Subscription.objects.filter(pk__in=pks).delete()
    with connection.cursor() as cursor:
        cursor.execute(COUNT_LAPSES, {"contacts": contacts, "zone": str(ClinicSettings.current().zone)})
    delete_submissions(Submission.objects.filter(contact__in=contacts, kind=Submission.Kind.NEWSLETTER))


# All that is left of them: that somebody asked on these days and did not confirm.
COUNT_LAPSES = """
    INSERT INTO leads_lapse (day, number)
    SELECT day, count(*)
      FROM (SELECT DISTINCT contact_id, (created_at AT TIME ZONE %(zone)s)::date AS day
              FROM leads_submission
             WHERE contact_id = ANY (%(contacts)s) AND kind = 'newsletter' AND NOT is_spam) AS asked
     GROUP BY day
        ON CONFLICT (day) DO UPDATE SET number = leads_lapse.number + excluded.number
"""


def delete_submissions(submissions: QuerySet[Submission]) -> None:
    """And the cards and mailboxes that nothing else hangs on."""
    contacts, cards = set(), set()
    for contact, lead in submissions.values_list("contact", "lead"):
        contacts.add(contact)
        cards.add(lead)
    submissions.delete()
    Lead.objects.filter(pk__in=cards, submissions=None, merged=None, held_because="").delete()
    Contact.objects.filter(pk__in=contacts, submissions=None, leads=None, subscription=None).delete()


def delete_health_answers(pks: list[int]) -> None:
    Submission.objects.filter(pk__in=pks).update(health_answers="")


def forget_cards(pks: list[int]) -> None:
    """Take out of these cards, and of all that hangs on them, who it was."""
    contacts = mailboxes_of(pks)
    Lead.objects.filter(merged_into__in=pks).delete()
    Merge.objects.filter(kept__in=pks).delete()
    Consent.objects.filter(lead__in=pks).delete()
    OutgoingMail.objects.filter(submission__lead__in=pks).delete()
    PrivacyRequest.objects.filter(lead__in=pks).update(lead=None, contact=None, words="")
    timeline = TimelineEntry.objects.filter(lead__in=pks)
    timeline.exclude(event__in=VISITS).delete()
    timeline.update(details={}, note="", user=None)
    typed = {"name": "", "phone": "", "health_answers": ""}
    Submission.objects.filter(lead__in=pks).update(**typed, fingerprint="", client_hash="", proof="")
    done = Lead.objects.filter(pk__in=pks)
    done.filter(state=State.CLOSED).update(closed_because=FORGOTTEN)
    said = {"name": "", "contact": None, "phone": "", "channel": "", "call_times": "", "next_action": ""}
    done.update(**said, owner=None, may_be_same_as=None, forgotten_at=Now())
    forget_mailboxes(contacts)


def forget_mailboxes(contacts: list[int]) -> None:
    """Of those, the ones that no other card has; a mailbox that one has is its no more."""
    known = Submission.objects.filter(contact=OuterRef("pk"), lead__forgotten_at=None)
    lost = Contact.objects.filter(~Exists(known), pk__in=contacts, leads=None)
    pks = list(lost.values_list("pk", flat=True))
    OutgoingMail.objects.filter(contact__in=pks).delete()
    MailEvent.objects.filter(contact__in=pks).delete()
    PrivacyRequest.objects.filter(contact__in=pks).update(contact=None)
    number = Cast("pk", TextField())
    Contact.objects.filter(pk__in=pks).update(email=Concat(number, Value("@forgotten.invalid")), soft_bounces=[])
    shared = Submission.objects.filter(contact__in=contacts, lead__forgotten_at__isnull=False)
    shared.exclude(contact__in=pks).update(contact=None)


def deleted(model: Any) -> Callable[[list[int]], None]:
    def delete(pks: list[int]) -> None:
        model.objects.filter(pk__in=pks).delete()

    return delete


WORK: dict[str, Work] = {
    "spam": Work(spam, delete_spam, "created_at", lambda pks: mailboxes("submissions", among=pks)),
    "unconfirmed": Work(unconfirmed, delete_unconfirmed, "asked_at", lambda pks: mailboxes("subscription", among=pks)),
    "health_answers": Work(health_answers, delete_health_answers, "pk"),
    "card": Work(cards(State.READER, State.CLOSED), forget_cards, "changed_at", mailboxes_of),
    "visitor": Work(cards(State.ATTENDED), forget_cards, "changed_at", mailboxes_of),
    "mail": Work(mails, deleted(OutgoingMail), "created_at"),
    "mail_event": Work(mail_events, deleted(MailEvent), "created_at"),
    "privacy_request": Work(privacy_requests, deleted(PrivacyRequest), "closed_at"),
}
