from .guide import GuideEdition, GuideFault, GuideIndexPage, GuidePage
from .mail import MailEvent, OutgoingMail, Sender
from .person import Consent, Contact, Lead, Submission, TimelineEntry
from .sequence import Enrolment, Sequence, Step
from .subscription import Subscription, Suppression
from .workshop import Video, WorkshopIndexPage, WorkshopPage

__all__ = [
    "Consent",
    "Contact",
    "Enrolment",
    "GuideEdition",
    "GuideFault",
    "GuideIndexPage",
    "GuidePage",
    "Lead",
    "MailEvent",
    "OutgoingMail",
    "Sender",
    "Sequence",
    "Step",
    "Submission",
    "Subscription",
    "Suppression",
    "TimelineEntry",
    "Video",
    "WorkshopIndexPage",
    "WorkshopPage",
]
