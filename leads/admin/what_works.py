"""What works: figures of the practice's own rows, for those who may see them. They name no person."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_required
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from clinic.models import ClinicSettings
from leads.spreadsheet import csv_pieces
from leads.what_works.period import Period, Span
from leads.what_works.report import Report
from leads.what_works.sections import SECTIONS, sections, tiles
from leads.what_works.week import recent_weeks, week_to_read

RIGHT = "leads.view_figures"
BEFORE_ALL = date(2000, 1, 1)


class PeriodForm(forms.Form):
    """Which period is looked at: the span, and a day in it."""

    by = forms.ChoiceField(choices=Span.choices)
    day = forms.DateField(required=False, validators=[MinValueValidator(BEFORE_ALL)])


def report_for(request: HttpRequest) -> Report:
    """On the period that the address names, or on this week where it names none that can be."""
    form = PeriodForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    clinic, now = ClinicSettings.current(), timezone.now()
    today = now.astimezone(clinic.zone).date()
    span = Span(chosen.get("by") or Span.WEEK)
    return Report(Period.around(chosen.get("day") or today, span, now, clinic.zone), clinic)


def query_of(period: Period, span: Span | None = None) -> str:
    return f"?by={span or period.span}&day={period.first}"


class WhatWorksView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "leads/admin/what_works.html"
    page_title = "What works"
    header_icon = "view"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = report_for(self.request)
        period = report.period
        figures = {"report": report, "period": period, "tiles": tiles(report), "sections": sections(report)}
        links = {
            "query": query_of(period),
            "spans": [(span.label, query_of(period, span), span == period.span) for span in Span],
            "earlier": query_of(period.before),
            "later": query_of(period.after) if period.after else "",
        }
        return super().get_context_data(**figures, **links, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]


@require_safe
def spreadsheet(request: HttpRequest, section: str, table: str) -> StreamingHttpResponse:
    """One table as CSV (RFC 4180), of the same period as the page."""
    if section not in SECTIONS:
        raise Http404
    report = report_for(request)
    found = {found.key: found for found in SECTIONS[section](report).all_tables}.get(table)
    if found is None:
        raise Http404
    name = f"{table}-{report.period.span}-{report.period.first}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    pieces = csv_pieces(found.for_a_spreadsheet)
    return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)


class WhatWorksPanel(Component):
    """The week in short, on the start page."""

    name = "what-works"
    order = 60
    template_name = "leads/admin/what_works_panel.html"

    class Media:
        css = {"all": ["css/admin-what-works.css"]}

    @cached_property
    def report(self) -> Report:
        clinic = ClinicSettings.current()
        return Report(week_to_read(timezone.now(), clinic), clinic)

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        period = self.report.period
        chart, chart_table = recent_weeks(self.report)
        return {
            "period": period,
            "tiles": tiles(self.report),
            "before": "A week earlier" if period.is_running else "The week before",
            "chart": chart,
            "chart_table": chart_table,
            "query": query_of(period),
        }


class WhatWorksMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(RIGHT)


def menu_item() -> WhatWorksMenuItem:
    return WhatWorksMenuItem("What works", reverse("what_works"), icon_name="view", order=50)


guarded = permission_required(RIGHT)

urls = [
    path("reports/what-works/", guarded(WhatWorksView.as_view()), name="what_works"),
    path("reports/what-works/<slug:section>/<slug:table>.csv", guarded(spreadsheet), name="what_works_table"),
]
