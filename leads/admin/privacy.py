"""What people ask about their own data: written down by whoever hears it, answered by an owner while there is time."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic import IndexView, WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton
from wagtail.permission_policies import ModelPermissionPolicy

from clinic.dashboard import ToDo, count_of
from leads.forms.privacy import EnterForm, ReasonForm
from leads.models import Lead, PrivacyRequest
from leads.services import privacy
from leads.services.inbox import Refused
from leads.services.request import is_own_card

from .clock import in_words
from .inbox import LeadPermissionMixin
from .person import CARDS, NO_NAME

SOON = timedelta(days=14)
REQUESTS = PrivacyRequest.objects.select_related("lead", "contact", "entered_by", "closed_by", "appeal_of", "appeal")


def day(moment: datetime) -> str:
    return in_words(timezone.localtime(moment).date(), with_year=True)


def clock(row: PrivacyRequest, now: datetime) -> str:
    """Such as "12 days left", "2 days overdue", "Done May 4, 2027"."""
    if row.closed_at is not None:
        return f"{row.get_outcome_display()} {day(row.closed_at)}"
    days = (timezone.localtime(row.due_at).date() - timezone.localtime(now).date()).days
    if row.due_at < now:
        return f"{count_of(max(-days, 1), 'day')} overdue"
    return f"{count_of(days, 'day')} left"


def title(row: PrivacyRequest) -> str:
    return f"{row.get_kind_display()}{' (appeal)' if row.is_appeal else ''}"


def who_asks(row: PrivacyRequest) -> str:
    if row.lead is not None:
        return row.lead.name or NO_NAME
    return "Somebody without a card" if row.is_open else "Nobody any more"


def is_strange(row: PrivacyRequest) -> bool:
    """Whether it came through a mailbox of which the card cannot tell whose it is."""
    if row.lead is None or row.contact is None or row.way != PrivacyRequest.Way.PAGE:
        return False
    return not is_own_card(row.lead, row.contact.pk)


def address(row: PrivacyRequest) -> str:
    return reverse("privacy_request", args=[row.pk])


class PrivacyPermissionMixin(LeadPermissionMixin):
    permission_policy = ModelPermissionPolicy(PrivacyRequest)
    any_permission_required = ["answer"]


class PrivacyIndexView(PrivacyPermissionMixin, IndexView):
    """The open ones first, the one with the least time left at the top."""

    model = PrivacyRequest
    page_title = "Privacy requests"
    header_icon = "lock"
    index_url_name = "privacy_requests"
    index_results_url_name = "privacy_requests_results"
    default_ordering = "due_at"
    paginate_by = 50
    verbose_name_plural = "privacy requests"
    columns = [
        TitleColumn("kind", label="Asks to", accessor=title, get_url=address),
        Column("clock", label="Time", accessor=lambda row: clock(row, timezone.now())),
        Column("who", label="Who", accessor=who_asks),
        Column("way", label="How", accessor=lambda row: row.get_way_display()),
        Column("received", label="Came", accessor=lambda row: day(row.received_at)),
    ]

    def get_base_queryset(self) -> QuerySet[PrivacyRequest]:
        return REQUESTS

    def order_queryset(self, queryset: QuerySet[PrivacyRequest]) -> QuerySet[PrivacyRequest]:
        return queryset.order_by(F("closed_at").desc(nulls_first=True), "due_at", "pk")

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        return [HeaderButton("Add", url=reverse("privacy_request_add"), icon_name="plus")]

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox, {"url": "", "label": self.page_title}]


class EnterView(LeadPermissionMixin, WagtailAdminTemplateMixin, FormView[EnterForm]):
    """A request that came by phone, by letter or at the desk: of a card, or of somebody who has none."""

    permission_required = "change"
    template_name = "leads/admin/privacy_request_form.html"
    form_class = EnterForm
    page_title = "Somebody asks about their data"
    header_icon = "lock"

    @cached_property
    def lead(self) -> Lead | None:
        return get_object_or_404(CARDS, pk=self.kwargs["pk"]) if "pk" in self.kwargs else None

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "has_card": self.lead is not None}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"lead": self.lead} | kwargs)

    def form_invalid(self, form: EnterForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def form_valid(self, form: EnterForm) -> HttpResponse:
        row = privacy.ask(**form.cleaned_data, lead=self.lead, user=self.member)
        messages.success(self.request, f"Written down as {row.reference}. The answer is due on {day(row.due_at)}.")
        return redirect("lead", self.lead.pk) if self.lead else redirect("leads_inbox")

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox, {"url": "", "label": self.page_title}]


# --- One of them

ACTIONS: dict[str, tuple[Callable[..., PrivacyRequest], str]] = {
    "answer": (privacy.answer, "Answered."),
    "extend": (privacy.extend, "45 days more. If we know a mailbox, it is told why."),
    "refuse": (privacy.refuse, "Refused. If we know a mailbox, it is told why, and how to appeal."),
    "appeal": (privacy.appeal, "The appeal is written down, with 45 days of its own."),
}
WITH_REASON = ["extend", "refuse"]


class PrivacyRequestView(PrivacyPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    template_name = "leads/admin/privacy_request.html"
    page_title = "Privacy request"
    header_icon = "lock"

    @cached_property
    def row(self) -> PrivacyRequest:
        return get_object_or_404(REQUESTS, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {
            "row": self.row,
            "title": title(self.row),
            "who": who_asks(self.row),
            "clock": clock(self.row, timezone.now()),
            "is_late": self.row.is_open and self.row.due_at < timezone.now(),
            "is_strange": is_strange(self.row),
            "extend_form": ReasonForm(auto_id="extend-%s", most=300),
            "refuse_form": ReasonForm(auto_id="refuse-%s"),
        }
        return super().get_context_data(**shown | kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        action = self.kwargs["action"]
        act, said = ACTIONS[action]
        words: dict[str, Any] = {"request": self.row, "user": self.member}
        if action in WITH_REASON:
            form: forms.Form = ReasonForm(request.POST, auto_id=f"{action}-%s", most=300 if action == "extend" else 500)
            if not form.is_valid():
                return self.render_to_response(self.get_context_data(**{f"{action}_form": form}), status=422)
            words |= form.cleaned_data
        elif action == "appeal":
            words["way"] = PrivacyRequest.Way.PHONE
        return self.done(act, words, said)

    def done(self, act: Callable[..., PrivacyRequest], words: dict[str, Any], said: str) -> HttpResponse:
        try:
            row = act(**words)
        except Refused as refusal:
            messages.error(self.request, str(refusal))
            return redirect(address(self.row))
        messages.success(self.request, said)
        return redirect(address(row))

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        requests = {"url": reverse("privacy_requests"), "label": "Privacy requests"}
        return [*self.breadcrumbs_items, requests, {"url": "", "label": self.row.reference}]


# --- On the start page


def to_dos(request: HttpRequest) -> Iterator[ToDo]:
    if not request.user.has_perm("leads.answer_privacyrequest"):
        return
    now = timezone.now()
    waiting = list(PrivacyRequest.objects.open().values_list("due_at", flat=True)[:100])
    link = [("See who asks", reverse("privacy_requests"))]
    overdue, soon = sum(due < now for due in waiting), sum(now <= due < now + SOON for due in waiting)
    if overdue:
        yield ToDo(f"{count_of(overdue, 'privacy request')} should have been answered by law", link, "overdue")
    if soon:
        yield ToDo(f"{count_of(soon, 'privacy request')} must be answered within {SOON.days} days", link, "due")
    if later := len(waiting) - overdue - soon:
        verb = "waits" if later == 1 else "wait"
        yield ToDo(f"{count_of(later, 'privacy request')} {verb} for an answer", link)


urls = [
    path("leads/privacy/", PrivacyIndexView.as_view(), name="privacy_requests"),
    path("leads/privacy/results/", PrivacyIndexView.as_view(results_only=True), name="privacy_requests_results"),
    path("leads/privacy/add/", EnterView.as_view(), name="privacy_request_add"),
    path("leads/<int:pk>/privacy/", EnterView.as_view(), name="lead_privacy"),
    path("leads/privacy/<int:pk>/", PrivacyRequestView.as_view(http_method_names=["get"]), name="privacy_request"),
    *(
        path(
            f"leads/privacy/<int:pk>/{action}/",
            PrivacyRequestView.as_view(http_method_names=["post"]),
            {"action": action},
            name=f"privacy_request_{action}",
        )
        for action in ACTIONS
    ),
]
