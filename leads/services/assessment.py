import json
import uuid
from collections.abc import Iterable
from functools import partial

from django.utils import timezone

from clinic.models import ClinicSettings
from leads.models import Consent, OutgoingMail, Submission
from leads.promise import promised_moment

from .intake import Person, Request, Source, part_of_day, receive
from .newsletter import confirmation


def submit_assessment(
    *,
    key: uuid.UUID | None,
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
    """Store a request for an assessment and promise a call; owe the sender a receipt and the staff a notice.

    Tips begin when the sender has confirmed the address, for which one more mail is owed. Errors: `Flood`.
    """
    purposes = [Consent.Purpose.HEALTH_ANSWERS, *([Consent.Purpose.TIPS] if wants_tips else [])]
    request = Request(
        kind=Submission.Kind.ASSESSMENT,
        key=key,
        health_answers=json.dumps(health_answers) if any(health_answers.values()) else "",
        promised_at=promised_moment(timezone.now(), ClinicSettings.current(), part_of_day(call_times)),
        channel=channel,
        call_times=call_times,
        consents=purposes,
        spam_signs=spam_signs,
    )

    return receive(request, Person(name, email, phone), source, partial(follow_up, wants_tips=wants_tips))


def follow_up(submission: Submission, standing: str, *, wants_tips: bool) -> list[OutgoingMail]:
    mails = [staff_notice(submission)]
    if submission.contact:
        mails.append(receipt(submission))
        if wants_tips:
            mails.append(confirmation(submission))
    return mails


def staff_notice(submission: Submission) -> OutgoingMail:
    return OutgoingMail(kind=OutgoingMail.Kind.STAFF, dedupe_key=f"staff:{submission.pk}", submission=submission)


def receipt(submission: Submission) -> OutgoingMail:
    return OutgoingMail(
        kind=OutgoingMail.Kind.ASSESSMENT,
        dedupe_key=f"assessment:{submission.pk}",
        contact=submission.contact,
        submission=submission,
    )
