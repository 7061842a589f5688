"""The way of every form: the person, the submission, the consents, the timeline and all mail it sets off, or nothing.

Eight statements and one commit, whatever is sent. No mail server and no broker is asked: the rows are the truth.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from leads.mail import ledger
from leads.models import Consent, Contact, Lead, OutgoingMail, Submission, TimelineEntry

SAME_REQUEST = "10 minutes"


@dataclass(frozen=True)
class Source:
    """Where a form was sent from. No cookie tells it: the page says it itself."""

    path: str = ""
    campaign: Mapping[str, str] = field(default_factory=dict)
    client_hash: str = ""


@dataclass(frozen=True)
class Person:
    """Who sent a form: canonical address, E.164 number; one of the two is enough."""

    name: str = ""
    email: str = ""
    phone: str = ""
