from .guide import GuideEdition, GuideFault, GuideIndexPage, GuidePage
from .issue import Issue, IssuePost
from .mail import MailAction, MailEvent, OutgoingMail, Sender
from .person import Consent, Contact, Erasure, Lead, Merge, Submission, TimelineEntry
from .privacy import PrivacyRequest, Purge
from .sequence import Enrolment, Sequence, Step
from .subscription import Lapse, Subscription, Suppression
from .workshop import Video, WorkshopIndexPage, WorkshopPage

__all__ = [
    "Consent",
    "Contact",
    "Enrolment",
    "Erasure",
    "GuideEdition",
    "GuideFault",
    "GuideIndexPage",
    "GuidePage",
    "Issue",
    "IssuePost",
    "Lapse",
    "Lead",
    "MailAction",
    "MailEvent",
    "Merge",
    "OutgoingMail",
    "PrivacyRequest",
    "Purge",
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
