"""Cards at the end of their time, one that is held, privacy requests in every state, and an owner who is signed in.

It runs in a process of its own (`python -m tests.e2e.privacy_content`), in the environment of the site that serves it,
and prints the owner's session and the addresses of what it made.
"""

import json
import sys
from datetime import timedelta

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead, PrivacyRequest, Purge
from leads.services import privacy
from leads.services.hold import hold
from tests.e2e.content import WORD
from tests.factories import LeadFactory, SubmissionFactory
from tests.staff import member, session_of

Kind, Way = PrivacyRequest.Kind, PrivacyRequest.Way


def cards(owner) -> Lead:
    """Two that are forgotten soon, and one that is held; the one that is held."""
    for name in ("Test Lead 031", f"{WORD} {WORD}"[:120]):
        lead = LeadFactory(name=name, state="closed", closed_because="The question is answered")
        Lead.objects.filter(pk=lead.pk).update(changed_at=Now() - timedelta(days=362))
    held = LeadFactory(name="Test Lead 032", state="closed", closed_because="Sent twice")
    hold(lead=held, reason=f"A dispute about {WORD}", user=owner)
    Purge.objects.create(day=timezone.localdate(), rule="card", number=3)
    return held


def asked(kind: Kind, name: str, days: int) -> PrivacyRequest:
    lead = SubmissionFactory(kind="assessment", lead__name=name).lead
    received_at = timezone.now() - timedelta(days=days)
    return privacy.ask(kind=kind, way=Way.LETTER, lead=lead, words=f"{WORD} {WORD}", received_at=received_at)


def addresses(owner) -> dict[str, str]:
    held = cards(owner)
    access = asked(Kind.ACCESS, "Test Lead 033", 50)
    deletion = asked(Kind.DELETION, "Test Lead 034", 40)
    refused = privacy.refuse(request=asked(Kind.CORRECTION, "Test Lead 035", 2), reason=WORD * 3, user=owner)
    appeal = privacy.appeal(request=refused, way=Way.PHONE, words="Please look again", user=owner)
    return {
        "start page": "/admin/",
        "retention": reverse("retention"),
        "hold": reverse("lead_hold", args=[access.lead.pk]),
        "held card": reverse("lead", args=[held.pk]),
        "privacy requests": reverse("privacy_requests"),
        "access": reverse("privacy_request", args=[access.pk]),
        "deletion": reverse("privacy_request", args=[deletion.pk]),
        "refused": reverse("privacy_request", args=[refused.pk]),
        "appeal": reverse("privacy_request", args=[appeal.pk]),
        "writing one down": reverse("lead_privacy", args=[held.pk]),
        "writing one down without a card": reverse("privacy_request_add"),
    }


if __name__ == "__main__":
    owner = member("owner")
    json.dump({"session": session_of(owner), "addresses": addresses(owner)}, sys.stdout)
