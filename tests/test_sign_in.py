"""Signing in with a name and a password, and what the pages around it give away: nothing."""

import io
import logging
import statistics
import time
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from leads.mail import sender
from leads.models import OutgoingMail

from .factories import ClinicSettingsFactory, UserFactory
from .staff import member

PASSWORD = "a-long-walk-every-day"
SIGN_IN = "/admin/login/"
RESET = "/admin/password_reset/"
pytestmark = pytest.mark.django_db


def with_password(user):
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client, name, password=PASSWORD, **extra):
    return client.post(SIGN_IN, {"login": name, "password": password}, **extra)


@pytest.fixture
def amy():
    return with_password(member("editor", username="amy"))


def test_staff_sign_in_with_name_and_password(client, amy):
    answer = sign_in(client, "amy")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_signing_in_leads_to_the_page_that_was_asked_for(client, amy):
    asked = client.get("/admin/images/", follow=True)

    assert asked.redirect_chain == [("/admin/login/?next=/admin/images/", 302)]
    answer = client.post(SIGN_IN, {"login": "amy", "password": PASSWORD, "next": "/admin/images/"})
    assert answer["Location"] == "/admin/images/"


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(client, amy, address):
    assert client.post(SIGN_IN, {"login": "amy", "password": PASSWORD, "next": address})["Location"] == "/admin/"


def test_there_is_one_way_to_sign_in(client, amy):
    assert reverse("account_login") == reverse("wagtailadmin_login") == SIGN_IN
    for address in ("/accounts/login/", "/accounts/signup/", "/admin/signup/", "/admin/login/code/"):
        assert client.get(address).status_code in (302, 404)
        assert "password" not in client.get(address, follow=True).content.decode().partition("<main")[0]


def test_what_was_typed_is_kept_but_for_the_password(client, amy):
    page = sign_in(client, "amy", "wrong").content.decode()

    assert 'value="amy"' in page
    assert "wrong" not in page
    assert "<title>Error: Sign in" in page
    assert "The user name and the password do not go together." in page


def wrong(client, name):
    page = sign_in(client, name, "not the password")
    return page.status_code, page.content.decode().replace(name, "NAME").partition("<main")[2]


def test_an_account_that_is_there_is_answered_like_one_that_never_was(amy):
    with_password(member("editor", username="gone", is_active=False))
    answers = [wrong(Client(), name) for name in ("amy", "gone", "who")]

    parts = [(status, page.split("csrfmiddlewaretoken")[0]) for status, page in answers]
    assert parts[0] == parts[1] == parts[2]


def test_an_account_that_is_switched_off_does_not_open_with_its_password(client, amy):
    amy.is_active = False
    amy.save()

    page = sign_in(client, "amy").content.decode()

    assert "The user name and the password do not go together." in page


def test_names_that_nobody_has_take_as_long(amy, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    settings.AXES_FAILURE_LIMIT = 1000
    with_password(amy)

    def seconds(name):
        client, begin = Client(), time.perf_counter()
        sign_in(client, name, "not the password")
        return time.perf_counter() - begin

    known, unknown = (statistics.median(seconds(name) for _ in range(5)) for name in ("amy", "who"))
    assert max(known, unknown) < 3 * min(known, unknown)


def test_an_account_without_a_role_stays_outside_and_may_try_another(client, amy):
    with_password(UserFactory(username="cal"))
    sign_in(client, "cal")

    outside = client.get("/admin/", follow=True)

    assert outside.request["PATH_INFO"] == SIGN_IN
    assert "You do not have permission to access the admin." in outside.content.decode()
    assert sign_in(client, "amy")["Location"] == "/admin/"


# --- The pages themselves

PAGES = [SIGN_IN, RESET, f"{RESET}done/", f"{RESET}complete/", f"{RESET}confirm/MQ/x/"]


@pytest.mark.parametrize("address", PAGES)
def test_the_pages_are_kept_by_nobody_and_carry_no_script_of_their_own(client, address):
    ClinicSettingsFactory()
    answer = client.get(address)

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    page = answer.content.decode()
    assert '<meta name="robots" content="noindex">' in page
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count("<script src=")


def test_a_page_for_readers_sets_no_cookie_even_when_staff_read_it(client, amy):
    sign_in(client, "amy")

    answer = client.get("/assessment/")

    assert not answer.cookies
    assert "cookie" not in answer.get("Vary", "").lower()


# --- A forgotten password


def ask_for_link(client, address):
    return client.post(RESET, {"email": address}, follow=True)


def link_in(smtp_server):
    sender.drain()
    return next(urlsplit(link).path for link in smtp_server.deliveries[-1].links if "/confirm/" in link)


@pytest.fixture
def clinic():
    return ClinicSettingsFactory(practice_name="A Practice")


def test_a_forgotten_password_is_replaced_through_a_link(client, amy, clinic, smtp_server):
    other = Client()
    sign_in(other, "amy")

    ask_for_link(client, amy.email)
    page = client.get(link_in(smtp_server), follow=True)
    delivery = smtp_server.deliveries[-1]
    assert (delivery.recipient, delivery.message["Subject"]) == (amy.email, "Choose a new password")
    assert "at least 12 characters" in page.content.decode()
    words = {"new_password1": "another long walk", "new_password2": "another long walk"}
    done = client.post(page.request["PATH_INFO"], words, follow=True)

    assert "The new password is in place." in done.content.decode()
    assert sign_in(Client(), "amy", "another long walk")["Location"] == "/admin/"
    assert other.get("/admin/").status_code == 302, "another session lived on"


def test_a_link_opens_once(client, amy, clinic, smtp_server):
    ask_for_link(client, amy.email)
    link = link_in(smtp_server)
    page = client.get(link, follow=True)
    words = {"new_password1": "another long walk", "new_password2": "another long walk"}
    client.post(page.request["PATH_INFO"], words)

    assert "This link is over." in Client().get(link, follow=True).content.decode()


def test_a_weak_password_is_refused_and_said_why(client, amy, clinic, smtp_server):
    ask_for_link(client, amy.email)
    page = client.get(link_in(smtp_server), follow=True)

    answer = client.post(page.request["PATH_INFO"], {"new_password1": "short", "new_password2": "short"})

    assert "too short" in answer.content.decode()
    assert sign_in(Client(), "amy")["Location"] == "/admin/"


def test_an_address_that_nobody_has_is_answered_alike_and_as_late(client, amy, clinic, smtp_server):
    def answer(address):
        begin = time.perf_counter()
        page = ask_for_link(Client(), address)
        return page.redirect_chain, page.content, time.perf_counter() - begin

    known, unknown = answer(amy.email), answer("nobody@example.com")

    assert known[:2] == unknown[:2]
    assert abs(known[2] - unknown[2]) < 0.2
    assert OutgoingMail.objects.filter(kind="password").count() == 1


def test_links_that_are_asked_for_again_and_again_are_one_mail(client, amy, clinic, smtp_server):
    for _ in range(4):
        ask_for_link(client, amy.email)

    assert OutgoingMail.objects.filter(kind="password").count() in (1, 2)  # the ten minutes may end in between


def test_no_colleague_finds_the_link_in_the_ledger_of_mail(client, amy, clinic, smtp_server):
    ask_for_link(client, amy.email)
    row = OutgoingMail.objects.get(kind="password")
    desk = Client()
    desk.force_login(member("front_desk"))

    body = desk.get(reverse("mail_body", args=[row.pk])).content.decode()

    assert "Choose a password" in body
    assert "password_reset" not in body


def test_the_log_never_holds_the_link(client, amy, clinic, smtp_server):
    stream = io.StringIO()
    (configured,) = (handler for handler in logging.getLogger().handlers if handler.name == "stderr")
    copy = logging.StreamHandler(stream)
    copy.setFormatter(configured.formatter)
    logging.getLogger().addHandler(copy)
    logging.getLogger("gunicorn.error.copy").warning("/admin/password_reset/confirm/MQ/c0ffee-secret/ failed")
    logging.getLogger().removeHandler(copy)

    assert "c0ffee" not in stream.getvalue()


# --- Sessions


def test_signing_out_leaves_nothing_behind(client, amy):
    sign_in(client, "amy")
    key = client.session.session_key

    answer = client.post("/admin/logout/")

    assert answer["Location"] == SIGN_IN
    assert not Session.objects.filter(pk=key).exists()
    assert client.get("/admin/").status_code == 302


def test_signing_in_changes_the_key_of_the_session(client, amy):
    client.get(f"{SIGN_IN}passkey/", headers={"Accept": "application/json"})
    before = client.session.session_key

    sign_in(client, "amy")

    assert before
    assert client.session.session_key != before
