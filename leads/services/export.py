"""What is kept, to take along: of a mailbox for its owner, of a card for staff, and of all cards as a table."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast

from clinic.models import ClinicSettings, User
from leads.fields import as_read
from leads.models import Consent, Contact, Lead, OutgoingMail, Submission, Subscription, TimelineEntry

from . import erasure, inbox
from .request import state_told

BATCH = 2000


def mailbox_data(*, contact: Contact) -> dict[str, Any]:
    """All that is kept about one mailbox, ready for JSON. Who reads a mailbox is told no answers about health.

    Nor is the state of a card that another mailbox or a phone call began: it may be another person's.
    """
    submissions = Submission.objects.filter(contact=contact).select_related("lead").order_by("created_at")
    return {
        "email": contact.email,
        "requests": [request_data(row) | {"state": state_told(row).label} for row in submissions],
        "newsletter": newsletter_data(contact),
        "consents": consents_data(Consent.objects.filter(submission__contact=contact)),
        "mails": mails_data(OutgoingMail.objects.filter(contact=contact)),
    }


@transaction.atomic
def export_person(
    *, lead: Lead, user: User, with_answers: bool, tell: Callable[[TimelineEntry], str]
) -> dict[str, Any]:
    """All that is kept about the person of a card, ready for JSON; that it was taken is on the timeline first.

    `tell` says in words what happened: no person should have to read the names of our events.
    With the answers about health, each opening of which is on the timeline as well, for those who may read them.
    """
    lead = inbox.locked(lead)
    inbox.write(lead, "exported_person", user)
    contacts = list(erasure.mailboxes_of(lead).order_by("pk"))
    submissions = lead.submissions.select_related("lead").order_by("created_at")
    mails = OutgoingMail.objects.filter(contact__in=contacts) | OutgoingMail.objects.filter(submission__lead=lead)
    return {
        "name": lead.name,
        "phone": str(lead.phone),
        "state": lead.get_state_display(),
        "wants_to_be_reached": " ".join(filter(None, [lead.get_channel_display(), lead.call_times])),
        "came_from": lead.source_path,
        "known_since": lead.created_at,
        "mailboxes": [{"email": row.email, "newsletter": newsletter_data(row)} for row in contacts],
        "requests": [
            request_data(submission) | (answers_data(submission, user) if with_answers else {})
            for submission in submissions
        ],
        "consents": consents_data(lead.consents.all()),
        "mails": mails_data(mails.exclude(kind__in=OutgoingMail.STAFF_KINDS)),
        "timeline": [
            {"what": tell(entry), "at": entry.created_at, "note": entry.note}
            for entry in lead.timeline.select_related("user").order_by("created_at", "pk")
        ],
    }


def answers_data(submission: Submission, user: User) -> dict[str, Any]:
    if not submission.health_answers:
        return {}
    return {"health_answers": inbox.open_health_answers(submission=submission, user=user)}


def request_data(submission: Submission) -> dict[str, Any]:
    return {
        "reference": submission.reference,
        "asked_for": submission.get_kind_display(),
        "asked_at": submission.created_at,
        "name": submission.name,
        "phone": submission.phone,
        "page": submission.source_path,
        "campaign": submission.campaign,
        "promised_at": submission.promised_at,
        "state": submission.lead.get_state_display(),
    }


def newsletter_data(contact: Contact) -> dict[str, Any] | None:
    subscription = Subscription.objects.filter(contact=contact).first()
    if subscription is None:
        return None
    return {
        "state": subscription.get_state_display(),
        "wants_newsletter": subscription.wants_newsletter,
        "wants_health_tips": subscription.wants_tips,
        "confirmed_at": subscription.confirmed_at,
        "unsubscribed_at": subscription.unsubscribed_at,
    }


def consents_data(consents: QuerySet[Consent]) -> list[dict[str, Any]]:
    return [
        {
            "purpose": consent.get_purpose_display(),
            "given": consent.is_given,
            "wording": consent.wording_version,
            "page": consent.source,
            "at": consent.created_at,
        }
        for consent in consents.order_by("created_at")
    ]


def mails_data(mails: QuerySet[OutgoingMail]) -> list[dict[str, Any]]:
    return [
        {"kind": mail.get_kind_display(), "state": mail.get_state_display(), "sent_at": mail.sent_at}
        for mail in mails.distinct().order_by("created_at")
    ]


# --- All cards as a table

FIELDS = [
    "pk", "name", "contact__email", "number", "state", "closed_because", "owner_id", "asked_for", "asked_at",
    "source_path", "promised_at", "attempts", "next_action", "next_action_at",
]  # fmt: skip
COLUMNS = [
    "Number",
    "Name",
    "E-mail",
    "Phone",
    "State",
    "Closed because",
    "Owner",
    "Asked for",
    "Asked at",
    "First page",
    "Promised by",
    "Attempts",
    "Next",
    "Next at",
]


def rows(leads: QuerySet[Lead]) -> Iterator[list[str]]:
    """A row of text for each card, in the order of `COLUMNS` and of the cards' numbers.

    A batch at a time, each a query of its own: a million cards take no more memory than a few thousand.
    """
    zone = ClinicSettings.current().zone
    states, kinds = dict(Lead.State.choices), dict(Submission.Kind.choices)
    owners = {user.pk: user.get_full_name() or user.username for user in User.objects.all()}

    def moment(value: datetime | None) -> str:
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}" if value else ""

    # The number as text: as a field it would be parsed once more, which takes longer than all the rest.
    leads = leads.order_by("pk").annotate(number=Cast("phone", CharField()))
    for lead in batches(leads.values_list(*FIELDS, named=True)):
        yield [
            str(lead.pk),
            lead.name,
            lead.contact__email or "",
            as_read(lead.number),
            states[lead.state],
            lead.closed_because,
            owners.get(lead.owner_id, ""),
            kinds.get(lead.asked_for, ""),
            moment(lead.asked_at),
            lead.source_path,
            moment(lead.promised_at),
            str(lead.attempts),
            lead.next_action,
            moment(lead.next_action_at),
        ]


def batches(leads: QuerySet[Lead, Any]) -> Iterator[Any]:
    last = 0
    while found := list(leads.filter(pk__gt=last)[:BATCH]):
        yield from found
        last = found[-1].pk
