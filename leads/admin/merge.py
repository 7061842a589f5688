"""Making one card of two that are of the same person: which, side by side, done and undone."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views.generic import View
from wagtail.admin import messages

from leads.models import Lead, Merge
from leads.services import merge
from leads.services.inbox import Refused

from .inbox import LeadPermissionMixin
from .person import CARDS, PersonView

NO_SUCH_CARD = "There is no other card with this number."


class OtherCardForm(forms.Form):
    other = forms.IntegerField(
        label="Number of the other card",
        min_value=1,
        max_value=2**63 - 1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="It stands at the end of each card.",
        error_messages={"required": "Enter a number", "invalid": "Enter a number", "max_value": NO_SUCH_CARD},
    )

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.lead = lead

    def clean_other(self) -> Lead:
        card = CARDS.filter(pk=self.cleaned_data["other"]).exclude(pk=self.lead.pk).first()
        if card is None:
            raise forms.ValidationError(NO_SUCH_CARD)
        return card


class ChooseCardView(PersonView):
    """The cards that may be of the same person; any other by its number."""

    permission_required = "merge"
    template_name = "leads/admin/merge_choice.html"
    page_title = "Merge with another card"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = OtherCardForm(request.GET if "other" in request.GET else None, lead=self.lead)
        if form.is_valid():
            return redirect("merge", self.lead.pk, form.cleaned_data["other"].pk)
        found = merge.possible_duplicates(self.lead)
        context = self.get_context_data(form=form, duplicates=found)
        return self.render_to_response(context, status=422 if form.errors else 200)


class MergeView(PersonView):
    permission_required = "merge"
    template_name = "leads/admin/merge.html"
    page_title = "Merge two cards"

    @cached_property
    def other(self) -> Lead:
        if self.kwargs["other"] == self.lead.pk:
            raise Http404
        return get_object_or_404(CARDS, pk=self.kwargs["other"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"other": self.other, "preview": merge.preview(self.lead, self.other)}
        return super().get_context_data(**kwargs | shown)

    def post(self, request: HttpRequest, pk: int, other: int) -> HttpResponse:
        trouble = ""
        if not self.are_one:
            try:
                merge.merge(kept=self.lead, other=self.other, user=self.member)
            except Refused as refusal:
                trouble = str(refusal)
        if self.are_one:
            messages.success(request, "The two cards are one now. It can be undone at the end of the card.")
        else:
            messages.error(request, trouble)
        return redirect("lead", pk)

    @property
    def are_one(self) -> bool:
        """By this click, by the one before it, or by a colleague's."""
        return Lead.objects.filter(pk=self.kwargs["other"], merged_into=self.kwargs["pk"]).exists()


class UndoMergeView(LeadPermissionMixin, View):
    permission_required = "merge"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(Merge, pk=pk)
        try:
            merge.undo(merge=row, user=self.member)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            other = messages.button(reverse("lead", args=[row.other_id]), "See the other card")
            messages.success(request, "They are two cards again, as before.", buttons=[other])
        return redirect("lead", row.kept_id)


urls = [
    path("leads/<int:pk>/merge/", ChooseCardView.as_view(), name="merge_choice"),
    path("leads/<int:pk>/merge/<int:other>/", MergeView.as_view(), name="merge"),
    path("leads/merges/<int:pk>/undo/", UndoMergeView.as_view(), name="merge_undo"),
]
