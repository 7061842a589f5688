"""In a flood of forms each has to come with a proof of work. None is lost for want of one."""

import base64
import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from leads.models import OutgoingMail, Submission
from leads.proof import make_challenge
from leads.services.intake import SITE_FLOOD
from tests.leads.crowd import arrive, solved
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db

SIGN = ["no proof of work during a flood"]


@pytest.fixture
def flood():
    arrive(SITE_FLOOD)


@pytest.fixture(scope="module")
def proof():
    return solved(make_challenge())


def altered(proof, **parameters):
    """A proof with other words in its challenge, or with another solution."""
    payload = json.loads(base64.b64decode(proof))
    derived_key = parameters.pop("derivedKey", payload["solution"]["derivedKey"])
    payload["solution"]["derivedKey"] = derived_key
    payload["challenge"]["parameters"] |= parameters
    return base64.b64encode(json.dumps(payload).encode()).decode()


def sign_up(client, number=0, **form):
    answer = client.post("/newsletter/", {"email": f"sender{number}@example.com", **form})
    assert (answer.status_code, answer["Location"]) == (302, "/newsletter/thanks/")
    return Submission.objects.latest("pk")


def test_nothing_is_asked_while_no_flood_is_on(client):
    arrive(SITE_FLOOD // 2 - 1)
    answer = client.get("/proof/")
    assert answer.json() == {}
    assert "no-store" in answer["Cache-Control"]


def test_nobody_needs_a_proof_while_no_flood_is_on(client):
    arrive(SITE_FLOOD - 1)
    assert not sign_up(client).is_spam


def test_a_proof_is_asked_for_before_it_is_needed(client):
    arrive(SITE_FLOOD // 2)
    answer = client.get("/proof/")
    assert not sign_up(client, proof=solved(answer.json())).is_spam
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


def test_no_two_people_get_the_same_challenge(client, flood):
    assert client.get("/proof/").json() != client.get("/proof/").json()


def test_a_form_without_a_proof_is_kept_as_spam_and_answered_the_same(client, flood):
    submission = sign_up(client)
    assert (submission.is_spam, submission.spam_signs) == (True, SIGN)
    assert not OutgoingMail.objects.exists()


def test_a_form_with_a_proof_is_like_any_other(client, flood, proof):
    submission = sign_up(client, proof=proof)
    assert (submission.is_spam, submission.spam_signs) == (False, [])
    assert OutgoingMail.objects.get().kind == "confirm"


def test_an_assessment_needs_its_proof_as_well(client, flood, proof):
    for number, form in enumerate([{}, {"proof": proof}]):
        client.post("/assessment/", filled_in(email=f"sender{number}@example.com", phone="", channel="email", **form))
    assert list(Submission.objects.filter(kind="assessment").order_by("pk").values_list("is_spam", flat=True)) == [
        True,
        False,
    ]


def test_a_proof_counts_once(client, flood, proof):
    assert [sign_up(client, number, proof=proof).is_spam for number in range(3)] == [False, True, True]


def test_a_second_click_with_the_same_proof_is_the_same_request(client, flood, proof):
    assert sign_up(client, proof=proof) == sign_up(client, proof=proof)
    assert OutgoingMail.objects.count() == 1


def test_a_proof_that_was_sent_before_the_flood_counts_no_more_in_it(client, proof):
    sign_up(client, 1, proof=proof)
    arrive(SITE_FLOOD)
    assert sign_up(client, 2, proof=proof).is_spam


def test_a_proof_is_over_after_ten_minutes(client, flood, proof):
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=2)):
        assert sign_up(client, proof=proof).is_spam


@pytest.mark.parametrize(
    "changes",
    [
        {"expiresAt": 4_102_444_800},
        {"expiresAt": None},
        {"cost": 1},
        {"keyPrefix": "00"},
        {"keySignature": None},
        {"keySignature": "0" * 64},
        {"nonce": "0" * 32},
        {"nonce": "\ud800"},
        {"data": {"__proto__": 1}},
        {"cost": 1e308},
        {"derivedKey": "0" * 64},
        {"derivedKey": None},
        {"derivedKey": ["0"]},
    ],
    ids=str,
)
def test_a_proof_that_was_altered_is_none(client, flood, proof, changes):
    assert sign_up(client, proof=altered(proof, **changes)).spam_signs == SIGN


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "\x00",
        "ÿ",
        "e30=",
        base64.b64encode(b"[1]").decode(),
        base64.b64encode(b"1").decode(),
        base64.b64encode(b'{"challenge": 1, "solution": 1}').decode(),
        base64.b64encode(b'{"challenge": {"parameters": "x"}, "solution": {}}').decode(),
        base64.b64encode(b"[" * 1400).decode(),
        "A" * 200_000,
    ],
    ids=lambda text: text[:20],
)
def test_whatever_stands_for_a_proof_the_form_is_kept_and_thanked_for(client, flood, text):
    assert sign_up(client, proof=text).spam_signs == SIGN


def test_asking_for_a_challenge_takes_one_statement(client, flood, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/proof/")


def test_whatever_stands_in_the_address_the_answer_is_the_same(client):
    assert client.get("/proof/?x=%00&expires=1").json() == {}
    assert client.post("/proof/").status_code == 405
