"""The working list of those who wait for an answer."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.models import ClinicSettings
from leads.models import Lead, TimelineEntry
from tests.factories import ClinicSettingsFactory, LeadFactory, SubmissionFactory
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 4, 19, 0, tzinfo=UTC)  # a Monday, 12:00 at the clinic
INBOX = "/admin/leads/"


@pytest.fixture(autouse=True)
def _clinic():
    ClinicSettingsFactory(time_zone="America/Los_Angeles")


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False):
        yield NOON


@pytest.fixture
def desk():
    return signed_in(member("front_desk", first_name="Front", last_name="Desk"))


def waiting(**fields):
    """Somebody who waits for a call since an hour ago."""
    return LeadFactory(**{"asked_for": "assessment", "asked_at": timezone.now() - timedelta(hours=1)} | fields)


def promised(moment, **fields):
    return waiting(promised_at=moment, next_action="Call", next_action_at=moment, **fields)


def words(response) -> str:
    """What a reader sees of the list, in one line."""
    main = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def order(text: str, *names: str) -> list[str]:
    return sorted((name for name in names if name in text), key=text.index)


def test_the_list_begins_with_what_is_overdue_and_ends_with_what_can_wait(noon, desk):
    waiting(name="Later", next_action="Call", next_action_at=noon + timedelta(days=2))
    waiting(name="Undated", state="reached")
    waiting(name="Fresh")
    promised(noon + timedelta(hours=2), name="Today")
    promised(noon - timedelta(minutes=38), name="Late")

    text = words(desk.get(INBOX))

    assert order(text, "Late", "Today", "Fresh", "Later", "Undated") == ["Late", "Today", "Fresh", "Later", "Undated"]


def test_the_day_ends_at_the_clinics_midnight(noon, desk):
    promised(datetime(2026, 5, 5, 6, 59, tzinfo=UTC), name="Before")
    promised(datetime(2026, 5, 5, 7, 0, tzinfo=UTC), name="After")

    text = words(desk.get(INBOX))

    assert order(text, "Promised today", "Before", "Later", "After") == ["Promised today", "Before", "Later", "After"]


@pytest.mark.parametrize(
    ("due", "says"),
    [
        (timedelta(minutes=-38), "38 min late"),
        (timedelta(days=-2), "2 days late"),
        (timedelta(hours=2, minutes=12), "in 2 h 12 min"),
        (timedelta(days=3), "Thu 12:00 pm"),
        (timedelta(days=30), "Jun 3, 12:00 pm"),
        (timedelta(days=300), "Feb 28, 2027"),
    ],
)
def test_a_line_says_when_its_clock_runs_out(noon, desk, due, says):
    promised(noon + due)

    response = desk.get(INBOX)

    assert says in words(response)
    local = (noon + due).astimezone(ClinicSettings.load().zone)
    assert f'datetime="{local.isoformat()}"' in response.content.decode()


def test_a_line_says_who_what_whose_and_how_often_somebody_tried(noon, desk):
    promised(
        noon + timedelta(hours=1),
        name="Test Lead 015",
        attempts=2,
        owner=member("clinician", first_name="Amy", last_name="Konvalin"),
    )

    text = words(desk.get(INBOX))

    for part in ("Test Lead 015", "Call by 1:00 pm today", "Free assessment", "Amy Konvalin", "2 tries"):
        assert part in text


def test_who_gave_no_name_still_has_a_line(noon, desk):
    waiting(name="", asked_for="guide")

    text = words(desk.get(INBOX))

    assert "No name given" in text
    assert "Asked for the free guide" in text


def test_a_promise_that_is_near_or_missed_wears_a_badge(noon, desk):
    promised(noon + timedelta(minutes=30))
    assert "Runs out soon" in words(desk.get(INBOX))
    Lead.objects.update(promised_at=noon + timedelta(minutes=31))
    assert "Runs out soon" not in words(desk.get(INBOX))
    Lead.objects.update(promised_at=noon - timedelta(minutes=1), next_action_at=noon - timedelta(minutes=1))
    assert "Promise missed" in words(desk.get(INBOX))


def test_what_is_done_or_hidden_is_not_on_the_list(noon, desk):
    kept = waiting(name="Kept")
    waiting(name="Junk", is_spam=True)
    waiting(name="Merged", merged_into=kept)
    waiting(name="Closed", state="closed", closed_because="Went somewhere else")
    waiting(name="Attended", state="attended")
    waiting(name="Reader", state="reader")

    text = words(desk.get(INBOX))

    assert "Kept" in text
    assert not any(name in text for name in ("Junk", "Merged", "Closed", "Attended", "Reader"))


def test_a_quiet_day_says_so(desk):
    text = words(desk.get(INBOX))

    assert "Nothing waits." in text
    assert "Nobody waits for a call today." in text


@pytest.mark.parametrize(
    ("late", "today", "says"),
    [
        (0, 1, "1 needs you today, and none is late."),
        (1, 0, "1 needs you today, and is overdue."),
        (2, 0, "2 need you today, and all of them are overdue."),
        (2, 3, "5 need you today, 2 of them are overdue."),
    ],
)
def test_the_first_line_says_how_the_day_stands(noon, desk, late, today, says):
    for _ in range(late):
        promised(noon - timedelta(minutes=5))
    for _ in range(today):
        promised(noon + timedelta(minutes=5))

    assert says in words(desk.get(INBOX))


def test_a_long_group_is_cut_and_shown_whole_on_its_own_page(noon, desk):
    for number in range(125):
        waiting(name=f"Number {number:03}", asked_at=noon - timedelta(minutes=200 - number))

    text = words(desk.get(INBOX))
    assert "Number 019" in text
    assert "Number 020" not in text
    assert "Show all 125 new" in text
    assert "Number 099" in words(desk.get(INBOX, {"group": "new"}))
    second = words(desk.get(INBOX, {"group": "new", "p": "2"}))
    assert "Number 124" in second
    assert "Number 099" not in second


@pytest.mark.parametrize("query", ["group=none", "group=new&p=0", "group=new&p=x", "group=new&p=9999", "group=new&p=²"])
def test_a_group_that_does_not_exist_is_not_found(desk, query):
    assert desk.get(f"{INBOX}?{query}").status_code == 404


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    desk, django_assert_num_queries, django_assert_max_num_queries
):
    owner = member("clinician")
    few(owner)
    desk.get(INBOX)
    with django_assert_max_num_queries(30) as queries:
        desk.get(INBOX)
    for _ in range(10):
        few(owner)

    with django_assert_num_queries(len(queries)):
        desk.get(INBOX)


def few(owner):
    now = timezone.now()
    promised(now - timedelta(minutes=5), owner=owner)
    promised(now + timedelta(minutes=1), owner=owner)
    promised(now + timedelta(days=2), owner=owner)
    waiting(owner=owner)
    waiting(owner=owner, state="reached")


# --- The menu and the start page


def test_the_menu_says_how_many_need_somebody_today(noon, desk):
    promised(noon - timedelta(minutes=5))
    promised(noon + timedelta(minutes=5))
    promised(noon + timedelta(days=5))

    assert '"data-waiting": "2"' in desk.get("/admin/").content.decode().replace("&quot;", '"')


def test_on_a_quiet_day_the_menu_says_nothing(desk):
    waiting()

    assert "data-waiting" not in desk.get("/admin/").content.decode()


def test_editors_have_no_leads_in_the_menu_and_pay_no_query_for_it(noon):
    promised(noon - timedelta(minutes=5))
    editor = signed_in(member("editor"))
    editor.get("/admin/")

    with CaptureQueriesContext(connection) as queries:
        page = editor.get("/admin/").content.decode()

    assert INBOX not in page
    assert not any("leads_lead" in query["sql"] for query in queries)


def test_the_start_page_says_what_waits(noon, desk):
    promised(noon - timedelta(minutes=5))
    promised(noon + timedelta(minutes=5))
    waiting()

    page = desk.get("/admin/").content.decode()

    for line in (
        "1 lead should have heard from us by now",
        "1 lead was promised an answer today",
        "1 new lead has no next step yet",
    ):
        assert line in page


def test_a_lead_of_the_site_comes_up_on_the_list(noon, desk):
    submission = SubmissionFactory(kind="guide", lead__name="Test Lead 017", lead__asked_for="guide")
    TimelineEntry.objects.create(lead=submission.lead, event="asked_guide", details={"submission": submission.pk})

    assert reverse("lead", args=[submission.lead.pk]) in desk.get(INBOX).content.decode()
