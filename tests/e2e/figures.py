"""Gives the figures of the browser tests something to show, and prints the session of an owner who looks at them."""

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from datetime import timedelta

from django.utils import timezone

from leads.models import Lead
from tests.factories import EnrolmentFactory, SubmissionFactory, SubscriptionFactory
from tests.staff import member, session_of

CAMPAIGN = {"utm_source": "facebook", "utm_campaign": "Lumbosacroiliofemoral" * 3}


def add_figures():
    now = timezone.now()
    for number in range(30):
        at = now - timedelta(hours=5 * number)
        answered_at = at + timedelta(hours=number % 4) if number % 3 else None
        SubmissionFactory(
            lead__state=Lead.State.READER,  # whom the inbox does not show
            kind=("assessment", "guide", "newsletter")[number % 3 if number % 5 else 0],
            created_at=at,
            promised_at=at + timedelta(hours=2),
            answered_at=answered_at,
            source_path=f"/blog/{'Lumbosacroiliofemoral' * 3}-{number % 4}/",
            campaign=CAMPAIGN if number % 2 else {},
        )
    SubscriptionFactory()
    EnrolmentFactory()


if __name__ == "__main__":
    add_figures()
    print(session_of(member("owner")))
