from collections.abc import Iterable
from functools import partial

from leads.mail import sequences
from leads.models import Consent, OutgoingMail, Submission, Subscription

from .intake import Person, Request, Source, receive
from .newsletter import AFTER_THE_GUIDE, confirmation


def request_guide(
    *, page_id: int, email: str, name: str, wants_tips: bool, source: Source, spam_signs: Iterable[str] = ()
) -> Submission:
    """Owe somebody the guide; where the box is ticked, the tips that follow it begin.

    A mailbox whose owner once unsubscribed has to confirm the tips first: anybody can type an address. Errors: `Flood`.
    """
    request = Request(
        kind=Submission.Kind.GUIDE,
        subject_id=page_id,
        consents=[Consent.Purpose.TIPS] if wants_tips else [],
        spam_signs=spam_signs,
    )

    return receive(request, Person(name=name, email=email), source, partial(follow_up, wants_tips=wants_tips))


def follow_up(submission: Submission, standing: str, *, wants_tips: bool) -> list[OutgoingMail]:
    mails = [guide_mail(submission)]
    if wants_tips and standing == Subscription.State.UNSUBSCRIBED:
        mails.append(confirmation(submission))
    elif wants_tips and submission.contact is not None:
        sequences.enrol(contact=submission.contact, sequence=AFTER_THE_GUIDE)
    return mails


def guide_mail(submission: Submission) -> OutgoingMail:
    return OutgoingMail(
        kind=OutgoingMail.Kind.GUIDE,
        dedupe_key=f"guide:{submission.pk}",
        contact=submission.contact,
        submission=submission,
    )
