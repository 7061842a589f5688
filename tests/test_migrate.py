"""An upgrade while visitors write to the site, and the version before on the newer database."""

import io
import threading
import time

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from leads import tokens
from leads.mail.sender import drain
from leads.models import Submission
from tests.factories import ClinicSettingsFactory, UserFactory
from tests.leads.visitor import filled_in
from tests.staff import signed_in

APP = "sitemaps"  # it has no migrations of its own
MODULE = "tests.next_version.migrations"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def next_version(settings):
    settings.MIGRATION_MODULES = {APP: MODULE}
    yield
    settings.MIGRATION_MODULES = {APP: MODULE}
    call_command("migrate", APP, "zero", verbosity=0)


class Upgrade(threading.Thread):
    def __init__(self):
        super().__init__()
        self.said = io.StringIO()

    def run(self):
        try:
            call_command("migrate", APP, "0001", verbosity=0, stderr=self.said)
        finally:
            connection.close()


def columns() -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, "leads_submission")}


def test_a_migration_lets_forms_through_while_its_table_is_in_use_and_tries_again(client, next_version):
    address = connection.get_connection_params()
    report = psycopg.connect(**{name: address[name] for name in ("host", "port", "user", "password", "dbname")})
    report.execute("SELECT count(*) FROM leads_submission")  # in a transaction that stays open, as a backup's does
    upgrade = Upgrade()
    upgrade.start()
    answers, slowest = [], 0.0
    while upgrade.said.getvalue().count("Trying again") < 2:
        begin = time.monotonic()
        number = len(answers)
        form = filled_in(email=f"visitor{number}@example.com", name=f"Visitor {number}")
        answers.append(client.post("/assessment/", form, REMOTE_ADDR=f"203.0.113.{number}").status_code)
        slowest = max(slowest, time.monotonic() - begin)
        assert "remark" not in columns()
        time.sleep(0.2)
    report.close()
    upgrade.join(20)
    assert set(answers) == {302}
    assert Submission.objects.count() == len(answers)
    assert slowest < 4
    assert "remark" in columns()


def test_an_upgrade_leaves_no_limit_behind_for_those_who_come_after():
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.mark.parametrize("schema", ["zero", "0001_add_remark", "0002_remove_remark"])
def test_this_version_works_on_the_database_of_those_that_follow(client, smtp_server, next_version, settings, schema):
    call_command("migrate", APP, schema, verbosity=0)
    settings.MIGRATION_MODULES = {}  # this version knows nothing of them
    ClinicSettingsFactory(notices_to="desk@example.com")
    assert client.get("/readyz/").status_code == 200
    assert client.get("/assessment/").status_code == 200
    page = tokens.make_token(tokens.GUIDE_FORM, 7)
    forms = {
        "/assessment/": filled_in(),
        "/newsletter/": {"email": "reader@example.com"},
        "/guides/request/": {"email": "guest@example.com", "page": page},
    }
    for address, form in forms.items():
        assert client.post(address, form).status_code == 302, address
    drain()
    assert {"erika@example.com", "reader@example.com"} <= {mail.recipient for mail in smtp_server.deliveries}
    assert "Erika Lang" in signed_in(UserFactory(is_superuser=True)).get("/admin/leads/").text
