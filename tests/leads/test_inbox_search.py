"""Finding people, entering callers, and doing something with many leads at once."""

import html
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead, Submission
from tests.factories import ClinicSettingsFactory, ContactFactory, LeadFactory, SubmissionFactory
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

SEARCH = "/admin/leads/search/"
ALL = "/admin/leads/all/"
CALL = "/admin/leads/call/"


@pytest.fixture
def bea():
    return member("front_desk", first_name="Bea", last_name="Desk")


@pytest.fixture
def desk(bea):
    ClinicSettingsFactory(time_zone="America/Los_Angeles")
    return signed_in(bea)


def text_of(response) -> str:
    main = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def named(text: str, *names: str) -> set[str]:
    return {name for name in names if name in text}


# --- Search


@pytest.fixture
def people():
    now = timezone.now()
    return [
        LeadFactory(name="Erika Lang", phone="+14255550116", asked_at=now),
        LeadFactory(
            name="Jo Berger", phone="+12065550188", contact=ContactFactory(email="jo@lang.example"), asked_at=now
        ),
        LeadFactory(name="Kim Wells", phone="+12065550142", contact=None, asked_at=now),
    ]


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("erika", {"Erika Lang"}),
        ("LANG", {"Erika Lang", "Jo Berger"}),
        ("jo@lang.example", {"Jo Berger"}),
        ("555-0142", {"Kim Wells"}),
        ("(206) 555", {"Jo Berger", "Kim Wells"}),
        ("+1 425 555 0116", {"Erika Lang"}),
        ("nobody", set()),
        ("100%", set()),
    ],
)
@pytest.mark.usefixtures("people")
def test_a_person_is_found_by_name_address_or_digits(desk, term, found):
    text = text_of(desk.post(SEARCH, {"term": term}))

    assert named(text, "Erika Lang", "Jo Berger", "Kim Wells") == found
    assert ("Nobody found." in text) is not found


def test_a_person_is_found_by_each_address_that_they_wrote_from(desk):
    lead = LeadFactory(name="Erika Lang")
    SubmissionFactory(lead=lead, contact=ContactFactory(email="office@work.example"))

    assert "Erika Lang" in text_of(desk.post(SEARCH, {"term": "office@work"}))


@pytest.mark.parametrize("term", ["(425) 555-0116 ext. 22", "425-555-0116 x23", "4255550116"])
def test_a_person_is_found_with_and_without_their_extension(desk, term):
    LeadFactory(name="Erika Lang", phone="+14255550116;ext=22")

    assert "(425) 555-0116 ext. 22" in text_of(desk.post(SEARCH, {"term": term}))


@pytest.mark.parametrize("term", ["Langer", "555-0199", "erika@old.example"])
def test_a_person_is_found_by_what_stood_on_a_card_that_was_merged(desk, term):
    kept = LeadFactory(name="Erika Lang", phone="+12065550188")
    LeadFactory(
        name="Erika Langer", phone="+12065550199", contact=ContactFactory(email="erika@old.example"), merged_into=kept
    )

    response = desk.post(SEARCH, {"term": term})

    assert reverse("lead", args=[kept.pk]) in response.content.decode()
    assert "1 person found" in text_of(response)


@pytest.mark.parametrize("term", ["", "ab", "  a  "])
def test_a_search_for_less_than_three_characters_is_refused_and_kept(desk, term):
    response = desk.post(SEARCH, {"term": term})

    assert response.status_code == 422
    assert "Enter" in text_of(response)
    assert f'value="{term}"' in response.content.decode()


def test_what_was_typed_stays_in_the_field_and_out_of_every_address(desk, people):
    response = desk.post(SEARCH, {"term": "erika"})

    assert 'value="erika"' in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert not re.search(r'(?:href|action|src)="[^"]*erika', response.content.decode(), re.IGNORECASE)
    assert "Erika Lang" not in text_of(desk.get(SEARCH, {"term": "erika"}))


def test_spam_and_merged_cards_are_not_found(desk):
    kept = LeadFactory(name="Kept Lang")
    LeadFactory(name="Spam Lang", is_spam=True)
    LeadFactory(name="Merged Lang", merged_into=kept)

    assert named(text_of(desk.post(SEARCH, {"term": "lang"})), "Kept", "Spam", "Merged") == {"Kept"}


def test_of_very_many_the_latest_fifty_are_shown(desk, django_assert_max_num_queries):
    for number in range(55):
        LeadFactory(name=f"Lang {number:02}", asked_at=timezone.now() - timedelta(minutes=number))

    with django_assert_max_num_queries(20):
        text = text_of(desk.post(SEARCH, {"term": "lang"}))

    assert "The latest 50. A longer word finds fewer." in text
    assert named(text, "Lang 00", "Lang 49", "Lang 50") == {"Lang 00", "Lang 49"}


# --- All leads


def test_all_leads_lists_everybody_but_spam(desk):
    LeadFactory(name="Open")
    LeadFactory(name="Done", state="closed", closed_because="Moved away")
    LeadFactory(name="Junk", is_spam=True)

    assert named(text_of(desk.get(ALL)), "Open", "Done", "Junk") == {"Open", "Done"}


@pytest.mark.parametrize(
    "query",
    [
        {"state": "booked"},
        {"asked_for": "guide"},
        {"source_path": "/guides/x/"},
        {"asked_at_from": "2026-05-01", "asked_at_to": "2026-05-31"},
        {"owner": "them"},
    ],
    ids=str,
)
def test_leads_are_picked_out_by_what_is_not_personal(desk, bea, query):
    may = timezone.now().replace(year=2026, month=5, day=20)
    wanted = {"state": "booked", "asked_for": "guide", "source_path": "/guides/x/", "owner": bea, "asked_at": may}
    LeadFactory(name="Wanted", **wanted)
    LeadFactory(name="Other", asked_at=may - timedelta(days=90))
    query = {name: bea.pk if value == "them" else value for name, value in query.items()}

    assert named(text_of(desk.get(ALL, query)), "Wanted", "Other") == {"Wanted"}


def test_leads_that_nobody_has_are_picked_out(desk, bea):
    LeadFactory(name="Free")
    LeadFactory(name="Taken", owner=bea)

    assert named(text_of(desk.get(ALL, {"owner": "none"})), "Free", "Taken") == {"Free"}


def test_a_filter_that_finds_nothing_says_so(desk):
    assert "No lead is like that." in text_of(desk.get(ALL, {"state": "booked"}))


def test_before_the_first_lead_the_list_says_so(desk):
    assert "Nobody has written or called yet." in text_of(desk.get(ALL))


def test_all_leads_takes_as_many_queries_for_many_as_for_few(desk, bea, django_assert_max_num_queries):
    LeadFactory(owner=bea)
    desk.get(ALL)
    with django_assert_max_num_queries(25) as queries:
        desk.get(ALL)
    LeadFactory.create_batch(45, owner=bea)

    with django_assert_max_num_queries(len(queries)):
        desk.get(ALL)


# --- Many at once


def bulk(action, *leads, **query) -> str:
    chosen = urlencode([*(("id", lead.pk) for lead in leads), *query.items(), ("next", ALL)])
    return f"{reverse('wagtail_bulk_action', args=['leads', 'lead', action])}?{chosen}"


def test_many_leads_are_given_to_a_colleague(desk):
    amy = member("clinician", first_name="Amy", last_name="Konvalin")
    leads = LeadFactory.create_batch(3)
    assert "Whose leads shall these be?" in text_of(desk.get(bulk("give", *leads)))

    page = desk.post(bulk("give", *leads), {"owner": amy.pk}, follow=True).content.decode()

    assert "3 leads given to Amy Konvalin." in page
    assert set(Lead.objects.values_list("owner", flat=True)) == {amy.pk}
    assert all(lead.timeline.get().event == "handed_over" for lead in leads)


def test_many_leads_are_closed_for_a_reason_and_never_without(desk):
    leads = LeadFactory.create_batch(2)
    assert "a card is never closed without it" in text_of(desk.post(bulk("close", *leads), {"reason": ""}))
    assert not Lead.objects.filter(state="closed").exists()

    desk.post(bulk("close", *leads), {"reason": "Sent twice"})

    assert set(Lead.objects.values_list("state", "closed_because")) == {("closed", "Sent twice")}


def test_many_leads_are_marked_as_spam(desk):
    submissions = SubmissionFactory.create_batch(2)

    desk.post(bulk("spam", *(submission.lead for submission in submissions)))

    assert Lead.objects.filter(is_spam=True).count() == 2
    assert Submission.objects.filter(is_spam=True).count() == 2


def test_the_whole_list_is_the_one_that_was_picked_out(desk, bea):
    LeadFactory(name="Guide", asked_for="guide", asked_at=timezone.now())
    LeadFactory(name="Other", asked_for="workshop", asked_at=timezone.now())

    desk.post(bulk("give", id="all", asked_for="guide"), {"owner": bea.pk})

    assert set(Lead.objects.filter(owner=bea).values_list("name", flat=True)) == {"Guide"}


@pytest.mark.parametrize("action", ["give", "close", "spam"])
def test_nothing_is_done_with_leads_that_are_gone(desk, action):
    spam = LeadFactory(is_spam=True)

    assert "None of these leads is on the list any more." in text_of(desk.get(bulk(action, spam)))
    assert "None of these leads is on the list any more." in text_of(desk.get(bulk(action, id="x")))


# --- A caller

CALLER = {
    "name": "Erika Lang",
    "phone": "(425) 555-0116",
    "email": "",
    "channel": "phone",
    "call_times": "after 3 on Fridays",
    "note": "Heard of us from a friend.",
}


def test_a_caller_gets_a_card_and_a_place_on_the_list(desk, bea):
    response = desk.post(CALL, CALLER, follow=True)

    lead = Lead.objects.get()
    assert response.redirect_chain[-1][0] == reverse("lead", args=[lead.pk])
    assert (str(lead.phone), lead.owner, lead.state, lead.call_times) == (
        "+14255550116",
        bea,
        "new",
        "after 3 on Fridays",
    )
    assert "Heard of us from a friend." in text_of(response)
    assert reverse("lead", args=[lead.pk]) in desk.get("/admin/leads/").content.decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"phone": ""}, "Enter a phone number or an e-mail address: one of them is enough."),
        ({"phone": "soon"}, "Enter a phone number with its area code"),
        ({"email": "erika@"}, "Enter an e-mail address like name@example.com"),
    ],
)
def test_a_call_that_lacks_something_says_what_and_keeps_what_was_typed(desk, change, says):
    response = desk.post(CALL, CALLER | change)

    assert response.status_code == 422
    assert says in text_of(response)
    assert "Heard of us from a friend." in text_of(response)
    assert not Lead.objects.exists()


def test_a_caller_who_has_a_card_is_seen_before_a_second_is_made(desk):
    known = LeadFactory(name="Erika Lang", phone="+14255550116")

    first = desk.post(CALL, CALLER)

    assert "There is a card with this number or address already" in text_of(first)
    assert reverse("lead", args=[known.pk]) in first.content.decode()
    assert not Submission.objects.exists()
    desk.post(CALL, CALLER | {"is_seen": "yes"})
    assert Submission.objects.get().lead == known


def test_a_caller_with_an_extension_is_known_by_the_number_alone(desk):
    known = LeadFactory(name="Erika Lang", phone="+14255550116")

    first = desk.post(CALL, CALLER | {"phone": "(425) 555-0116 x22"})

    assert reverse("lead", args=[known.pk]) in first.content.decode()


# --- Who may


ADDRESSES = {
    "/admin/leads/": {"front_desk", "clinician", "owner"},
    "/admin/leads/?group=new": {"front_desk", "clinician", "owner"},
    SEARCH: {"front_desk", "clinician", "owner"},
    ALL: {"front_desk", "clinician", "owner"},
    "/admin/leads/all/results/": {"front_desk", "clinician", "owner"},
    CALL: {"front_desk", "clinician", "owner"},
    "/admin/leads/privacy/add/": {"front_desk", "clinician", "owner"},
    "/admin/leads/privacy/": {"owner"},
    "/admin/leads/retention/": {"owner"},
    "/admin/bulk/leads/lead/give/?id=1": {"front_desk", "clinician", "owner"},
    "/admin/bulk/leads/lead/close/?id=1": {"front_desk", "clinician", "owner"},
    "/admin/bulk/leads/lead/spam/?id=1": {"front_desk", "clinician", "owner"},
}
POSTED = ["attempt", "plan", "book", "visit", "close", "reopen", "note", "claim", "owner", "delay"]


@pytest.mark.parametrize("role", ["editor", "front_desk", "clinician", "owner"])
def test_each_role_opens_its_own_places_and_no_others(role):
    lead = LeadFactory()
    client = signed_in(member(role))
    places = ADDRESSES | {reverse("lead", args=[lead.pk]): {"front_desk", "clinician", "owner"}}

    opened = {address for address in places if client.get(address).status_code == 200}

    assert opened == {address for address, roles in places.items() if role in roles}


def test_editors_change_nothing_on_a_card(desk):
    submission = SubmissionFactory(health_answers="{}")
    client = signed_in(member("editor"))
    addresses = [reverse(f"lead_{name}", args=[submission.lead.pk]) for name in POSTED]
    addresses += [reverse("lead_health", args=[submission.lead.pk, submission.pk]), SEARCH, CALL]

    for address in addresses:
        response = client.post(address, {"term": "Lead", "text": "x", "outcome": "spoke", "version": "0"})
        assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert not submission.lead.timeline.exists()


def test_strangers_are_asked_to_sign_in(client):
    lead = LeadFactory()

    for address in [*ADDRESSES, reverse("lead", args=[lead.pk]), reverse("lead_note", args=[lead.pk])]:
        assert client.get(address)["Location"].startswith(reverse("wagtailadmin_login"))


@pytest.mark.parametrize("name", POSTED)
def test_what_is_posted_is_never_done_by_a_link(desk, name):
    lead = LeadFactory()

    assert desk.get(reverse(f"lead_{name}", args=[lead.pk]))["Location"] == reverse("lead", args=[lead.pk])
    assert desk.post(reverse(f"lead_{name}", args=[987654])).status_code == 404
    assert not lead.timeline.exists()
