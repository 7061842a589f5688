from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from wagtail.models import Workflow, WorkflowPage
from wagtail.test.utils.form_data import rich_text, streamfield

from blog.models import BlogPage
from clinic.clinical_review import months_after
from clinic.models import ClinicalReviewTask
from clinic.tasks import publish_scheduled

from .factories import BlogPageFactory, ClinicSettingsFactory, StandardPageFactory
from .staff import answer_review, edit, member

pytestmark = pytest.mark.django_db

WORDS = "<p>Go for a walk.</p>"
OTHER_WORDS = "<p>Lie down for a week.</p>"


def post(**fields):
    return BlogPageFactory(body=[("text", WORDS)], **fields)


def fresh(page):
    return BlogPage.objects.get(pk=page.pk)


def reviewed(page, clinician=None):
    """The page after an editor submitted it and a clinician signed it off."""
    clinician = clinician or member("clinician", first_name="Amy", last_name="Rivers")
    edit(member("editor"), page, "submit")
    answer_review(clinician, fresh(page))
    return fresh(page)


@time_machine.travel("2026-11-20 20:00Z")
def test_a_clinicians_approval_stamps_the_reviewer_and_both_dates():
    clinician = member("clinician")

    page = reviewed(post(), clinician)

    assert page.live
    assert page.reviewed_by == clinician
    assert page.last_reviewed_on == date(2026, 11, 20)
    assert page.next_review_on == date(2027, 11, 20)
    assert page.review_state == "current"


@pytest.mark.parametrize("role", ["editor", "owner", "administrator"])
def test_nobody_but_a_clinician_signs_off(role):
    user = member(role, is_superuser=role == "administrator")
    page = post()
    edit(member("editor"), page, "submit")

    response = answer_review(user, fresh(page))
    edit(user, page, "workflow-action")

    assert response.status_code == 403 or response.url == "/admin/"
    assert fresh(page).workflow_in_progress
    assert fresh(page).review_state == "none"


def test_a_clinician_who_left_signs_nothing():
    clinician = member("clinician", is_active=False)
    page = post()
    edit(member("editor"), page, "submit")

    assert ClinicalReviewTask.objects.get().get_actions(page, clinician) == []


def test_an_owner_who_is_also_a_clinician_signs_off():
    both = member("owner", "clinician")

    assert reviewed(post(), both).reviewed_by == both


def test_a_post_approved_with_changes_is_signed_as_changed():
    clinician = member("clinician")
    page = post()
    edit(member("editor"), page, "submit")

    edit(clinician, page, "workflow-action", text=OTHER_WORDS)

    page = fresh(page)
    assert page.reviewed_by == clinician
    assert "for a week" in page.body[0].value.source
    assert page.says_what_was_reviewed


def test_a_post_sent_back_is_not_stamped():
    page = post()
    edit(member("editor"), page, "submit")

    answer_review(member("clinician"), fresh(page), "reject")

    assert fresh(page).review_state == "none"
    assert fresh(page).current_workflow_state.status == "needs_changes"


def test_the_day_of_a_review_is_the_day_at_the_clinic():
    ClinicSettingsFactory(time_zone="Pacific/Honolulu")
    with time_machine.travel(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)):
        page = reviewed(post())

    assert page.last_reviewed_on == date(2026, 3, 1)


def test_the_owner_chooses_how_long_a_review_holds():
    member("owner")
    ClinicalReviewTask.objects.update(review_interval_months=6)
    with time_machine.travel("2026-08-31 20:00Z"):
        page = reviewed(post())

    assert page.next_review_on == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 11, 20), 12, date(2027, 11, 20)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
    ],
)
def test_months_later_is_a_day_that_exists(day, months, later):
    assert months_after(day, months) == later


def test_a_scheduled_post_goes_live_with_its_review():
    clinician = member("clinician")
    page = post(live=False)
    go_live = timezone.localtime() + timedelta(days=3)
    edit(member("editor"), page, "submit", go_live_at=go_live.strftime("%Y-%m-%d %H:%M"))
    answer_review(clinician, fresh(page))
    assert not fresh(page).live

    with time_machine.travel(timezone.now() + timedelta(days=4)):
        publish_scheduled()

    page = fresh(page)
    assert page.live
    assert page.reviewed_by == clinician
    assert page.last_reviewed_on == timezone.localdate(timezone=timezone.get_default_timezone())


def test_publishing_other_words_clears_the_review_and_says_so():
    page = reviewed(post())

    response = edit(member("editor"), page, "publish", follow=True, text=OTHER_WORDS)

    page = fresh(page)
    assert page.review_state == "none"
    assert page.reviewed_by is None
    assert "its clinical review no longer stands" in response.content.decode()


@pytest.mark.parametrize("field", ["title", "listing_summary"])
def test_another_title_or_summary_clears_the_review_too(field):
    page = reviewed(post())

    edit(member("editor"), page, "publish", **{field: "Never move again."})

    assert fresh(page).review_state == "none"


def test_publishing_the_same_words_keeps_the_review():
    page = reviewed(post())

    response = edit(member("editor"), page, "publish", follow=True, seo_title="Walks for a stiff back")

    assert fresh(page).review_state == "current"
    assert "no longer stands" not in response.content.decode()


def test_a_new_block_clears_the_review():
    page = reviewed(post())
    body = streamfield([("text", rich_text(WORDS)), ("heading", {"text": "And then run", "anchor": ""})])

    edit(member("editor"), page, "publish", body=body)

    assert fresh(page).review_state == "none"


def test_a_draft_of_other_words_leaves_the_published_review_alone():
    page = reviewed(post())

    edit(member("editor"), page, text=OTHER_WORDS)

    assert fresh(page).has_unpublished_changes
    assert fresh(page).review_state == "current"


def test_an_editor_is_told_before_publishing_that_the_review_would_go():
    page = reviewed(post())
    editor = member("editor")

    response = edit(editor, page, follow=True, text=OTHER_WORDS)

    assert "This draft says something else than what was reviewed" in response.content.decode()


def test_words_changed_by_a_command_lose_the_review():
    page = reviewed(post())
    page.body = [("text", OTHER_WORDS)]

    page.save()

    assert fresh(page).review_state == "none"


def test_words_changed_in_a_single_field_lose_the_review():
    page = reviewed(post())
    page.listing_summary = "Never move again."

    page.save(update_fields=["listing_summary"])

    assert fresh(page).review_state == "none"


def test_going_back_to_the_reviewed_words_brings_their_review_back():
    page = reviewed(post())
    signed = page.live_revision
    edit(member("editor"), page, "publish", text=OTHER_WORDS)
    assert fresh(page).review_state == "none"

    signed.refresh_from_db()
    signed.publish(user=member("editor"))

    assert fresh(page).review_state == "current"


def test_an_owner_may_take_a_page_back_from_a_clinician_who_is_away():
    page = post()
    edit(member("editor"), page, "submit")

    edit(member("owner"), page, "publish", text=OTHER_WORDS)

    page = fresh(page)
    assert "for a week" in page.body[0].value.source
    assert not page.workflow_in_progress
    assert page.review_state == "none"


def test_posts_are_reviewed_and_other_pages_are_not():
    page, standard = post(), StandardPageFactory()
    member("editor")

    assert page.get_workflow().name == "Clinical review"
    assert standard.get_workflow() is None


def test_another_workflow_that_an_owner_chose_stays():
    page = post()
    own = Workflow.objects.create(name="Second pair of eyes")
    WorkflowPage.objects.create(page=page.get_parent(), workflow=own)

    member("owner")

    assert page.get_workflow() == own
