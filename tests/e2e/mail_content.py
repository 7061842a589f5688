"""Mails in every state, people on the way through a sequence, and an owner who is signed in.

It runs in a process of its own (`python -m tests.e2e.mail_content`), in the environment of the site that serves it, and
prints the owner's session and the addresses of what it made.
"""

import json
import sys
from datetime import timedelta

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from leads.mail import sequences
from leads.models import Enrolment, OutgoingMail, Sequence, Subscription
from leads.services import sequence as service
from tests.factories import (
    ContactFactory,
    LeadFactory,
    OutgoingMailFactory,
    SequenceFactory,
    StepFactory,
    SubmissionFactory,
    SubscriptionFactory,
)
from tests.staff import member, session_of

State = OutgoingMail.State
LONG_AGO = timezone.now() - timedelta(minutes=20)


def person():
    """With a past, something to come and something that never will; and no mail has left for long, which is told."""
    lead = LeadFactory(name="Pat Doe", contact=ContactFactory(email="pat.doe@example.com"))
    SubscriptionFactory(contact=lead.contact, state=Subscription.State.CONFIRMED, confirmed_at=Now())
    for state in (State.SENT, State.DEAD, State.UNCERTAIN, State.SKIPPED, State.QUEUED):
        sent_at = LONG_AGO if state == State.SENT else None
        reason = "" if state == State.SENT else "the mail server answered 451 4.7.1"
        submission = SubmissionFactory(lead=lead)
        OutgoingMailFactory(submission=submission, state=state, sent_at=sent_at, reason=reason, due_at=LONG_AGO)
    return lead


def sequence_with_readers(lead) -> Sequence:
    """Its readers wait for different mails, and staff have begun a draft of the next version."""
    sequence = Sequence.objects.filter(key="health-tips").first() or SequenceFactory(key="health-tips")
    if not sequence.steps.exists():
        StepFactory.create_batch(5, sequence=sequence, delay_hours=48)
    for contact in [lead.contact, *ContactFactory.create_batch(20)]:
        sequences.enrol(contact=contact, sequence="health-tips")
    sequences.advance()
    steps = list(sequence.steps.order_by("position"))
    for number, mail in enumerate(OutgoingMail.objects.filter(kind="tip", state=State.QUEUED).order_by("-pk")[:12]):
        OutgoingMail.objects.filter(pk=mail.pk).update(step=steps[number % len(steps)])
    ended = Enrolment.objects.exclude(contact=lead.contact).first()
    sequences.end(contact=ended.contact, ending=Enrolment.Ending.BOOKED)
    service.start_draft(sequence=sequence)
    return sequence


def addresses() -> dict[str, str]:
    lead = person()
    sequence = sequence_with_readers(lead)
    draft = service.draft_of(sequence)
    step = service.change_step(step=draft[1], values={"subject": f"A longer subject {'and more ' * 8}"})
    sent, dead, uncertain = (
        OutgoingMail.objects.filter(submission__lead=lead).get(state=state)
        for state in (State.SENT, State.DEAD, State.UNCERTAIN)
    )
    return {
        "ledger": reverse("mail"),
        "refused mails": f"{reverse('mail')}?state=dead",
        "no mails": f"{reverse('mail')}?lead=999999",
        "mail that was sent": reverse("mail_inspect", args=[sent.pk]),
        "mail that may have arrived": reverse("mail_inspect", args=[uncertain.pk]),
        "trying again": reverse("mail_action", args=[dead.pk, "retry"]),
        "several at once": f"/admin/bulk/leads/outgoingmail/retry/?id={dead.pk}&id={sent.pk}&next=/admin/mail/",
        "health": reverse("mail_health"),
        "mails of a person": reverse("lead_mail", args=[lead.pk]),
        "sequences": reverse("sequences"),
        "sequence": reverse("sequence", args=[sequence.pk]),
        "draft": reverse("sequence_draft", args=[sequence.pk]),
        "step": reverse("step_edit", args=[sequence.pk, step.pk]),
        "another step": reverse("step_add", args=[sequence.pk]),
        "tips": reverse("tips"),
        "tip": reverse("tip_inspect", args=[step.pk]),
    }


if __name__ == "__main__":
    json.dump({"session": session_of(member("owner")), "addresses": addresses()}, sys.stdout)
