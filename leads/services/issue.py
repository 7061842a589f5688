"""The way of a newsletter from a draft to the last of its mails.

draft --schedule--> scheduled --freeze--> preparing --fill--> sending --finish--> finished
scheduled --unschedule--> draft     sending --pause, resume     preparing, sending --cancel--> cancelled
finished, cancelled --send_to_rest--> sending
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone
from wagtail.models import Page

from clinic.models import User
from leads.mail import audience, checks, issues, ledger
from leads.models import Issue, IssuePost, OutgoingMail

State = Issue.State
CANCELLED = "the issue was cancelled"
OPEN = [OutgoingMail.State.QUEUED, OutgoingMail.State.LEASED, OutgoingMail.State.HANDED]

SEND_AGAIN = """
    WITH again AS (
        UPDATE leads_outgoingmail
           SET state = 'queued', reason = '', attempts = 0, due_at = clock_timestamp(), changed_at = clock_timestamp()
         WHERE id = ANY (%(mails)s) AND state IN ('dead', 'skipped')
        RETURNING id)
    INSERT INTO leads_mailaction (mail_id, action, reason, user_id)
    SELECT id, 'retry', 'sent to those who did not get the issue', %(user)s FROM again
"""
log = logging.getLogger(__name__)


class Moved(Exception):
    """The issue is in another state than the one in which this can be done: somebody was quicker."""


class ChecksFailed(Exception):
    """Something about the issue has to be put right first."""


class CountChanged(Exception):
    """Another number of people would get it than the one that was read and typed."""

    def __init__(self, count: int):
        super().__init__(count)
        self.count = count


class InThePast(Exception):
    """The moment for which it was to be scheduled is over."""


@transaction.atomic
def write_issue(
    *, issue: Issue | None, subject: str, preheader: str, note: str, posts: Sequence[Page], user: User
) -> Issue:
    """Keep what an editor wrote, as a draft. Errors: `Moved` when it is no draft any more; nothing is changed then."""
    issue = Issue(created_by_id=user.pk) if issue is None else locked(issue, State.DRAFT)
    issue.subject, issue.preheader, issue.note = subject, preheader, note
    issue.changed_at = Now()
    issue.save()
    issue.posts.all().delete()
    places = enumerate(dict.fromkeys(page.pk for page in posts))
    IssuePost.objects.bulk_create(IssuePost(issue=issue, page_id=page, position=place) for place, page in places)
    return issue


def send_trial(*, issue: Issue, user: User) -> OutgoingMail:
    """Owe the issue as it is now to a member of staff who asked for it, each time that they ask."""
    trial = OutgoingMail(kind=OutgoingMail.Kind.TRIAL, issue=issue, user_id=user.pk)
    trial.dedupe_key = f"trial:{issue.pk}:{user.pk}:{timezone.now().timestamp()}"
    ledger.owe([trial])
    return trial


@transaction.atomic
def schedule(*, issue: Issue, due_at: datetime | None, count: int, user: User) -> Issue:
    """Let it go at this moment, or as soon as may be. Who gets it is settled then, and not now.

    `count`: how many would get it, as its sender read and typed. Errors: `Moved`, `ChecksFailed`, `CountChanged`,
    `InThePast`.
    """
    issue = locked(issue, State.DRAFT)
    now = timezone.now()
    if due_at is not None and due_at <= now:
        raise InThePast
    if not passes(issue):
        raise ChecksFailed
    if (count_now := audience.count()) != count:
        raise CountChanged(count_now)
    issue.state, issue.due_at, issue.sent_by_id = State.SCHEDULED, due_at or now, user.pk
    return changed(issue, "state", "due_at", "sent_by")


@transaction.atomic
def unschedule(*, issue: Issue) -> Issue:
    """Make it a draft again. Errors: `Moved` when it is on its way already."""
    issue = locked(issue, State.SCHEDULED)
    issue.state, issue.due_at, issue.sent_by = State.DRAFT, None, None
    return changed(issue, "state", "due_at", "sent_by")


def advance_issues() -> None:
    """Do what is due for every issue. Any number of workers may be at it, and any may stop at any point."""
    for issue in Issue.objects.filter(state=State.SCHEDULED, due_at__lte=Now()):
        freeze(issue=issue)
    for issue in Issue.objects.filter(state=State.PREPARING):
        fill(issue=issue)
    for issue in Issue.objects.filter(state=State.CANCELLED, audience__isnull=False):
        call_off(issue)  # what a mail server refused for now came back into the queue
    finish_issues()


@transaction.atomic
def freeze(*, issue: Issue) -> None:
    """Keep what it says from now on. Where its checks no longer pass, it is a draft again and keeps its moment."""
    due = Issue.objects.select_for_update(skip_locked=True).filter(pk=issue.pk, state=State.SCHEDULED).first()
    if due is None:
        return
    if passes(due):
        due.state, due.frozen = State.PREPARING, issues.words(due)
    else:
        log.warning("issue %s was due, and its checks do not pass", due.pk)
        due.state = State.DRAFT
    changed(due, "state", "frozen")


@transaction.atomic
def fill(*, issue: Issue) -> None:
    """Settle its audience: all of it gets rows in the ledger, or, where this is cut short, nobody does."""
    due = Issue.objects.select_for_update(skip_locked=True).filter(pk=issue.pk, state=State.PREPARING).first()
    if due is None:
        return
    due.audience = audience.fill(due)
    due.state, due.prepared_at = State.SENDING, Now()
    changed(due, "state", "audience", "prepared_at")


@transaction.atomic
def pause(*, issue: Issue) -> Issue:
    """Let no more of its mails leave, from this moment on. Errors: `Moved`."""
    issue = locked(issue, State.SENDING)
    issue.paused_at = Now()
    return changed(issue, "paused_at")


@transaction.atomic
def resume(*, issue: Issue) -> Issue:
    """Let the rest of its mails leave. Errors: `Moved`."""
    issue = locked(issue, State.SENDING)
    issue.paused_at = None
    return changed(issue, "paused_at")


def cancel(*, issue: Issue) -> Issue:
    """Let no more of its mails leave, for good: what waits is called off. Errors: `Moved`.

    Two transactions: senders heed the first at once, and the second takes seconds where many wait. `advance_issues`
    does it where this is cut short.
    """
    with transaction.atomic():
        issue = locked(issue, State.PREPARING, State.SENDING)
        issue.state, issue.paused_at, issue.finished_at = State.CANCELLED, None, Now()
        changed(issue, "state", "paused_at", "finished_at")
    call_off(issue)
    return issue


@transaction.atomic
def call_off(issue: Issue) -> None:
    """Unless it goes to the rest by now: who read that it was cancelled may come late."""
    if Issue.objects.select_for_update(no_key=True).filter(pk=issue.pk, state=State.CANCELLED).first():
        ledger.call_off(audience.mails_of(issue), CANCELLED)


def finish_issues() -> None:
    """Every row has come to its end. One that may have arrived has too: it is never sent again by itself."""
    still_open = OutgoingMail.objects.filter(
        issue=OuterRef("pk"), kind=OutgoingMail.Kind.ISSUE, resend_of=None, state__in=OPEN
    )
    ended = Issue.objects.filter(~Exists(still_open), state=State.SENDING)
    ended.update(state=State.FINISHED, paused_at=None, finished_at=Now(), changed_at=Now())


@transaction.atomic
def send_to_rest(*, issue: Issue, count: int, user: User) -> Issue:
    """Queue it again for those of its audience who did not get it and still want it. Errors: `Moved`, `CountChanged`.

    It is the same row once more, with a line on who did that: the audience stays what it was, nobody can get two rows,
    and the Message-ID stays the same. Whoever may have got it is left out; staff settle that mail first.
    """
    issue = locked(issue, State.FINISHED, State.CANCELLED)
    mails = audience.rest(issue) if issue.audience is not None else []
    if len(mails) != count or not mails:
        raise CountChanged(len(mails))
    with connection.cursor() as cursor:
        cursor.execute(SEND_AGAIN, {"mails": mails, "user": user.pk})
    issue.state, issue.finished_at = State.SENDING, None
    return changed(issue, "state", "finished_at")


def passes(issue: Issue) -> bool:
    return all(check.is_passed for check in checks.checks(checks.letter_of(issue)))


def locked(issue: Issue, *states: Issue.State) -> Issue:
    row = Issue.objects.select_for_update(of=("self",)).filter(pk=issue.pk, state__in=states).first()
    if row is None:
        raise Moved
    return row


def changed(issue: Issue, *fields: str) -> Issue:
    issue.changed_at = Now()
    issue.save(update_fields=[*fields, "changed_at"])
    issue.refresh_from_db()
    return issue
