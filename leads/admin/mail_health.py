"""How mail is doing: whether it leaves, what needs somebody, and the switch that stops all of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.models import ModelLogEntry

from clinic.dashboard import ToDo, count_of
from clinic.models import User
from leads.mail import health
from leads.mail.health import MOST, MOST_BOUNCES, MOST_COMPLAINTS, Figures, Standing
from leads.models import Sender
from leads.services.sender import start_sending, stop_sending

from .mail import MailPermissionMixin

SWITCH = "leads.change_sender"
LOGGED = 5


class StopForm(forms.Form):
    reason = forms.CharField(
        max_length=200,
        label="Why",
        help_text="Your colleagues read it here.",
        error_messages={"required": "Say why, in a few words"},
    )


class MailHealthView(MailPermissionMixin, WagtailAdminTemplateMixin, FormView):
    template_name = "leads/admin/mail_health.html"
    form_class = StopForm
    page_title = "Health of mail"
    header_icon = "mail"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(SWITCH):
            messages.error(request, "Only an owner stops all mail or starts it again.")
            return redirect("mail_health")
        if request.POST.get("do") != "start":
            return super().post(request, *args, **kwargs)
        start_sending(user=cast(User, request.user))
        messages.success(request, "Mail leaves again. What is due goes first.")
        return redirect("mail_health")

    def form_valid(self, form: StopForm) -> HttpResponse:
        stop_sending(user=cast(User, self.request.user), reason=form.cleaned_data["reason"])
        messages.success(self.request, "No mail leaves until you start it again.")
        return redirect("mail_health")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        standing, figures = health.standing_now(), health.figures()
        return super().get_context_data(
            standing=standing,
            facts=[*facts_of_sender(standing), *facts_of_mail(standing, figures), *facts_of_readers(figures)],
            missing=health.missing_sequences(),
            may_switch=self.request.user.has_perm(SWITCH),
            log=switches(),
            **kwargs,
        )

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("mail"), "label": "Mail"},
            {"url": "", "label": self.page_title},
        ]


@dataclass(frozen=True)
class Fact:
    name: str
    value: Any
    advice: str = ""  # what to do, where something is to be done
    tone: str = "good"  # good, due or bad
    link: tuple[str, str] | None = None


def facts_of_sender(standing: Standing) -> Iterator[Fact]:
    if standing.is_stopped:
        yield Fact("Sending", "Stopped by staff", "Nothing is lost: what is due waits. Start it again below.", "bad")
    elif standing.is_out_of_order:
        advice = (
            f"Last answer: {standing.outage}. It is tried again by itself. If it lasts, ask whoever runs the server."
        )
        yield Fact("Sending", "Paused: the way out is out of order", advice, "bad")
    else:
        yield Fact("Sending", "On")
    if standing.is_ticking:
        yield Fact("Last look for due mail", standing.ticked_at)
    else:
        advice = "The worker or the beat process is not running. Whoever runs the server can start them."
        yield Fact("Last look for due mail", standing.ticked_at or "Never", advice, "bad")
    if standing.lacks_address:
        link = ("Fill it in", reverse("wagtailsettings:edit", args=["clinic", "clinicsettings"]))
        advice = "Tips and newsletters wait for it: the law asks for one under each of them."
        yield Fact("Postal address of the clinic", "Empty", advice, "due", link)


def facts_of_mail(standing: Standing, figures: Figures) -> Iterator[Fact]:
    yield Fact("Last mail that left", standing.last_sent_at or "None yet")
    oldest = standing.oldest_due_at
    if oldest is None:
        yield Fact("Oldest mail that is due", "None")
    elif standing.is_still:
        yield Fact("Oldest mail that is due", oldest, standing.cause, "bad", see("Waiting mail", "queued"))
    else:
        yield Fact("Oldest mail that is due", oldest)
    if figures.late:
        advice = "A large newsletter takes its time, and a paused one waits. If neither is so, look at the lines above."
        yield Fact("Over ten minutes late", capped(figures.late), advice, "due", see("See them", "queued"))
    if figures.uncertain:
        advice = "The connection was lost while they were on their way. Ask their readers, and settle each."
        yield Fact("May have arrived", capped(figures.uncertain), advice, "due", see("Settle them", "uncertain"))
    if figures.refused:
        advice = "Each says why. Correct the address on the card, then try again; or leave it."
        yield Fact("Refused in the last week", capped(figures.refused), advice, "due", see("See them", "dead"))


def facts_of_readers(figures: Figures) -> Iterator[Fact]:
    yield Fact("Sent in 30 days", f"{figures.sent:,}")
    yield rate_fact(
        "Mailboxes that do not exist",
        figures.bounced,
        figures.bounce_rate,
        MOST_BOUNCES,
        "Nothing is sent to them any more. So many suggest that addresses came in without a confirmation.",
    )
    yield rate_fact(
        "Marked as spam",
        figures.complained,
        figures.complaint_rate,
        MOST_COMPLAINTS,
        "Nothing is sent to them any more. Write less often, or nearer to what was promised at sign-up.",
    )
    if figures.soft_bounced:
        yield Fact("Bounced for now", capped(figures.soft_bounced), "Full mailboxes, mostly. Nothing is to be done.")


def rate_fact(name: str, number: int, rate: float | None, most: float, advice: str) -> Fact:
    if rate is None:
        return Fact(name, f"{number:,}")
    if rate <= most:
        return Fact(name, f"{number:,} ({rate:.2f} %)")
    return Fact(name, f"{number:,} ({rate:.2f} %, and {most:g} % is too many)", advice, "bad")


def capped(number: int) -> str:
    return f"{number:,} or more" if number >= MOST else f"{number:,}"


def see(label: str, state: str) -> tuple[str, str]:
    return label, f"{reverse('mail')}?state={state}"


def switches() -> list[tuple[Any, str, str, str]]:
    """`(moment, what, who, why)` of the last times that staff stopped or started all mail."""
    entries = ModelLogEntry.objects.for_instance(Sender(pk=1)).select_related("user").order_by("-timestamp")[:LOGGED]
    return [
        (
            entry.timestamp,
            entry.message,
            get_user_display_name(entry.user) if entry.user else "",
            entry.data.get("reason", ""),
        )
        for entry in entries
    ]


def to_dos(request: HttpRequest) -> Iterator[ToDo]:
    """For the start page: the mails that wait for somebody's decision."""
    if not request.user.has_perm("leads.change_outgoingmail"):
        return
    figures = health.open_questions()
    if figures.uncertain:
        text = f"{count_of(figures.uncertain, 'mail')} may or may not have arrived"
        yield ToDo(text, [see("Settle them", "uncertain")], "due")
    if figures.refused:
        verb = "was" if figures.refused == 1 else "were"
        text = f"{count_of(figures.refused, 'mail')} {verb} refused in the last week"
        yield ToDo(text, [see("See why", "dead")], "due")


urls = [path("mail/health/", MailHealthView.as_view(), name="mail_health")]
