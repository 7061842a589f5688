from collections.abc import Iterator

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component
from wagtail.log_actions import LogActionRegistry
from wagtail.models import Page

from clinic.dashboard import ToDo
from clinic.models import User

from .admin import (
    all_leads,
    bulk,
    call,
    card,
    erasure,
    export,
    handling,
    inbox,
    issues,
    mail,
    mail_actions,
    mail_health,
    merge,
    privacy,
    retention,
    search,
    sequences,
    spam,
    tips,
    what_works,
    why,
)
from .admin.help import HELP
from .models import GuideFault, GuidePage
from .services import account
from .sitemaps import FormsSitemap


@hooks.register("after_publish_page")
def say_that_the_pdf_is_old(request: HttpRequest, page: Page) -> None:
    fault = GuideFault.objects.filter(guide=page.pk).first() if isinstance(page, GuidePage) else None
    if fault is not None:
        messages.error(
            request, f"The PDF of this guide could not be set: {fault.reason} Readers get the edition before."
        )


@hooks.register("register_sitemaps")
def sitemaps() -> dict[str, type[FormsSitemap]]:
    return {"forms": FormsSitemap}


@hooks.register("write_to_staff")
def write_to_staff(user: User, about: str) -> None:
    {"password": account.owe_password_link, "factor": account.owe_factor_notice}[about](user=user)


# --- Roles

WORK_LEADS = ["leads.view_lead", "leads.add_lead", "leads.change_lead", "leads.merge_lead"]
WORK_MAIL = ["leads.view_outgoingmail", "leads.change_outgoingmail"]
WRITE_MAIL = ["leads.view_issue", "leads.add_issue", "leads.change_issue", "leads.view_step", "leads.change_step"]
CLINICAL = ["leads.view_health_answers", "leads.review_step", "leads.view_step"]
PEOPLE = ["leads.export_lead", "leads.erase_lead", "leads.answer_privacyrequest"]
OWN = ["leads.change_sender", "leads.delete_issue", "leads.view_figures", *PEOPLE]


@hooks.register("register_role_rights")
def rights() -> dict[str, list[str]]:
    return {
        "editor": [*WRITE_MAIL, "leads.send_issue"],
        "front_desk": [*WORK_LEADS, *WORK_MAIL],
        "clinician": [*WORK_LEADS, *WORK_MAIL, *CLINICAL],
    }


@hooks.register("register_permissions")
def permissions() -> QuerySet[Permission]:
    """What an owner can grant, and has."""
    names = {*WORK_LEADS, *WORK_MAIL, *WRITE_MAIL, *CLINICAL, *OWN, "leads.send_issue"}
    return Permission.objects.filter(
        content_type__app_label="leads", codename__in=[name.removeprefix("leads.") for name in names]
    )


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    people = [*inbox.urls, *search.urls, *all_leads.urls, *call.urls, *card.urls, *handling.urls]
    people += [*spam.urls, *merge.urls, *erasure.urls, *export.urls, *privacy.urls, *retention.urls]
    mails = [*mail.urls, *mail_actions.urls, *mail_health.urls, *sequences.urls, *tips.urls, *why.urls]
    return [*people, *mails, *issues.urls, *what_works.urls]


hooks.register("register_help", lambda: HELP)


# --- Inbox


@hooks.register("register_admin_menu_item")
def inbox_menu_item() -> inbox.LeadMenuItem:
    return inbox.LeadMenuItem("Leads", reverse("leads_inbox"), icon_name="group", order=50)


@hooks.register("register_to_dos")
def to_dos(request: HttpRequest) -> Iterator[ToDo]:
    return inbox.to_dos(request)


hooks.register("register_to_dos", privacy.to_dos)
hooks.register("register_to_dos", retention.to_dos)


for action in bulk.ACTIONS:
    hooks.register("register_bulk_action", action)

hooks.register("register_log_actions", export.register_actions)


# --- Mail


class MailMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.view_outgoingmail")


@hooks.register("register_admin_menu_item")
def mail_menu_item() -> MailMenuItem:
    return MailMenuItem("Mail", reverse("mail"), icon_name="mail", order=450)


# --- Newsletter


class NewsletterMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.view_issue")


@hooks.register("register_admin_menu_item")
def newsletter_menu_item() -> NewsletterMenuItem:
    return NewsletterMenuItem("Newsletter", reverse("issues"), icon_name="doc-full", order=440)


# --- Sequences


class SequencesMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.view_step")


@hooks.register("register_admin_menu_item")
def sequences_menu_item() -> SequencesMenuItem:
    return SequencesMenuItem("Sequences", reverse("sequences"), icon_name="list-ul", order=455)


for action in mail_actions.BULK_ACTIONS:
    hooks.register("register_bulk_action", action)

hooks.register("register_to_dos", mail_health.to_dos)


@hooks.register("register_log_actions")
def log_actions(actions: LogActionRegistry) -> None:
    actions.register_action("leads.stop_sending", "Stop sending", "All mail stopped")
    actions.register_action("leads.start_sending", "Start sending", "Mail started again")
    actions.register_action("leads.publish_sequence", "Publish a sequence", "A new version published")
    actions.register_action("leads.pause_sequence", "Pause a sequence", "Paused")
    actions.register_action("leads.resume_sequence", "Resume a sequence", "Resumed")
    actions.register_action("leads.review_step", "Sign off a tip", "A tip signed off by a clinician")
    actions.register_action("leads.unschedule_issue", "Take a newsletter back", "Made a draft again")
    actions.register_action("leads.pause_issue", "Pause a newsletter", "Paused")
    actions.register_action("leads.resume_issue", "Resume a newsletter", "Resumed")
    actions.register_action("leads.cancel_issue", "Cancel a newsletter", "Cancelled")


# --- What works


@hooks.register("construct_homepage_panels")
def add_what_works(request: HttpRequest, panels: list[Component]) -> None:
    if request.user.has_perm(what_works.RIGHT):
        panels.append(what_works.WhatWorksPanel())


@hooks.register("register_reports_menu_item")
def what_works_menu_item() -> MenuItem:
    return what_works.menu_item()
