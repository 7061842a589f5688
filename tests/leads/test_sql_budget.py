import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import tokens
from leads.models import OutgoingMail
from leads.proof import make_challenge
from leads.services.intake import SITE_FLOOD
from tests.factories import ClinicSettingsFactory, SequenceFactory
from tests.leads.crowd import arrive, solved
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clinic():
    SequenceFactory(key="after-the-guide")
    return ClinicSettingsFactory()


FORMS = {
    "assessment": ("/assessment/", lambda: filled_in(wants_tips="on")),
    "newsletter": ("/newsletter/", lambda: {"email": "reader@example.com"}),
    "guide": (
        "/guides/request/",
        lambda: {
            "email": "reader@example.com",
            "name": "Erika",
            "wants_tips": "on",
            "page": tokens.make_token(tokens.GUIDE_FORM, 7),
        },
    ),
    "workshop": (
        "/workshops/request/",
        lambda: {"email": "reader@example.com", "page": tokens.make_token(tokens.WORKSHOP_FORM, 7)},
    ),
}


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("is_known", [False, True], ids=["a new person", "a known person"])
def test_a_post_costs_at_most_eight_statements_and_one_commit(client, kind, is_known):
    address, form = FORMS[kind]
    if is_known:
        client.post("/assessment/", filled_in(email=form()["email"], name=form().get("name", "Erika")))
    before = OutgoingMail.objects.count()
    assert_cheap(client, address, form())
    assert OutgoingMail.objects.count() > before


@pytest.mark.parametrize("kind", FORMS)
def test_a_post_costs_no_more_in_a_flood_with_a_proof_of_work_or_one_that_was_used(client, kind):
    address, form = FORMS[kind]
    arrive(SITE_FLOOD)
    proof = solved(make_challenge())
    assert_cheap(client, address, form() | {"proof": proof})
    assert OutgoingMail.objects.exists()
    assert_cheap(client, address, form() | {"email": "another@example.com", "name": "Emma", "proof": proof})


def assert_cheap(client, address, form):
    with CaptureQueriesContext(connection) as queries:
        assert client.post(address, form).status_code == 302
    said = [query["sql"] for query in queries if query["sql"]]
    statements = [sql for sql in said if sql not in ("BEGIN", "COMMIT")]
    assert len(statements) <= 8, "\n".join(statements)
    assert said.count("COMMIT") == 1
