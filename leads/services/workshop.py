from collections.abc import Iterable

from leads.models import OutgoingMail, Submission

from .intake import Person, Request, Source, receive


def request_workshop(*, page_id: int, email: str, source: Source, spam_signs: Iterable[str] = ()) -> Submission:
    """Owe somebody the link that opens a workshop. Errors: `Flood`."""
    request = Request(kind=Submission.Kind.WORKSHOP, subject_id=page_id, spam_signs=spam_signs)
    return receive(request, Person(email=email), source, follow_up)


def follow_up(submission: Submission, standing: str) -> list[OutgoingMail]:
    return [workshop_mail(submission)]


def workshop_mail(submission: Submission) -> OutgoingMail:
    return OutgoingMail(
        kind=OutgoingMail.Kind.WORKSHOP,
        dedupe_key=f"workshop:{submission.pk}",
        contact=submission.contact,
        submission=submission,
    )
