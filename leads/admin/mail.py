"""Where staff read every mail as its reader got it, and every tip before anybody gets it.

There is no search for an address: it would stand in the addresses of pages, and from there in logs.
"""

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.views.generic import TemplateView, View
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn, TitleColumn
from wagtail.admin.views.generic import IndexView, PermissionCheckedMixin, WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton
from wagtail.permission_policies import ModelPermissionPolicy

from leads.mail import contents, render
from leads.models import Contact, OutgoingMail, Step

# A mail is somebody else's document: nothing in it runs, loads or leads anywhere.
BODY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
MAIL = OutgoingMail.objects.select_related(
    "contact__subscription", "submission__lead", "enrolment__sequence", "step__sequence", "step__reviewed_by"
)

STEPS = Step.objects.select_related("sequence", "reviewed_by")


def title_of(mail: OutgoingMail) -> str:
    return f"{mail.get_kind_display()}: {mail.step.subject}" if mail.step else mail.get_kind_display()


def review_of(step: Step) -> str:
    if step.reviewed_by is None or step.reviewed_on is None:
        return "None yet"
    return f"By {step.reviewed_by.public_name} on {date_format(step.reviewed_on, 'F j, Y')}"


class MailPermissionMixin(PermissionCheckedMixin):
    permission_policy = ModelPermissionPolicy(OutgoingMail)
    any_permission_required = ["view"]


class MailIndexView(MailPermissionMixin, IndexView):
    model = OutgoingMail
    queryset = MAIL
    page_title = "Mail"
    header_icon = "mail"
    index_url_name = "mail"
    index_results_url_name = "mail_results"
    list_filter = ["state", "kind", "issue"]
    default_ordering = "-pk"
    paginate_by = 50
    verbose_name = "mail"
    verbose_name_plural = "mails"
    columns = [
        TitleColumn("subject", label="Mail", accessor=title_of, url_name="mail_inspect"),
        Column("to", label="To", accessor=lambda mail: mail.contact.email if mail.contact else "Staff"),
        StatusTagColumn(
            "state", accessor="get_state_display", primary=lambda mail: mail.state == OutgoingMail.State.SENT
        ),
        Column("reason", label="Why"),
        DateColumn("changed_at", label="Since"),
    ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not self.request.user.has_perm("leads.view_step"):
            return []
        return [HeaderButton("All tips", url=reverse("tips"), icon_name="list-ul")]


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
        review = review_of(self.mail.step) if self.mail.step else ""
        body_url = reverse(self.body_url_name, args=[self.kwargs["pk"]])
        parts = parts_of(letter_for_staff(self.mail), self.header_names)
        return super().get_context_data(mail=self.mail, review=review, body_url=body_url, **parts, **kwargs)

    def get_page_subtitle(self) -> str:
        return title_of(self.mail)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        above = {"url": reverse(self.index_url_name), "label": self.page_title}
        return [*self.breadcrumbs_items, above, {"url": "", "label": title_of(self.mail)}]


class MailBodyView(MailPermissionMixin, View):
    """The HTML part alone, for the frame in which staff see it."""

    def find(self, pk: int) -> OutgoingMail:
        return get_object_or_404(MAIL, pk=pk)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        letter = letter_for_staff(self.find(pk))
        body = letter.get_body(("html",)) if letter else None
        if body is None:
            raise Http404
        return HttpResponse(str(body.get_content()), headers={"Content-Security-Policy": BODY_POLICY})


# --- Tips


class StepPermissionMixin(PermissionCheckedMixin):
    permission_policy = ModelPermissionPolicy(Step)
    any_permission_required = ["view"]


class TipIndexView(StepPermissionMixin, IndexView):
    """The steps of each sequence in its present version."""

    model = Step
    queryset = STEPS.filter(version=F("sequence__version")).order_by("sequence__name", "sequence", "position")
    page_title = "Tips"
    header_icon = "mail"
    index_url_name = "tips"
    index_results_url_name = "tips_results"
    paginate_by = 50
    verbose_name_plural = "tips"
    columns = [
        TitleColumn("subject", label="Mail", url_name="tip_inspect"),
        Column("sequence", label="In"),
        Column("delay_hours", label="Hours after the one before"),
        Column("review", label="Clinical review", accessor=review_of),
    ]

    def order_queryset(self, queryset: QuerySet[Step]) -> QuerySet[Step]:
        return queryset


class TipInspectView(StepPermissionMixin, MailInspectView):
    page_title = "Tips"
    index_url_name = "tips"
    body_url_name = "tip_body"
    header_names = ("From", "Subject")

    @cached_property
    def mail(self) -> OutgoingMail:
        return sample(self.kwargs["pk"])


class TipBodyView(StepPermissionMixin, MailBodyView):
    def find(self, pk: int) -> OutgoingMail:
        return sample(pk)


def sample(step_id: int) -> OutgoingMail:
    """A mail that nobody is owed."""
    nobody = Contact(pk=0, email=render.own_address())
    return OutgoingMail(kind=OutgoingMail.Kind.TIP, step=get_object_or_404(STEPS, pk=step_id), contact=nobody)


# --- What is shown


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


urls = [
    path("mail/", MailIndexView.as_view(), name="mail"),
    path("mail/results/", MailIndexView.as_view(results_only=True), name="mail_results"),
    path("mail/<int:pk>/", MailInspectView.as_view(), name="mail_inspect"),
    path("mail/<int:pk>/body/", MailBodyView.as_view(), name="mail_body"),
    path("mail/tips/", TipIndexView.as_view(), name="tips"),
    path("mail/tips/results/", TipIndexView.as_view(results_only=True), name="tips_results"),
    path("mail/tips/<int:pk>/", TipInspectView.as_view(), name="tip_inspect"),
    path("mail/tips/<int:pk>/body/", TipBodyView.as_view(), name="tip_body"),
]
