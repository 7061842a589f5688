"""A database that is down, or that hangs: nobody is thanked, nothing typed is lost, and the phone number is there."""

import os
import signal
import time

import psutil
import pytest
from django.db import OperationalError, connection

from clinic.models import ClinicSettings
from leads import tokens
from leads.models import Submission
from tests.factories import ClinicSettingsFactory
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def a_process_that_knows_the_clinic():
    ClinicSettingsFactory(phone="+14256584944")
    ClinicSettings.current()


@pytest.fixture
def no_database():
    def refuse(execute, sql, params, many, context):
        raise OperationalError("the connection is lost")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/assessment/", filled_in(name="Erika <Lang>", hopes="Walk the dog")),
        ("/newsletter/", {"email": "erika@example.com"}),
        ("/guides/request/", {"email": "erika@example.com", "page": tokens.make_token(tokens.GUIDE_FORM, 7)}),
    ],
)
@pytest.mark.usefixtures("no_database")
def test_a_form_comes_back_with_everything_in_it(client, address, form):
    answer = client.post(address, form)
    page = answer.content.decode()
    assert answer.status_code == 503
    assert (answer["Retry-After"], "no-store" in answer["Cache-Control"]) == ("60", True)
    assert "Your form was not sent." in page
    assert "(425) 658-4944" in page
    assert 'value="erika@example.com"' in page
    if "hopes" in form:
        assert "Walk the dog</textarea>" in page
        assert 'value="Erika &lt;Lang&gt;"' in page
        assert f'name="key" value="{form["key"]}"' in page


@pytest.mark.usefixtures("no_database")
def test_the_form_can_still_be_opened(client):
    assert b"<form" in client.get("/assessment/").content


def test_the_same_form_is_stored_once_the_database_is_back(client):
    form = filled_in()

    def refuse(execute, sql, params, many, context):
        raise OperationalError("the connection is lost")

    with connection.execute_wrapper(refuse):
        assert client.post("/assessment/", form).status_code == 503
    assert client.post("/assessment/", form).status_code == 302
    assert Submission.objects.count() == 1


def backend_of_this_connection() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_a_database_that_hangs_is_given_up_within_seconds(client):
    """The process of PostgreSQL that serves us is stopped, as a hanging disk would stop it."""
    pid = backend_of_this_connection()
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        answer = client.post("/assessment/", filled_in())
    finally:
        os.kill(pid, signal.SIGCONT)
    assert answer.status_code == 503
    assert time.monotonic() - began < 9
    assert client.post("/assessment/", filled_in()).status_code == 302


def test_a_form_is_stored_though_the_database_hung_up_since_the_last_one(client):
    pid = backend_of_this_connection()
    os.kill(pid, signal.SIGTERM)
    while psutil.pid_exists(pid):
        time.sleep(0.01)
    connection.close_if_unusable_or_obsolete()  # as every request begins
    assert client.post("/assessment/", filled_in()).status_code == 302
    assert backend_of_this_connection() != pid
