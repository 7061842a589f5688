"""An upgrade while visitors write to the site."""

import io
import threading
import time

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from leads.models import Submission
from tests.leads.visitor import filled_in

APP = "sitemaps"  # it has no migrations of its own
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def next_version(settings):
    settings.MIGRATION_MODULES = {APP: "tests.next_version.migrations"}
    yield
    call_command("migrate", APP, "zero", verbosity=0)


class Upgrade(threading.Thread):
    def __init__(self):
        super().__init__()
        self.said = io.StringIO()

    def run(self):
        try:
            call_command("migrate", APP, verbosity=0, stderr=self.said)
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
