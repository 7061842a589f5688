"""What waits for the member of staff who signs in: the first panel of the admin's start page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from wagtail import hooks
from wagtail.admin.ui.components import Component
from wagtail.models import Page, TaskState
from wagtail.permissions import page_permission_policy

from .models import ClinicSettings
from .reports import counts_by_state, reviewed_pages

TONES = ["overdue", "due", "calm"]
NAMED = 4  # how many pages a line names
FORGOTTEN_AFTER = timedelta(days=14)
RATING_NOTICE = timedelta(days=30)  # before an old rating is hidden from readers


@dataclass(frozen=True)
class ToDo:
    """A line of the panel. `links` are `(name, address)`; each leads to where the work is done."""

    text: str
    links: list[tuple[str, str]]
    tone: str = "calm"  # one of TONES
    note: str = ""


class ToDoPanel(Component):
    name = "to-do"
    order = 50
    template_name = "clinic/admin/to_do_panel.html"

    def __init__(self, request):
        self.request = request

    def get_context_data(self, parent_context):
        return {"to_dos": sorted(to_dos_for(self.request), key=lambda to_do: TONES.index(to_do.tone))}


def to_dos_for(request) -> Iterator[ToDo]:
    """Ours, and those of other apps: the hook `register_to_dos` gives the lines for a request."""
    for register in hooks.get_hooks("register_to_dos"):
        yield from register(request)
    clinic = ClinicSettings.load(request_or_site=request)
    yield from waiting_reviews(request.user)
    if page_permission_policy.user_has_any_permission(request.user, {"add", "change", "publish"}):
        yield from review_dates(reviewed_pages(request.user))
    if request.user.has_perm("clinic.change_clinicsettings"):
        yield from missing_facts(clinic)
        yield from old_rating(clinic)
    yield from forgotten_drafts(request.user)


def waiting_reviews(user) -> Iterator[ToDo]:
    states = TaskState.objects.reviewable_by(user).values_list("workflow_state__object_id", flat=True)
    pages = Page.objects.filter(pk__in=[int(pk) for pk in states]).order_by("latest_revision_created_at")
    if links := page_links(pages):
        verb = "waits" if len(links) == 1 else "wait"
        yield ToDo(f"{count_of(len(links), 'page')} {verb} for your review", links, "due")


def review_dates(pages: QuerySet[Page]) -> Iterator[ToDo]:
    counts = counts_by_state(pages)
    report = reverse("clinical_review_report")
    if number := counts["overdue"]:
        verb = "is" if number == 1 else "are"
        yield ToDo(f"{count_of(number, 'clinical review')} {verb} overdue", [see(number, report, "overdue")], "overdue")
    if number := counts["due"]:
        verb = "falls" if number == 1 else "fall"
        yield ToDo(
            f"{count_of(number, 'clinical review')} {verb} due within 30 days", [see(number, report, "due")], "due"
        )
    if number := counts["none"]:
        yield ToDo(
            f"No clinician has reviewed {count_of(number, 'published page')} yet",
            page_links(pages.filter(review_state="none")[:NAMED])
            + ([see(number, report, "none")] if number > NAMED else []),
            note="Readers see “Clinical review: none yet” there.",
        )


def missing_facts(clinic: ClinicSettings) -> Iterator[ToDo]:
    facts = [
        ("the phone number", clinic.phone, "clinic"),
        ("the postal address, which the first mailing needs", clinic.has_postal_address, "clinic"),
        ("the opening hours", clinic.opening_hours.exists(), "hours"),
        ("the signs that need urgent care", clinic.red_flag_list, "safety"),
    ]
    for name, is_known, tab in facts:
        if not is_known:
            yield ToDo(f"The clinic's settings lack {name}", [("Fill it in", settings_address(tab))], "due")


def old_rating(clinic: ClinicSettings) -> Iterator[ToDo]:
    if not clinic.rating_as_of:
        return
    age = timezone.localdate(timezone=clinic.zone) - clinic.rating_as_of
    limit = timedelta(days=clinic.rating_max_age_days)
    if age > limit - RATING_NOTICE:
        fate = "is no longer shown" if age > limit else "will soon be hidden"
        text = f"The rating was looked up on {date_format(clinic.rating_as_of)} and {fate}"
        yield ToDo(text, [("Look it up again", settings_address("rating"))], "due")


def forgotten_drafts(user) -> Iterator[ToDo]:
    drafts = page_permission_policy.instances_user_has_permission_for(user, "change").filter(
        Q(live=False) | Q(has_unpublished_changes=True),
        expired=False,
        latest_revision_created_at__lt=timezone.now() - FORGOTTEN_AFTER,
    )
    if number := drafts.count():
        yield ToDo(
            f"{count_of(number, 'draft')} untouched for over {FORGOTTEN_AFTER.days} days",
            page_links(drafts.order_by("latest_revision_created_at")[:NAMED]),
            note=f"The {NAMED} oldest:" if number > NAMED else "",
        )


def page_links(pages: QuerySet[Page]) -> list[tuple[str, str]]:
    return [(page.draft_title or page.title, reverse("wagtailadmin_pages:edit", args=[page.pk])) for page in pages]


def see(number: int, report: str, state: str) -> tuple[str, str]:
    return ("See it" if number == 1 else f"See all {number}", f"{report}?state={state}")


def settings_address(tab: str) -> str:
    return reverse("wagtailsettings:edit", args=["clinic", "clinicsettings"]) + f"#tab-{tab}"


def count_of(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
