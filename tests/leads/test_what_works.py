"""What works: figures that name nobody, for the owner of a practice."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from wagtail.contrib.redirects.models import Redirect

from clinic.models import Holiday, OpeningHours
from leads import tokens
from leads.models import Lead, TimelineEntry
from leads.services import inbox
from leads.services.retention import purge
from tests.factories import (
    BlogPageFactory,
    ClinicSettingsFactory,
    ContactFactory,
    EnrolmentFactory,
    GuidePageFactory,
    LeadFactory,
    SubmissionFactory,
    SubscriptionFactory,
)
from tests.leads.visitor import filled_in
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/reports/what-works/"
ZONE = ZoneInfo("America/Los_Angeles")


def local(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment of 2026 in the clinic. Clocks go forward on March 8 and back on November 1."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


NOW = local(3, 11)  # a Wednesday
THIS_WEEK = local(3, 10)
LAST_WEEK = local(3, 3)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clinic():
    return ClinicSettingsFactory(phone="+14256584944")


@pytest.fixture
def owner(clinic):
    return signed_in(member("owner"))


def sent(kind="guide", at=THIS_WEEK, **fields):
    return SubmissionFactory(kind=kind, created_at=at, **fields)


def promised(at=THIS_WEEK, *, answered=None, hours=3):
    return sent("assessment", at, promised_at=at + timedelta(hours=hours), answered_at=answered)


def noted(submission, *events, at=THIS_WEEK):
    for number, event in enumerate(events, 1):
        TimelineEntry.objects.create(lead=submission.lead, event=event, created_at=at + timedelta(hours=number))


def signed_up(at=THIS_WEEK, **fields):
    contact = ContactFactory()
    SubscriptionFactory(contact=contact, **fields)
    return sent("newsletter", at, lead=LeadFactory(contact=contact))


def table(client, section, name=None, **period) -> list[list[str]]:
    """The rows of a spreadsheet, without its headings."""
    response = client.get(f"{ADDRESS}{section}/{name or section}.csv", period)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))[1:]


def figures(client, section, name=None, **period) -> dict[str, list[str]]:
    return {label: cells for label, *cells in table(client, section, name, **period)}


def page_text(client, **period) -> str:
    html = client.get(ADDRESS, period).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# --- What came in


def test_requests_are_counted_by_kind_beside_those_of_the_week_before(owner):
    sent("assessment")
    sent("assessment", LAST_WEEK)
    sent("guide")
    sent("guide")
    sent("call", LAST_WEEK)
    found = figures(owner, "requests")
    assert found["Assessment"] == ["1", "1"]
    assert found["Guide"] == ["2", "0"]
    assert found["Phone call, written down by staff"] == ["0", "1"]
    assert found["All"] == ["3", "2"]


def test_spam_does_not_count(owner):
    sent("assessment", is_spam=True)
    assert figures(owner, "requests")["All"] == ["0", "0"]


def test_what_was_merged_counts_once(owner):
    kept = LeadFactory()
    LeadFactory(merged_into=kept)
    sent("assessment", lead=kept)
    sent("guide", lead=kept)
    assert figures(owner, "requests")["All"] == ["2", "0"]


def test_whoever_was_erased_is_no_longer_counted(client, owner):
    submission = sent("guide")
    client.post(f"/r/{tokens.make_token(tokens.REQUEST, submission.pk)}/erase/")
    assert figures(owner, "requests")["All"] == ["0", "0"]
    assert "Whoever was erased is no longer counted" in page_text(owner)


def test_a_week_that_loses_an_hour_begins_and_ends_at_midnight_in_the_clinic(owner):
    sent(at=local(3, 2, 0, 0))
    sent(at=local(3, 8, 23, 59))
    sent(at=local(3, 1, 23, 59))
    sent(at=local(3, 9, 0, 0))
    assert figures(owner, "requests", by="week", day="2026-03-04")["All"] == ["2", "1"]
    assert figures(owner, "requests")["All"] == ["1", "1"]
    days = figures(owner, "requests", "requests-over-time", by="week", day="2026-03-04")
    assert days["Monday, March 2"] == ["0", "1"]
    assert days["Sunday, March 8"] == ["0", "1"]


def test_a_week_that_gains_an_hour_counts_each_moment_once(owner):
    with time_machine.travel(local(11, 12), tick=False):
        owner = signed_in(member("owner"))
        sent(at=local(10, 26, 0, 0))
        sent(at=local(11, 1, 0, 30))
        sent(at=local(11, 1, 23, 59))
        sent(at=local(11, 2, 0, 0))
        assert figures(owner, "requests", by="week", day="2026-11-01")["All"] == ["3", "0"]
        assert figures(owner, "requests", by="week", day="2026-11-02")["All"] == ["1", "3"]


def test_a_week_that_runs_is_compared_up_to_the_same_hour_of_the_clock(owner):
    sent(at=local(3, 4, 11, 59))  # an hour of winter time, and Wednesday noon is still 12 o'clock
    sent(at=local(3, 4, 12, 1))
    assert figures(owner, "requests")["All"] == ["0", "1"]
    assert figures(owner, "requests", by="week", day="2026-03-04")["All"] == ["2", "0"]


@pytest.mark.parametrize(
    ("by", "day", "name", "before"),
    [
        ("week", "2026-01-01", "December 29, 2025 – January 4, 2026", "December 22–28, 2025"),
        ("week", "2026-03-01", "February 23 – March 1, 2026", "February 16–22, 2026"),
        ("month", "2026-01-31", "January 2026", "December 2025"),
        ("quarter", "2025-11-30", "October to December 2025", "July to September 2025"),
    ],
)
def test_weeks_months_and_quarters_are_those_of_the_calendar(owner, by, day, name, before):
    response = owner.get(ADDRESS, {"by": by, "day": day})
    assert response.context["period"].name == name
    assert response.context["period"].before.name == before


def test_a_month_is_compared_with_a_shorter_one_as_far_as_that_goes(owner):
    sent(at=local(2, 28, 23, 59))
    with time_machine.travel(local(3, 31, 23, 0), tick=False):
        assert figures(signed_in(member("owner")), "requests", by="month")["All"] == ["0", "1"]


def test_a_quarter_is_drawn_by_weeks_that_do_not_reach_beyond_it(owner):
    sent(at=local(1, 1, 0, 0))
    weeks = table(owner, "requests", "requests-over-time", by="quarter")
    assert weeks[0] == ["Week of January 1", "0", "1"]
    assert weeks[1][0] == "Week of January 5"
    assert len(weeks) == 14


def test_days_that_are_still_to_come_are_empty_and_not_zero(owner):
    days = figures(owner, "requests", "requests-over-time")
    assert days["Wednesday, March 11"] == ["0", "0"]
    assert days["Thursday, March 12"] == ["–", "–"]


@pytest.mark.parametrize("query", [{"by": "year"}, {"by": "week", "day": "\x00"}, {"by": "week", "day": "0001-01-01"}])
def test_an_address_that_names_no_period_shows_this_week(owner, query):
    response = owner.get(ADDRESS, query)
    assert response.status_code == 200
    assert response.context["period"].name == "March 9–15, 2026"


def test_the_future_is_this_week(owner):
    response = owner.get(ADDRESS, {"by": "week", "day": "9999-12-31"})
    assert response.context["period"].name == "March 9–15, 2026"


def test_an_empty_period_says_so(owner):
    text = page_text(owner, by="month", day="2020-02-29")
    assert "February 2020" in text
    assert text.count("None in this time") >= 5


# --- Promises


def test_promises_are_kept_missed_or_still_running(owner):
    at = local(3, 10, 9)
    promised(at, answered=at + timedelta(hours=3))
    promised(at, answered=at + timedelta(hours=1))
    promised(at, answered=at + timedelta(hours=4))
    promised(at)
    promised(local(3, 11, 11))
    found = figures(owner, "promises")
    assert found["Kept"][0] == "2"
    assert found["Answered late"][0] == "1"
    assert found["Late and not answered yet"][0] == "1"
    assert found["Still running"][0] == "1"
    assert found["Kept, of those that are over"] == ["2 of 4", "–"]
    day = figures(owner, "promises", "promises-over-time")["Tuesday, March 10"]
    assert day == ["2", "2", "0"]


def test_a_promise_that_ran_when_its_week_ended_is_counted_in_that_week(owner):
    at = local(3, 6, 16)
    promised(at, answered=local(3, 9, 8, 30), hours=72)
    assert figures(owner, "promises")["Kept"] == ["0", "0"]
    assert figures(owner, "promises", by="week", day="2026-03-06")["Kept"] == ["1", "0"]


def test_the_wait_is_counted_in_opening_hours_too(owner, clinic):
    for weekday in range(5):
        OpeningHours.objects.create(clinic=clinic, weekday=weekday, opens="08:00", closes="12:00")
        OpeningHours.objects.create(clinic=clinic, weekday=weekday, opens="13:00", closes="17:00")
    Holiday.objects.create(clinic=clinic, date="2026-03-09")
    promised(local(3, 6, 11), answered=local(3, 10, 9))  # Friday to Tuesday, with a lunch and a day closed between
    found = figures(owner, "promises", by="week", day="2026-03-06")
    assert found["Half waited longer than, in opening hours"][0] == "6 h"
    assert found["Half waited longer than, day and night"][0] == "93 h"  # one of 94 was lost to summer time


def test_hours_that_meet_are_counted_once(owner, clinic):
    for opens, closes in (("08:00", "12:00"), ("12:00", "17:00")):
        OpeningHours.objects.create(clinic=clinic, weekday=1, opens=opens, closes=closes)
    promised(local(3, 10, 11), answered=local(3, 10, 14))
    assert figures(owner, "promises")["Half waited longer than, in opening hours"][0] == "3 h"


def test_half_of_those_who_waited_did_so_for_longer(owner):
    at = local(3, 10, 8)
    for minutes in (10, 30, 700):
        promised(at, answered=at + timedelta(minutes=minutes))
    found = figures(owner, "promises")
    assert found["Half waited longer than, day and night"][0] == "30 min"
    assert found["Half waited longer than, in opening hours"][0] == "–"  # none are known


def test_a_share_of_few_is_no_percentage(owner):
    at = local(3, 9, 8)
    for _ in range(19):
        promised(at, answered=at)
    assert figures(owner, "promises")["Kept, of those that are over"][0] == "19 of 19"
    promised(at)
    assert figures(owner, "promises")["Kept, of those that are over"][0] == "95 % (19 of 20)"
    assert "Promises kept 95 %" in page_text(owner)


# --- Visits


def test_assessments_are_followed_to_the_visit(owner):
    noted(promised(), "booked", "attended")
    noted(promised(), "booked", "missed")
    noted(promised(), "booked")
    promised()
    noted(promised(LAST_WEEK), "booked", at=LAST_WEEK)
    found = figures(owner, "visits")
    assert found["Asked for"] == ["4", "1"]
    assert found["Booked a visit"] == ["3", "1"]
    assert found["Came"] == ["1", "0"]
    assert found["Did not come"] == ["1", "0"]


def test_what_staff_do_in_the_inbox_is_in_the_figures(client, clinic):
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (database_now,) = cursor.fetchone()
    with time_machine.travel(database_now + timedelta(seconds=1)):
        for weekday in range(7):
            OpeningHours.objects.create(clinic=clinic, weekday=weekday, opens="00:00", closes="23:59")
        client.post("/assessment/", filled_in())
        lead, desk = Lead.objects.get(), member("front_desk")
        inbox.note_attempt(lead=lead, outcome=inbox.Outcome.SPOKE, user=desk)
        inbox.book(lead=lead, visit_at=database_now + timedelta(days=2), user=desk)
        inbox.note_visit(lead=lead, has_come=True, user=desk)
        owner = signed_in(member("owner"))
        assert figures(owner, "promises")["Kept"][0] == "1"
        assert [cells[0] for cells in figures(owner, "visits").values()] == ["1", "1", "1", "0"]


def test_a_visit_before_the_assessment_was_asked_for_is_not_of_it(owner):
    noted(promised(), "booked", "attended", at=LAST_WEEK)
    assert figures(owner, "visits")["Booked a visit"] == ["0", "0"]


def test_what_was_corrected_counts_as_corrected_and_a_further_visit_takes_nothing_away(owner):
    noted(promised(), "booked", "attended", "missed")
    noted(promised(), "booked", "attended", "booked")
    found = figures(owner, "visits")
    assert (found["Came"][0], found["Did not come"][0]) == ("1", "1")


# --- Newsletter and tips


def test_sign_ups_are_counted_with_those_who_confirmed(owner):
    signed_up(state="confirmed", confirmed_at=THIS_WEEK + timedelta(minutes=5))
    signed_up()
    signed_up(LAST_WEEK, state="confirmed", confirmed_at=THIS_WEEK)
    found = figures(owner, "newsletter")
    assert found["Signed up"] == ["2", "1"]
    assert found["Confirmed"] == ["1", "1"]
    assert found["Confirmed, of those who signed up"] == ["1 of 2", "1 of 1"]


def test_whoever_has_the_newsletter_already_is_no_sign_up(owner):
    signed_up(state="confirmed", confirmed_at=LAST_WEEK)
    assert figures(owner, "newsletter")["Signed up"] == ["0", "0"]


def test_whoever_left_and_comes_back_is_a_sign_up(owner):
    signed_up(state="unsubscribed", confirmed_at=local(2, 2), unsubscribed_at=LAST_WEEK)
    found = figures(owner, "newsletter")
    assert found["Signed up"] == ["1", "0"]
    assert found["Unsubscribed in this time"] == ["0", "1"]


def test_sign_ups_that_nobody_confirmed_are_counted_after_they_are_deleted(owner):
    january = local(1, 20, 23, 30)
    for _ in range(3):
        signed_up(january, asked_at=january)
    signed_up(january, state="confirmed", confirmed_at=january)
    assert purge()["unconfirmed"] == 3
    found = figures(owner, "newsletter", by="month", day="2026-01-01")
    assert found["Confirmed, of those who signed up"][0] == "1 of 4"
    day = figures(owner, "newsletter", "sign-ups-over-time", by="month", day="2026-01-01")["Tuesday, January 20"]
    assert day == ["4", "1"]


def test_requests_for_guides_are_counted_by_title(owner):
    guide = GuidePageFactory(title="Seven easy ways")
    sent("guide", subject_id=guide.pk)
    sent("guide", LAST_WEEK, subject_id=guide.pk)
    sent("workshop", subject_id=0)
    assert table(owner, "offers") == [["Seven easy ways", "1", "1"], ["Workshop, no longer there", "1", "0"]]


def test_tips_are_counted_by_how_they_ended(owner):
    EnrolmentFactory(started_at=THIS_WEEK)
    EnrolmentFactory(started_at=LAST_WEEK, ended_at=THIS_WEEK, ending="finished")
    EnrolmentFactory(started_at=LAST_WEEK, ended_at=THIS_WEEK, ending="unsubscribed")
    found = figures(owner, "tips")
    assert found == {"Started": ["1", "2"], "Ended: got every step": ["1", "0"], "Ended: unsubscribed": ["1", "0"]}
    assert "On their way just now: 1." in page_text(owner)


# --- Where it came from


def test_each_page_is_credited_with_what_was_sent_from_it(owner):
    post = BlogPageFactory(title="A stiff morning", slug="stiff")
    sent("assessment", source_path="/blog/stiff/")
    sent("guide", source_path="/blog/stiff/")
    sent("newsletter", LAST_WEEK, source_path="/blog/stiff/")
    sent("newsletter", source_path="/newsletter/")
    assert table(owner, "sources") == [
        ["A stiff morning", "1", "1", "0", "0", "2", "1"],
        ["The newsletter’s own page", "0", "0", "1", "0", "1", "0"],
    ]
    assert f'href="{post.url}"' in owner.get(ADDRESS).content.decode()


def test_a_page_that_is_gone_is_known_by_its_path(owner):
    BlogPageFactory(slug="gone").delete()
    sent(source_path="/blog/gone/")
    assert table(owner, "sources")[0][0] == "/blog/gone/ (no longer there)"
    assert 'href="/blog/gone/"' not in owner.get(ADDRESS).content.decode()


def test_a_page_that_moved_keeps_its_credit(owner):
    post = BlogPageFactory(title="A stiff morning", slug="new")
    Redirect.objects.create(old_path="/blog/old", redirect_page=post)
    sent(source_path="/blog/old/")
    sent(source_path="/blog/new/")
    assert table(owner, "sources") == [["A stiff morning", "0", "2", "0", "0", "2", "0"]]


def test_a_page_that_is_not_published_now_says_so(owner):
    BlogPageFactory(title="A stiff morning", slug="stiff", live=False)
    sent(source_path="/blog/stiff/")
    assert table(owner, "sources")[0][0] == "A stiff morning (not published now)"


def test_a_part_of_a_page_is_named_after_it(owner):
    GuidePageFactory(title="Seven easy ways", slug="seven")
    sent("assessment", source_path="/guides/seven/read/")
    sent("assessment", source_path="/guides/seven/other/")
    assert {row[0] for row in table(owner, "sources")} == {
        "Seven easy ways (read)",
        "/guides/seven/other/ (no longer there)",
    }


def test_the_address_of_a_persons_own_page_is_shown_to_nobody(owner):
    key = tokens.make_token(tokens.REQUEST, 1)
    for path in (f"/r/{key}/", f"/email/preferences/{key}/", f"/workshops/watch/{key}", "/assessment/thanks/ABCDEFGH/"):
        sent("assessment", source_path=path)
    assert [row[0] for row in table(owner, "sources")] == ["A page that a mail or a form led to"]
    assert key not in owner.get(ADDRESS).content.decode()


def test_a_page_that_is_made_of_no_words_of_editors_is_known_by_its_path(owner):
    sent("assessment", source_path="/search/")
    assert [row[0] for row in table(owner, "sources")] == ["/search/"]


def test_campaigns_are_credited_with_what_they_brought(owner):
    spring = {"utm_source": "facebook", "utm_medium": "social", "utm_campaign": "spring"}
    sent("assessment", campaign=spring)
    sent("newsletter", LAST_WEEK, campaign=spring)
    sent("guide", campaign={"utm_source": "newsletter"})
    sent("guide")
    assert table(owner, "campaigns") == [
        ["spring (facebook, social)", "1", "0", "0", "0", "1", "1"],
        ["newsletter", "0", "1", "0", "0", "1", "0"],
    ]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1"])
def test_no_campaign_runs_in_a_spreadsheet(owner, name):
    sent(campaign={"utm_campaign": name})
    assert table(owner, "campaigns")[0][0] == f"'{name}"


def test_a_campaign_is_never_taken_for_a_part_of_the_page(owner):
    sent(campaign={"utm_campaign": "<b>x</b>"}, source_path="/<i>y</i>/")
    html = owner.get(ADDRESS).content.decode()
    assert "<b>x" not in html
    assert "<i>y" not in html


def test_a_long_list_is_cut_on_the_page_and_whole_in_the_spreadsheet(owner):
    for number in range(15):
        sent(source_path=f"/blog/post-{number}/")
    assert "3 more stand in the spreadsheet." in page_text(owner)
    assert len(table(owner, "sources")) == 15


# --- The page


def test_what_a_visitor_sends_counts_and_names_nobody(client, clinic):
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (database_now,) = cursor.fetchone()
    with time_machine.travel(database_now + timedelta(seconds=1)):
        client.post("/assessment/", filled_in(name="Marguerite Kanarienvogel", email="vogel@example.com"))
        owner = signed_in(member("owner"))
        assert figures(owner, "requests")["All"] == ["1", "0"]
        tables = re.findall(r'href="(/admin/reports/what-works/[^"]+\.csv)', owner.get(ADDRESS).content.decode())
        assert len(tables) > 5
        answers = [owner.get(address) for address in (ADDRESS, reverse("wagtailadmin_home"), *tables)]
    assert not any(re.search("Kanarienvogel|vogel@", answer.getvalue().decode()) for answer in answers)


def test_every_chart_has_a_name_a_description_and_a_table(owner):
    sent()
    html = owner.get(ADDRESS).content.decode()
    charts = re.findall(r'<svg class="clinic-chart__drawing" role="img".*?</svg>', html, re.DOTALL)
    assert len(charts) == 3
    for chart in charts:
        title, description = re.search(r'aria-labelledby="(\S+) (\S+)"', chart).groups()
        assert re.search(rf'<title id="{title}">[^<]+</title>\s*<desc id="{description}">[^<]+</desc>', chart)
    assert html.count("The chart in numbers") == 3
    assert "Guides, newsletter and workshops: 1 in all, at most 1 (Tuesday, March 10)." in html
    drawn = "".join(charts)
    assert "style=" not in drawn
    assert "<script" not in drawn


def test_the_page_leads_to_the_periods_around_it(owner):
    html = owner.get(ADDRESS).content.decode()
    assert 'href="?by=week&amp;day=2026-03-02">Earlier' in html
    assert "Later:" not in html
    html = owner.get(ADDRESS, {"by": "week", "day": "2026-03-04"}).content.decode()
    assert 'href="?by=week&amp;day=2026-03-09">Later' in html


def test_the_start_page_has_the_week_in_short(owner):
    sent("assessment")
    sent("guide", LAST_WEEK)
    html = owner.get(reverse("wagtailadmin_home")).content.decode()
    assert "This week so far" in html
    assert "Week of January 19" in html  # the first of eight
    assert f'href="{ADDRESS}?by=week&amp;day=2026-03-09"' in html


def test_on_a_monday_the_start_page_shows_the_week_that_is_over(clinic):
    with time_machine.travel(local(3, 9, 8), tick=False):
        html = signed_in(member("owner")).get(reverse("wagtailadmin_home")).content.decode()
    assert "Last week, March 2–8, 2026" in html


@pytest.mark.parametrize("role", ["editor", "front_desk", "clinician", "owner"])
def test_only_who_may_see_figures_gets_to_them(clinic, role):
    client = signed_in(member(role))
    may = role == "owner"
    addresses = [ADDRESS, f"{ADDRESS}sources/sources.csv", f"{ADDRESS}requests/requests-over-time.csv"]
    for address in addresses:
        response = client.get(address)
        assert response.status_code == (200 if may else 302)
        assert may or response["Location"] == reverse("wagtailadmin_home")
    home = client.get(reverse("wagtailadmin_home")).content.decode()
    assert (f'"{ADDRESS}"' in home) == may
    assert ('id="what-works-section"' in home) == may


def test_strangers_are_asked_to_sign_in(client, clinic):
    for address in (ADDRESS, f"{ADDRESS}sources/sources.csv"):
        assert client.get(address)["Location"].startswith(reverse("wagtailadmin_login"))


@pytest.mark.parametrize("path", ["nothing/nothing.csv", "sources/nothing.csv", "sections/requests.csv"])
def test_a_table_that_does_not_exist_is_not_found(owner, path):
    assert owner.get(f"{ADDRESS}{path}").status_code == 404


def test_the_figures_are_only_read(owner):
    assert owner.post(ADDRESS).status_code == 405
    assert owner.post(f"{ADDRESS}sources/sources.csv").status_code == 405


@pytest.mark.parametrize("address", [ADDRESS, "/admin/"])
def test_the_figures_cost_the_same_for_any_number_of_requests(owner, django_assert_max_num_queries, address):
    def add(number):
        for index in range(number):
            noted(promised(answered=THIS_WEEK), "booked")
            signed_up()
            sent(source_path=f"/blog/post-{number}-{index}/", campaign={"utm_source": f"x{index}"}, subject_id=index)

    add(1)
    owner.get(address)
    with django_assert_max_num_queries(50) as few:
        owner.get(address)
    add(12)
    with django_assert_max_num_queries(len(few)):
        owner.get(address)
