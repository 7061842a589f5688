import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from .factories import BlogPageFactory, ClinicSettingsFactory
from .staff import member, signed_in

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/reports/clinical-review/"


def reviewed(title, due_in, **fields):
    """A published post that a clinician signed, and whose next review is due in so many days."""
    clinician = member("clinician", first_name="Amy", last_name="Rivers")
    page = BlogPageFactory(title=title, **fields)
    today = timezone.localdate()
    page.sign(user=clinician, on=today - timedelta(days=300), until=today + timedelta(days=due_in))
    page.save()
    return page


def titles(client, state=""):
    response = client.get(ADDRESS, {"state": state} if state else {})
    return [page.title for page in response.context["object_list"]]


@pytest.fixture
def pages():
    ClinicSettingsFactory()
    reviewed("Overdue for long", -40)
    reviewed("Overdue since yesterday", -1)
    reviewed("Due today", 0)
    reviewed("Due in 30 days", 30)
    reviewed("Due in 31 days", 31)
    BlogPageFactory(title="Never reviewed")


@pytest.mark.parametrize(
    ("state", "listed"),
    [
        ("", ["Overdue for long", "Overdue since yesterday", "Due today", "Due in 30 days"]),
        ("overdue", ["Overdue for long", "Overdue since yesterday"]),
        ("due", ["Due today", "Due in 30 days"]),
        ("current", ["Due in 31 days"]),
        ("none", ["Never reviewed"]),
    ],
)
def test_the_report_lists_what_is_due_first(pages, state, listed):
    assert titles(signed_in(member("editor")), state) == listed


def test_the_report_counts_each_state(pages):
    response = signed_in(member("editor")).get(ADDRESS)

    assert [count for _, _, count in response.context["states"]] == [4, 2, 2, 1, 1]


def test_a_line_of_the_report_leads_to_the_editor(pages):
    page = BlogPageFactory(title="Another one")

    html = signed_in(member("editor")).get(ADDRESS, {"state": "none"}).content.decode()

    assert f'href="/admin/pages/{page.pk}/edit/">Another one' in html


def test_a_state_that_does_not_exist_breaks_nothing(pages):
    assert signed_in(member("editor")).get(ADDRESS, {"state": "\x00'"}).status_code == 200


def test_drafts_are_not_in_the_report():
    BlogPageFactory(title="Not out yet", live=False)

    assert titles(signed_in(member("editor")), "all") == []


def test_the_report_says_that_nothing_is_due():
    html = signed_in(member("editor")).get(ADDRESS).content.decode()

    assert "No review is overdue, and none falls due within 30 days." in html


def test_the_report_is_a_spreadsheet_too(pages):
    response = signed_in(member("owner")).get(ADDRESS, {"export": "csv", "state": "overdue"})

    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert rows[0] == ["Title", "State", "Reviewed by", "Last reviewed", "Next review due", "Address"]
    assert rows[1][:3] == ["Overdue for long", "Overdue", "Amy Rivers"]
    assert rows[1][5].startswith("http://testserver/blog/")


def test_the_report_is_in_the_menu_of_those_who_edit():
    assert ADDRESS in signed_in(member("clinician")).get("/admin/").content.decode()


def test_the_report_takes_as_many_queries_for_twenty_posts_as_for_one(django_assert_max_num_queries):
    client = signed_in(member("editor"))
    BlogPageFactory()
    client.get(ADDRESS, {"state": "none"})
    with django_assert_max_num_queries(30) as few:
        client.get(ADDRESS, {"state": "none"})
    BlogPageFactory.create_batch(19)

    with django_assert_max_num_queries(len(few)):
        client.get(ADDRESS, {"state": "none"})
