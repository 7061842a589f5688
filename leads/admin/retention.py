"""What the purge takes within a week, and the cards that it may not take: seen in time, held and released by owners."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from clinic.dashboard import ToDo
from leads.models import Lead, Purge
from leads.retention import NOTICE, RULES
from leads.services import hold, retention
from leads.services.inbox import Refused

from .inbox import LeadPermissionMixin, capped
from .person import PersonView

SHOWN = 100  # cards
PAST = timedelta(days=30)


class HoldForm(forms.Form):
    reason = forms.CharField(
        label="Why this card is held",
        max_length=200,
        help_text="Such as a dispute, or a law. Everybody who may see the card reads it: nothing about health, please.",
        error_messages={"required": "Say why the card is held"},
    )


class RetentionView(LeadPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    """The same counts as `manage.py purge --dry-run`, and the cards behind them."""

    permission_required = "erase"
    template_name = "leads/admin/retention.html"
    page_title = "Retention"
    header_icon = "history"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = retention.database_now()
        cards = retention.cards_to_forget(now)
        shown = {
            "forecast": retention.forecast(now),
            "days": NOTICE.days,
            "cards": list(cards.select_related("owner")[:SHOWN]),
            "held": Lead.objects.cards().exclude(held_because="").order_by("pk")[:SHOWN],
            "done": done_lately(),
        }
        return super().get_context_data(**shown | kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox, {"url": "", "label": self.page_title}]


def done_lately() -> list[tuple[Any, str, int]]:
    """`(day, what, number)` of the last days on which something went."""
    what = {rule.key: rule.what for rule in RULES}
    rows = Purge.objects.filter(day__gte=timezone.localdate() - PAST, number__gt=0)
    return [(row.day, what.get(row.rule, row.rule), row.number) for row in rows]


class HoldView(PersonView):
    permission_required = "erase"
    template_name = "leads/admin/hold.html"
    page_title = "Hold this card"
    header_icon = "lock"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"form": HoldForm()} | kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = HoldForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        return done(self, hold.hold, "The card is held until you end it.", reason=form.cleaned_data["reason"])


class ReleaseView(PersonView):
    permission_required = "erase"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return done(self, hold.release, "The hold ended. If the card's time is over, the next purge takes it.")


def done(view: PersonView, act: Any, said: str, **words: Any) -> HttpResponse:
    try:
        act(lead=view.lead, user=view.member, **words)
        messages.success(view.request, said)
    except Refused as refusal:
        messages.error(view.request, str(refusal))
    return redirect("lead", view.lead.pk)


def to_dos(request: HttpRequest) -> Iterator[ToDo]:
    """For the start page: who is forgotten within the week."""
    if not request.user.has_perm("leads.erase_lead"):
        return
    if number := retention.cards_to_forget(retention.database_now(), only_lately=True).counted():
        who = "1 card reaches the end of its" if number == 1 else f"{capped(number)} cards reach the end of their"
        text = f"{who} time within {NOTICE.days} days"
        yield ToDo(text, [("See which, and hold what you need", reverse("retention"))])


urls = [
    path("leads/retention/", RetentionView.as_view(), name="retention"),
    path("leads/<int:pk>/hold/", HoldView.as_view(), name="lead_hold"),
    path("leads/<int:pk>/release/", ReleaseView.as_view(), name="lead_release"),
]
