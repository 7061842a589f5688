"""The second factor: asked for, set up before anything else, and never stored in clear."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import URLResolver, get_resolver
from wagtail.models import ModelLogEntry

from clinic.encryption import key_id
from clinic.models import User
from leads.mail import sender
from leads.models import OutgoingMail

from .authenticator import SECRET, code_now, give_app
from .factories import ClinicSettingsFactory
from .staff import member, signed_in
from .test_sign_in import PASSWORD, sign_in, with_password

MINE = "/admin/second-factor/"
SECOND = "/admin/login/second-factor/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(settings):
    settings.STAFF_MFA_REQUIRED = True
    return ClinicSettingsFactory(practice_name="A Practice")


@pytest.fixture
def amy():
    return with_password(member("editor", username="amy"))


def answer(client, code):
    return client.post(SECOND, {"code": code})


# --- Signing in


def test_the_password_alone_opens_nothing(client, amy):
    give_app(amy)

    assert sign_in(client, "amy")["Location"] == SECOND
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_the_code_of_the_app_opens_the_admin(client, amy):
    give_app(amy)
    sign_in(client, "amy")

    assert answer(client, code_now())["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_signing_in_in_two_steps_leads_to_the_page_that_was_asked_for(client, amy):
    give_app(amy)
    client.post("/admin/login/", {"login": "amy", "password": PASSWORD, "next": "/admin/images/"})

    assert answer(client, code_now())["Location"] == "/admin/images/"


@pytest.mark.parametrize("typed", ["{}{}", "{} {}", "{}-{}"])
def test_a_code_is_good_once_whichever_worker_takes_it(amy, typed):
    give_app(amy)
    first, second = Client(), Client()
    code = code_now()
    for client in (first, second):
        sign_in(client, "amy")
    answer(first, code)
    cache.clear()  # another worker has another memory

    again = typed.format(code[:3], code[3:])
    assert "This code is not right" in answer(second, again).content.decode()
    assert second.get("/admin/").status_code == 302


@pytest.mark.parametrize(("later", "is_taken"), [(-1, True), (1, True), (-2, False), (2, False)])
def test_a_clock_that_is_half_a_minute_off_is_forgiven(client, amy, later, is_taken):
    give_app(amy)
    with time_machine.travel(1_800_000_000, tick=False):
        sign_in(client, "amy")
        assert (answer(client, code_now(later=later)).status_code == 302) is is_taken


def test_a_recovery_code_opens_the_admin_once(amy):
    give_app(amy)
    code = RecoveryCodes.activate(amy).get_unused_codes()[3]
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, "amy")

    assert answer(first, code)["Location"] == "/admin/"
    assert "This code is not right" in answer(second, code).content.decode()


def test_the_second_step_cannot_be_opened_without_the_first(client, amy):
    give_app(amy)

    assert client.get(SECOND)["Location"] == "/admin/login/"
    assert answer(client, code_now())["Location"] == "/admin/login/"


def test_the_second_step_waits_a_quarter_of_an_hour(client, amy):
    give_app(amy)
    sign_in(client, "amy")

    with time_machine.travel(timedelta(minutes=16)):
        assert answer(client, code_now())["Location"] == "/admin/login/"


# --- Setting it up

OPEN = re.compile(r"/admin/(login|logout|password_reset|second-factor|session)/")
TAKEN = re.compile(r"\(\?P<\w+>[^)]*\)|<[^>]+>")  # from an address
SIGNS = re.compile(r"\\Z|\.\*|[\^$?*\\]")  # of a regular expression


def addresses(resolver, prefix="/"):
    """Every address that the site has, with a 1 for each value that it takes."""
    for pattern in resolver.url_patterns:
        address = prefix + SIGNS.sub("", TAKEN.sub("1", str(pattern.pattern)))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, address)
        else:
            yield address


def test_without_a_second_factor_no_address_of_the_admin_opens():
    client = signed_in(member("owner", "clinician", is_superuser=True))
    admin = sorted(address for address in set(addresses(get_resolver())) if address.startswith("/admin/"))
    closed = [address for address in admin if not OPEN.match(address)]

    assert len(closed) > 200
    for address in closed:
        page = client.get(address)
        assert (page.status_code, page.get("Location")) == (302, MINE), address
    for address in closed[::20]:
        assert client.post(address)["Location"] == MINE, address
        assert client.get(address, headers={"X-Requested-With": "XMLHttpRequest"}).status_code == 403, address


@pytest.mark.parametrize("address", ["/admin/api/main/pages/", "/admin/../admin/", "/admin/no/such/page/"])
def test_an_address_that_looks_odd_does_not_open_either(address):
    assert signed_in(member("owner")).get(address)["Location"] == MINE


def test_where_it_is_not_required_the_password_is_enough(client, amy, settings):
    settings.STAFF_MFA_REQUIRED = False
    sign_in(client, "amy")

    assert client.get("/admin/").status_code == 200


def set_up_app(client):
    page = client.get(f"{MINE}app/")
    secret = page.context["form"].secret
    return client.post(f"{MINE}app/", {"code": code_now(secret)}, follow=True)


def test_an_app_is_set_up_before_anything_else_opens(client, amy):
    sign_in(client, "amy")
    assert client.get("/admin/")["Location"] == MINE

    codes = set_up_app(client)

    assert codes.request["PATH_INFO"] == f"{MINE}codes/"
    assert client.get("/admin/").status_code == 200
    assert sign_in(Client(), "amy")["Location"] == SECOND


def test_recovery_codes_are_shown_once(client, amy):
    sign_in(client, "amy")
    page = set_up_app(client).content.decode()

    codes = re.findall(r"<li[^>]*>(\d{8})</li>", page)
    assert len(set(codes)) == 10
    assert 'download="recovery-codes.txt"' in page
    again = client.get(f"{MINE}codes/").content.decode()
    assert not any(code in again for code in codes)
    assert "You have 10 of 10 codes left" in again


def test_new_recovery_codes_put_the_old_ones_out_of_use(client, amy):
    give_app(amy)
    old = RecoveryCodes.activate(amy).get_unused_codes()
    sign_in(client, "amy")
    answer(client, code_now())

    page = client.post(f"{MINE}codes/new/", follow=True).content.decode()

    new = re.findall(r"<li[^>]*>(\d{8})</li>", page)
    assert len(new) == 10
    assert not set(new) & set(old)


def test_a_wrong_code_sets_nothing_up(client, amy):
    sign_in(client, "amy")
    client.get(f"{MINE}app/")

    page = client.post(f"{MINE}app/", {"code": "000000"}).content.decode()

    assert "This code is not right" in page
    assert "<title>Error: " in page
    assert not Authenticator.objects.exists()


def test_whoever_removes_the_last_one_is_asked_for_another(client, amy):
    give_app(amy)
    sign_in(client, "amy")
    answer(client, code_now())

    client.post(f"{MINE}app/remove/")

    assert client.get("/admin/")["Location"] == MINE
    assert not Authenticator.objects.exists(), "recovery codes outlived what they stand in for"


def test_after_five_minutes_the_password_is_asked_for_before_a_change(client, amy):
    give_app(amy)
    sign_in(client, "amy")
    answer(client, code_now())

    with time_machine.travel(timedelta(minutes=6)):
        asked = client.get(f"{MINE}app/remove/", follow=True)
        assert asked.request["PATH_INFO"] == f"{MINE}confirm/"
        refused = client.post(f"{MINE}confirm/", {"password": "wrong", "next": f"{MINE}app/remove/"})
        assert "This is not your password." in refused.content.decode()
        client.post(f"{MINE}confirm/", {"password": PASSWORD, "next": f"{MINE}app/remove/"})
        assert client.get(f"{MINE}app/remove/").status_code == 200


def test_the_owner_of_an_account_hears_of_every_change(client, amy, django_capture_on_commit_callbacks):
    sign_in(client, "amy")
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(client)

    assert OutgoingMail.objects.get(kind="factor").user == amy


def test_the_mail_about_a_change_leads_to_what_there_is_now(amy, smtp_server):
    call_command("sign_in", "reset-second-factor", "amy")

    sender.drain()

    (delivery,) = smtp_server.deliveries
    assert delivery.recipient == amy.email
    assert delivery.message["Subject"] == "Your second factor changed"
    assert f"http://testserver{MINE}" in delivery.links


# --- Kept in the database


def in_the_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator ORDER BY id")
        return " ".join(data for (data,) in cursor.fetchall())


def test_the_database_holds_no_secret_in_clear(amy):
    give_app(amy)
    codes = RecoveryCodes.activate(amy)

    assert SECRET not in in_the_database()
    assert not any(code in in_the_database() for code in codes.get_unused_codes())


def test_the_key_of_the_secrets_can_be_changed(client, amy, settings):
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    give_app(amy)
    codes = RecoveryCodes.activate(amy).get_unused_codes()
    settings.FIELD_ENCRYPTION_KEYS = [new, old]

    call_command("rotate_keys", verbosity=0)

    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert key_id(old) not in in_the_database()
    sign_in(client, "amy")
    assert answer(client, code_now())["Location"] == "/admin/"
    assert Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes() == codes


def test_counting_what_a_key_holds_tells_of_second_factors(amy, capsys):
    give_app(amy)

    call_command("rotate_keys", dry_run=True)

    assert re.search(r"second factors: key \w{8} \(the newest\) holds 1", capsys.readouterr().out)


# --- A lost phone


def colleague(user):
    return f"/admin/users/{user.pk}/sign-in/"


@pytest.fixture
def owner():
    owner = member("owner")
    give_app(owner)
    return signed_in(owner)


def test_an_owner_resets_the_second_factor_of_a_colleague(client, amy, owner):
    give_app(amy)
    RecoveryCodes.activate(amy)
    assert "Reset the second factor" in owner.get(colleague(amy)).content.decode()

    owner.post(colleague(amy), {"action": "reset"})

    sign_in(client, "amy")
    assert client.get("/admin/")["Location"] == MINE
    assert OutgoingMail.objects.get(kind="factor").user == amy
    entry = ModelLogEntry.objects.get(action="clinic.reset_second_factor")
    assert (entry.user, entry.object_id) == (User.objects.get(groups__role__key="owner"), str(amy.pk))


def test_when_the_key_is_lost_an_owner_still_lets_a_colleague_in(client, amy, owner, settings):
    give_app(amy)
    RecoveryCodes.activate(amy)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    sign_in(client, "amy")
    assert "This code is not right" in answer(client, code_now()).content.decode()
    assert "Recovery codes left: 10" in owner.get(colleague(amy)).content.decode()

    owner.post(colleague(amy), {"action": "reset"})

    assert sign_in(Client(), "amy")["Location"] == "/admin/"


@pytest.mark.parametrize("role", ["editor", "front_desk", "clinician"])
def test_nobody_but_an_owner_resets_anything(amy, role):
    other = member(role)
    give_app(other)
    give_app(amy)

    signed_in(other).post(colleague(amy), {"action": "reset"})

    assert Authenticator.objects.filter(user=amy).exists()


def test_an_owner_resets_no_administrator(amy, owner):
    give_app(amy)
    User.objects.filter(pk=amy.pk).update(is_superuser=True)

    owner.post(colleague(amy), {"action": "reset"})

    assert Authenticator.objects.filter(user=amy).exists()


def test_the_last_owner_is_let_in_again_at_the_server(client, capsys):
    ada = with_password(member("owner", username="ada"))
    give_app(ada)

    call_command("sign_in", "reset-second-factor", "ada")

    sign_in(client, "ada")
    assert client.get("/admin/")["Location"] == MINE
    assert ModelLogEntry.objects.get(action="clinic.reset_second_factor").user is None


def test_the_command_names_what_it_lacks():
    with pytest.raises(CommandError, match="no account 'nobody'"):
        call_command("sign_in", "unlock", "nobody")
    with pytest.raises(CommandError, match="Whose"):
        call_command("sign_in", "unlock")
