"""Fills an empty site with people that nobody knows, for the pictures of the help (`python -m dev.screenshots`)."""

import os
import sys
from datetime import timedelta

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from django.utils import timezone

from blog.models import BlogPage
from clinic.models import ClinicSettings, User
from leads.mail import sequences
from leads.models import Lead
from leads.services.assessment import submit_assessment
from leads.services.inbox import Outcome, claim, note_attempt
from leads.services.intake import Source
from leads.services.issue import write_issue
from leads.services.newsletter import confirm_subscription, subscribe

PHONES = "+1425555{:04}".format  # numbers that nobody has: 425-555-0100 and those after it
FIRST = 100
SOURCE = "/blog/lower-back-stretches-to-reduce-stiffness-and-pain/"


def main() -> int:
    add_staff()
    add_leads()
    add_readers()
    add_newsletter()
    return 0


def add_staff() -> None:
    owner = User.objects.get(username=os.environ["SAMPLE_USER"])
    owner.first_name, owner.last_name = "Front", "Desk"
    owner.save()
    clinic = ClinicSettings.load()
    clinic.street, clinic.locality, clinic.region, clinic.postal_code = "1 Sample Street", "Sample", "WA", "98000"
    clinic.save()


def add_leads() -> None:
    user = User.objects.get(username=os.environ["SAMPLE_USER"])
    promised = {14: -38, 15: 24, 16: 95}  # minutes from now
    for number, minutes in promised.items():
        due = timezone.now() + timedelta(minutes=minutes)
        lead = ask(number)
        Lead.objects.filter(pk=lead.pk).update(promised_at=due, next_action="Call", next_action_at=due)
    claim(lead=Lead.objects.get(name="Test Lead 015"), user=user)
    for number in (17, 18):
        Lead.objects.filter(pk=ask(number).pk).update(promised_at=None, next_action="", next_action_at=None)
    for number in (19, 20):
        note_attempt(lead=ask(number), outcome=Outcome.VOICEMAIL, user=user)
    add_double(14)


def ask(number: int, name: str = "", email: str = "") -> Lead:
    return submit_assessment(
        key=None,
        name=name or f"Test Lead {number:03}",
        email=email or f"test-lead-{number:03}@example.com",
        phone=PHONES(FIRST + number),
        channel="phone",
        call_times="in the morning",
        health_answers={"where": "Low back", "how_long": "Two weeks", "hopes": "To walk again"},
        wants_tips=False,
        source=Source(path=SOURCE),
    ).lead


def add_double(number: int) -> None:
    """Another card with the same phone number."""
    other = ask(number, name="Test Lead 114", email="test-lead-114@example.com")
    Lead.objects.filter(pk=other.pk).update(promised_at=None, next_action="", next_action_at=None)


def add_readers() -> None:
    for number in range(200, 212):
        submission = subscribe(email=f"test-lead-{number}@example.com", source=Source(path=SOURCE))
        if submission.contact is not None:
            confirm_subscription(submission=submission, contact=submission.contact)
    sequences.advance()


def add_newsletter() -> None:
    write_issue(
        issue=None,
        subject="One inch a day",
        preheader="And why it is enough",
        note="Start small. An inch is a movement, too.",
        posts=list(BlogPage.objects.live().order_by("pk")[:1]),
        user=User.objects.get(username=os.environ["SAMPLE_USER"]),
    )


if __name__ == "__main__":
    sys.exit(main())
