"""What staff do with a card. Where a form is refused, the card comes again with what was typed.

A form carries the number of the latest entry on the timeline as its drawer saw it: nobody decides on an old view, and a
double click counts once.
"""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from wagtail.admin import messages
from wagtail.admin.utils import get_user_display_name

from clinic.models import User
from leads.forms.card import (
    AttemptForm,
    BookForm,
    CloseForm,
    DelayForm,
    NoteForm,
    OwnerForm,
    PlanForm,
    VisitForm,
)
from leads.models import Lead, TimelineEntry
from leads.promise import next_open
from leads.services import inbox, promise
from leads.services.inbox import Outcome, Refused, TakenByAnother

from .card import CardView
from .clock import day_and_time
from .timeline import Facts, what_changed

HEALTH = {"where": "Where it hurts", "how_long": "For how long", "hopes": "Hopes to do again"}


class Stale(Exception):
    """Something happened on the card since its form was drawn."""


class AlreadyDone(Exception):
    """The same click a second time."""


class HandlingView(CardView):
    """One form of the card. `act` calls the service and answers with what to tell the member of staff."""

    permission_required = "change"
    form_name = ""  # under which the card knows the form
    form_class: type[forms.Form] = forms.Form
    events: tuple[str, ...] = ()  # that a double click would find on the timeline

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("lead", self.lead.pk)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form_class(request.POST, auto_id=f"{self.form_name}-%s")
        if not form.is_valid():
            return self.refuse(form, "", 422)
        try:
            with transaction.atomic():
                self.look(inbox.locked(self.lead), form)
                said = self.act(form)
        except AlreadyDone:
            return redirect("lead", self.lead.pk)
        except (Refused, Stale) as refusal:
            return self.refuse(form, str(refusal), 409)
        messages.success(request, said)
        return redirect("lead", self.lead.pk)

    def look(self, card: Lead, form: forms.Form) -> None:
        """Errors: `Stale`, `AlreadyDone`."""
        drawn = self.request.POST.get("version", "")
        newer = list(card.timeline.filter(pk__gt=int(drawn) if drawn.isdecimal() else 0).select_related("user")[:10])
        if not newer:
            return
        if any(self.is_this(entry, form) for entry in newer):
            raise AlreadyDone
        happened = what_changed(newer[0], Facts({}, {}, self.day))
        raise Stale(f"This card changed meanwhile: {happened}. Have a look, and press again if it still holds.")

    def is_this(self, entry: TimelineEntry, form: forms.Form) -> bool:
        return entry.event in self.events and entry.user == self.member

    def act(self, form: forms.Form) -> str:
        raise NotImplementedError

    def refuse(self, form: forms.Form, trouble: str, status: int) -> HttpResponse:
        self.__dict__.pop("lead", None)  # it is read again, as it is now
        context = self.get_context_data(**{self.form_name: form, "trouble": trouble, "open_form": self.form_name})
        return self.render_to_response(context, status=status)

    @property
    def words(self) -> dict[str, Any]:
        return {"lead": self.lead, "user": self.member}


class AttemptView(HandlingView):
    form_name, form_class, events = "attempt_form", AttemptForm, ("attempt",)

    def look(self, card: Lead, form: forms.Form) -> None:
        if card.owner is not None and card.owner != self.member:
            raise TakenByAnother(card.owner)
        super().look(card, form)

    def is_this(self, entry: TimelineEntry, form: forms.Form) -> bool:
        same = entry.details.get("outcome") == form.cleaned_data["outcome"] and entry.note == form.cleaned_data["note"]
        return same and super().is_this(entry, form)

    def act(self, form: forms.Form) -> str:
        data = form.cleaned_data
        lead = inbox.note_attempt(**self.words, outcome=Outcome(data["outcome"]), note=data["note"])
        noted = f"Noted: {Outcome(data['outcome']).label.lower()}."
        if lead.state == Lead.State.CLOSED:
            return f"{noted} After {inbox.MAX_ATTEMPTS} tries the card is closed."
        if lead.next_action_at:
            return f"{noted} Next: {lead.next_action.lower()}, {day_and_time(lead.next_action_at, self.day.now)}."
        return f"{noted} Now plan what is next, or book the visit."


class PlanView(HandlingView):
    form_name, form_class, events = "plan_form", PlanForm, ("planned",)

    def act(self, form: forms.Form) -> str:
        lead = inbox.plan(**self.words, **form.cleaned_data)
        when = f", {day_and_time(lead.next_action_at, self.day.now)}" if lead.next_action_at else ""
        return f"Planned: {lead.next_action}{when}."


class BookView(HandlingView):
    form_name, form_class, events = "book_form", BookForm, ("booked",)

    def act(self, form: forms.Form) -> str:
        visit_at = form.cleaned_data["visit_at"]
        inbox.book(**self.words, visit_at=visit_at)
        said = f"Booked: {day_and_time(visit_at, self.day.now)}. The tips by mail end."
        if next_open(visit_at, self.day.clinic) == visit_at:
            return said
        return f"{said} The practice is closed then: if the time is wrong, book it again."


class VisitView(HandlingView):
    form_name, form_class, events = "visit_form", VisitForm, ("attended", "missed")

    def act(self, form: forms.Form) -> str:
        lead = inbox.note_visit(**self.words, **form.cleaned_data)
        return f"Noted: {lead.get_state_display().lower()}."


class CloseView(HandlingView):
    form_name, form_class, events = "close_form", CloseForm, ("closed",)

    def act(self, form: CloseForm) -> str:  # type: ignore[override]
        inbox.close(**self.words, reason=form.why)
        return f"Closed: {form.why}."


class ReopenView(HandlingView):
    form_name, events = "reopen_form", ("reopened",)

    def act(self, form: forms.Form) -> str:
        inbox.reopen(**self.words)
        return "Open again, among the new leads."


class NoteView(HandlingView):
    form_name, form_class, events = "note_form", NoteForm, ("note",)

    def is_this(self, entry: TimelineEntry, form: forms.Form) -> bool:
        return entry.note == form.cleaned_data["text"] and super().is_this(entry, form)

    def act(self, form: forms.Form) -> str:
        inbox.add_note(**self.words, text=form.cleaned_data["text"])
        return "The note is on the timeline."


class ClaimView(HandlingView):
    form_name = "claim_form"

    def look(self, card: Lead, form: forms.Form) -> None:
        """Whatever else happened, the card is free or it is not."""

    def act(self, form: forms.Form) -> str:
        if not inbox.claim(**self.words):
            raise TakenByAnother(User.objects.get(pk=Lead.objects.values("owner").get(pk=self.lead.pk)["owner"]))
        return "This lead is yours."


class HandOverView(HandlingView):
    form_name, form_class, events = "owner_form", OwnerForm, ("handed_over",)

    def act(self, form: forms.Form) -> str:
        owner = form.cleaned_data["owner"]
        inbox.hand_over(**self.words, owner=owner)
        return f"Given to {get_user_display_name(owner)}." if owner else "Put back for whoever takes it."


class DelayView(HandlingView):
    form_name, form_class, events = "delay_form", DelayForm, ("told_delay",)

    def act(self, form: forms.Form) -> str:
        promise.tell_delay(**self.words, **form.cleaned_data)
        return f"A mail tells them: {day_and_time(form.cleaned_data['promised_at'], self.day.now)}."


class HealthAnswersView(HandlingView):
    """Shows the answers about health once, on this very answer, after the timeline says who opened them."""

    permission_required = "view"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm("leads.view_health_answers"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        submission = get_object_or_404(self.lead.submissions, pk=self.kwargs["submission_pk"])
        answers = inbox.open_health_answers(submission=submission, user=self.member)
        shown = [(HEALTH[name], answers.get(name) or "Not answered") for name in HEALTH]
        return self.render_to_response(self.get_context_data(opened=submission.pk, answers=shown))


urls = [
    path("leads/<int:pk>/attempt/", AttemptView.as_view(), name="lead_attempt"),
    path("leads/<int:pk>/plan/", PlanView.as_view(), name="lead_plan"),
    path("leads/<int:pk>/book/", BookView.as_view(), name="lead_book"),
    path("leads/<int:pk>/visit/", VisitView.as_view(), name="lead_visit"),
    path("leads/<int:pk>/close/", CloseView.as_view(), name="lead_close"),
    path("leads/<int:pk>/reopen/", ReopenView.as_view(), name="lead_reopen"),
    path("leads/<int:pk>/note/", NoteView.as_view(), name="lead_note"),
    path("leads/<int:pk>/claim/", ClaimView.as_view(), name="lead_claim"),
    path("leads/<int:pk>/owner/", HandOverView.as_view(), name="lead_owner"),
    path("leads/<int:pk>/delay/", DelayView.as_view(), name="lead_delay"),
    path("leads/<int:pk>/health/<int:submission_pk>/", HealthAnswersView.as_view(), name="lead_health"),
]
