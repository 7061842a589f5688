"""Passkeys, as far as no browser is needed: what is sent in their place opens nothing and breaks nothing."""

import base64
import json

import pytest
from allauth.mfa.models import Authenticator

from .authenticator import give_app
from .factories import ClinicSettingsFactory
from .staff import member
from .test_sign_in import sign_in, with_password

pytestmark = pytest.mark.django_db


def encoded(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


ANSWER = {
    "id": "aaaa",
    "rawId": "aaaa",
    "type": "public-key",
    "response": {
        "clientDataJSON": encoded({"type": "webauthn.get", "challenge": "aaaa", "origin": "http://testserver"}),
        "authenticatorData": base64.urlsafe_b64encode(bytes(37)).decode().rstrip("="),
        "signature": "aaaa",
        "userHandle": "MQ",
    },
    "clientExtensionResults": {},
}
DAMAGED = [
    *("", "null", "nothing", "[]", "5", "{}", '{"id": 1}', '{"id": "x", "rawId": "x"}', '"\\ud800"', "\0"),
    json.dumps(ANSWER),
    json.dumps(ANSWER | {"response": 5}),
    json.dumps(ANSWER | {"rawId": "bbbb"}),
    json.dumps(ANSWER | {"response": ANSWER["response"] | {"userHandle": None}}),
    json.dumps(ANSWER | {"response": ANSWER["response"] | {"clientDataJSON": encoded([])}}),
    json.dumps(ANSWER | {"response": ANSWER["response"] | {"attestationObject": "aaaa"}}),
]


@pytest.fixture
def amy():
    ClinicSettingsFactory()
    return with_password(member("editor", username="amy"))


@pytest.mark.parametrize("sent", DAMAGED)
def test_what_is_no_passkey_opens_nothing(client, amy, sent):
    options = client.get("/admin/login/passkey/", headers={"Accept": "application/json"}).json()["request_options"]
    assert options["publicKey"]["userVerification"] == "required"

    answer = client.post("/admin/login/passkey/", {"credential": sent}, follow=True)

    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, "/admin/login/")
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("sent", DAMAGED)
def test_what_is_no_passkey_is_no_second_factor(client, amy, sent):
    give_app(amy)
    sign_in(client, "amy")
    client.get("/admin/login/second-factor/")

    assert client.post("/admin/login/second-factor/", {"credential": sent}).status_code == 200
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("sent", DAMAGED)
def test_what_is_no_passkey_is_not_kept(client, amy, sent):
    sign_in(client, "amy")
    page = client.get("/admin/second-factor/passkeys/add/")
    assert page.context["js_data"]["creation_options"]["publicKey"]["rp"]["id"] == "testserver"

    refused = client.post("/admin/second-factor/passkeys/add/", {"name": "x", "credential": sent})

    assert "<title>Error: Add a passkey" in refused.content.decode()
    assert not Authenticator.objects.exists()


def test_the_list_of_names_of_an_unknown_account_is_as_empty_as_any(client):
    """Whoever asks without a name is told of no account's passkeys."""
    options = client.get("/admin/login/passkey/", headers={"Accept": "application/json"}).json()["request_options"]

    assert not options["publicKey"].get("allowCredentials")
