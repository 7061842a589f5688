"""Taking a submission for spam, and taking that back. What it said stays; only whether it counts changes."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from clinic.models import User
from leads.mail import ledger, sequences
from leads.models import Consent, Enrolment, Lead, OutgoingMail, Submission, Subscription

from . import assessment, guide, inbox, newsletter, workshop
from .intake import SAME_REQUEST, FollowUp, Request, expect, forget_spam, note_request

TAKEN_FOR_SPAM = "what it answers was taken for spam"
Kind = Submission.Kind


@transaction.atomic
def flag_spam(*, submission: Submission, user: User) -> Submission:
    """Take a submission for spam: what it would have sent is called off, and the tips that it started end.

    A card with nothing else on it is hidden.
    """
    lead = inbox.locked(submission.lead)
    submission = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    if submission.is_spam:
        return submission
    mark(submission, is_spam=True)
    ledger.call_off(submission.mails.all(), TAKEN_FOR_SPAM)
    end_tips(submission)
    lead.is_spam = not lead.submissions.filter(is_spam=False).exists()
    if submission.promised_at is not None:
        promise_again(lead, submission.promised_at)
    ask_again(lead)
    inbox.write(lead, "flagged_spam", user, submission=submission.pk)
    inbox.keep(lead, "is_spam", "state", "promised_at", "next_action", "next_action_at", "asked_for", "asked_at")
    return submission


def end_tips(submission: Submission) -> None:
    """Where a guide started tips: end them, unless something else that counts brings them to this mailbox too."""
    given = Consent.objects.filter(purpose=Consent.Purpose.TIPS, is_given=True)
    bringing = Submission.objects.filter(kind=Kind.GUIDE, pk__in=given.values("submission"))
    contact = submission.contact
    if contact is None or not bringing.filter(pk=submission.pk).exists():
        return
    confirmed = Subscription.objects.filter(contact=contact, state=Subscription.State.CONFIRMED, wants_tips=True)
    if not confirmed.exists() and not bringing.filter(contact=contact, is_spam=False).exists():
        sequences.end(contact=contact, ending=Enrolment.Ending.SPAM)


def promised(lead: Lead) -> QuerySet[Submission]:
    """The submissions that count and are owed a call."""
    return lead.submissions.filter(is_spam=False, answered_at=None, promised_at__isnull=False)


def promise_again(lead: Lead, ended: datetime) -> None:
    """What is still promised once the promise `ended` does not count. A new time that a person was told stays."""
    first = promised(lead).order_by("promised_at").values_list("promised_at", flat=True).first()
    before = lead.promised_at
    if first is None or before == ended:
        lead.promised_at = first
    if before is not None and lead.next_action_at == before:
        lead.next_action = lead.next_action if lead.promised_at else ""
        lead.next_action_at = lead.promised_at


def ask_again(lead: Lead) -> None:
    """Say what the submissions that count asked for, the promised first. A card with spam alone stays as it is."""
    counting = lead.submissions.filter(is_spam=False)
    asked = promised(lead) if lead.promised_at else counting
    latest = asked.order_by("-created_at", "-pk").first()
    if latest is None:
        return
    lead.asked_for, lead.asked_at = latest.kind, latest.created_at
    is_work = lead.next_action_at is not None or counting.exclude(kind=Kind.NEWSLETTER).exists()
    if lead.state == Lead.State.NEW and not is_work:
        lead.state = Lead.State.READER


@transaction.atomic
def release_spam(*, submission: Submission, user: User) -> Submission:
    """Not spam after all: the card is in the inbox, and what the submission sets off is owed, once.

    A promise that was made to its sender is kept as it was made, though it may be late by now.
    """
    lead = inbox.locked(submission.lead)
    submission = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    if not submission.is_spam:
        return submission
    is_repeated = repeats(submission).exists()
    mark(submission, is_spam=False)
    remember(lead, submission)
    inbox.write(lead, "released_spam", user, submission=submission.pk)
    if not is_repeated:
        called_off = submission.mails.filter(state=OutgoingMail.State.SKIPPED, reason=TAKEN_FOR_SPAM)
        called_off.update(state=OutgoingMail.State.QUEUED, reason="", due_at=Now(), changed_at=Now())
        ledger.owe(follow_up_of(submission)(submission, standing_of(submission)))
    return submission


def mark(submission: Submission, *, is_spam: bool) -> None:
    submission.is_spam = is_spam
    submission.save(update_fields=["is_spam"])


def repeats(submission: Submission) -> QuerySet[Submission]:
    """The same request of the same person that counts already."""
    near = (submission.created_at - SAME_REQUEST, submission.created_at + SAME_REQUEST)
    same = Submission.objects.filter(lead=submission.lead_id, kind=submission.kind, subject_id=submission.subject_id)
    return same.filter(contact=submission.contact_id, is_spam=False, created_at__range=near)


def remember(lead: Lead, submission: Submission) -> None:
    """Write on the card what an honest submission would have written there when it came."""
    forget_spam(lead)
    was_hidden, lead.is_spam = lead.is_spam, False
    lead.name = lead.name or submission.name
    lead.contact = lead.contact or submission.contact
    lead.phone = lead.phone or submission.phone
    promised_at = None if submission.answered_at else submission.promised_at
    request = Request(kind=Kind(submission.kind), promised_at=promised_at)
    is_latest = was_hidden or lead.asked_at is None or submission.created_at > lead.asked_at
    if is_latest or (promised_at and lead.promised_at is None):
        note_request(lead, request, submission.created_at)
    expect(lead, request)
    lead.changed_at = Now()
    lead.save()


def follow_up_of(submission: Submission) -> FollowUp:
    wants_tips = submission.consents.filter(purpose=Consent.Purpose.TIPS, is_given=True).exists()
    follow_ups: dict[str, FollowUp] = {
        Kind.ASSESSMENT: partial(assessment.follow_up, wants_tips=wants_tips),
        Kind.GUIDE: partial(guide.follow_up, wants_tips=wants_tips),
        Kind.NEWSLETTER: newsletter.follow_up,
        Kind.WORKSHOP: workshop.follow_up,
        Kind.CALL: lambda submission, standing: [],
    }
    return follow_ups[submission.kind]


def standing_of(submission: Submission) -> str:
    return Subscription.objects.filter(contact=submission.contact).values_list("state", flat=True).first() or ""
