"""What an operator asks the site, and what it shows when something is wrong."""

import re
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import time_machine
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from clinic.error_page import error_page_path
from clinic.models import ClinicSettings
from tests.factories import ClinicSettingsFactory, HomePageFactory, StandardPageFactory


@pytest.fixture(autouse=True)
def var_dir(settings, tmp_path):
    """The pages for faults of this test alone: another worker may write its own at any moment."""
    settings.VAR_DIR = tmp_path


def test_a_process_that_answers_is_healthy_without_a_database(client):
    response = client.get("/healthz/")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_a_site_whose_migrations_are_applied_is_ready(client):
    assert client.get("/readyz/").status_code == 200


@pytest.mark.django_db
def test_a_site_with_a_migration_to_apply_is_not_ready(client):
    MigrationRecorder(connection).migration_qs.filter(app="blog").delete()
    response = client.get("/readyz/")
    assert (response.status_code, response.content) == (503, b"migrations are waiting\n")


@pytest.mark.django_db
def test_a_site_without_its_database_is_not_ready(client):
    with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.cursor", side_effect=OperationalError):
        response = client.get("/readyz/")
    assert (response.status_code, response.content) == (503, b"the database does not answer\n")


@pytest.mark.django_db(transaction=True)
def test_the_page_for_a_fault_has_the_phone_number_and_needs_no_database(settings):
    ClinicSettingsFactory(practice_name="Dr. Rivers", phone="+14256584944")
    assert "(425) 658-4944" in error_page_path().read_text()
    client = Client(raise_request_exception=False)
    with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.cursor", side_effect=OperationalError):
        response = client.get("/blog/anything/")
    assert response.status_code == 500
    assert "tel:+14256584944" in response.text


@pytest.mark.django_db(transaction=True)
def test_the_page_for_a_fault_follows_the_clinics_facts():
    ClinicSettingsFactory(phone="+14256584944")
    clinic = ClinicSettings.load()
    clinic.phone = "+12065550100"
    clinic.save()
    assert "(206) 555-0100" in error_page_path().read_text()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["503.html", "429.html"])
def test_the_edge_has_pages_with_the_phone_number_for_when_the_site_is_down_or_asked_too_much(name):
    ClinicSettingsFactory(phone="+14256584944")
    assert "tel:+14256584944" in error_page_path(name).read_text()


def test_a_fault_before_any_clinic_was_set_up_still_says_sorry(tmp_path, settings):
    settings.VAR_DIR = tmp_path
    client = Client(raise_request_exception=False)
    with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.cursor", side_effect=OperationalError):
        response = client.get("/blog/anything/")
    assert "something went wrong" in response.text


@pytest.mark.django_db
def test_an_address_that_leads_nowhere_says_so_with_the_phone_number(client):
    HomePageFactory()
    ClinicSettingsFactory(phone="+14256584944")
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "tel:+14256584944" in response.text


@pytest.mark.django_db
def test_a_weakness_can_be_told_to_the_clinic(client):
    ClinicSettingsFactory(phone="+14256584944")
    text = client.get("/.well-known/security.txt").text
    assert "Contact: tel:+14256584944\n" in text
    assert "Canonical: http://testserver/.well-known/security.txt\n" in text
    assert "Preferred-Languages: en\n" in text


@pytest.mark.django_db
def test_whom_an_operator_names_for_weaknesses_comes_before_the_phone(client, settings):
    settings.SECURITY_CONTACT = "mailto:security@clinic.example.org"
    ClinicSettingsFactory(phone="+14256584944")
    lines = client.get("/.well-known/security.txt").text.splitlines()
    assert lines[:2] == ["Contact: mailto:security@clinic.example.org", "Contact: tel:+14256584944"]


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2026-01-01", "2028-02-29", "2031-12-31"])
def test_what_is_said_about_weaknesses_is_never_out_of_date(client, day):
    ClinicSettingsFactory(phone="+14256584944")
    with time_machine.travel(f"{day}T12:00:00Z"):
        answer = client.get("/.well-known/security.txt")
        expires = re.search(r"^Expires: (.*)$", answer.text, re.MULTILINE)[1]
        assert timedelta(days=1) < datetime.fromisoformat(expires) - datetime.now(UTC) < timedelta(days=365)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.django_db
def test_a_clinic_that_cannot_be_reached_publishes_no_contact(client):
    ClinicSettingsFactory()
    assert client.get("/.well-known/security.txt").status_code == 404


@pytest.mark.django_db
def test_the_menu_leads_to_the_pages_that_staff_put_there(client):
    StandardPageFactory(title="About", show_in_menus=True)
    StandardPageFactory(title="Privacy", show_in_footer=True)
    StandardPageFactory(title="Draft", show_in_menus=True, live=False)
    StandardPageFactory(title="Elsewhere")
    menu = client.get("/").context["menu"]
    assert [(item.title, item.url) for item in menu.header] == [("About", "/about/")]
    assert [(item.title, item.url) for item in menu.footer] == [("Privacy", "/privacy/")]
