"""What the pages about one person have in common: they stand behind the card, and lead back to it."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from leads.models import Lead

from .inbox import LeadPermissionMixin

CARDS = Lead.objects.filter(merged_into=None, forgotten_at=None).select_related("owner", "contact")
NO_NAME = "No name given"


class PersonView(LeadPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    header_icon = "user"

    @cached_property
    def lead(self) -> Lead:
        return get_object_or_404(CARDS, pk=self.kwargs["pk"])

    @property
    def name(self) -> str:
        return self.lead.name or NO_NAME

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"lead": self.lead, "name": self.name} | kwargs)

    def get_page_subtitle(self) -> str:
        return self.name

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("leads_inbox"), "label": "Leads"},
            {"url": reverse("lead", args=[self.lead.pk]), "label": self.name},
            {"url": "", "label": str(self.page_title)},
        ]
