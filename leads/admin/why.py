"""A person's mails, each with its reason; and the button that ends the tips."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from clinic.models import User
from leads.mail import why
from leads.models import Lead
from leads.services.sequence import stop_tips

from .mail import MailPermissionMixin


class LeadMailView(MailPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    """For those who may see mail and cards."""

    template_name = "leads/admin/lead_mail.html"
    header_icon = "mail"
    page_title = "Mails of a person"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm("leads.view_lead"):
            messages.error(request, "Sorry, you do not have permission to access this area.")
            return redirect("wagtailadmin_home")
        return cast(HttpResponse, super().dispatch(request, *args, **kwargs))

    @cached_property
    def lead(self) -> Lead:
        return get_object_or_404(Lead.objects.select_related("contact"), pk=self.kwargs["pk"])

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("leads.change_lead"):
            messages.error(request, "Only those who work with cards end somebody’s tips.")
        elif stop_tips(lead=self.lead, user=cast(User, request.user)):
            messages.success(request, "No more tips go to this mailbox.")
        else:
            messages.info(request, "There was nothing to end.")
        return redirect("lead_mail", pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            lead=self.lead,
            mails=why.mails_of_lead(self.lead),
            may_stop=self.request.user.has_perm("leads.change_lead"),
            all_url=f"{reverse('mail')}?lead={self.lead.pk}",
            **kwargs,
        )

    def get_page_subtitle(self) -> str:
        return self.lead.name or (self.lead.contact.email if self.lead.contact else str(self.lead.phone))

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        return [*self.breadcrumbs_items, {"url": "", "label": f"Mails of {self.get_page_subtitle()}"}]


urls = [path("leads/<int:pk>/mail/", LeadMailView.as_view(), name="lead_mail")]
