import pytest

from clinic.postgresql.rows import insert, insert_new, read
from leads.models import Contact, Lead, Submission
from tests.factories import ContactFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


def all_of(model) -> str:
    meta = model._meta
    return f"SELECT {', '.join(field.column for field in meta.concrete_fields)}, 7 AS more FROM {meta.db_table}"  # noqa: S608  names of our own


@pytest.mark.parametrize("model", [Contact, Lead, Submission])
def test_what_is_read_is_what_django_reads(model):
    SubmissionFactory(contact__soft_bounces=["2026-11-20"], health_answers="A stiff back", campaign={"source": "post"})
    (row,) = read(model, all_of(model), {})
    theirs = model.objects.get()
    assert {field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields} == {
        field.attname: getattr(theirs, field.attname) for field in model._meta.concrete_fields
    }
    assert row.more == 7


def test_rows_are_added_with_their_numbers():
    first, second = Contact(email="a@example.com"), Contact(email="b@example.com")
    insert(first, second)
    assert list(Contact.objects.order_by("pk").values_list("pk", "email")) == [
        (first.pk, "a@example.com"),
        (second.pk, "b@example.com"),
    ]


def test_a_row_that_is_there_already_stays_as_it_is():
    there = ContactFactory(email="a@example.com")
    insert_new(Contact(email="a@example.com"), Contact(email="b@example.com"))
    assert Contact.objects.count() == 2
    assert Contact.objects.get(email="a@example.com").pk == there.pk
