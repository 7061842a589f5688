"""The way of every form: the person, the submission, its consents, the timeline and all mail it sets off, or nothing.

Eight statements and one commit, whatever is sent. No mail server and no broker is asked: the rows are the truth.
"""

import hmac
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from clinic.memory import Remembered
from clinic.models import User
from clinic.postgresql.base import prepared
from clinic.postgresql.rows import insert, read
from leads.fields import is_callable, with_main_number
from leads.mail import ledger
from leads.models import Consent, Contact, Lead, OutgoingMail, Submission, TimelineEntry
from leads.promise import WHOLE_DAY, PartOfDay
from leads.wording import current_version

SAME_REQUEST = timedelta(minutes=10)
SPAN = f"interval '{SAME_REQUEST.total_seconds()} seconds'"
# Submissions within ten minutes. A household, a waiting room or an office stays far below.
CLIENT_LIMIT = 10
CLIENT_FLOOD = 100
PERSON_LIMIT = 5
SITE_FLOOD = 100  # from everyone together, far more than a practice gets: each form needs a proof of work then
PARTS_OF_DAY: dict[str, PartOfDay] = {
    Lead.CallTimes.MORNING: (time.min, time(12)),
    Lead.CallTimes.AFTERNOON: (time(12), time.max),
}
REOPENED = [Lead.State.READER, Lead.State.CLOSED, Lead.State.ATTENDED, Lead.State.MISSED]


@dataclass(frozen=True)
class Source:
    """Where a form was sent from, and with what proof of work. No cookie tells it: the page says it itself."""

    path: str = ""
    campaign: Mapping[str, str] = field(default_factory=dict)
    client_hash: str = ""
    proof: str = ""


@dataclass(frozen=True)
class Person:
    """Who sent a form, as `leads.fields` cleans it; an e-mail or a phone number is enough."""

    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    `key` makes one submission of any number of clicks; and whoever goes back and sends the very same again within ten
    minutes means the same request. A form on a cached page cannot carry a key: then the same `kind` and `subject_id`
    from the same person within ten minutes is the same request.
    """

    kind: Submission.Kind
    key: uuid.UUID | None = None
    subject_id: int | None = None
    health_answers: str = ""
    promised_at: datetime | None = None
    channel: str = ""
    call_times: str = ""
    consents: Iterable[Consent.Purpose] = ()
    spam_signs: Iterable[str] = ()
    # Who wrote down a call, and what else was said; empty where a person sent a form.
    entered_by: User | None = None
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """What the database knows of whoever comes in."""

    contact: Contact | None  # the mailbox's row, made when there was none
    standing: str  # the state of its subscription
    proof: str  # of work, if no form was sent with it before
    signs: list[str]  # of a flood
    now: datetime


class AlreadySent(Exception):
    """This request is stored already."""

    def __init__(self, submission_id: int):
        super().__init__()
        self.submission_id = submission_id


class Flood(Exception):
    """So much came from this client within minutes that nothing more of it is stored for now."""


# What a new submission sets off, given the state of its mailbox's subscription ("" without one): it may write one more
# row in one statement, and names the mails that are owed.
FollowUp = Callable[[Submission, str], list[OutgoingMail]]


def receive(request: Request, person: Person, source: Source, follow_up: FollowUp) -> Submission:
    """Store a request once and answer with its submission, the first time and every other time.

    Spam has no follow-up. Errors: `Flood`.
    """
    try:
        return store(request, person, source, follow_up)
    except AlreadySent as sent:
        first = Submission.objects.get(pk=sent.submission_id)
    except IntegrityError:
        if is_used(source.proof):  # by another form in the same moment
            return receive(request, person, replace(source, proof=""), follow_up)
        if request.key is None:
            raise
        # two clicks at once, or an old form with another person in it: everything of this one is undone
        first = Submission.objects.get(key=request.key)
    said = fingerprints(request, person)
    if request.key != first.key or first.fingerprint in said:
        return first
    # somebody went back to the form, changed it and sent it again: a request of its own, the same for the same change
    key, *old_keys = [uuid.uuid5(first.key, each) for each in said]
    changed = Submission.objects.filter(key__in=old_keys).first()
    return changed or receive(replace(request, key=key), person, source, follow_up)


@transaction.atomic
def store(request: Request, person: Person, source: Source, follow_up: FollowUp) -> Submission:
    entry = enter(person, source)
    signs = [] if request.entered_by else [*request.spam_signs, *entry.signs]
    lead = remember(lead_of(person, entry.contact, request), person, entry, request, source, is_spam=bool(signs))
    submission = Submission(
        kind=request.kind,
        lead=lead,
        contact=entry.contact,
        name=person.name,
        phone=person.phone,
        key=request.key or uuid.uuid4(),
        fingerprint=fingerprints(request, person)[0],
        subject_id=request.subject_id,
        health_answers=request.health_answers,
        promised_at=request.promised_at,
        client_hash=source.client_hash,
        proof=entry.proof,
        source_path=source.path,
        campaign=dict(source.campaign),
        is_spam=bool(signs),
        spam_signs=signs,
    )
    insert(submission)
    consents = [consent(submission, purpose) for purpose in request.consents]
    if consents:
        insert(*consents)
    event = "entered_call" if request.entered_by else f"asked_{request.kind}"
    details = {"submission": submission.pk}
    insert(TimelineEntry(lead=lead, event=event, details=details, user=request.entered_by, note=request.note))
    if not signs:
        ledger.owe(follow_up(submission, entry.standing))
    return submission


def consent(submission: Submission, purpose: Consent.Purpose) -> Consent:
    return Consent(
        lead=submission.lead,
        submission=submission,
        purpose=purpose,
        is_given=True,
        wording_version=current_version(purpose),
        source=submission.source_path,
    )


def fingerprints(request: Request, person: Person) -> list[str]:
    """16 hexadecimal digits, the same for a form that says the same. Keyed: nobody can try out answers on it.

    The first is of the present key. While keys rotate, the same form may be stored with another.
    """
    said = [request.channel, request.call_times, request.health_answers, *sorted(request.consents)]
    text = "\n".join([person.name, person.email, person.phone, *said, *([request.note] if request.note else [])])
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hmac.new(key.encode(), text.encode(), sha256).hexdigest()[:16] for key in keys]


# Of a flood no more is counted than what decides: in one of thousands a form costs what it always does. What is always
# the same stands in the text: where PostgreSQL cannot see such a value beforehand, it plans anew for every form.
# A mailbox that is there is locked by an update that changes nothing, of no key: else whatever refers to it would wait.
ENTER = f"""
    WITH locks AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(key) FROM (SELECT unnest(%(keys)s::bigint[]) AS key ORDER BY key) AS sorted
    ), mailbox AS (
        INSERT INTO leads_contact (email, soft_bounces)
        SELECT %(email)s::text, '[]' WHERE %(email)s::text <> '' AND (SELECT count(*) FROM locks) > 0
            ON CONFLICT (email) DO UPDATE SET soft_bounces = leads_contact.soft_bounces
        RETURNING id
    )
    SELECT (SELECT count(*) FROM locks),
           (SELECT id FROM mailbox),
           (SELECT state FROM leads_subscription WHERE contact_id = (SELECT id FROM mailbox)),
           (SELECT count(*) FROM leads_submission WHERE proof = %(proof)s AND proof <> ''),
           (SELECT count(*) FROM (SELECT FROM leads_submission
             WHERE created_at > now() - {SPAN} LIMIT {SITE_FLOOD}) AS everyone),
           (SELECT count(*) FROM (SELECT FROM leads_submission
             WHERE client_hash = %(client)s AND client_hash <> ''
               AND created_at > now() - {SPAN} LIMIT {CLIENT_FLOOD}) AS client),
           (SELECT count(*) FROM (SELECT FROM leads_submission
             WHERE contact_id = (SELECT id FROM mailbox)
               AND created_at > now() - {SPAN} LIMIT {PERSON_LIMIT}) AS mailbox),
           (SELECT count(*) FROM (SELECT FROM leads_submission
             WHERE phone = %(phone)s AND phone <> ''
               AND created_at > now() - {SPAN} LIMIT {PERSON_LIMIT}) AS number),
           clock_timestamp()
"""  # noqa: S608  our own numbers


def enter(person: Person, source: Source) -> Entry:
    """Let nobody else change this person's card until the commit.

    Errors: `Flood` where one client sent so much that it is refused.
    """
    values: dict[str, Any] = {
        "keys": [lock_key(value) for value in (person.email, with_main_number(person.phone)[-1]) if value],
        "email": person.email,
        "phone": person.phone,
        "client": source.client_hash,
        "proof": source.proof,
    }
    with prepared(), connection.cursor() as cursor:
        cursor.execute(ENTER, values)
        _, contact_id, standing, of_proof, of_all, of_client, of_mailbox, of_phone, now = cursor.fetchone()
    if of_client >= CLIENT_FLOOD:
        raise Flood
    signs = ["much from one client"] if of_client >= CLIENT_LIMIT else []
    if max(of_mailbox, of_phone) >= PERSON_LIMIT:
        signs.append("much for one person")
    proof = "" if of_proof else source.proof
    if of_all >= SITE_FLOOD and not proof:
        signs.append("no proof of work during a flood")
    contact = Contact(pk=contact_id, email=person.email) if contact_id else None
    return Entry(contact, standing or "", proof, signs, now)


def is_used(proof: str) -> bool:
    return proof != "" and Submission.objects.filter(proof=proof).exists()


@Remembered
def is_flood_near() -> bool:
    """Whether forms begin to ask for a proof of work: early enough for those who type while the flood comes."""
    recent = Submission.objects.filter(created_at__gt=Now() - SAME_REQUEST)
    return recent.values("pk")[: SITE_FLOOD // 2].count() == SITE_FLOOD // 2


def lock_key(value: str) -> int:
    """A signed 64-bit number, the same for the same mailbox or number."""
    return int.from_bytes(sha256(value.encode()).digest()[:8], "big", signed=True)


# The cards with this mailbox or number, or those into which staff merged them. Each with this very request in `again`
# if it is stored already, and in `merged_names` what else staff know that this person goes by: the names on the cards
# that they merged into it.
CARDS = f"""
    SELECT {", ".join(f"card.{field.column}" for field in Lead._meta.concrete_fields)},
           ARRAY(SELECT merged.name FROM leads_lead merged WHERE merged.merged_into_id = card.id) AS merged_names,
           (SELECT sent.id FROM leads_submission sent
             WHERE sent.lead_id = card.id AND sent.kind = %(kind)s
               AND (sent.key = %(key)s
                    OR sent.created_at > now() - %(span)s AND sent.subject_id IS NOT DISTINCT FROM %(subject)s
                       AND NOT sent.is_spam AND (%(key)s IS NULL OR sent.fingerprint = ANY(%(fingerprints)s)))
             ORDER BY sent.created_at DESC LIMIT 1) AS again
      FROM leads_lead card
     WHERE card.merged_into_id IS NULL
       AND card.id IN (SELECT coalesce(merged_into_id, id) FROM leads_lead WHERE contact_id = %(contact)s
                       UNION
                       SELECT coalesce(merged_into_id, id) FROM leads_lead
                        WHERE phone IN (%(phone)s, %(main_number)s) AND phone <> '')
     ORDER BY card.id
       FOR UPDATE OF card
"""  # noqa: S608  our own words


def cards_of(person: Person, contact: Contact | None, request: Request) -> list[Any]:
    """Locked. The statement is our own, for what Django takes to write it is half of what the form costs."""
    phone, main_number = with_main_number(person.phone if is_callable(person.phone) else "")
    values = {
        "kind": request.kind,
        "key": request.key,
        "subject": request.subject_id,
        "fingerprints": fingerprints(request, person),
        "span": SAME_REQUEST,
        "contact": contact and contact.pk,
        "phone": phone,
        "main_number": main_number,
    }
    return read(Lead, CARDS, values)


def kept_cards(cards: QuerySet[Lead, Any]) -> QuerySet[Lead, Any]:
    """These cards, or those into which staff merged them."""
    return Lead.objects.filter(
        Q(pk__in=cards.filter(merged_into=None).values("pk")) | Q(pk__in=cards.values("merged_into")), merged_into=None
    )


def lead_of(person: Person, contact: Contact | None, request: Request) -> Lead:
    """The card of this person, or a new one that is not saved yet.

    Found again by mailbox or number. Where the name on that card is another, the person gets a card of their own that
    points to it, unless staff merged one of that name into it. Errors: `AlreadySent`.
    """
    cards = cards_of(person, contact, request)
    same = [card for card in cards if same_name(card.name, person.name)]
    same += [card for card in cards if any(same_name(name, person.name) for name in card.merged_names)]
    same += [card for card in cards if not card.name or not person.name]
    if not same:
        return Lead(may_be_same_as=cards[0] if cards else None)
    lead: Lead = same[0]
    if same[0].again:
        raise AlreadySent(same[0].again)
    return lead


def part_of_day(call_times: str) -> PartOfDay:
    return PARTS_OF_DAY.get(call_times, WHOLE_DAY)


def same_name(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def remember(lead: Lead, person: Person, entry: Entry, request: Request, source: Source, *, is_spam: bool) -> Lead:
    """Write what is new about this person on the card, and reopen a closed one. Spam changes no card that was there."""
    if lead.pk and is_spam:
        return lead
    forget_spam(lead)
    lead.name = lead.name or person.name
    if lead.contact_id is None:
        lead.contact = entry.contact
    if person.phone and (is_callable(person.phone) or not lead.phone):
        lead.phone = person.phone  # the number that a person gives now is the one to call
    lead.reach_by(request.channel or lead.channel)
    lead.call_times = request.call_times or lead.call_times
    lead.is_spam = is_spam
    lead.source_path = lead.source_path or source.path
    lead.changed_at = entry.now
    note_request(lead, request, entry.now)
    expect(lead, request)
    if lead.pk:
        lead.save()
    else:
        insert(lead)
    return lead


def forget_spam(lead: Lead) -> None:
    """What spam on a hidden card asked for does not count when somebody honest gets that card."""
    if lead.is_spam and lead.state == Lead.State.NEW:
        lead.state, lead.promised_at, lead.next_action, lead.next_action_at = Lead.State.READER, None, "", None


def note_request(lead: Lead, request: Request, asked_at: datetime) -> None:
    """What was asked for last; while a promise is to be kept, the request that it answers."""
    if request.promised_at or lead.promised_at is None:
        lead.asked_for, lead.asked_at = request.kind, asked_at


def expect(lead: Lead, request: Request) -> None:
    """What staff have to do for this card now. A newsletter is no work; anything else reopens a card that was done."""
    if request.kind == Submission.Kind.NEWSLETTER:
        lead.state = lead.state if lead.pk else Lead.State.READER
        return
    if lead.state in REOPENED:
        lead.state, lead.closed_because, lead.attempts = Lead.State.NEW, "", 0
    if request.promised_at:
        # a promise that still runs, or is late already, stays the one to keep
        lead.promised_at = min(lead.promised_at or request.promised_at, request.promised_at)
        if lead.next_action_at is None or request.promised_at < lead.next_action_at:
            lead.next_action, lead.next_action_at = lead.verb, request.promised_at
