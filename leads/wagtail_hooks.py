from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.models import Page

from . import mail_admin
from .models import GuideFault, GuidePage


@hooks.register("after_publish_page")
def say_that_the_pdf_is_old(request: HttpRequest, page: Page) -> None:
    fault = GuideFault.objects.filter(guide=page.pk).first() if isinstance(page, GuidePage) else None
    if fault is not None:
        messages.error(
            request, f"The PDF of this guide could not be set: {fault.reason} Readers get the edition before."
        )


# --- Mail


@hooks.register("register_permissions")
def mail_permissions() -> QuerySet[Permission]:
    return Permission.objects.filter(content_type__app_label="leads", codename__in=["view_outgoingmail", "view_step"])


@hooks.register("register_admin_urls")
def mail_urls() -> list[URLPattern]:
    return mail_admin.urls


class MailMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.view_outgoingmail")


@hooks.register("register_admin_menu_item")
def mail_menu_item() -> MailMenuItem:
    return MailMenuItem("Mail", reverse("mail"), icon_name="mail", order=450)
