"""What Prometheus reads at /metrics, and that nobody else does."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from ipaddress import ip_network
from unittest import mock

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from ruamel.yaml import YAML

from dev.environment import ROOT
from leads.models import Lead, OutgoingMail, Sender
from tests.factories import ClinicSettingsFactory, LeadFactory, OutgoingMailFactory

State = OutgoingMail.State
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    return ClinicSettingsFactory()


def read(client, **headers) -> dict[str, float]:
    response = client.get("/metrics", **headers)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "no-store" in response.headers["Cache-Control"]
    told = (line.rsplit(" ", 1) for line in response.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in told}


def test_only_the_inside_network_may_read_it(client, settings):
    settings.METRICS_NETWORKS = [ip_network("172.30.77.0/24")]
    assert client.get("/metrics", REMOTE_ADDR="172.30.77.20").status_code == 200
    for address in ("127.0.0.1", "203.0.113.7", "::1", ""):
        assert client.get("/metrics", REMOTE_ADDR=address).status_code == 404


@pytest.mark.parametrize("networks", ["127.0.0.1/8", "10.0.0.7,127.0.0.0/8"])
def test_a_network_may_be_named_by_any_address_in_it(client, settings, networks):
    env = os.environ | {"METRICS_NETWORKS": networks}
    script = "from clinic.settings import METRICS_NETWORKS; print(*METRICS_NETWORKS)"
    done = subprocess.run([sys.executable, "-c", script], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    settings.METRICS_NETWORKS = [ip_network(network) for network in done.stdout.split()]
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200


def test_the_edge_passes_nobody_on_whatever_they_know(client, settings):
    settings.METRICS_TOKEN = "a-token"
    headers = {"X-Forwarded-For": "203.0.113.7", "Authorization": "Bearer a-token"}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR="127.0.0.1").status_code == 404


def test_from_elsewhere_the_token_opens_it(client, settings):
    settings.METRICS_TOKEN = "a-token"
    for given, status in (("Bearer a-token", 200), ("Bearer another", 404), ("", 404), ("Bearer ", 404)):
        answer = client.get("/metrics", headers={"Authorization": given}, REMOTE_ADDR="203.0.113.7")
        assert answer.status_code == status


def test_no_token_is_no_key(client, settings):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}, REMOTE_ADDR="203.0.113.7").status_code == 404


def test_the_ledger_is_counted_by_state_and_its_lag_is_told(client):
    Sender.objects.create(ticked_at=Now() - timedelta(seconds=30))
    OutgoingMailFactory.create_batch(2, due_at=Now() - timedelta(minutes=5))
    OutgoingMailFactory(state=State.DEAD, reason="refused")
    OutgoingMailFactory(state=State.SENT, sent_at=Now())
    told = read(client)
    assert told['clinic_mails{state="queued"}'] == 2
    assert told['clinic_mails{state="dead"}'] == 1
    assert told["clinic_mails_sent_last_hour"] == 1
    assert 300 <= told["clinic_mail_lag_seconds"] < 320
    assert 30 <= told["clinic_worker_tick_age_seconds"] < 50
    assert told["clinic_sender_stopped"] == 0


def test_a_worker_that_never_came_is_infinitely_late(client):
    assert read(client)["clinic_worker_tick_age_seconds"] == float("inf")


def test_promises_are_running_or_missed(client):
    for minutes in (-5, 60, 600):
        moment = Now() + timedelta(minutes=minutes)
        LeadFactory(promised_at=moment, next_action_at=moment)
    LeadFactory(promised_at=Now(), next_action_at=Now(), state=Lead.State.CLOSED, closed_because="Did not answer")
    told = read(client)
    assert told['clinic_promises{state="missed"}'] == 1
    assert told['clinic_promises{state="running"}'] + told['clinic_promises{state="near"}'] == 2


def test_requests_are_counted_by_how_they_ended_and_how_long_they_took(client):
    before = read(client)
    client.get("/healthz/")
    client.get("/no/such/page/")
    after = read(client)

    def more(name):
        return after[f"clinic_request_seconds_{name}"] - before[f"clinic_request_seconds_{name}"]

    assert more('count{status="2xx"}') == 2  # and the first look at the metrics
    assert more('count{status="4xx"}') == 1
    assert more('bucket{status="2xx",le="+Inf"}') == 2
    assert more('sum{status="2xx"}') > 0


def test_without_the_database_it_says_so_and_still_tells_of_requests(client):
    with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.cursor", side_effect=OperationalError):
        told = read(client)
    assert told["clinic_database_up"] == 0
    assert 'clinic_request_seconds_count{status="5xx"}' in told


def test_a_long_ledger_costs_no_more_statements(client, django_assert_max_num_queries):
    OutgoingMailFactory.create_batch(20)
    with django_assert_max_num_queries(16):
        read(client)


def test_every_number_that_an_alert_looks_at_is_there(client):
    names = {name.partition("{")[0] for name in read(client)}
    rules = YAML(typ="safe").load(ROOT / "docs/alerts.yml")["groups"][0]["rules"]
    used = {name for rule in rules for name in re.findall(r"\bclinic_\w+", rule["expr"])}
    assert used
    assert used <= names
