"""The card of one person: what we said, what there is to do, and everything that happened."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import TemplateView
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from clinic.models import User
from leads.fields import as_read
from leads.forms.card import AttemptForm, BookForm, CloseForm, DelayForm, NoteForm, OwnerForm, PlanForm
from leads.mail.why import mails_of
from leads.models import Consent, Lead, OutgoingMail, Submission, Subscription, TimelineEntry
from leads.promise import promise_in_words, promised_moment
from leads.services.merge import surest_duplicates

from .clock import Day, clock_of, day_and_time, promise_of, span
from .inbox import SHOWN_BESIDE, LeadPermissionMixin, groups_of, kind_label, neighbours, sections
from .timeline import Facts, owned_since, told

CARDS = Lead.objects.filter(forgotten_at=None).select_related("owner", "contact")
# The newest of each purpose.
CONSENTS = Consent.objects.order_by("purpose", "-created_at", "-pk").distinct("purpose")
BY_MAIL = [Consent.Purpose.NEWSLETTER, Consent.Purpose.TIPS]
MAILS = 100  # the latest of them
NO_NAME = "No name given"
FORMS: dict[str, type[forms.Form]] = {
    "attempt_form": AttemptForm,
    "plan_form": PlanForm,
    "book_form": BookForm,
    "close_form": CloseForm,
    "note_form": NoteForm,
    "owner_form": OwnerForm,
    "delay_form": DelayForm,
}


class CardView(LeadPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    template_name = "leads/admin/card.html"
    page_title = "Leads"
    header_icon = "user"

    @cached_property
    def lead(self) -> Lead:
        return get_object_or_404(CARDS, pk=self.kwargs["pk"])

    @cached_property
    def day(self) -> Day:
        return Day.at(timezone.now())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.lead.merged_into_id:
            return redirect("lead", self.lead.merged_into_id)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        groups = groups_of(self.day)
        before, after = neighbours(self.lead, groups)
        shown = {
            "lead": self.lead,
            "name": self.lead.name or NO_NAME,
            "sections": sections(groups, SHOWN_BESIDE),
            "previous": before,
            "next": after,
            "promise": promise_block(self.lead, self.day),
            "phone": as_read(str(self.lead.phone)),
            "asked_for": kind_label(self.lead.asked_for),
            "is_done": self.lead.state not in Lead.OPEN_STATES,
            "duplicates": surest_duplicates(self.lead),
        }
        return super().get_context_data(**shown | self.history() | blank_forms(self.lead, self.day) | kwargs)

    def history(self) -> dict[str, Any]:
        submissions = list(self.lead.submissions.order_by("-created_at", "-pk"))
        entries = list(self.lead.timeline.select_related("user"))
        mails = list(mails_of(self.lead).select_related("step", "issue").order_by("-created_at", "-pk")[:MAILS])
        facts = Facts({submission.pk: submission for submission in submissions}, staff_named_in(entries), self.day)
        consents = CONSENTS.filter(lead=self.lead).select_related("submission__contact__subscription")
        return {
            "submissions": submissions,
            "consents": [(consent, standing_of(consent)) for consent in consents],
            "mails": [mail for mail in mails if mail.kind not in OutgoingMail.STAFF_KINDS],  # those went to the desk
            "lines": told(entries, mails, facts),
            "version": max((entry.pk for entry in entries), default=0),
            "owner": get_user_display_name(self.lead.owner) if self.lead.owner else "",
            "owned_since": owned_since(entries, self.lead.owner_id),
        }

    def get_page_subtitle(self) -> str:
        return self.lead.name or NO_NAME

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox]


def standing_of(consent: Consent) -> str:
    """The newsletter begins with a click in a mail; what is sent with the guide needs none."""
    if not consent.is_given:
        return "withdrawn"
    sent = consent.submission
    subscription = getattr(sent.contact, "subscription", None) if sent and sent.kind != Submission.Kind.GUIDE else None
    waits = subscription is not None and subscription.state == Subscription.State.UNCONFIRMED
    return "given, not confirmed yet," if waits and consent.purpose in BY_MAIL else "given"


def staff_named_in(entries: Iterable[TimelineEntry]) -> dict[int, User]:
    named = {entry.details.get("after") for entry in entries if entry.event == "handed_over"}
    return User.objects.in_bulk([pk for pk in named if pk])


def blank_forms(lead: Lead, day: Day) -> dict[str, forms.Form]:
    initial: dict[str, dict[str, Any]] = {
        "plan_form": {"next_action": lead.next_action, "next_action_at": lead.next_action_at},
        "delay_form": {"promised_at": promised_moment(day.now, day.clinic)},
        "owner_form": {"owner": lead.owner},
    }
    return {name: kind(auto_id=f"{name}-%s", initial=initial.get(name)) for name, kind in FORMS.items()}


def promise_block(lead: Lead, day: Day) -> dict[str, Any]:
    """What stands at the top of the card: a heading, a sentence, and how urgent it is."""
    now, clinic = day.now, day.clinic
    standing = promise_of(lead, now)
    if standing == "missed" and lead.promised_at:
        words = promise_in_words(lead.promised_at, now, clinic)
        text = f"That was {span(now - lead.promised_at)} ago. {lead.verb} as soon as you can."
        return {"heading": f"We said {words}", "text": text, "tone": "late", "moment": lead.promised_at}
    if standing and lead.promised_at:
        words = promise_in_words(lead.promised_at, now, clinic)
        text = f"In {span(lead.promised_at - now)}. This is what we promised."
        tone = "soon" if standing == "at-risk" else "running"
        return {"heading": f"{lead.verb} {words}", "text": text, "tone": tone, "moment": lead.promised_at}
    return plan_block(lead, day)


def plan_block(lead: Lead, day: Day) -> dict[str, Any]:
    if lead.state == Lead.State.CLOSED:
        return {"heading": "Closed", "text": f"{lead.closed_because}.", "tone": "done"}
    if lead.state not in Lead.OPEN_STATES:
        return {"heading": lead.get_state_display(), "text": "Nothing is left to do here.", "tone": "done"}
    if lead.next_action_at:
        clock = clock_of(lead, day)
        heading = f"{lead.next_action}, {day_and_time(lead.next_action_at, day.now)}"
        tone = "late" if clock.is_late else "running"
        return {"heading": heading, "text": f"{clock.text.capitalize()}.", "tone": tone, "moment": lead.next_action_at}
    if lead.state == Lead.State.NEW:
        since = f"Came in {span(day.now - lead.asked_at)} ago." if lead.asked_at else ""
        return {"heading": "Nobody has answered yet", "text": since, "tone": "new"}
    return {"heading": "What is next?", "text": "Plan a step, book a visit, or close this card.", "tone": "new"}


urls = [path("leads/<int:pk>/", CardView.as_view(), name="lead")]
