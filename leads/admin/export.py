"""What is kept, given out: all about one person, or the leads of a list as a table. Each is logged before it begins."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from django.views.generic import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.log_actions import LogFormatter, log

from leads.models import Lead
from leads.models.person import LeadQuerySet
from leads.services.export import COLUMNS, export_person, rows
from leads.spreadsheet import XLSX_ROWS, XLSX_TYPE, Row, csv_pieces, xlsx_pieces

from .all_leads import LeadFilterSet
from .card import staff_named_in
from .clock import Day
from .inbox import LeadPermissionMixin
from .person import PersonView
from .timeline import Facts, line_of

COUNTED = 100_000  # leads, on the page that asks; what is logged is the whole number


class ExportPersonView(PersonView):
    """Asks what to export on GET. The answer to the POST is the export itself, at an address that tells nothing."""

    permission_required = "export"
    template_name = "leads/admin/person_export.html"
    page_title = "Export everything about this person"
    header_icon = "download"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"may_see_answers": self.may_see_answers} | kwargs)

    @property
    def may_see_answers(self) -> bool:
        return bool(self.request.user.has_perm("leads.view_health_answers"))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with_answers = self.may_see_answers and request.POST.get("with_answers") == "on"
        facts = Facts({}, staff_named_in(self.lead.timeline.all()), Day.at(timezone.now()))
        export = export_person(
            lead=self.lead,
            user=self.member,
            with_answers=with_answers,
            tell=lambda entry: line_of(entry, facts).title,
        )
        if request.POST.get("format") != "json":
            response = self.render_to_response(self.get_context_data(export=export))
            add_never_cache_headers(response)
            return response
        response = JsonResponse(export, json_dumps_params={"indent": 2, "ensure_ascii": False})
        response["Content-Disposition"] = f'attachment; filename="person-{self.lead.pk}.json"'
        add_never_cache_headers(response)
        return response


# --- Leads as a table

FORMATS: dict[str, tuple[str, Callable[[Iterable[Row]], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_pieces),
    "xlsx": (XLSX_TYPE, xlsx_pieces),
}


class TableForm(forms.Form):
    format = forms.ChoiceField(
        label="Format", choices=[("xlsx", "Excel (XLSX)"), ("csv", "CSV")], widget=forms.RadioSelect, initial="xlsx"
    )

    def __init__(self, *args: Any, leads: LeadQuerySet, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.leads = leads

    def clean_format(self) -> str:
        name: str = self.cleaned_data["format"]
        if name == "xlsx" and self.leads.order_by()[:XLSX_ROWS].count() >= XLSX_ROWS:
            raise forms.ValidationError("These are more rows than a sheet of Excel can have. Choose CSV.")
        return name


class ExportLeadsView(LeadPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    """The filters of the list stand in the address, as they do there; none of them is personal."""

    permission_required = "export"
    template_name = "leads/admin/export.html"
    page_title = "Export leads"
    header_icon = "download"

    @cached_property
    def filters(self) -> LeadFilterSet:
        return LeadFilterSet(self.request.GET, queryset=Lead.objects.cards(), request=self.request)

    @property
    def leads(self) -> LeadQuerySet:
        return self.filters.qs if self.filters.is_valid() else Lead.objects.none()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counted = self.leads.order_by()[: COUNTED + 1].count()
        shown = {
            "form": TableForm(leads=self.leads),
            "count": f"{counted:,}" if counted <= COUNTED else f"more than {COUNTED:,}",
            "has_leads": bool(counted),
            "is_filtered": any(self.request.GET.get(name) for name in self.filters.form.data),
        }
        return super().get_context_data(**shown | kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = TableForm(request.POST, leads=self.leads)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        name = form.cleaned_data["format"]
        log(self.member, EXPORT, user=self.member, data={"leads": self.leads.order_by().count(), "format": name})
        content_type, pieces = FORMATS[name]
        response = StreamingHttpResponse(pieces(table(self.leads)), content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="leads-{timezone.localdate()}.{name}"'
        add_never_cache_headers(response)
        return response

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox, {"url": "", "label": self.page_title}]


def table(leads: LeadQuerySet) -> Iterator[Row]:
    yield COLUMNS
    yield from rows(leads)


# --- The log: who exported how many and when, in the site history among the reports

EXPORT = "leads.export"


def register_actions(actions: Any) -> None:
    @actions.register_action(EXPORT)
    class ExportFormatter(LogFormatter):
        label = "Export leads"

        def format_message(self, entry: Any) -> str:
            number = entry.data["leads"]
            return f"Exported {number:,} lead{'' if number == 1 else 's'} as {entry.data['format'].upper()}"


urls = [
    path("leads/<int:pk>/export/", ExportPersonView.as_view(), name="lead_export"),
    path("leads/export/", ExportLeadsView.as_view(), name="leads_export"),
]
