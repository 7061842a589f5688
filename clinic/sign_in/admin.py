"""How a colleague signs in, for the owners of the practice: what they have, and how they are let in again."""

from functools import cached_property

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from clinic.models import User

from .lockout import is_counted, unlock
from .second_factor import codes_left, reset_second_factor


class ColleagueView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "clinic/admin/colleague.html"
    page_title = "Signing in"
    header_icon = "key"

    @cached_property
    def colleague(self):
        return get_object_or_404(User, pk=self.kwargs["pk"])

    def dispatch(self, request, *args, **kwargs):
        is_above = self.colleague.is_superuser and not request.user.is_superuser
        if is_above or not request.user.has_perm("clinic.change_user"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        if request.POST.get("action") == "unlock":
            unlock(user=self.colleague)
            messages.success(request, "Unlocked: the next try counts as the first.")
        elif request.POST.get("action") == "reset":
            reset_second_factor(user=self.colleague, by=request.user)
            messages.success(request, "Reset. The password alone opens the account now, until a new one is set up.")
        return redirect(request.path)

    def get_context_data(self, **kwargs):
        factors = Authenticator.objects.filter(user=self.colleague).order_by("pk")
        codes = factors.filter(type=Authenticator.Type.RECOVERY_CODES).first()
        return super().get_context_data(
            colleague=self.colleague,
            has_app=factors.filter(type=Authenticator.Type.TOTP).first(),
            passkeys=factors.filter(type=Authenticator.Type.WEBAUTHN),
            codes_left=codes_left(codes) if codes else 0,
            has_any=factors.exists(),
            is_counted=is_counted(self.colleague),
            **kwargs,
        )

    def get_page_subtitle(self):
        return self.colleague.get_full_name() or self.colleague.get_username()

    def get_breadcrumbs_items(self):
        account = reverse("wagtailusers_users:edit", args=[self.colleague.pk])
        return [
            *self.breadcrumbs_items,
            {"url": reverse("wagtailusers_users:index"), "label": "Users"},
            {"url": account, "label": self.get_page_subtitle()},
            {"url": "", "label": self.page_title},
        ]
