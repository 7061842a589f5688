import uuid
from datetime import datetime

from django.db import transaction

from clinic.models import User
from leads.models import Lead, OutgoingMail, Submission

from . import inbox
from .intake import Person, Request, Source, receive


@transaction.atomic
def enter_call(
    *,
    name: str,
    phone: str,
    email: str,
    channel: str,
    call_times: str,
    note: str,
    user: User,
    promised_at: datetime | None = None,
) -> Lead:
    """Write down a person who phoned, on the card that this person has already or on a new one.

    It is the card of who entered it, unless a colleague has it. Nothing is sent. The same words again within ten
    minutes are the same call.
    """
    request = Request(
        kind=Submission.Kind.CALL,
        key=uuid.uuid4(),
        promised_at=promised_at,
        channel=channel,
        call_times=call_times,
        entered_by=user,
        note=note,
    )
    submission = receive(request, Person(name, email, phone), Source(), nothing)
    lead = inbox.locked(submission.lead)
    inbox.take(lead, user)
    return inbox.keep(lead, "owner")


def nothing(submission: Submission, standing: str) -> list[OutgoingMail]:
    return []
