"""The folder of what was taken for spam. Nothing in it is lost: what is none is put back, and answered then."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from leads.models import Submission
from leads.services.inbox import Refused
from leads.services.spam import flag_spam, release_spam

from .inbox import LeadPermissionMixin

SHOWN = 50
SPAM = Submission.objects.filter(is_spam=True).select_related("lead", "contact").defer("health_answers")


class SpamView(LeadPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    template_name = "leads/admin/spam.html"
    page_title = "Spam"
    header_icon = "bin"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        pages = Paginator(SPAM.order_by("-created_at", "-pk"), SHOWN)
        return super().get_context_data(page=pages.get_page(self.request.GET.get("p")), **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox, {"url": "", "label": self.page_title}]


class ReleaseSpamView(LeadPermissionMixin, View):
    """Puts those that were ticked back, or with `only` the one beside whose button somebody pressed."""

    permission_required = "change"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen = [int(pk) for pk in self.chosen if pk.isdecimal() and len(pk) < 19]
        released = 0
        for submission in SPAM.filter(pk__in=chosen).order_by("pk"):
            try:
                release_spam(submission=submission, user=self.member)
                released += 1
            except Refused as refusal:
                messages.error(request, str(refusal))
        if released:
            said = "1 request is" if released == 1 else f"{released} requests are"
            messages.success(request, f"{said} back in the inbox, and answered as any other.")
        elif not chosen:
            messages.warning(request, "Tick what is not spam first.")
        return redirect("spam")

    @property
    def chosen(self) -> list[str]:
        only = self.request.POST.get("only")
        return [only] if only else self.request.POST.getlist("submission")


class FlagSpamView(LeadPermissionMixin, View):
    permission_required = "change"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        submission = get_object_or_404(Submission.objects.select_related("lead"), pk=pk)
        try:
            flag_spam(submission=submission, user=self.member)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "Taken for spam. It lies in the spam folder, should it be none.")
        return redirect("lead", submission.lead_id)


urls = [
    path("leads/spam/", SpamView.as_view(), name="spam"),
    path("leads/spam/release/", ReleaseSpamView.as_view(), name="spam_release"),
    path("leads/spam/<int:pk>/flag/", FlagSpamView.as_view(), name="spam_flag"),
]
