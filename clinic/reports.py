"""Which pages a clinician has reviewed, and which wait for it. What readers can see, not drafts."""

from datetime import date

import django_filters
from django.db.models import Case, CharField, Count, DateField, F, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat, Trim
from django.forms import RadioSelect
from django.utils import timezone
from django.utils.functional import cached_property
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.views.reports import PageReportView
from wagtail.models import Page
from wagtail.permissions import page_permission_policy

from .models import ClinicSettings, reviewed_page_models
from .models.review import DUE_SOON

STATES = {"overdue": "Overdue", "due": "Due within 30 days", "none": "Never reviewed", "current": "Reviewed"}
NEEDS_REVIEW = ("overdue", "due")
ALL = "all"


def reviewed_pages(user) -> QuerySet[Page]:
    """The live pages that carry a review and that this member of staff may work on, those due first.

    Annotated: `last_reviewed_on`, `next_review_on`, `reviewer` and `review_state`, one of `STATES`.
    """
    pages = page_permission_policy.instances_user_has_any_permission_for(user, {"add", "change", "publish"})
    pages = pages.filter(live=True).type(*reviewed_page_models())
    return with_review(pages, clinic_today()).order_by(F("next_review_on").asc(nulls_last=True), "title", "pk")


def with_review(pages: QuerySet[Page], today: date) -> QuerySet[Page]:
    return pages.annotate(
        last_reviewed_on=of_any_type("last_reviewed_on", DateField()),
        next_review_on=of_any_type("next_review_on", DateField()),
        reviewer=Trim(
            Concat(
                of_any_type("reviewed_by__first_name", CharField()),
                Value(" "),
                of_any_type("reviewed_by__last_name", CharField()),
            )
        ),
        review_state=Case(
            When(next_review_on=None, then=Value("none")),
            When(next_review_on__lt=today, then=Value("overdue")),
            When(next_review_on__lte=today + DUE_SOON, then=Value("due")),
            default=Value("current"),
        ),
    )


def of_any_type(name: str, kind) -> Coalesce:
    """The value of a field that several types of page have, in one query over all of them."""
    paths = [f"{model._meta.model_name}__{name}" for model in reviewed_page_models()]
    return Coalesce(*paths, Value(None, output_field=kind), output_field=kind)


def clinic_today() -> date:
    return timezone.localdate(timezone=ClinicSettings.load().zone)


def counts_by_state(pages: QuerySet[Page]) -> dict[str, int]:
    counted = pages.order_by().values_list("review_state").annotate(Count("pk"))
    return dict.fromkeys(STATES, 0) | dict(counted)


class ReviewFilterSet(WagtailFilterSet):
    state = django_filters.ChoiceFilter(
        label="Clinical review",
        choices=[*STATES.items(), (ALL, "All pages")],
        empty_label="Overdue, or due within 30 days",
        method="filter_state",
        widget=RadioSelect,
    )

    class Meta:
        model = Page
        fields: list[str] = []

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("state"):
            return queryset
        return queryset.filter(review_state__in=NEEDS_REVIEW)

    def filter_state(self, queryset, name, value):
        return queryset if value == ALL else queryset.filter(review_state=value)


class ReviewReportView(PageReportView):
    """Every page with clinical advice by the date of its next review; never reviewed ones apart."""

    page_title = "Clinical review"
    header_icon = "clipboard-list"
    results_template_name = "clinic/admin/review_report_results.html"
    index_url_name = "clinical_review_report"
    index_results_url_name = "clinical_review_report_results"
    filterset_class = ReviewFilterSet
    any_permission_required = ["add", "change", "publish"]
    export_filename = "clinical-review"
    list_export = ["title", "state_label", "reviewer", "last_reviewed_on", "next_review_on", "full_url"]
    export_headings = {
        "title": "Title",
        "state_label": "State",
        "reviewer": "Reviewed by",
        "last_reviewed_on": "Last reviewed",
        "next_review_on": "Next review due",
        "full_url": "Address",
    }

    @cached_property
    def pages(self):
        return reviewed_pages(self.request.user)

    def get_queryset(self):
        self.queryset = self.pages
        return super().get_queryset()

    def decorate_paginated_queryset(self, object_list):
        for page in object_list:
            page.state_label = STATES[page.review_state]
        return object_list

    def get_context_data(self, **kwargs):
        counts = counts_by_state(self.pages)
        chosen = self.request.GET.get("state", "")
        states = [("", "Needs a review", sum(counts[state] for state in NEEDS_REVIEW))]
        states += [(state, label, counts[state]) for state, label in STATES.items()]
        return super().get_context_data(**kwargs) | {"states": states, "chosen": chosen}
