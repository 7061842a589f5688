"""The ledger for staff: every mail as its reader got it, what became of it, and what can be done about it.

There is no search for an address: it would stand in the addresses of pages, and from there in logs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.views.generic import TemplateView, View
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.paginator import WagtailPaginator
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column, DateColumn, StatusTagColumn, TitleColumn
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.generic import IndexView, PermissionCheckedMixin, WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import Button
from wagtail.permission_policies import ModelPermissionPolicy

from leads.mail import contents, render, why
from leads.models import Issue, Lead, MailAction, MailEvent, OutgoingMail, Step
from leads.services.outgoing_mail import FROM

# A mail is somebody else's document: nothing in it runs, loads or leads anywhere.
BODY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
MAIL = OutgoingMail.objects.select_related(
    "contact__subscription",
    "submission__lead__contact",
    "enrolment__sequence",
    "step__sequence",
    "step__reviewed_by",
    "issue",
    "user",
    "resend_of",
).defer("submission__health_answers")
MOST_COUNTED = 1000
MOST_EVENTS = 20


class MailPermissionMixin(PermissionCheckedMixin):
    permission_policy = ModelPermissionPolicy(OutgoingMail)
    any_permission_required: Sequence[str] = ["view"]


# --- The list


class NumberFilter(django_filters.NumberFilter):
    field_class = forms.IntegerField


class MailFilterSet(WagtailFilterSet):
    created_at = django_filters.DateFromToRangeFilter(label="Owed on", widget=DateRangePickerWidget)
    issue = django_filters.ModelChoiceFilter(label="Newsletter", queryset=Issue.objects.order_by("-pk"))
    lead = NumberFilter(label="Number of the card", method="filter_lead")

    class Meta:
        model = OutgoingMail
        fields = ["state", "kind", "issue"]

    def filter_lead(self, queryset: QuerySet[OutgoingMail], name: str, value: int) -> QuerySet[OutgoingMail]:
        lead = Lead.objects.filter(pk=value).first()
        return queryset & why.mails_of(lead) if lead else queryset.none()


class LedgerPaginator(WagtailPaginator):
    """Counts no further than `MOST_COUNTED`: of a million mails staff look at the newest, or pick some out."""

    @cached_property
    def count(self) -> int:
        return int(self.object_list.order_by()[:MOST_COUNTED].count())

    @property
    def is_cut(self) -> bool:
        return self.count == MOST_COUNTED

    @property
    def items_count_label(self) -> str:
        if self.is_cut:
            return f"The newest {MOST_COUNTED:,} mails"
        return "1 mail" if self.count == 1 else f"{self.count:,} mails"


class MailIndexView(MailPermissionMixin, IndexView):
    model = OutgoingMail
    queryset = MAIL
    template_name = "leads/admin/mail_index.html"
    results_template_name = "leads/admin/mail_results.html"
    page_title = "Mail"
    header_icon = "mail"
    index_url_name = "mail"
    index_results_url_name = "mail_results"
    filterset_class = MailFilterSet
    paginator_class = LedgerPaginator
    default_ordering = "-pk"
    paginate_by = 50
    verbose_name = "mail"
    verbose_name_plural = "mails"
    table_classname = "listing clinic-cards"

    @cached_property
    def columns(self) -> list[Column]:
        columns = [
            TitleColumn(
                "subject",
                label="Mail",
                accessor=why.title_of,
                url_name="mail_inspect",
                get_title_id=lambda mail: f"mail_{mail.pk}_title",
            ),
            Column("to", label="To", accessor=to_whom),
            StatusTagColumn(
                "state",
                accessor="get_state_display",
                primary=lambda mail: mail.state == OutgoingMail.State.SENT,
                classname="clinic-cards__state",
            ),
            Column("reason", label="Why", accessor=why_so),
            DateColumn("changed_at", label="Since"),
        ]
        if self.user_has_permission("change"):
            columns.insert(0, BulkActionsCheckboxColumn("bulk_actions", obj_type="mail"))
        return columns

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        return [Button("Health of mail", url=reverse("mail_health"), icon_name="history")]


def to_whom(mail: OutgoingMail) -> str:
    if mail.contact:
        return mail.contact.email
    return get_user_display_name(mail.user) if mail.user else "Staff"


def why_so(mail: OutgoingMail) -> str:
    if mail.state != OutgoingMail.State.QUEUED:
        return mail.reason
    due = f"due {date_format(timezone.localtime(mail.due_at), 'F j, Y, g:i A')}"
    return f"{due}: {mail.reason}" if mail.reason else due


# --- One mail


class MailInspectView(MailPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    template_name = "leads/admin/mail.html"
    page_title = "Mail"
    header_icon = "mail"
    index_url_name = "mail"
    body_url_name = "mail_body"
    header_names: Sequence[str] = ("From", "To", "Subject", "Date", "Message-ID")

    @cached_property
    def mail(self) -> OutgoingMail:
        return get_object_or_404(MAIL, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            mail=self.mail,
            body_url=reverse(self.body_url_name, args=[self.kwargs["pk"]]),
            **parts_of(letter_for_staff(self.mail), self.header_names),
            **self.about(),
            **kwargs,
        )

    def about(self) -> dict[str, Any]:
        """What there is to say of a mail that somebody is owed."""
        return {
            "ways": ways_out(self.mail) if self.user_has_permission("change") else [],
            "history": sorted(history(self.mail), key=lambda entry: entry.moment, reverse=True),
            "review": review_of(self.mail.step) if self.mail.step else "",
            "lead": self.mail.submission.lead if self.mail.submission else None,
        }

    def get_page_subtitle(self) -> str:
        return why.title_of(self.mail)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        above = {"url": reverse(self.index_url_name), "label": self.page_title}
        return [*self.breadcrumbs_items, above, {"url": "", "label": why.title_of(self.mail)}]


@dataclass(frozen=True)
class Entry:
    moment: datetime
    title: str
    text: str = ""
    who: str = ""
    url: str = ""


def history(mail: OutgoingMail) -> Iterator[Entry]:
    """What staff did with it, and what the provider said of its mailbox since: not every provider names the mail."""
    yield Entry(mail.created_at, "Owed")
    if mail.sent_at:
        yield Entry(mail.sent_at, "Sent: the mail server took it over")
    elif mail.changed_at != mail.created_at:
        yield Entry(mail.changed_at, mail.get_state_display(), mail.reason)
    for action in mail.actions.select_related("user"):
        yield Entry(action.created_at, action.get_action_display(), action.reason, get_user_display_name(action.user))
    for again in mail.resent.all():
        address = reverse("mail_inspect", args=[again.pk])
        yield Entry(again.created_at, f"Owed again: {again.get_state_display().lower()}", again.reason, url=address)
    if mail.contact_id:
        events = MailEvent.objects.filter(contact=mail.contact_id, created_at__gte=mail.created_at)
        for event in events.order_by("created_at")[:MOST_EVENTS]:
            yield Entry(event.created_at, f"The mail provider about this mailbox: {event.get_kind_display()}")


LABELS = {
    MailAction.Action.RESEND: "Send again",
    MailAction.Action.RETRY: "Try again",
    MailAction.Action.ARRIVED: "It arrived",
    MailAction.Action.LOST: "It did not arrive",
}


def ways_out(mail: OutgoingMail) -> list[tuple[str, str]]:
    """`(label, address)` of what can be done with it; of one that did not arrive, sending it again."""
    was_lost = any(action.action == MailAction.Action.LOST for action in mail.actions.all())
    hidden = MailAction.Action.RETRY if was_lost else MailAction.Action.RESEND if mail.state == "dead" else None
    return [
        (LABELS[action], reverse("mail_action", args=[mail.pk, action]))
        for action, states in FROM.items()
        if mail.state in states and action != hidden
    ]


class MailBodyView(MailPermissionMixin, View):
    """The HTML part alone, for the frame in which staff see it."""

    def find(self, pk: int) -> OutgoingMail:
        return get_object_or_404(MAIL, pk=pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        letter = letter_for_staff(self.find(pk))
        body = html_of(letter)
        if body is None:
            raise Http404
        return HttpResponse(body, headers={"Content-Security-Policy": BODY_POLICY})


# --- What is shown


def review_of(step: Step) -> str:
    if step.reviewed_by is None or step.reviewed_on is None:
        return "None yet"
    return f"By {step.reviewed_by.public_name} on {date_format(step.reviewed_on, 'F j, Y')}"


def parts_of(letter: EmailMessage | None, header_names: Sequence[str]) -> dict[str, Any]:
    body = letter and letter.get_body(("plain",))
    if letter is None or body is None:
        return {}
    return {
        "headers": [(name, letter[name]) for name in header_names],
        "text": body.get_content(),
        "attachments": [part.get_filename() for part in letter.iter_attachments()],
    }


def letter_for_staff(mail: OutgoingMail) -> EmailMessage | None:
    """The mail as it is drawn now, with links that lead nowhere: they are keys to one person's own pages.

    None when it is about something that is gone, such as a guide.
    """
    try:
        content = contents.content(mail)
    except (ObjectDoesNotExist, LookupError, ValueError):
        return None
    return render.letter(mail, content.without_links())


def html_of(letter: EmailMessage | None) -> str | None:
    body = letter.get_body(("html",)) if letter else None
    return str(body.get_content()) if body is not None else None


urls = [
    path("mail/", MailIndexView.as_view(), name="mail"),
    path("mail/results/", MailIndexView.as_view(results_only=True), name="mail_results"),
    path("mail/<int:pk>/", MailInspectView.as_view(), name="mail_inspect"),
    path("mail/<int:pk>/body/", MailBodyView.as_view(), name="mail_body"),
]
