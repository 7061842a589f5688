import json
import uuid
from collections.abc import Iterable

from django.utils import timezone

from clinic.models import ClinicSettings
from leads.models import Consent, Contact, OutgoingMail, Submission
from leads.promise import promised_moment

from .intake import Person, Request, Source, receive

CONSENT_VERSION = "2026-11"
TIPS_VERSION = "2026-11"


def submit_assessment(
    *,
    key: uuid.UUID,
    name: str,
    email: str,
    phone: str,
    channel: str,
    call_times: str,
    health_answers: dict[str, str],
    wants_tips: bool,
    source: Source,
    spam_signs: Iterable[str] = (),
) -> Submission:
    """Store a request for an assessment, promise a call, and owe the sender a receipt and the staff a notice."""
    consents = {Consent.Purpose.HEALTH_ANSWERS: CONSENT_VERSION}
    if wants_tips:
        consents[Consent.Purpose.TIPS] = TIPS_VERSION
    request = Request(
        kind=Submission.Kind.ASSESSMENT,
        key=key,
        health_answers=json.dumps(health_answers) if any(health_answers.values()) else "",
        promised_at=promised_moment(timezone.now(), ClinicSettings.current()),
        channel=channel,
        call_times=call_times,
        consents=consents,
        spam_signs=spam_signs,
    )
    return receive(request, Person(name, email, phone), source, debts=debts)


def debts(submission: Submission, contact: Contact | None) -> list[OutgoingMail]:
    mails = [staff_notice(submission)]
    if contact is not None:
        mails.append(
            OutgoingMail(
                kind=OutgoingMail.Kind.ASSESSMENT,
                dedupe_key=f"assessment:{submission.pk}",
                contact=contact,
                submission=submission,
            )
        )
    return mails


def staff_notice(submission: Submission) -> OutgoingMail:
    return OutgoingMail(
        kind=OutgoingMail.Kind.STAFF, dedupe_key=f"staff:{submission.pk}", submission=submission
    )
