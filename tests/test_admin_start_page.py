import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from blog.models import BlogPage
from clinic.dashboard import to_dos_for
from clinic.models import OpeningHours

from .factories import BlogPageFactory, ClinicSettingsFactory, StandardPageFactory
from .staff import edit, member, signed_in
from .test_admin_review_report import reviewed

pytestmark = pytest.mark.django_db

COMPLETE = {
    "phone": "+14256584944",
    "street": "1 Main Street",
    "locality": "Maple Valley",
    "region": "WA",
    "postal_code": "98038",
    "red_flags": "Numbness",
}


def to_dos(user, rf):
    request = rf.get("/admin/")
    request.user = user
    return {to_do.text: to_do.links for to_do in to_dos_for(request)}


def complete_clinic(**fields):
    clinic = ClinicSettingsFactory(**COMPLETE | fields)
    OpeningHours.objects.create(clinic=clinic, weekday=0, opens="08:00", closes="17:00")
    return clinic


def test_with_nothing_to_do_the_start_page_says_so():
    complete_clinic()

    assert "Nothing waits for you." in signed_in(member("owner")).get("/admin/").content.decode()


def test_a_clinician_sees_which_pages_wait_for_review(rf):
    page = BlogPageFactory(title="A stiff morning", body=[("text", "<p>Walk.</p>")], live=False)
    edit(member("editor"), page, "submit")

    seen = to_dos(member("clinician"), rf)

    assert seen["1 page waits for your review"] == [("A stiff morning", f"/admin/pages/{page.pk}/edit/")]
    assert "1 page waits for your review" not in to_dos(member("owner"), rf)


def test_staff_see_what_is_overdue_and_what_falls_due(rf):
    reviewed("Old", -1)
    reviewed("Ageing", 10)
    reviewed("Ageing too", 20)

    seen = to_dos(member("editor"), rf)

    report = "/admin/reports/clinical-review/"
    assert seen["1 clinical review is overdue"] == [("See it", f"{report}?state=overdue")]
    assert seen["2 clinical reviews fall due within 30 days"] == [("See all 2", f"{report}?state=due")]


def test_staff_see_which_pages_no_clinician_has_reviewed(rf):
    page = BlogPageFactory(title="A sample")

    seen = to_dos(member("editor"), rf)

    assert seen["No clinician has reviewed 1 published page yet"] == [("A sample", f"/admin/pages/{page.pk}/edit/")]


def test_of_many_unreviewed_pages_four_are_named_and_the_report_has_the_rest(rf):
    BlogPageFactory.create_batch(6)

    links = to_dos(member("editor"), rf)["No clinician has reviewed 6 published pages yet"]

    assert len(links) == 5
    assert links[-1] == ("See all 6", "/admin/reports/clinical-review/?state=none")


def test_an_owner_sees_which_facts_of_the_clinic_are_missing(rf):
    ClinicSettingsFactory()

    seen = to_dos(member("owner"), rf)

    assert "The clinic's settings lack the postal address, which the first mailing needs" in seen
    assert "The clinic's settings lack the opening hours" in seen


@pytest.mark.parametrize(
    ("fact", "field"),
    [
        ("the phone number", "phone"),
        ("the postal address, which the first mailing needs", "street"),
        ("the opening hours", "opening_hours-TOTAL_FORMS"),
        ("the signs that need urgent care", "red_flags"),
    ],
)
def test_a_missing_fact_leads_to_the_tab_that_lacks_it(rf, fact, field):
    ClinicSettingsFactory()
    owner = member("owner")

    [(_, address)] = to_dos(owner, rf)[f"The clinic's settings lack {fact}"]

    page, _, tab = address.partition("#")
    html = signed_in(owner).get(page, follow=True).content.decode()
    [at] = [found.start() for found in re.finditer(f'name="{field}"', html)]
    assert re.findall(r'id="(tab-(?!label)[\w-]+)"', html[:at])[-1] == tab


def test_an_editor_is_not_asked_for_facts_of_the_clinic(rf):
    ClinicSettingsFactory()

    assert not any("settings" in text for text in to_dos(member("editor"), rf))


@pytest.mark.parametrize(
    ("age", "text"),
    [(100, None), (160, "will soon be hidden"), (181, "is no longer shown")],
)
def test_an_owner_is_told_when_the_rating_is_old(rf, age, text):
    complete_clinic(rating_value="5.0", rating_count=30, rating_as_of=timezone.localdate() - timedelta(days=age))

    seen = [to_do for to_do in to_dos(member("owner"), rf) if "rating" in to_do]

    assert (text in seen[0]) if text else not seen


def test_a_draft_that_lies_for_two_weeks_is_remembered(rf):
    with time_machine.travel(timezone.now() - timedelta(days=15)):
        page = BlogPageFactory(title="Half a thought", live=False)
        page.save_revision()
        published = StandardPageFactory()
        published.save_revision().publish()
    BlogPageFactory(live=False).save_revision()

    seen = to_dos(member("editor"), rf)

    assert seen["1 draft untouched for over 14 days"] == [("Half a thought", f"/admin/pages/{page.pk}/edit/")]


def test_the_start_page_takes_as_many_queries_for_many_posts_as_for_few(django_assert_max_num_queries):
    client = signed_in(member("owner", "clinician"))
    BlogPageFactory.create_batch(5)
    client.get("/admin/")
    with django_assert_max_num_queries(60) as few:
        client.get("/admin/")
    BlogPageFactory.create_batch(20)

    with django_assert_max_num_queries(len(few)):
        client.get("/admin/")


def test_the_posts_in_the_explorer_say_that_nobody_has_reviewed_them():
    page = BlogPageFactory()
    client = signed_in(member("editor"))

    explorer = client.get(f"/admin/pages/{page.get_parent().pk}/").content.decode()
    editor = client.get(f"/admin/pages/{page.pk}/edit/").content.decode()

    assert "Never reviewed" in explorer
    assert "Never reviewed" in client.get("/admin/posts/").content.decode()
    assert "No clinician has reviewed this yet." in editor
    assert BlogPage.objects.get(pk=page.pk).review_state == "none"


def test_the_admin_carries_the_name_of_the_practice(client):
    ClinicSettingsFactory(practice_name="Dr. Rivers & Daughter")

    login = client.get("/admin/login/").content.decode()
    start = signed_in(member("editor")).get("/admin/").content.decode()

    for html in (login, start):
        assert "Dr. Rivers &amp; Daughter</title>" in html
        assert "Wagtail</title>" not in html
    assert "css/admin.css" in start
    assert "Sign in" in login
