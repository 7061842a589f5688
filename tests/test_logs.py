"""What the site writes into its log: JSON, a line for each event, and nobody in it."""

import io
import json
import logging

import pytest
from django.db import OperationalError, connection
from django.test import Client

import clinic.celery  # noqa: F401  as the worker does
from clinic.tasks import publish_scheduled
from leads import tokens

MARKER = "Zwischenwirbel"
NUMBER = "0123456789abcdef" * 2
pytestmark = pytest.mark.django_db


@pytest.fixture
def log():
    """A second copy of what goes to standard error."""
    (configured,) = (handler for handler in logging.getLogger().handlers if handler.name == "stderr")
    stream = io.StringIO()
    copy = logging.StreamHandler(stream)
    copy.setFormatter(configured.formatter)
    logging.getLogger().addHandler(copy)
    yield stream
    logging.getLogger().removeHandler(copy)


def lines(log) -> list[dict]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.fixture
def refused_rows():
    def refuse(execute, sql, params, many, context):
        raise OperationalError(f"Failing row contains ({MARKER})")

    with connection.execute_wrapper(refuse):
        yield


def test_a_fault_says_where_it_happened_and_not_what_was_typed(log, refused_rows):
    client = Client(raise_request_exception=False)
    assert client.get(f"/blog/anything/?q={MARKER}").status_code == 500
    assert MARKER not in log.getvalue()
    fault = next(line for line in lines(log) if "fault" in line)
    assert fault["fault"][0] == "OperationalError"
    assert fault["message"] == "Internal Server Error: /blog/anything/"
    assert fault["calls"][-1].startswith("tests/test_logs.py:")
    assert (fault["level"], fault["logger"]) == ("ERROR", "django.request")


def test_every_line_about_a_request_has_the_number_that_the_edge_gave_it(client, log):
    client.get("/no/such/page/", headers={"X-Request-ID": NUMBER})
    assert [line["request"] for line in lines(log)] == [NUMBER]


@pytest.mark.parametrize("given", [None, "", "1", f"{NUMBER}\n", "<script>", "Erika Lang".ljust(32)])
def test_a_number_that_no_edge_gave_is_replaced(client, log, given):
    client.get("/no/such/page/", headers={"X-Request-ID": given} if given is not None else {})
    (line,) = lines(log)
    assert line["request"] != given
    assert len(line["request"]) == 32


def test_requests_that_follow_have_numbers_of_their_own(client, log):
    client.get("/no/such/page/")
    client.get("/no/such/page/")
    logging.getLogger("clinic").warning("afterwards")
    first, second, afterwards = lines(log)
    assert first["request"] != second["request"]
    assert "request" not in afterwards


@pytest.mark.parametrize(
    "path", ["/r/{}/", "/r/{}/data/", "/email/preferences/{}/", "/email/unsubscribe/{}/x", "/workshops/watch/{}/"]
)
def test_a_link_that_opens_somebodys_page_loses_its_token(client, log, path):
    token = tokens.make_token(tokens.REQUEST, 1)
    logging.getLogger("gunicorn.error.copy").warning("Error handling request %s", path.format(token) + f"?x={MARKER}")
    client.get(path.format(token))
    assert token not in log.getvalue()
    assert MARKER not in log.getvalue()
    assert lines(log)[0]["message"] == "Error handling request " + path.format("-")


def test_a_task_that_fails_is_named_without_what_the_database_quotes(log, refused_rows):
    publish_scheduled.apply(task_id="7")
    assert MARKER not in log.getvalue()
    fault = next(line for line in lines(log) if "fault" in line)
    assert fault["message"] == "Task clinic.tasks.publish_scheduled[7] raised unexpected"
    assert (fault["task"], fault["task_id"]) == ("clinic.tasks.publish_scheduled", "7")
    assert any(call.startswith("clinic/tasks.py:") for call in fault["calls"])


def test_an_event_is_one_line_whatever_is_in_it(log):
    logging.getLogger("clinic").warning("two\nlines, and “quotes”")
    assert log.getvalue().count("\n") == 1
    assert lines(log)[0]["message"] == "two\nlines, and “quotes”"
