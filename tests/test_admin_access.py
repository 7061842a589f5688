"""For how long a session lasts, from where the admin opens, and that its forms are its own."""

import re
from datetime import timedelta
from ipaddress import ip_network

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from .factories import ClinicSettingsFactory, UserFactory
from .staff import member, signed_in
from .test_sign_in import PASSWORD, sign_in, with_password

pytestmark = pytest.mark.django_db


@pytest.fixture
def amy():
    ClinicSettingsFactory()
    return with_password(member("editor", username="amy"))


def opens(client, address="/admin/", **extra):
    return client.get(address, **extra).status_code == 200


def later(**span):
    return time_machine.travel(timezone.now() + timedelta(**span))


# --- Sessions


def test_a_session_ends_when_nobody_is_there(client, amy):
    sign_in(client, "amy")
    client.get("/admin/")

    with later(minutes=29):
        assert opens(client)
    with later(minutes=29 + 29):
        assert opens(client)
    with later(minutes=29 + 29 + 31):
        assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"


def test_a_session_ends_after_twelve_hours_in_any_case(client, amy):
    sign_in(client, "amy")
    for minutes in range(0, 12 * 60, 20):
        with later(minutes=minutes):
            assert opens(client)

    with later(hours=12, minutes=1):
        assert not opens(client)


def test_what_a_page_loads_by_itself_keeps_no_session_alive(client, amy):
    sign_in(client, "amy")
    client.get("/admin/")
    for minutes in (10, 20, 29):
        with later(minutes=minutes):
            client.get("/admin/session/")
            client.post("/admin/editing-sessions/1/")
            client.get("/admin/images/", headers={"Sec-Fetch-Mode": "cors"})

    with later(minutes=31):
        assert not opens(client)


def test_a_page_asks_how_long_its_session_lasts_and_keeps_it_alive(client, amy):
    sign_in(client, "amy")
    client.get("/admin/")

    with later(minutes=20):
        assert 590 <= client.get("/admin/session/").json()["seconds"] <= 600
        assert client.post("/admin/session/").json()["seconds"] > 1790
    with later(minutes=49):
        assert opens(client)


def test_without_a_session_no_seconds_are_left(client):
    assert client.get("/admin/session/").json()["seconds"] == 0
    assert client.post("/admin/session/").json()["seconds"] == 0


def test_a_form_that_waited_through_a_sign_in_elsewhere_is_taken(amy):
    client = Client(enforce_csrf_checks=True)
    token = client.get("/admin/login/").cookies["csrf"].value
    client.post("/admin/login/", {"login": "amy", "password": PASSWORD, "csrfmiddlewaretoken": token})
    stale = client.cookies["csrf"].value
    client.get("/admin/")
    with later(minutes=31):
        # in another tab
        token = client.get("/admin/session/").json()["token"]
        client.post("/admin/login/", {"login": "amy", "password": PASSWORD, "csrfmiddlewaretoken": token})
        # and back
        form = {"name_email-first_name": "Amy", "name_email-last_name": "R", "name_email-email": amy.email}
        refused = client.post("/admin/account/", form | {"csrfmiddlewaretoken": stale})
        fresh = client.get("/admin/session/").json()["token"]
        taken = client.post("/admin/account/", form | {"csrfmiddlewaretoken": fresh})

    assert refused.status_code == 403
    assert taken.status_code in (200, 302)


def test_the_cookie_goes_with_the_browser(client, amy):
    sign_in(client, "amy")

    assert client.cookies["session"]["max-age"] == ""
    assert client.cookies["session"]["httponly"]


def test_a_new_password_ends_the_sessions_elsewhere_and_not_here(amy):
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, "amy")
        client.get("/admin/")
    form = {
        "name_email-first_name": "Amy",
        "name_email-last_name": "Rivers",
        "name_email-email": amy.email,
        "theme-theme": "system",
        "theme-contrast": "system",
        "theme-density": "default",
        "theme-keyboard_shortcuts": "on",
        "locale-current_time_zone": "America/Los_Angeles",
        "password-old_password": PASSWORD,
        "password-new_password1": "another long walk",
        "password-new_password2": "another long walk",
    }

    assert here.post("/admin/account/", form).status_code == 302

    assert opens(here)
    assert not opens(there)


# --- From where

CLINIC, HOME, EDGE = "93.184.216.34", "198.41.0.4", "172.30.77.3"


@pytest.fixture
def only_from_the_clinic(settings, amy):
    settings.ADMIN_NETWORKS = [ip_network("93.184.216.0/24"), ip_network("2606:4700:0:1::/64")]


@pytest.mark.parametrize("address", [CLINIC, "2606:4700:0:1::7"])
def test_from_a_network_that_is_named_the_admin_opens(only_from_the_clinic, address):
    assert opens(Client(REMOTE_ADDR=address), "/admin/login/")
    assert opens(Client(REMOTE_ADDR=EDGE), "/admin/login/", headers={"X-Forwarded-For": address})


@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/login/", "/admin/password_reset/", "/admin/session/", "/admin/second-factor/"]
)
def test_from_elsewhere_there_is_no_admin(only_from_the_clinic, address):
    for client in (Client(REMOTE_ADDR=HOME), Client(REMOTE_ADDR=HOME, headers={"X-Forwarded-For": CLINIC})):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404
    behind = Client(REMOTE_ADDR=EDGE)
    for forwarded in (HOME, f"{CLINIC}, {HOME}", "", "unknown"):
        assert behind.get(address, headers={"X-Forwarded-For": forwarded}).status_code == 404


def test_a_session_opens_no_admin_from_elsewhere(only_from_the_clinic, amy):
    client = signed_in(amy)

    assert not opens(client, REMOTE_ADDR=HOME)
    assert opens(client, REMOTE_ADDR=CLINIC)


def test_readers_come_from_everywhere(only_from_the_clinic):
    assert opens(Client(REMOTE_ADDR=HOME), "/assessment/")


def test_while_no_network_is_named_all_may_come():
    UserFactory()
    assert opens(Client(REMOTE_ADDR=HOME), "/admin/login/")


# --- Forms


INCLUDE = re.compile(r'{% include "([^"]+)"([^%]*)%}')
TEMPLATES = {
    path.relative_to(settings.BASE_DIR / "templates").as_posix(): path.read_text()
    for path in (settings.BASE_DIR / "templates").rglob("*.html")
}


def test_a_form_that_is_included_is_given_its_token():
    """`only` keeps the token of the page from it, and then nothing that it sends is taken."""
    without_token = [
        (name, included)
        for name, text in TEMPLATES.items()
        for included, given in INCLUDE.findall(text)
        if given.rstrip().endswith("only") and needs_token(included) and "csrf_token=csrf_token" not in given
    ]
    assert without_token == []


def needs_token(name: str) -> bool:
    text = TEMPLATES.get(name, "")
    inner = (included for included, given in INCLUDE.findall(text) if not given.rstrip().endswith("only"))
    return "{% csrf_token %}" in text or any(map(needs_token, inner))


def test_a_form_of_staff_that_is_refused_says_where_to_go_on(amy):
    client = Client(enforce_csrf_checks=True)
    client.force_login(amy)
    answer = client.post(reverse("leads_search"), {"term": "Erika"})
    assert answer.status_code == 403
    assert 'href="/admin/">Back to the admin' in answer.content.decode()
