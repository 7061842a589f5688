"""Newsletters in every state, and an editor who is signed in.

It runs in a process of its own (`python -m tests.e2e.issue_content`), in the environment of the site that serves it,
and prints the editor's session and the addresses of what it made.
"""

import json

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from django.db.models.functions import Now
from django.urls import reverse

from blog.models import BlogPage
from leads.mail import audience, issues
from leads.models import Issue, OutgoingMail
from leads.services import issue as service
from tests.e2e.content import WORD
from tests.factories import ClinicSettingsFactory, IssueFactory, SubscriberFactory, SubscriptionFactory
from tests.staff import member, session_of

NOTE = """Dear reader,

the days are short, and **sitting is long**. Two things that my patients find useful:

- Stand up whenever the telephone rings.
- Walk to the mailbox by the long way.

More of it [on our site](/about/)."""


def written(user, subject: str, note: str = NOTE) -> Issue:
    posts = list(BlogPage.objects.live().filter(slug__in=POSTS).order_by("pk"))
    return service.write_issue(
        issue=None, subject=subject, preheader="What helps in winter", note=note, posts=posts, user=user
    )


POSTS = ["lower-back-stretches-to-reduce-stiffness-and-pain", "whats-the-best-way-to-sit-with-low-back-pain"]


def under_way(user, state: Issue.State, **fields) -> Issue:
    """With mails of every outcome."""
    issue = written(user, f"An issue that is {state.label.lower()}")
    audience.fill(issue)
    outcomes = {
        "sent": {"sent_at": Now()},
        "dead": {"reason": "the mail server answered 554 5.7.1"},
        "uncertain": {"reason": "no answer after the mail was handed over: TimeoutError"},
        "skipped": {"reason": "the newsletter was switched off"},
    }
    for mail, (outcome, more) in zip(OutgoingMail.objects.filter(issue=issue), outcomes.items(), strict=False):
        OutgoingMail.objects.filter(pk=mail.pk).update(state=outcome, **more)
    if state in (Issue.State.FINISHED, Issue.State.CANCELLED):
        OutgoingMail.objects.filter(issue=issue, state="queued").update(state="skipped", reason=service.CANCELLED)
        fields["finished_at"] = Now()
    values = {"frozen": issues.words(issue), "audience": 60, "due_at": Now(), "prepared_at": Now(), **fields}
    Issue.objects.filter(pk=issue.pk).update(state=state, **values)
    return issue


def main():
    user = member("owner", username="eve", email="eve@example.com", first_name="Eve", last_name="Owner")
    session = session_of(user)
    empty = reverse("issues") + "?state=preparing"
    ClinicSettingsFactory(street="1 Main St", postal_code="98038")
    SubscriberFactory.create_batch(60)
    SubscriberFactory(wants_newsletter=False)
    SubscriptionFactory()
    SubscriptionFactory(state="unsubscribed", unsubscribed_at=Now(), contact__email=f"{WORD.lower()[:60]}@example.com")
    draft = written(user, "Sit less this winter")
    faulty = written(user, f"{WORD} {WORD}"[:120], note="See [this](/nowhere/) and [them](https://other.example/x).")
    scheduled = IssueFactory(subject="An issue that is scheduled")
    service.schedule(issue=scheduled, due_at=None, count=audience.count(), user=user)
    state = Issue.State
    sending, paused = under_way(user, state.SENDING), under_way(user, state.SENDING, paused_at=Now())
    addresses = {
        "list": reverse("issues"),
        "empty list": empty,
        "writing": f"{reverse('issue_add')}?post={BlogPage.objects.live().first().pk}",
        "editing": reverse("issue_edit", args=[draft.pk]),
        "draft": reverse("issue", args=[draft.pk]),
        "draft in the dark": reverse("issue", args=[draft.pk]) + "?as=phone-dark",
        "draft as text": reverse("issue", args=[draft.pk]) + "?as=text",
        "draft with faults": reverse("issue", args=[faulty.pk]),
        "deleting": reverse("issue_delete", args=[draft.pk]),
        "who gets it": reverse("issue_send", args=[draft.pk]),
        "who does not": reverse("issue_send", args=[draft.pk]) + "?standing=unsubscribed",
        "not to be sent": reverse("issue_send", args=[faulty.pk]),
        "scheduled": reverse("issue", args=[scheduled.pk]),
        "sending": reverse("issue", args=[sending.pk]),
        "paused": reverse("issue", args=[paused.pk]),
        "finished": reverse("issue", args=[under_way(user, state.FINISHED).pk]),
        "cancelled": reverse("issue", args=[under_way(user, state.CANCELLED).pk]),
    }
    print(json.dumps({"session": session, "addresses": addresses}))


if __name__ == "__main__":
    main()
