"""docker-compose.yml, where no container engine runs: that it is right, and that `make prod-local` starts the same."""

import json
import re
from importlib.resources import files

import jsonschema
import pytest

from dev import compose, production
from dev.environment import ROOT
from dev.services import DISCREET_OPTIONS
from tests.processes import commands, family

SCHEMA = files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
SERVICES = compose.document()["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]


def test_the_file_is_what_the_compose_specification_asks_for():
    jsonschema.validate(compose.document(), json.loads(SCHEMA.read_text()))


def test_every_service_has_its_place_on_one_machine_too():
    here = {*production.SERVERS, production.FIRST, *production.SERVICES, *production.NOT_HERE}
    assert here == set(SERVICES)


def test_without_containers_the_same_commands_run(site):
    for name in ("web", "web-2", "worker", "beat"):
        program, *arguments = SERVICES[name]["command"]
        running = commands(family(site.child(name).process.pid))
        assert any(line[1].endswith(f"/{program}") and line[2:] == arguments for _, line in running if line[1:]), name
    (_, master), *_ = commands(family(site.child("edge").process.pid))
    assert "nginx.conf" in " ".join(master)  # what start.sh ends in


def test_the_database_is_told_to_keep_what_people_typed_out_of_its_log():
    program, *arguments = SERVICES["postgres"]["command"]
    assert program == "postgres"
    assert arguments == [word for name, value in DISCREET_OPTIONS.items() for word in ("-c", f"{name}={value}")]


def test_beat_starts_and_is_watched_where_the_disk_with_the_data_is_full():
    beat = SERVICES["beat"]
    note = beat["environment"]["BEAT_SCHEDULE"]
    assert note.rpartition("/")[0] in beat["tmpfs"]
    assert f"find {note}* -mmin -10 " in beat["healthcheck"]["test"][1]
    assert {**beat["environment"], "BEAT_SCHEDULE": ""} == SERVICES["worker"]["environment"] | {"BEAT_SCHEDULE": ""}


def test_every_file_that_a_service_needs_is_there():
    text = compose.FILE.read_text()
    for path in re.findall(r"\bdeploy/[\w./-]*\w", text):
        assert (ROOT / path).exists(), path
    for name, secret in compose.document()["secrets"].items():
        assert secret["file"] == f"secrets/{name}"


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["deploy"]["resources"]["limits"].keys() >= {"memory", "pids"}
    assert service["restart"] in ("unless-stopped", "on-failure", "no")


def test_every_service_that_goes_on_is_watched():
    once = {"migrate", "certificates"}
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == once


def test_only_the_edge_can_be_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["edge"]
    for name in ("postgres", "redis", "web", "web-2", "beat", "backup"):
        assert list(SERVICES[name]["networks"]) == ["inside"]
    assert compose.document()["networks"]["inside"]["internal"] is True


def test_the_edge_knows_every_gunicorn_and_an_upgrade_renews_each():
    addresses = [SERVICES[name]["networks"]["inside"]["ipv4_address"] for name in production.WEBS]
    assert SERVICES["edge"]["environment"]["WEB_SERVERS"].split() == [f"{address}:8000" for address in addresses]
    assert f"for web in {' '.join(production.WEBS)}; do" in (ROOT / "deploy/upgrade.sh").read_text()


def test_the_edge_sees_nothing_of_the_data_but_what_is_public():
    volumes = {volume.split(":")[0] for volume in SERVICES["edge"]["volumes"]}
    assert volumes == {"edge", "static", "pictures", "pages", "certificates", "acme"}
    assert "secrets" not in SERVICES["edge"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_file(name):
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"KEY|SECRET|PASSWORD|DATABASE_URL|EMAIL_URL", variable):
            assert variable.endswith("_FILE")
            assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]
