"""What the gate in front of every form notices, and what it writes down about where a form came from."""

import re
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as some

from leads import gate
from leads.proof import make_challenge, read_proof
from tests.leads.crowd import solved

NAME, MANY, FAST, MADE_UP, TRAP = (
    "a link in the name",
    "many links",
    "sent faster than anybody types",
    "the moment in the form is made up",
    "the hidden field is filled in",
)


def sent_from(address="203.0.113.7", path="/assessment/", data=None, **headers):
    return RequestFactory(REMOTE_ADDR=address).post(path, data or {}, headers=headers)


def client_of(address, forwarded=""):
    return gate.client_address(sent_from(address, **({"X-Forwarded-For": forwarded} if forwarded else {})))


@pytest.mark.parametrize(
    ("form", "signs"),
    [
        ({}, []),
        ({"trap": "x"}, [TRAP]),
        ({"line": "Erika http://a.example"}, [NAME]),
        ({"line": "HTTPS://A.EXAMPLE"}, [NAME]),
        ({"line": "see www.a.example"}, [NAME]),
        ({"line": "[URL=a]"}, [NAME]),
        ({"line": "Erika of a.example"}, []),
        ({"prose": "www.a.example and http://b.example"}, []),
        ({"prose": "www.a.example http://b.example [url"}, [MANY]),
        ({"drawn": "made up"}, [MADE_UP]),
        ({"trap": "x", "drawn": "x", "line": "www.", "prose": "www. www. www."}, [TRAP, MADE_UP, NAME, MANY]),
    ],
)
def test_the_signs_in_a_form(form, signs):
    assert gate.spam_signs(**form) == signs


@pytest.mark.parametrize(("seconds", "signs"), [(0, [FAST]), (1.9, [FAST]), (2, []), (60 * 60 * 24 * 365, [])])
def test_a_form_is_sent_too_fast_but_never_too_late(time_machine, seconds, signs):
    assert signs_after(seconds, time_machine) == signs


@pytest.mark.parametrize("seconds", [-1, -60 * 60])
def test_a_form_that_was_drawn_by_a_clock_ahead_of_this_one_is_no_spam(time_machine, seconds):
    assert signs_after(seconds, time_machine) == []


def signs_after(seconds, time_machine):
    now = timezone.now().replace(microsecond=0)
    time_machine.move_to(now, tick=False)
    drawn = gate.stamp()
    time_machine.move_to(now + timedelta(seconds=seconds), tick=False)
    return gate.spam_signs(drawn=drawn)


# --- Who sent it


@pytest.mark.parametrize(
    ("address", "forwarded", "client"),
    [
        ("8.8.8.8", "", "8.8.8.8"),
        ("8.8.8.8", "9.9.9.9", "8.8.8.8"),  # hearsay
        ("10.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("127.0.0.1", "1.1.1.1, 9.9.9.9", "9.9.9.9"),  # the last was written by our own proxy
        ("10.0.0.1", "", ""),
        ("10.0.0.1", "unknown", ""),
        ("10.0.0.1", "9.9.9.9, <script>", ""),
        ("", "9.9.9.9", ""),
        ("2a00:1450:4001:82b::200e", "", "2a00:1450:4001:82b::/64"),
        ("10.0.0.1", "2a00:1450:4001:82b:1:2:3:4", "2a00:1450:4001:82b::/64"),
    ],
)
def test_the_client_is_whom_our_own_proxy_saw(address, forwarded, client):
    assert client_of(address, forwarded) == client


def test_a_client_has_one_name_a_day_and_its_address_is_not_in_it(time_machine):
    time_machine.move_to("2026-11-23T08:00Z", tick=False)
    morning = gate.client_hash(sent_from("8.8.8.8"))
    time_machine.move_to("2026-11-23T23:00Z", tick=False)
    assert gate.client_hash(sent_from("8.8.8.8")) == morning != gate.client_hash(sent_from("8.8.8.9"))
    assert re.fullmatch("[0-9a-f]{16}", morning)
    time_machine.move_to("2026-11-24T08:00Z", tick=False)
    assert gate.client_hash(sent_from("8.8.8.8")) != morning


def test_the_name_of_a_client_cannot_be_worked_out_without_the_key(settings, time_machine):
    time_machine.move_to("2026-11-23T08:00Z", tick=False)
    names = set()
    for key in ("one", "another"):
        settings.SECRET_KEY = key
        names.add(gate.client_hash(sent_from("8.8.8.8")))
    assert len(names) == 2


def test_a_client_whom_nobody_names_has_no_name():
    assert gate.client_hash(sent_from("10.0.0.1")) == ""


# --- From which page


@pytest.mark.parametrize(
    ("page", "referer", "path", "campaign"),
    [
        ("/blog/a/", "", "/blog/a/", {}),
        ("/blog/a/?utm_source=letter&q=my+back", "http://testserver/b/", "/blog/a/", {"utm_source": "letter"}),
        ("", "http://testserver/blog/a/?utm_medium=mail", "/blog/a/", {"utm_medium": "mail"}),
        ("", "http://elsewhere.example/blog/a/?utm_medium=mail", "/assessment/", {}),
        ("", "http://[", "/assessment/", {}),
        ("blog/a/", "", "/assessment/", {}),
        ("/a\x00b/", "", "/assessment/", {}),
        ("", "", "/assessment/", {}),
    ],
)
def test_the_page_of_a_form(page, referer, path, campaign):
    source = gate.source_of(sent_from(Referer=referer), *([page] if page else []))
    assert (source.path, source.campaign) == (path, campaign)


def test_of_a_long_address_the_beginning_is_kept():
    source = gate.source_of(sent_from(), f"/{'a' * 400}/?utm_source={'b' * 400}")
    assert source.path == f"/{'a' * 254}"
    assert source.campaign == {"utm_source": "b" * 80}


def test_a_campaign_is_three_words_without_control_characters():
    query = "utm_source=a&utm_medium=b&utm_campaign=c&utm_term=d"
    assert gate.campaign_in(query) == {"utm_source": "a", "utm_medium": "b", "utm_campaign": "c"}
    assert gate.campaign_in("utm_source=a%0ab&utm_medium=b") == {"utm_medium": "b"}
    assert gate.campaign_in("x" * 1987 + "&utm_source=ab") == {"utm_source": "a"}  # 2000 characters are read


def test_the_proof_of_work_and_the_client_go_with_the_source():
    proof = solved(make_challenge())
    source = gate.source_of(sent_from("8.8.8.8", data={"proof": proof}))
    assert source.proof == read_proof(proof) != ""
    assert source.client_hash == gate.client_hash(sent_from("8.8.8.8"))
    for data in ({"proof": "made up"}, {}):
        assert gate.source_of(sent_from(data=data)).proof == ""


@pytest.mark.parametrize(
    ("address", "referer", "before"),
    [
        ("/assessment/?utm_source=letter", "http://testserver/blog/", "/assessment/?utm_source=letter"),
        ("/assessment/?q=1", "http://testserver/blog/?page=2", "/blog/?page=2"),
        ("/assessment/?q=1", "http://elsewhere.example/", "/assessment/"),
        ("/assessment/", "", "/assessment/"),
        ("/assessment/", "http://[", "/assessment/"),
    ],
)
def test_the_page_before(address, referer, before):
    request = RequestFactory().get(address, headers={"Referer": referer})
    assert gate.page_before(request) == before


@given(page=some.text(), referer=some.text(), forwarded=some.text())
def test_whatever_is_sent_a_source_can_be_stored(page, referer, forwarded):
    headers = {"HTTP_REFERER": referer, "HTTP_X_FORWARDED_FOR": forwarded, "REMOTE_ADDR": "10.0.0.1"}
    source = gate.source_of(RequestFactory(**headers).post("/assessment/"), page)
    assert source.path.startswith("/")
    assert "\x00" not in source.path
    assert len(source.path) <= 255
    assert len(source.client_hash) in (0, 16)
