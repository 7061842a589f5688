"""Sends mails of one kind, or prepares a great issue, in the site whose settings it runs with; prints JSON.

`python -m bench.mails owe issue 400` owes so many mails; `drain` sends what is owed as a worker does, and `loop issue
400` builds and sends so many on one open connection as a script would. Those two say "ready" and begin when a line
comes in, so that several begin in the same moment. `prepare 100000` freezes an issue and owes it to so many readers.
"""

import json
import resource
import smtplib
import sys
import time
import uuid
from datetime import timedelta

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from django.conf import settings
from django.db import connection
from django.utils import timezone

from blog.models import BlogPage
from clinic.models import ClinicSettings, User
from leads.mail import audience, contents, render, sender
from leads.models import Contact, GuidePage, Issue, Lead, OutgoingMail, Submission
from leads.services.issue import advance_issues, schedule, write_issue
from leads.tasks import set_guides

NOTE = "Start small. **An inch is a movement, too**, and one that your back will thank you for. "
PARAGRAPHS = 2
SUBSCRIBE = """
    WITH contact AS (
        INSERT INTO leads_contact (email, soft_bounces)
        SELECT %(run)s || '-' || number || '@example.com', '[]' FROM generate_series(1, %(number)s) AS number
        RETURNING id)
    INSERT INTO leads_subscription (contact_id, state, wants_newsletter, wants_tips, confirmed_at)
    SELECT id, 'confirmed', true, false, now() FROM contact
"""


def owe(kind: str, number: int) -> dict[str, float]:
    """To people who were never owed any. Nothing else is owed then."""
    OutgoingMail.objects.all().delete()
    clinic = ClinicSettings.load()
    clinic.street, clinic.locality, clinic.region, clinic.postal_code = "1 Main St", "Maple Valley", "WA", "98038"
    clinic.save()
    if kind == "guide":
        owe_guide(number)
    else:
        owe_issue(number)
    return {"bytes": len(render.message(mails(kind, 1)[0]).content)}


def owe_guide(number: int) -> None:
    set_guides()
    guide = GuidePage.objects.get()
    run = uuid.uuid4().hex
    contacts = Contact.objects.bulk_create(Contact(email=f"{run}-{place}@example.com") for place in range(number))
    leads = Lead.objects.bulk_create(Lead(contact=contact) for contact in contacts)
    asked = Submission.objects.bulk_create(
        Submission(kind="guide", lead=lead, contact=lead.contact, subject_id=guide.pk, key=uuid.uuid4())
        for lead in leads
    )
    OutgoingMail.objects.bulk_create(
        OutgoingMail(kind="guide", dedupe_key=f"guide:{row.pk}", contact=row.contact, submission=row) for row in asked
    )


def owe_issue(number: int) -> None:
    Contact.objects.filter(subscription__isnull=False).delete()
    with connection.cursor() as cursor:
        cursor.execute(SUBSCRIBE, {"run": uuid.uuid4().hex, "number": number})
    user, _ = User.objects.get_or_create(username="bench")
    issue = write_issue(
        issue=None,
        subject="One inch a day",
        preheader="And why it is enough",
        note="\n\n".join([NOTE * 3] * PARAGRAPHS),
        posts=list(BlogPage.objects.live().order_by("pk")[:1]),
        user=user,
    )
    schedule(issue=issue, due_at=None, count=audience.count(), user=user)
    advance_issues()
    issue.refresh_from_db()
    if issue.state != Issue.State.SENDING:
        raise RuntimeError(f"the issue is {issue.state}")


def mails(kind: str, number: int) -> list[OutgoingMail]:
    rows = OutgoingMail.objects.filter(kind=kind).select_related("contact", "issue", "submission")
    return list(rows.order_by("pk")[:number])


def drain() -> dict[str, float]:
    """As often as beat would nudge it. What is drawn once is drawn before."""
    first = OutgoingMail.objects.select_related("contact", "submission").earliest("pk")
    render.message(first)
    wait_for_the_others()
    begin, used = time.perf_counter(), time.process_time()
    sent = sender.drain(seconds=600)
    return {"mails": sent, "seconds": time.perf_counter() - begin, "cpu": time.process_time() - used}


def loop(kind: str, number: int) -> dict[str, float]:
    """Each mail is drawn, its style sheet written onto its elements, and encoded: with no ledger and nothing kept."""
    rows = mails(kind, number)
    drawn = [contents.content(mail) for mail in rows]
    server = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT)
    wait_for_the_others()
    begin, used = time.perf_counter(), time.process_time()
    for mail, content in zip(rows, drawn, strict=True):
        letter = render.letter(mail, content).as_bytes()
        server.sendmail(render.own_address(), content.recipient, letter)
    return {"mails": len(rows), "seconds": time.perf_counter() - begin, "cpu": time.process_time() - used}


def wait_for_the_others() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def prepare(number: int) -> dict[str, float]:
    """From the moment at which an issue is due to the one at which all of its mails are owed."""
    owe_issue(1)  # so that what is loaded once is loaded
    Contact.objects.filter(subscription__isnull=False).delete()
    with connection.cursor() as cursor:
        cursor.execute(SUBSCRIBE, {"run": uuid.uuid4().hex, "number": number})
        cursor.execute("ANALYZE")
    user = User.objects.get(username="bench")
    issue = write_issue(issue=None, subject="All", preheader="", note=NOTE, posts=[], user=user)
    schedule(issue=issue, due_at=timezone.now() + timedelta(seconds=0.5), count=number, user=user)
    time.sleep(0.6)
    before, begin = peak(), time.perf_counter()
    advance_issues()
    seconds = time.perf_counter() - begin
    return {"mails": OutgoingMail.objects.filter(issue=issue).count(), "seconds": seconds, "grown": peak() - before}


def peak() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    action, *rest = sys.argv[1:]
    arguments = [int(word) if word.isdecimal() else word for word in rest]
    print(json.dumps({"owe": owe, "drain": drain, "loop": loop, "prepare": prepare}[action](*arguments)))
