"""Words that are typed into every field are looked for everywhere that they have no business to be."""

import io
import json
import logging

import pytest
import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from clinic.logs import JsonFormatter
from leads import tasks, tokens
from leads.mail import render
from leads.models import OutgoingMail, Submission, TimelineEntry
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db(transaction=True)

HEALTH = "Zwischenwirbel"
NAME = "Marguerite Kanarienvogel"
EMAIL = "kanarienvogel@example.com"
PHONE = "(425) 555-0177"
WORDS = (HEALTH, "Zwischenwirbel".lower(), "Kanarienvogel", "kanarienvogel", "5550177", "555-0177")


def fill_in(client, **changes):
    return client.post("/assessment/", filled_in(hopes=HEALTH, name=NAME, email=EMAIL, phone=PHONE, **changes))


def is_clean(text) -> bool:
    return not any(word in str(text) for word in WORDS)


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


def test_nothing_typed_is_in_a_log_whatever_happens(client, log):
    fill_in(client)
    fill_in(client, may_use=None)
    fill_in(client, key="../x")
    client.post("/assessment/", filled_in(hopes=HEALTH), headers={"Origin": "null"})
    client.post("/newsletter/", {"email": EMAIL})
    client.get(f"/r/{tokens.make_token(tokens.REQUEST, Submission.objects.earliest('pk').pk)}/data/")
    records = [record for record in log.records if record.name != "django.db.backends"]
    assert records
    assert all(is_clean(record.getMessage()) and is_clean(record.exc_text) for record in records)


def test_a_fault_of_the_database_is_logged_without_what_it_quotes(client, log):
    def fail(execute, sql, params, many, context):
        if "leads_submission" in sql:
            raise OperationalError(f"Failing row contains ({params})")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        assert fill_in(client).status_code == 503
    assert "a form could not be stored: OperationalError" in log.text
    assert all(is_clean(record.getMessage()) for record in log.records if record.name != "django.db.backends")


def test_a_fault_of_the_program_is_logged_as_json_without_what_it_quotes():
    def fail(execute, sql, params, many, context):
        if "leads_submission" in sql:
            raise RuntimeError(f"cannot store {params}")
        return execute(sql, params, many, context)

    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    try:
        with connection.execute_wrapper(fail):
            assert fill_in(Client(raise_request_exception=False)).status_code == 500
    finally:
        logging.getLogger().removeHandler(handler)
    faults = [json.loads(line)["fault"] for line in written.getvalue().splitlines() if "fault" in line]
    assert ["RuntimeError"] in faults
    assert is_clean(written.getvalue())


def test_nothing_typed_is_in_the_metrics(client):
    fill_in(client)
    told = client.get("/metrics").text
    assert "clinic_promises" in told
    assert is_clean(told)


def test_what_is_said_about_ones_data_is_encrypted_and_in_no_log_and_no_mail(client, log):
    fill_in(client)
    link = f"/r/{tokens.make_token(tokens.REQUEST, Submission.objects.get().pk)}/privacy/"
    client.post(link, {"kind": "correction", "words": f"{HEALTH} is wrong"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT request::text FROM leads_privacyrequest AS request")
        assert HEALTH not in cursor.fetchone()[0]
    assert all(is_clean(record.getMessage()) for record in log.records if record.name != "django.db.backends")
    mail = OutgoingMail.objects.get(kind="received")
    assert HEALTH not in render.message(mail).content.decode()


def test_a_link_that_opens_somebodys_page_is_in_no_log(client, log):
    fill_in(client)
    submission = Submission.objects.get()
    token = tokens.make_token(tokens.REQUEST, submission.pk)
    assert client.post(f"/r/{token}/", {"channel": "phone", "phone": "12"}).status_code == 422
    submission.lead.delete()
    assert client.get(f"/r/{token}/").status_code == 404
    assert token not in log.text


def test_nothing_typed_is_in_redis_or_in_a_task(client):
    fill_in(client)
    client.post("/newsletter/", {"email": EMAIL})
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    for key in broker.scan_iter():
        assert is_clean(key)
        assert is_clean(broker.dump(key))
    assert tasks.drain_outbox.run.__code__.co_argcount == 0


def test_nothing_typed_is_in_an_address(client):
    addresses = [fill_in(client)["Location"], client.post("/newsletter/", {"email": EMAIL})["Location"]]
    submission = Submission.objects.latest("pk")
    addresses += [tokens.make_token(purpose, submission.pk) for purpose in (tokens.REQUEST, tokens.CONFIRM)]
    assert all(is_clean(address) for address in addresses)


def test_the_query_of_a_form_is_not_read(client):
    answer = client.post(f"/assessment/?name=Q&hopes={HEALTH}", filled_in())
    assert answer.status_code == 302
    assert Submission.objects.get().name == "Erika Lang"
    assert HEALTH not in Submission.objects.get().health_answers


def test_nothing_typed_is_in_the_timeline_or_the_ledger(client):
    fill_in(client)
    for model in (TimelineEntry, OutgoingMail):
        assert all(is_clean(row) for row in model.objects.values())


def test_health_answers_are_on_no_page_and_in_no_table_in_clear(client):
    answer = fill_in(client)
    submission = Submission.objects.get()
    link = f"/r/{tokens.make_token(tokens.REQUEST, submission.pk)}/"
    pages = [answer["Location"], link, link + "data/", link + "data/?format=json", link + "erase/"]
    assert all(HEALTH not in client.get(page).content.decode() for page in pages)
    with connection.cursor() as cursor:
        cursor.execute("SELECT submission::text FROM leads_submission AS submission")
        assert HEALTH not in cursor.fetchone()[0]
