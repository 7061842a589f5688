"""Deleting a person for good: what goes and what stays is shown first, and the name is typed to confirm it."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.generic import IndexView

from leads.models import Erasure, Lead
from leads.services.erasure import erase, preview
from leads.services.inbox import Refused

from .inbox import LeadPermissionMixin
from .person import PersonView


def rows_of(row: Erasure) -> str:
    return f"{sum(row.counts.values()):,}"


class ErasureForm(forms.Form):
    """What is typed has to be the name on the card; the number of a card without one."""

    typed = forms.CharField(
        required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.asked = lead.name or str(lead.pk)
        self.fields["typed"].label = f"To confirm, type “{self.asked}”"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.casefold().split() != self.asked.casefold().split():
            raise forms.ValidationError(f"This is not “{self.asked}”. Nothing was erased.")
        return typed


class EraseView(PersonView):
    permission_required = "erase"
    template_name = "leads/admin/erase.html"
    page_title = "Erase this person"
    header_icon = "bin"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"preview": preview(self.lead), "form": ErasureForm(lead=self.lead)} | kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = ErasureForm(request.POST, lead=self.lead)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        try:
            row = erase(lead=self.lead, user=self.member)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("leads_inbox")
        messages.success(request, f"The person was erased: {rows_of(row)} rows were deleted.")
        return redirect("leads_inbox")


class ErasureIndexView(LeadPermissionMixin, IndexView):
    """When somebody was erased, by whom, and how much; whom, nobody knows any more."""

    model = Erasure
    any_permission_required = ["erase"]
    page_title = "Erasures"
    header_icon = "bin"
    index_url_name = "erasures"
    index_results_url_name = "erasures_results"
    default_ordering = "-pk"
    paginate_by = 50
    verbose_name_plural = "erasures"
    columns = [
        DateColumn("created_at", label="When"),
        Column("user", label="By", accessor=lambda row: get_user_display_name(row.user) if row.user else "The person"),
        Column("rows", label="Rows deleted", accessor=rows_of),
    ]

    def get_base_queryset(self) -> QuerySet[Erasure]:
        return Erasure.objects.select_related("user")

    def order_queryset(self, queryset: QuerySet[Erasure]) -> QuerySet[Erasure]:
        return queryset.order_by("-pk")

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox, {"url": "", "label": self.page_title}]


urls = [
    path("leads/<int:pk>/erase/", EraseView.as_view(), name="lead_erase"),
    path("leads/erasures/", ErasureIndexView.as_view(), name="erasures"),
    path("leads/erasures/results/", ErasureIndexView.as_view(results_only=True), name="erasures_results"),
]
