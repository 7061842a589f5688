"""Every card there is, picked out by what is not personal. For a person, there is the search."""

import math
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import path, reverse
from django.utils.functional import cached_property
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.paginator import WagtailPaginator
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column, DateColumn, StatusTagColumn, TitleColumn
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.generic import IndexView
from wagtail.admin.widgets.button import HeaderButton

from leads.forms.card import colleagues
from leads.models import Lead, Submission
from leads.models.person import LeadQuerySet

from .card import NO_NAME
from .inbox import LeadPermissionMixin, kind_label

LISTED = 5000  # cards; a filter brings up the others
NOBODY = "none"


class OwnerFilter(django_filters.ModelChoiceFilter):
    def __init__(self, **kwargs: Any):
        super().__init__(queryset=lambda request: colleagues(), null_label="Nobody", null_value=NOBODY, **kwargs)

    @property
    def field(self) -> Any:
        field = super().field
        field.label_from_instance = get_user_display_name
        return field


class LeadFilterSet(WagtailFilterSet):
    state = django_filters.ChoiceFilter(choices=Lead.State.choices, empty_label="Any state")
    owner = OwnerFilter(label="Owner", empty_label="Anybody")
    asked_for = django_filters.ChoiceFilter(label="Asked for", choices=Submission.Kind.choices, empty_label="Anything")
    source_path = django_filters.CharFilter(label="Page", help_text="The first page they wrote from, such as /blog/.")
    asked_at = django_filters.DateFromToRangeFilter(label="Asked on", widget=DateRangePickerWidget)

    class Meta:
        model = Lead
        fields = ["state", "owner", "asked_for", "source_path", "asked_at"]


class LeadPaginator(WagtailPaginator):
    """Counts as far as it shows."""

    @cached_property
    def count(self) -> int:
        leads: LeadQuerySet = self.object_list
        return int(leads.order_by().values("pk")[: LISTED + 1].count())

    @property
    def num_pages(self) -> int:
        return int(max(math.ceil(min(self.count, LISTED) / self.per_page), 1))

    @property
    def items_count_label(self) -> str:
        if self.count > LISTED:
            return f"The latest {LISTED:,} of more. A filter brings up the others."
        return f"{self.count:,} {'lead' if self.count == 1 else 'leads'}"


class AllLeadsView(LeadPermissionMixin, IndexView):
    model = Lead
    template_name = "leads/admin/all_leads.html"
    results_template_name = "leads/admin/all_leads_results.html"
    page_title = "All leads"
    header_icon = "group"
    index_url_name = "leads_all"
    index_results_url_name = "leads_all_results"
    filterset_class = LeadFilterSet
    paginator_class = LeadPaginator
    default_ordering = "-asked_at"
    paginate_by = 50
    verbose_name = "lead"
    verbose_name_plural = "leads"
    table_classname = "listing clinic-cards"

    @cached_property
    def columns(self) -> list[Column]:
        columns = [
            TitleColumn(
                "name",
                label="Who",
                accessor=lambda lead: lead.name or NO_NAME,
                url_name="lead",
                get_title_id=lambda lead: f"lead_{lead.pk}_title",
            ),
            StatusTagColumn("state", label="State", accessor="get_state_display", classname="clinic-cards__state"),
            Column("asked_for", label="Asked for", accessor=lambda lead: kind_label(lead.asked_for)),
            Column("source_path", label="Page"),
            Column(
                "owner",
                label="Owner",
                accessor=lambda lead: get_user_display_name(lead.owner) if lead.owner else "Nobody",
            ),
            DateColumn("asked_at", label="Asked", sort_key="asked_at"),
        ]
        if self.request.user.has_perm("leads.change_lead"):
            columns.insert(0, BulkActionsCheckboxColumn("bulk_actions", obj_type="lead"))
        return columns

    def get_base_queryset(self) -> QuerySet[Lead]:
        return Lead.objects.cards().select_related("owner")

    def order_queryset(self, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        return queryset.order_by(*(("asked_at", "pk") if self.ordering == "asked_at" else ("-asked_at", "-pk")))

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        buttons = [HeaderButton("Find a person", url=reverse("leads_search"), icon_name="search")]
        if self.request.user.has_perm("leads.export_lead"):
            filters = self.request.GET.urlencode()
            buttons.append(HeaderButton("Export", url=f"{reverse('leads_export')}?{filters}", icon_name="download"))
        return buttons

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox, {"url": "", "label": self.page_title}]


urls = [
    path("leads/all/", AllLeadsView.as_view(), name="leads_all"),
    path("leads/all/results/", AllLeadsView.as_view(results_only=True), name="leads_all_results"),
]
