"""A person who phones: on the card that they have already, or on a new one."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from leads.fields import with_main_number
from leads.forms.card import CallForm
from leads.models import Lead
from leads.services.call import enter_call
from leads.services.intake import kept_cards

from .inbox import LeadPermissionMixin


class CallView(LeadPermissionMixin, WagtailAdminTemplateMixin, FormView):
    template_name = "leads/admin/call.html"
    permission_required = "add"
    form_class = CallForm
    page_title = "A caller"
    header_icon = "mobile-alt"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form()
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        known = known_cards(form)
        if known and "is_seen" not in request.POST:
            return self.render_to_response(self.get_context_data(form=form, known=known))
        lead = enter_call(**form.cleaned_data, user=self.member)
        messages.success(request, "The call is on the card, and the card is yours unless a colleague has it.")
        return redirect("lead", lead.pk)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox, {"url": "", "label": self.page_title}]


def known_cards(form: CallForm) -> list[Lead]:
    """The cards with this number or address, and those into which staff merged one that has it.

    The call goes to the one with the same name.
    """
    phone, email = form.cleaned_data["phone"], form.cleaned_data["email"]
    same = Q()
    if phone:
        same |= Q(phone__in=with_main_number(phone))
    if email:
        same |= Q(contact__email=email)
    cards = kept_cards(Lead.objects.filter(same))
    return list(cards.filter(is_spam=False).select_related("owner", "contact").order_by("-asked_at", "-pk")[:5])


urls = [path("leads/call/", CallView.as_view(), name="lead_call")]
