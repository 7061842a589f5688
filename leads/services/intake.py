"""The way of every form: the person, the submission, its consents, the timeline and all mail it sets off, or nothing.

Eight statements and one commit, whatever is sent. No mail server and no broker is asked: the rows are the truth.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import IntegrityError, connection, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from leads.mail import ledger
from leads.models import Consent, Contact, Lead, OutgoingMail, Submission, TimelineEntry

SAME_REQUEST = timedelta(minutes=10)
CLIENT_LIMIT = 10  # submissions of one client in ten minutes; a household or an office stays far below
ADDRESS_LIMIT = 5  # submissions for one mailbox or number in ten minutes


@dataclass(frozen=True)
class Source:
    """Where a form was sent from. No cookie tells it: the page says it itself."""

    path: str = ""
    campaign: Mapping[str, str] = field(default_factory=dict)
    client_hash: str = ""


@dataclass(frozen=True)
class Person:
    """Who sent a form, with an e-mail in its canonical form and a phone number in E.164; one of the two is enough."""

    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    `key` makes one submission of any number of clicks. A form on a cached page cannot carry one: then the same
    `kind` and `subject_id` from the same person within ten minutes is the same request.
    """

    kind: Submission.Kind
    key: uuid.UUID | None = None
    subject_id: int | None = None
    health_answers: str = ""
    promised_at: datetime | None = None
    channel: str = ""
    call_times: str = ""
    consents: Mapping[Consent.Purpose, str] = field(default_factory=dict)  # purpose: version of the wording
    spam_signs: Iterable[str] = ()


class AlreadySent(Exception):
    """This request is stored already."""

    def __init__(self, submission_id: int | None = None):
        super().__init__()
        self.submission_id = submission_id


Debts = Callable[[Submission, Contact | None], list[OutgoingMail]]


def receive(
    request: Request, person: Person, source: Source, *, debts: Debts, contact: Callable[[str], Contact] | None = None
) -> Submission:
    """Store a request once and answer with its submission, the first time and every other time.

    `debts` names the mails that a new submission sets off; spam sets off none. `contact` finds or makes the mailbox's
    row in one statement, where a form has more to write there than the address.
    """
    try:
        with transaction.atomic():
            return store(request, person, source, debts, contact or get_contact)
    except AlreadySent as sent:
        return Submission.objects.get(pk=sent.submission_id)
    except IntegrityError:
        # two clicks at once: the other one was first, and everything of this one is undone
        return Submission.objects.get(key=request.key)


def store(
    request: Request, person: Person, source: Source, debts: Debts, contact_for: Callable[[str], Contact]
) -> Submission:
    signs = [*request.spam_signs, *lock_and_count(person, source)]
    contact = contact_for(person.email) if person.email else None
    lead = lead_of(person, contact, request)
    lead = remember(lead, person, contact, request, is_spam=bool(signs))
    submission = Submission.objects.create(
        kind=request.kind,
        lead=lead,
        key=request.key or uuid.uuid4(),
        subject_id=request.subject_id,
        health_answers=request.health_answers,
        promised_at=request.promised_at,
        client_hash=source.client_hash,
        source_path=source.path,
        campaign=dict(source.campaign),
        is_spam=bool(signs),
        spam_signs=signs,
    )
    Consent.objects.bulk_create(
        Consent(
            lead=lead,
            submission=submission,
            purpose=purpose,
            is_given=True,
            wording_version=version,
            source=source.path,
        )
        for purpose, version in request.consents.items()
    )
    TimelineEntry.objects.create(lead=lead, event=f"asked_{request.kind}", details={"submission": submission.pk})
    if not signs:
        ledger.owe(debts(submission, contact))
    return submission


LOCK_AND_COUNT = """
    WITH locks AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(key) FROM (SELECT unnest(%(keys)s::bigint[]) AS key ORDER BY key) AS sorted
    )
    SELECT count(*)
      FROM leads_submission
     WHERE (SELECT count(*) FROM locks) > 0
       AND client_hash = %(client)s
       AND created_at > now() - %(span)s
"""


def lock_and_count(person: Person, source: Source) -> list[str]:
    """Let nobody else change this person's card until the commit; the signs of a flood from this client."""
    keys = [lock_key(value) for value in (person.email, person.phone) if value]
    with connection.cursor() as cursor:
        cursor.execute(LOCK_AND_COUNT, {"keys": keys, "client": source.client_hash, "span": SAME_REQUEST})
        count = cursor.fetchone()[0]
    return ["too many from one client"] if source.client_hash and count >= CLIENT_LIMIT else []


def lock_key(value: str) -> int:
    """A signed 64-bit number, the same for the same mailbox or number."""
    return int.from_bytes(sha256(value.encode()).digest()[:8], "big", signed=True)


def get_contact(email: str) -> Contact:
    """The mailbox's row, made when there is none; in one statement."""
    return Contact.objects.bulk_create(
        [Contact(email=email)], update_conflicts=True, unique_fields=["email"], update_fields=["email"]
    )[0]


def cards_of(person: Person, contact: Contact | None, request: Request) -> QuerySet[Lead]:
    """The cards with this mailbox or number, each with the same request of the last ten minutes if there is one."""
    known = Q()
    if contact is not None:
        known |= Q(contact=contact)
    if person.phone:
        known |= Q(phone=person.phone)
    again = Submission.objects.filter(
        lead=OuterRef("pk"), kind=request.kind, subject_id=request.subject_id, created_at__gt=Now() - SAME_REQUEST
    ).order_by("-created_at")
    cards = Lead.objects.filter(known).select_for_update(of=("self",)).order_by("pk")
    return cards.annotate(again=Subquery(again.values("pk")[:1]))


def lead_of(person: Person, contact: Contact | None, request: Request) -> Lead:
    """The card of this person, or a new one that is not saved yet.

    Errors: `AlreadySent` where a request without a key is the one of a moment ago.
    """
    cards = list(cards_of(person, contact, request))
    own = next((card for card in cards if names_agree(card.name, person.name)), None)
    if own is None:
        return Lead(may_be_same_as=cards[0] if cards else None)
    if request.key is None and own.again:
        raise AlreadySent(own.again)
    return own


def names_agree(one: str, other: str) -> bool:
    return not one or not other or one.casefold() == other.casefold()


def remember(lead: Lead, person: Person, contact: Contact | None, request: Request, *, is_spam: bool) -> Lead:
    """Write what is new about this person on the card, and reopen a closed one. Spam changes no card that was there."""
    if lead.pk and is_spam:
        return lead
    lead.name = lead.name or person.name
    lead.contact = lead.contact or contact
    lead.phone = lead.phone or person.phone
    lead.channel = request.channel or lead.channel
    lead.call_times = request.call_times or lead.call_times
    lead.promised_at = request.promised_at or lead.promised_at
    if not lead.pk:
        lead.is_spam = is_spam
    if lead.state == Lead.State.CLOSED:
        lead.state, lead.closed_because = Lead.State.NEW, ""
    lead.changed_at = Now()
    lead.save()
    return lead
