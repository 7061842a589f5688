"""Who guesses waits: by name and address, by address, and by account for the second factor."""

import io
import json
import logging
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from clinic.tasks import purge_sign_ins

from .authenticator import code_now, give_app
from .factories import ClinicSettingsFactory
from .staff import member, signed_in
from .test_second_factor import answer
from .test_sign_in import PASSWORD, sign_in, with_password

HERE, THERE = "93.184.216.34", "198.41.0.4"  # public addresses
EDGE = "172.30.77.3"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic():
    return ClinicSettingsFactory(practice_name="A Practice", phone="+14256584944")


@pytest.fixture
def amy():
    return with_password(member("editor", username="amy"))


def guess(name="amy", times=5, address=HERE, word="wrong", **extra):
    """From a client of its own each time; the last answer."""
    for _ in range(times):
        page = sign_in(Client(), name, word, REMOTE_ADDR=address, **extra)
    return page


def test_the_sixth_guess_is_not_looked_at(amy):
    assert guess(times=4).status_code == 200
    locked = guess(times=1)

    assert locked.status_code == 429
    assert "no-store" in locked["Cache-Control"]
    page = locked.content.decode()
    assert "wait 30 minutes, or ask an owner" in page
    assert "(425) 658-4944" in page
    assert guess(times=1, word=PASSWORD).status_code == 429


def test_a_name_that_nobody_has_is_locked_alike(amy):
    known, unknown = guess("amy"), guess("who", address=THERE)

    assert known.status_code == unknown.status_code == 429
    assert known.content == unknown.content


def test_the_same_name_still_opens_from_elsewhere(amy):
    guess()

    assert guess(times=1, address=THERE, word=PASSWORD).status_code == 302


def test_capitals_and_spaces_make_no_new_name(amy):
    for name in ("amy", "AMY", " amy ", "Amy", "aMy"):
        locked = guess(name, times=1)

    assert locked.status_code == 429


def test_an_address_that_tries_many_names_is_locked_for_all(amy):
    for number in range(30):
        guess(f"name-{number}", times=1)

    assert guess(times=1, word=PASSWORD).status_code == 429


def test_colleagues_at_one_address_do_not_lock_each_other_out(amy):
    for name in ("bea", "cal", "dee"):
        guess(name)

    assert guess(times=1, word=PASSWORD).status_code == 302


def test_after_half_an_hour_the_right_password_opens(amy):
    guess()
    with time_machine.travel(timedelta(minutes=20)):
        assert guess(times=1, word=PASSWORD).status_code == 429
    with time_machine.travel(timedelta(minutes=31)):
        assert guess(times=1, word=PASSWORD).status_code == 302


def test_signing_in_forgets_the_failures_before(amy):
    guess(times=4)
    guess(times=1, word=PASSWORD)

    assert guess(times=4).status_code == 200


# --- Which address


def test_behind_the_edge_the_visitors_address_counts(amy):
    guess(address=EDGE, headers={"X-Forwarded-For": HERE})

    assert guess(times=1, address=EDGE, word=PASSWORD, headers={"X-Forwarded-For": THERE}).status_code == 302
    assert guess(times=1, address=EDGE, word=PASSWORD, headers={"X-Forwarded-For": HERE}).status_code == 429


def test_an_address_that_is_made_up_does_not_help(amy):
    for number in range(5):
        locked = guess(times=1, headers={"X-Forwarded-For": f"198.41.0.{number}"})
    assert locked.status_code == 429
    for number in range(5):
        spoofed = f"198.41.0.{number}, {HERE}"
        locked = guess("bea", times=1, address=EDGE, headers={"X-Forwarded-For": spoofed})
    assert locked.status_code == 429


def test_all_addresses_of_one_ipv6_line_are_one(amy):
    for number in range(5):
        locked = guess(times=1, address=f"2606:4700:0:1::{number + 1}")

    assert locked.status_code == 429


@pytest.mark.parametrize("forwarded", ["", "unknown", "1.2.3.4.5", "\0"])
def test_an_address_that_nobody_can_read_is_counted_as_one(amy, forwarded):
    guess(address=EDGE, headers={"X-Forwarded-For": forwarded})

    assert guess(times=1, address=EDGE, word=PASSWORD, headers={"X-Forwarded-For": forwarded}).status_code == 429


# --- The second factor


def guess_code(times, first_address=0):
    for number in range(times):
        client = Client(REMOTE_ADDR=f"198.41.1.{first_address + number}")
        sign_in(client, "amy")
        page = client.post("/admin/login/second-factor/", {"code": "000000"})
    return page


def test_codes_cannot_be_guessed_from_many_addresses(amy):
    give_app(amy)

    assert guess_code(9).status_code == 200
    assert guess_code(1, 10).status_code == 429
    client = Client(REMOTE_ADDR="198.41.2.1")
    sign_in(client, "amy")
    assert answer(client, code_now()).status_code == 429


def test_who_knows_no_password_cannot_lock_the_second_factor(amy):
    give_app(amy)
    for name in (f"second_factor {amy.pk}", f"second factor {amy.pk}", str(amy.pk)):
        guess(name, times=12, address=THERE)

    client = Client(REMOTE_ADDR=HERE)
    sign_in(client, "amy")
    assert answer(client, code_now()).status_code == 302


def test_guessing_the_password_of_somebody_who_is_signed_in_is_counted_too(amy):
    client = Client(REMOTE_ADDR=HERE)
    sign_in(client, "amy")
    with time_machine.travel(timedelta(minutes=6)):
        for _ in range(5):
            page = client.post("/admin/second-factor/confirm/", {"password": "wrong"})

    assert page.status_code == 429


# --- Letting somebody in again


def test_an_owner_unlocks_a_colleague(amy):
    owner = signed_in(member("owner"))
    guess()
    assert "Unlock" in owner.get(f"/admin/users/{amy.pk}/sign-in/").content.decode()

    owner.post(f"/admin/users/{amy.pk}/sign-in/", {"action": "unlock"})

    assert guess(times=1, word=PASSWORD).status_code == 302


def test_a_command_unlocks_one_or_all(amy):
    guess()
    call_command("sign_in", "unlock", "amy")
    assert guess(times=1, word=PASSWORD).status_code == 302

    for number in range(30):
        guess(f"name-{number}", times=1)
    call_command("sign_in", "unlock-all")
    assert guess(times=1, word=PASSWORD).status_code == 302


# --- What is kept


def test_what_was_typed_is_kept_nowhere(amy):
    stream = io.StringIO()
    (configured,) = (handler for handler in logging.getLogger().handlers if handler.name == "stderr")
    copy = logging.StreamHandler(stream)
    copy.setFormatter(configured.formatter)
    logging.getLogger().addHandler(copy)

    guess("Zwischenwirbel", word="my-secret-password", headers={"User-Agent": "Netscape"})
    logging.getLogger().removeHandler(copy)

    kept = json.dumps(list(AccessAttempt.objects.values()), default=str)
    for word in ("Zwischenwirbel", "zwischenwirbel", "my-secret", "Netscape"):
        assert word not in kept
        assert word not in stream.getvalue()
    assert HERE not in stream.getvalue()


def test_counts_and_sessions_go_when_their_time_is_over(client, amy):
    guess()
    sign_in(client, "amy", REMOTE_ADDR=THERE)
    key = client.session.session_key
    type(client.session).get_model_class().objects.update(expire_date=timezone.now() - timedelta(hours=1))

    purge_sign_ins()
    assert AccessAttempt.objects.exists()
    with time_machine.travel(timedelta(minutes=31)):
        purge_sign_ins()

    assert not AccessAttempt.objects.exists()
    assert not type(client.session).get_model_class().objects.filter(pk=key).exists()
