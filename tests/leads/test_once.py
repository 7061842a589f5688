"""Who sends how often, in which order and however written: each request is one, and each person has one card."""

import uuid
from collections import Counter

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from leads.models import Contact, Lead, OutgoingMail, Submission
from tests.factories import ClinicSettingsFactory
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db

# Two people, each with a mailbox and a number of their own, and the ways in which they write them.
PEOPLE = {
    "Erika Lang": (
        ["erika@example.com", "Erika@Example.COM ", "erika@EXAMPLE.com"],
        ["(425) 658-4944", "425-658-4944", "+1 425 658 4944"],
    ),
    "Hans Berg": (
        ["hans@bücher.example", "HANS@xn--bcher-kva.example"],
        ["(425) 555-0123", "425.555.0123"],
    ),
}


@some.composite
def forms(draw):
    """An assessment from one of the pages that a person has open, each of which has a key of its own."""
    name, number = draw(some.sampled_from(sorted(PEOPLE))), draw(some.integers(0, 1))
    mailboxes, numbers = PEOPLE[name]
    email, phone = draw(some.sampled_from(mailboxes)), draw(some.sampled_from(numbers))
    key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {number}"))
    return name, filled_in(key=key, name=name, email=email, phone=phone, hopes=f"Walk {number}")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(some.lists(forms(), min_size=1, max_size=4))
def test_any_number_of_the_same_forms_is_one_request_of_one_person(sent):
    savepoint = transaction.savepoint()
    try:
        ClinicSettingsFactory()
        for _, form in sent:
            assert Client().post("/assessment/", form).status_code == 302
        people = {name for name, _ in sent}
        requests = {form["key"] for _, form in sent}
        assert (Lead.objects.count(), Contact.objects.count()) == (len(people), len(people))
        assert Submission.objects.count() == len(requests)
        kinds = Counter(OutgoingMail.objects.values_list("kind", flat=True))
        assert kinds == {"assessment": len(requests), "staff": len(requests)}
    finally:
        transaction.savepoint_rollback(savepoint)
