from .mail import OutgoingMail, Sender
from .person import Consent, Contact, Lead, Submission, TimelineEntry
from .sequence import Enrolment, Sequence, Step
from .subscription import Subscription, Suppression

__all__ = [
    "Consent",
    "Contact",
    "Enrolment",
    "Lead",
    "OutgoingMail",
    "Sender",
    "Sequence",
    "Step",
    "Submission",
    "Subscription",
    "Suppression",
    "TimelineEntry",
]
