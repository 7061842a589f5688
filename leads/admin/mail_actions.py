"""What staff do with a mail that did not go its way: one by one, or with several at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.bulk_action import BulkAction
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from clinic.models import User
from leads.mail import why
from leads.models import MailAction, OutgoingMail
from leads.services.outgoing_mail import FROM, Barred, Moved, mailbox_of_card, resend, retry, settle

from .mail import LABELS, MAIL, MailPermissionMixin

Action = MailAction.Action
MOST_RESENDS = 50


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=200,
        widget=forms.TextInput,
        help_text="It is kept with the mail and on the person’s timeline. Nothing about health, please.",
        error_messages={
            "required": "Say why, in a few words",
            "max_length": "Shorten the reason to 200 characters",
        },
    )


class ResendForm(ReasonForm):
    # Which time it is: whoever clicks twice asks for the same one.
    number = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=MOST_RESENDS)


class RetryForm(ReasonForm):
    to_card = forms.BooleanField(required=False)

    def __init__(self, *args: Any, mail: OutgoingMail | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        contact = mailbox_of_card(mail) if mail else None
        if contact is None:
            del self.fields["to_card"]
        else:
            self.fields["to_card"].label = f"To {contact.email}, the address on the card now"


FORMS: dict[MailAction.Action, type[ReasonForm]] = {Action.RESEND: ResendForm, Action.RETRY: RetryForm}


@dataclass(frozen=True)
class Way:
    """One way out for a mail: what it does, in words for whoever decides."""

    text: str
    done: str
    run: Callable[[OutgoingMail, User, dict[str, Any]], object]


WAYS = {
    Action.RESEND: Way(
        "It is sent as a new mail. Whoever unsubscribed, or whose mailbox is never written to, does not get it; "
        "a tip or a newsletter waits until 20 hours have passed since the last.",
        "It is sent again.",
        lambda mail, user, data: resend(mail=mail, user=user, **data),
    ),
    Action.RETRY: Way(
        "The mail server is asked again, up to eight times over some 38 hours.",
        "It is tried again.",
        lambda mail, user, data: retry(mail=mail, user=user, **data),
    ),
    Action.ARRIVED: Way(
        "The connection was lost while the mail was on its way, so the site cannot know. Say here that you do: it then "
        "counts as sent, and nothing else happens.",
        "It counts as sent.",
        lambda mail, user, data: settle(mail=mail, has_arrived=True, user=user, **data),
    ),
    Action.LOST: Way(
        "The connection was lost while the mail was on its way, so the site cannot know. Say here that it did not "
        "arrive: you can then send it again.",
        "It counts as lost. You can send it again.",
        lambda mail, user, data: settle(mail=mail, has_arrived=False, user=user, **data),
    ),
}


class MailActionView(MailPermissionMixin, WagtailAdminTemplateMixin, FormView):
    template_name = "leads/admin/mail_action.html"
    permission_required = "change"
    header_icon = "mail"
    page_title = "Mail"

    @cached_property
    def action(self) -> MailAction.Action:
        if self.kwargs["action"] not in Action.values:
            raise Http404
        return Action(self.kwargs["action"])

    @cached_property
    def mail(self) -> OutgoingMail:
        return get_object_or_404(MAIL, pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.mail.state not in FROM[self.action]:
            messages.warning(request, str(Moved(self.mail)))
            return redirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def get_form_class(self) -> type[ReasonForm]:
        return FORMS.get(self.action, ReasonForm)

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        if self.action == Action.RESEND:
            kwargs["initial"] = {"number": (self.mail.resend_of or self.mail).resent.count() + 1}
        if self.action == Action.RETRY:
            kwargs["mail"] = self.mail
        return kwargs

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        way = WAYS[self.action]
        try:
            way.run(self.mail, cast(User, self.request.user), form.cleaned_data)
        except Barred as bar:
            form.add_error(None, f"It would not be sent: {bar}.")
            return self.form_invalid(form)
        except Moved as moved:
            messages.warning(self.request, f"Nothing was done. {moved}")
        else:
            messages.success(self.request, way.done)
        return redirect(self.get_success_url())

    def get_success_url(self) -> str:
        return reverse("mail_inspect", args=[self.kwargs["pk"]])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            mail=self.mail,
            text=WAYS[self.action].text,
            label=LABELS[self.action],
            back=self.get_success_url(),
            **kwargs,
        )

    def get_page_subtitle(self) -> str:
        return LABELS[self.action]

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("mail"), "label": "Mail"},
            {"url": self.get_success_url(), "label": why.title_of(self.mail)},
            {"url": "", "label": LABELS[self.action]},
        ]


# --- Several at once


class MailBulkAction(MailPermissionMixin, BulkAction):
    """One reason for all of them. Those that moved meanwhile, or that no gate lets by, are left and counted."""

    models = [OutgoingMail]
    permission_required = "change"
    template_name = "leads/admin/mail_bulk.html"
    form_class = ReasonForm
    action: MailAction.Action

    @classmethod
    def get_queryset(cls, model: type[OutgoingMail], object_ids: Sequence[str]) -> QuerySet[OutgoingMail]:
        return MAIL.filter(pk__in=[pk for pk in object_ids if pk.isdecimal() and len(pk) < 19]).order_by("pk")

    def get_all_objects_in_listing_query(self, parent_id: str) -> list[str]:
        """Never all that there are: only what somebody ticked."""
        return []

    def check_perm(self, mail: OutgoingMail) -> bool:
        return mail.state in FROM[self.action]

    def object_context(self, mail: OutgoingMail) -> dict[str, Any]:
        return {"item": mail, "title": why.title_of(mail)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        way = WAYS[self.action]
        return {**super().get_context_data(**kwargs), "label": LABELS[self.action], "text": way.text}

    def get_execution_context(self) -> dict[str, Any]:
        return {"action": self.action, "user": self.request.user, "data": self.cleaned_form.cleaned_data}

    @classmethod
    def execute_action(
        cls, objects: Sequence[OutgoingMail], *, action: MailAction.Action, user: User, data: dict[str, Any]
    ) -> tuple[int, int]:
        """How many it was done with, and how many were left."""
        done = 0
        for mail in objects:
            try:
                WAYS[action].run(mail, user, data)
            except (Barred, Moved):
                continue
            done += 1
        return done, len(objects) - done

    def get_success_message(self, done: int, left: int) -> str:
        said = f"“{LABELS[self.action]}” was done with {done} of {done + left} mails."
        return f"{said} The others had moved on, or would not be sent." if left else said


class BulkRetry(MailBulkAction):
    action = Action.RETRY
    action_type = "retry"
    display_name = LABELS[Action.RETRY]
    aria_label = "Try the refused ones of these mails again"
    action_priority = 10


class BulkArrived(MailBulkAction):
    action = Action.ARRIVED
    action_type = "arrived"
    display_name = LABELS[Action.ARRIVED]
    aria_label = "Say of these mails that they arrived"
    action_priority = 20


class BulkLost(MailBulkAction):
    action = Action.LOST
    action_type = "lost"
    display_name = LABELS[Action.LOST]
    aria_label = "Say of these mails that they did not arrive"
    action_priority = 30


BULK_ACTIONS = [BulkRetry, BulkArrived, BulkLost]

urls = [path("mail/<int:pk>/do/<slug:action>/", MailActionView.as_view(), name="mail_action")]
