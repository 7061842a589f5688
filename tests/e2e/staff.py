"""Adds staff and leads to the site of the browser tests, in a process of its own (`python -m tests.e2e.staff`).

With `alone`, staff only. It prints the session of each member of staff by name.
"""

import json
import sys
from datetime import timedelta

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from django.utils import timezone

from leads.models import Lead, TimelineEntry
from tests.e2e.content import WORD
from tests.factories import LeadFactory, OutgoingMailFactory, SubmissionFactory
from tests.staff import member, session_of

PASSWORD = "only for these tests"
NUMBER = "+14255550116"
STAFF = {"amy": "clinician", "bea": "front_desk", "cal": "front_desk", "dee": "owner"}


def add_staff() -> dict[str, str]:
    sessions = {}
    for name, role in STAFF.items():
        user = member(role, username=name, first_name=name.title(), last_name="Desk")
        user.set_password(PASSWORD)
        user.save()
        sessions[name] = session_of(user)
    return sessions


def add_leads():
    now = timezone.now()
    moments = {"Test Lead 014": -38, "Test Lead 015": 20, f"{WORD} {WORD}"[:120]: 30, "Test Lead 003": 3000}
    for name, minutes in moments.items():
        due = now + timedelta(minutes=minutes)
        add_lead(name, next_action="Call", next_action_at=due, promised_at=due)
    for number in range(17, 20):
        add_lead(f"Test Lead {number:03}", asked_at=now - timedelta(minutes=number))


def add_lead(name: str, **fields) -> Lead:
    asked = {"asked_for": "assessment", "asked_at": timezone.now(), "source_path": f"/{WORD}/"}
    lead = LeadFactory(name=name, phone=NUMBER, **asked | fields)
    submission = SubmissionFactory(
        kind="assessment",
        lead=lead,
        health_answers='{"hopes": "Walk"}',
        source_path=f"/{WORD}/",
        campaign={"utm_campaign": WORD[:80]},
    )
    key = f"assessment:{submission.pk}"
    OutgoingMailFactory(submission=submission, kind="assessment", dedupe_key=key, state="skipped", reason=WORD)
    TimelineEntry.objects.create(lead=lead, event="asked_assessment", details={"submission": submission.pk})
    TimelineEntry.objects.create(lead=lead, event="note", note=f"{WORD} {WORD}")
    return lead


if __name__ == "__main__":
    sessions = add_staff()
    if sys.argv[1:] != ["alone"]:
        add_leads()
    print(json.dumps(sessions))
