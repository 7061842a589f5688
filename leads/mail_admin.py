"""Where staff read every mail as its reader got it.

There is no search for an address: it would stand in the addresses of pages, and from there in logs.
"""

from email.message import EmailMessage
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views.generic import TemplateView, View
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn, TitleColumn
from wagtail.admin.views.generic import IndexView, PermissionCheckedMixin, WagtailAdminTemplateMixin
from wagtail.permission_policies import ModelPermissionPolicy

from .mail import contents, render
from .models import OutgoingMail

# A mail is somebody else's document: nothing in it runs, loads or leads anywhere.
BODY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
MAIL = OutgoingMail.objects.select_related(
    "contact__subscription", "submission__lead", "enrolment__sequence", "step__sequence", "step__reviewed_by"
)


def title_of(mail: OutgoingMail) -> str:
    return f"{mail.get_kind_display()}: {mail.step.subject}" if mail.step else mail.get_kind_display()


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
    list_filter = ["state", "kind"]
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


class MailInspectView(MailPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    template_name = "leads/admin/mail.html"
    page_title = "Mail"
    header_icon = "mail"

    @cached_property
    def mail(self) -> OutgoingMail:
        return get_object_or_404(MAIL, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(mail=self.mail, **parts_of(letter_for_staff(self.mail)), **kwargs)

    def get_page_subtitle(self) -> str:
        return title_of(self.mail)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        here = {"url": "", "label": title_of(self.mail)}
        return [*self.breadcrumbs_items, {"url": reverse("mail"), "label": "Mail"}, here]


class MailBodyView(MailPermissionMixin, View):
    """The HTML part alone, for the frame in which staff see it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        letter = letter_for_staff(get_object_or_404(MAIL, pk=pk))
        body = letter.get_body(("html",)) if letter else None
        if body is None:
            raise Http404
        return HttpResponse(str(body.get_content()), headers={"Content-Security-Policy": BODY_POLICY})


def parts_of(letter: EmailMessage | None) -> dict[str, Any]:
    body = letter and letter.get_body(("plain",))
    if letter is None or body is None:
        return {}
    return {
        "headers": [(name, letter[name]) for name in ("From", "To", "Subject", "Date", "Message-ID")],
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
]
