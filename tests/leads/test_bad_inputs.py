"""Goes through tests/bad_inputs.json: what people, programs and attackers send, and what each of it is due.

The file names fields and addresses in general terms; here stands what they are called on this site.
"""

import json
import re
import time
import uuid
from pathlib import Path
from urllib.parse import urlencode

import pytest
import time_machine
from django.apps import apps
from django.core.signing import Signer, TimestampSigner
from django.test import Client
from django.utils import timezone

from leads import gate, tokens
from leads.models import OutgoingMail, Submission, Subscription
from tests.factories import (
    BlogIndexPageFactory,
    ClinicSettingsFactory,
    ContactFactory,
    LeadFactory,
    SubmissionFactory,
    SubscriptionFactory,
)
from tests.leads.visitor import ASSESSMENT

pytestmark = pytest.mark.django_db

CASES = json.loads((Path(__file__).parent.parent / "bad_inputs.json").read_text())["cases"]

# What this runner cannot ask, and why.
ELSEWHERE = {
    "B171": "what the text says is optional here",
    "B225": "a flood of headers is refused by the server in front of Django",
    "B229": "there is no form at /",
    "B259": "a line that is too long is refused by the server in front of Django",
    "B277": "dots in a path are resolved before Django sees it",
    "B289": "a request without a host is refused by the server in front of Django",
    "B291": "a broken length is refused by the server in front of Django",
    "B293": "a body that never ends is cut off by the server in front of Django",
}
IN_THE_ADMIN = [case["id"] for case in CASES if case["target"] == "admin" and "login" not in case["expected"]]
ELSEWHERE |= dict.fromkeys([*IN_THE_ADMIN, "B363"], "the admin has its own tests")

ADDRESSES = {"assessment": "/assessment/", "newsletter": "/newsletter/", "guide": "/guides/request/"}
FIELDS = {"text": "hopes", "idem": "key", "ts": "drawn"}
PATHS = {
    "/confirm/": "/email/confirm/",
    "/unsubscribe/": "/email/unsubscribe/",
    "/manage/": "/email/preferences/",
    "/download/": "/r/",
    "/search/?query=": "/search/?q=",
    "/article/": "/blog/",
    "/healthz": "/healthz/",
}
PURPOSES = {
    "confirm": tokens.CONFIRM,
    "unsubscribe": tokens.UNSUBSCRIBE,
    "manage": tokens.PREFERENCES,
    "download": tokens.REQUEST,
}
OLD_KEY = "the-key-before-this-one"
DANGEROUS = ["<script>alert(1)", "<img src=x", "</textarea><", '"><', "{{7*7}}"]


def cases():
    return [pytest.param(case, id=case["id"]) for case in CASES if case["id"] not in ELSEWHERE]


@pytest.fixture(autouse=True)
def site(settings):
    settings.SECRET_KEY_FALLBACKS = [OLD_KEY]
    ClinicSettingsFactory()
    BlogIndexPageFactory()


@pytest.fixture
def subscriber():
    contact = ContactFactory()
    SubscriptionFactory(contact=contact)
    return SubmissionFactory(lead=LeadFactory(contact=contact))


def token(kind, mutation, submission):
    pk = submission.pk if kind in ("confirm", "download") else submission.contact_id
    if mutation == "expired":
        with time_machine.travel(timezone.now().replace(year=2020), tick=False):
            return tokens.make_token(PURPOSES[kind], pk)
    if mutation == "old-key":
        signer = TimestampSigner if PURPOSES[kind] in tokens.LIFETIMES else Signer
        return signer(key=OLD_KEY, salt=PURPOSES[kind]).sign(str(pk)).replace(":", "~")
    made = tokens.make_token(PURPOSES[kind], pk)
    if mutation == "flip-first":
        return chr(ord(made[0]) ^ 1) + made[1:]
    return made


class Macros:
    """Puts values in the place of what stands in double braces in the file."""

    def __init__(self, submission):
        self.submission = submission
        self.same = str(uuid.uuid4())

    def fill_in(self, text, index=0):
        text = re.sub(r"\{\{REP:(.*?):(\d+)\}\}", lambda match: match[1] * int(match[2]), text, flags=re.DOTALL)
        text = re.sub(r"\{\{TOKEN:(\w+)\|?([\w-]*)\}\}", lambda match: token(match[1], match[2], self.submission), text)
        values = {
            "SAME": self.same,
            "IDEM": str(uuid.uuid4()),
            "RAND": uuid.uuid4().hex,
            "I": str(index),
            "NOW": gate.stamp(),
            "OWN_DOMAIN": "example.org",
            "BASE": urlencode(base("assessment")),
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda match: values.get(match[1], match[0]), text)


def base(target):
    if target == "assessment":
        return {**ASSESSMENT, "key": str(uuid.uuid4())}
    page = {"page": tokens.make_token(tokens.GUIDE_FORM, 7)} if target == "guide" else {}
    return {"email": "reader@example.com", **page}


def address_of(case, macros):
    path = macros.fill_in(case.get("path", ADDRESSES.get(case["target"], "/")))
    for general, ours in PATHS.items():
        if path.startswith(general):
            return ours + path.removeprefix(general) + ("data/" if general == "/download/" else "")
    return path


def send(case, macros, index=0):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    headers = {name: macros.fill_in(value) for name, value in case.get("headers", {}).items()}
    if case.get("expected") == "429":
        headers["X-Forwarded-For"] = "198.51.100.7"
    path = address_of(case, macros)
    if case["method"] != "POST":
        return client.generic(case["method"], path, headers=headers)
    if "payload" in case:
        content_type = case.get("content_type", "application/x-www-form-urlencoded")
        return client.generic(
            "POST", path, macros.fill_in(case["payload"]), macros.fill_in(content_type), headers=headers
        )
    form = base(case["target"])
    for name, value in case.get("fields", {}).items():
        if value == "{{ABSENT}}":
            form.pop(FIELDS.get(name, name), None)
        else:
            form[FIELDS.get(name, name)] = macros.fill_in(value, index)
    return client.post(path, urlencode(form), "application/x-www-form-urlencoded", headers=headers)


def everything():
    models = apps.get_app_config("leads").get_models()
    return {model.__name__: sorted(map(str, model.objects.values())) for model in models}


def is_as_expected(expected, answer, before):
    status = answer.status_code
    if expected == "accepted":
        return status < 400
    if expected == "4xx-with-form-error":
        return status in (400, 422) and b"<form" in answer.content and b"Error: " in answer.content
    if expected == "200-no-effect":
        return status == 200 and everything() == before
    if expected == "redirect-login":
        return status == 302 and answer["Location"].startswith("/admin/login/")
    if expected == "411-413-414-431":
        return status in (400, 411, 413, 414, 431)
    return status == int(expected)


@pytest.mark.parametrize("case", cases())
def test_each_input_gets_what_it_is_due(case, subscriber):
    macros, before = Macros(subscriber), everything()
    for index in range(case.get("repeat", 1)):
        began = time.monotonic()
        answer = send(case, macros, index)
        assert time.monotonic() - began < 2
        assert answer.status_code < 500
    assert is_as_expected(case["expected"], answer, before), (answer.status_code, case["note"])
    text = answer.content.decode(errors="replace") if not answer.streaming else ""
    payload = json.dumps([case.get("fields"), case.get("payload"), case.get("path")])
    assert not any(word in text for word in DANGEROUS if word in payload.replace('\\"', '"'))
    assert "Access-Control-Allow-Origin" not in answer
    if case["target"] in ADDRESSES and case["method"] == "POST" and case["expected"] == "accepted":
        assert Submission.objects.exclude(pk=subscriber.pk).exists()
    assert check(case, answer, subscriber)


def check(case, answer, subscriber):
    """What a case asks for beside its class."""
    wanted = case.get("check", "")
    submissions = Submission.objects.exclude(pk=subscriber.pk)
    if wanted == "quarantined":
        return submissions.get().is_spam
    if wanted == "max-mails:1":
        return OutgoingMail.objects.count() == 1
    if wanted == "one-lead-concurrent":
        return submissions.count() == 1
    if wanted == "redirect-own-host":
        return answer["Location"].startswith("/assessment/thanks/")
    if wanted == "unsubscribed":
        return Subscription.objects.get().state == "unsubscribed"
    if wanted == "same-response-as-new":
        new = Client().post("/newsletter/", {"email": "somebody.new@example.com"})
        return (answer.status_code, answer.content, answer.headers) == (new.status_code, new.content, new.headers)
    if wanted == "final state is unsubscribed":
        stop = f"/email/unsubscribe/{token('unsubscribe', '', subscriber)}/"
        Client().post(stop)
        send(case, Macros(subscriber))
        return Subscription.objects.get().state == "unsubscribed"
    return True


def test_what_is_left_out_is_in_the_file():
    assert set(ELSEWHERE) <= {case["id"] for case in CASES}
    assert len(CASES) - len(ELSEWHERE) > 160
