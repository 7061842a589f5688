"""`python -m bench.growth.subscribers 1000`: what a newsletter to so many costs, as JSON. Fills the site it runs in."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from urllib.parse import urlsplit

from clinic.wsgi import application  # noqa: F401  first of ours: it sets Django up  # isort: skip
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from bench.growth.cost import Cost, cost
from blog.models import BlogPage
from clinic.models import ClinicSettings, User
from leads.mail import ledger, sender
from leads.models import Issue, IssuePost, Sequence, Subscription
from leads.services import issue as issues
from leads.services import sequence as sequences
from leads.services.sequence import Reach

ADDRESS = {"street": "1 Main St", "locality": "Maple Valley", "region": "WA", "postal_code": "98038"}
SUBSCRIBE = """
    WITH contact AS (
        INSERT INTO leads_contact (email, soft_bounces)
        SELECT 'reader-' || number || '@example.com', '[]' FROM generate_series(%(first)s, %(last)s) AS number
        RETURNING id)
    INSERT INTO leads_subscription (contact_id, state, wants_newsletter, wants_tips, confirmed_at)
    SELECT id, 'confirmed', true, true, now() FROM contact
"""
# Of one in a hundred who ever subscribed the mailbox is gone: each address is looked up among these.
SUPPRESS = """
    INSERT INTO leads_suppression (email_hash, reason)
    SELECT encode(sha256(number::text::bytea), 'hex'), 'bounced'
      FROM generate_series(%(first)s, %(last)s) AS number WHERE number %% 100 = 0
"""
ENROL = """
    INSERT INTO leads_enrolment (contact_id, sequence_id, version, ending)
    SELECT contact_id, sequence.id, version, '' FROM leads_subscription, leads_sequence sequence
     WHERE sequence.key = 'health-tips'
        ON CONFLICT DO NOTHING
"""
TIPS = """
    INSERT INTO leads_outgoingmail (dedupe_key, kind, contact_id, enrolment_id, step_id, due_at, template_version,
                                    state, reason, attempts, was_resent)
    SELECT 'tip:' || enrolment.id || ':' || step.key, 'tip', contact_id, enrolment.id, step.id,
           now() + interval '1 day', 1, 'queued', '', 0, false
      FROM leads_enrolment enrolment, leads_step step
     WHERE step.sequence_id = enrolment.sequence_id AND step.version = enrolment.version AND step.position = 1
"""


class Sink:
    """Takes every mail at once."""

    def offer(self, sender: str, recipient: str) -> None:
        pass

    def deliver(self, message: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def fill(number: int) -> None:
    """Subscribe people until there are so many. All of them wait for the first of the health tips."""
    values = {"first": Subscription.objects.count() + 1, "last": number}
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_outgoingmail CASCADE")
        cursor.execute(SUBSCRIBE, values)
        cursor.execute(SUPPRESS, values)
        cursor.execute(ENROL)
        cursor.execute(TIPS)
        cursor.execute("VACUUM ANALYZE")


def written(owner: User) -> Issue:
    """A newsletter about every post of the first content, due now."""
    clinic = ClinicSettings.load()
    for name, value in ADDRESS.items():
        setattr(clinic, name, value)
    clinic.save()
    note = "Dear reader, here is what we wrote this month."
    issue = Issue.objects.create(subject="News", note=note, state=Issue.State.SCHEDULED, due_at=Now(), sent_by=owner)
    posts = BlogPage.objects.published().exclude(slug__startswith="copy-")
    IssuePost.objects.bulk_create(IssuePost(issue=issue, page_id=post.pk) for post in posts)
    return issue


def prepare(issue: Issue) -> None:
    issues.advance_issues()
    issue.refresh_from_db()
    if issue.state != Issue.State.SENDING:
        raise RuntimeError(f"The newsletter is {issue.state}")


def send_one() -> None:
    mail = ledger.claim()
    if mail is None or not sender.send(mail, Sink()):
        raise RuntimeError("A mail was not sent")


def publish() -> None:
    """A step of the health tips changes for all who wait for it."""
    sequence = Sequence.objects.get(key="health-tips")
    sequences.start_draft(sequence=sequence)
    step = sequences.draft_of(sequence).first()
    sequences.change_step(step=step, values={"preheader": f"{step.preheader}!"})
    sequences.publish_draft(
        sequence=sequence, version=sequence.version + 1, reach=Reach.ON_THE_WAY, user=User.objects.get(username="bench")
    )


def costs(client: Client, issue: Issue) -> Iterator[tuple[str, Cost]]:
    draft = Issue.objects.create(subject="More news", note="Dear reader")
    yield "Who gets it, the page that asks", cost(partial(client.get, reverse("issue_send", args=[draft.pk])))
    yield "Prepare an issue", cost(partial(prepare, issue), is_repeatable=False)
    yield "Send one mail of it", cost(send_one)
    yield "How far it got", cost(partial(client.get, reverse("issue_progress", args=[issue.pk])))
    yield "Publish the tips anew", cost(publish, is_repeatable=False)


if __name__ == "__main__":
    call_command("set_up_roles", verbosity=0)
    owner, _ = User.objects.get_or_create(username="bench", is_superuser=True)
    fill(int(sys.argv[1]))
    client = Client(HTTP_HOST=urlsplit(os.environ["SITE_URL"]).netloc, raise_request_exception=True)
    client.force_login(owner)
    print(json.dumps({name: asdict(found) for name, found in costs(client, written(owner))}))
