"""What staff do with many cards at once: each of them as if by hand, with an entry on its timeline."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.bulk_action import BulkAction
from wagtail.admin.views.generic import PermissionCheckedMixin
from wagtail.permission_policies import ModelPermissionPolicy

from clinic.dashboard import count_of
from clinic.models import User
from leads.forms.card import CloseForm, OwnerForm
from leads.models import Lead
from leads.services import inbox
from leads.services.spam import flag_spam

from .all_leads import LeadFilterSet

AT_ONCE = 200


class LeadBulkAction(PermissionCheckedMixin, BulkAction):
    models = [Lead]
    permission_policy = ModelPermissionPolicy(Lead)
    permission_required = "change"
    template_name = "leads/admin/bulk.html"
    question = ""
    button = ""

    @classmethod
    def get_queryset(cls, model: type[Lead], object_ids: Iterable[str]) -> QuerySet[Lead]:
        pks = [pk for pk in object_ids if str(pk).isdecimal()]
        return Lead.objects.cards().filter(pk__in=pks).order_by("-asked_at", "-pk")[:AT_ONCE]

    def get_all_objects_in_listing_query(self, parent_id: str | None) -> list[str]:
        """Those of the list as it is filtered, the latest first."""
        leads = Lead.objects.cards().order_by("-asked_at", "-pk")
        filters = LeadFilterSet(self.request.GET, leads, request=self.request)
        chosen = filters.filter_queryset(leads) if filters.is_valid() else leads.none()
        return [str(pk) for pk in chosen.values_list("pk", flat=True)[:AT_ONCE]]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        is_cut = "all" in self.request.GET.getlist("id") and len(context["items"]) == AT_ONCE
        return context | {"question": self.question, "button": self.button, "most": AT_ONCE if is_cut else 0}

    def get_execution_context(self) -> dict[str, Any]:
        return {"form": self.cleaned_form, "user": self.request.user}


class GiveAction(LeadBulkAction):
    display_name = "Give to…"
    action_type = "give"
    aria_label = "Give the chosen leads to somebody"
    action_priority = 10
    form_class = OwnerForm
    question = "Whose leads shall these be?"
    button = "Give them"

    @classmethod
    def execute_action(cls, objects: Iterable[Lead], *, form: forms.Form, user: User, **_: Any) -> tuple[int, int]:
        leads = list(objects)
        for lead in leads:
            inbox.hand_over(lead=lead, owner=form.cleaned_data["owner"], user=user)
        return len(leads), 0

    def get_success_message(self, number: int, _: int) -> str:
        owner = self.cleaned_form.cleaned_data["owner"]
        return f"{count_of(number, 'lead')} given to {get_user_display_name(owner) if owner else 'whoever takes them'}."


class CloseAction(LeadBulkAction):
    display_name = "Close"
    action_type = "close"
    aria_label = "Close the chosen leads"
    action_priority = 20
    form_class = CloseForm
    question = "Why are these closed? The reason stands on each card."
    button = "Close them"

    @classmethod
    def execute_action(cls, objects: Iterable[Lead], *, form: CloseForm, user: User, **_: Any) -> tuple[int, int]:
        leads = [lead for lead in objects if lead.state != Lead.State.CLOSED]
        for lead in leads:
            inbox.close(lead=lead, reason=form.why, user=user)
        return len(leads), 0

    def get_success_message(self, number: int, _: int) -> str:
        return f"{count_of(number, 'lead')} closed."


class SpamAction(LeadBulkAction):
    display_name = "Mark as spam"
    action_type = "spam"
    aria_label = "Mark the chosen leads as spam"
    action_priority = 30
    question = "These leave the list, and mail that waits for them is not sent. The spam folder keeps them."
    button = "Mark as spam"

    @classmethod
    def execute_action(cls, objects: Iterable[Lead], *, user: User, **_: Any) -> tuple[int, int]:
        leads = list(objects)
        for lead in leads:
            for submission in lead.submissions.filter(is_spam=False):
                flag_spam(submission=submission, user=user)
        return len(leads), 0

    def get_success_message(self, number: int, _: int) -> str:
        return f"{count_of(number, 'lead')} marked as spam."


ACTIONS = (GiveAction, CloseAction, SpamAction)
