"""A flood of forms, and the work that a browser does in it."""

from altcha import Challenge, Payload, solve_challenge

from leads.models import Submission
from tests.factories import LeadFactory, SubmissionFactory


def arrive(number: int) -> None:
    """So many forms were sent just now, from everywhere."""
    lead = LeadFactory(contact=None)
    Submission.objects.bulk_create(SubmissionFactory.build_batch(number, lead=lead, contact=None))


def solved(challenge: dict) -> str:
    """What a form is sent with."""
    challenge = Challenge.from_dict(challenge)
    return Payload(challenge, solve_challenge(challenge)).to_base64()
