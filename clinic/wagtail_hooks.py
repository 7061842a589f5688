from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.html import format_html
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.auth import user_has_any_page_permission
from wagtail.admin.menu import MenuItem
from wagtail.admin.userbar import ContentCheckerItem

from .dashboard import ToDoPanel
from .help import DOCUMENTS, HelpView, help_address
from .models import ClinicallyReviewed, User, reviewed_page_models
from .reports import ReviewReportView
from .roles import attach_review
from .sign_in.admin import ColleagueView
from .staff import SIGNED, has_signed
from .widgets import widgets_script


@hooks.register("insert_global_admin_css")
def admin_css():
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin.css"))


hooks.register("insert_global_admin_js", widgets_script)


@hooks.register("insert_global_admin_js")
def session_js():
    """Says when the session is about to end, so that nothing typed is lost with it."""
    return format_html(
        '<script type="module" src="{}" data-session="{}" data-sign-in="{}"></script>',
        static("js/admin-session.js"),
        reverse("session"),
        reverse("account_login"),
    )


# --- Help


@hooks.register("construct_help_menu")
def leave_out_news_of_wagtail(request, items):
    items[:] = [item for item in items if not item.name.startswith("whats-new")]


@hooks.register("register_admin_urls")
def help_urls():
    return [path("help/<slug:name>/", HelpView.as_view(), name="help")]


def help_menu_item(name, order):
    return lambda: MenuItem(DOCUMENTS[name], help_address(name), icon_name="help", name=f"help-{name}", order=order)


for order, name in enumerate(DOCUMENTS):
    hooks.register("register_help_menu_item", help_menu_item(name, order))


@hooks.register("register_help")
def help_by_view():
    return {
        "clinical_review_report": ("editors", "how-do-i-see-which-reviews-are-due"),
        "wagtailimages:index": ("editors", "how-do-i-add-a-picture"),
        "wagtailusers_users:index": ("staff", "who-may-do-what"),
        "wagtailusers_users:add": ("staff", "who-may-do-what"),
        "wagtailusers_users:edit": ("staff", "who-may-do-what"),
        "colleague": ("staff", "a-phone-is-lost"),
    }


# --- The checks beside the editor


class StoryChecker(ContentCheckerItem):
    """Checks what editors write, and not the header and footer around it."""

    axe_include = ["main"]


@hooks.register("construct_wagtail_userbar")
def check_what_editors_write(request, items, page):
    items[:] = [StoryChecker(item.in_editor) if isinstance(item, ContentCheckerItem) else item for item in items]


# --- Start page and reports


@hooks.register("construct_homepage_panels")
def add_to_do_panel(request, panels):
    panels.append(ToDoPanel(request))


@hooks.register("register_admin_urls")
def report_urls():
    return [
        path("reports/clinical-review/", ReviewReportView.as_view(), name="clinical_review_report"),
        path(
            "reports/clinical-review/results/",
            ReviewReportView.as_view(results_only=True),
            name="clinical_review_report_results",
        ),
    ]


class PageReportMenuItem(MenuItem):
    def is_shown(self, request):
        return user_has_any_page_permission(request.user)


@hooks.register("register_reports_menu_item")
def review_report_menu_item():
    return PageReportMenuItem(
        "Clinical review", reverse("clinical_review_report"), icon_name="clipboard-list", order=100
    )


# --- Clinical review


@hooks.register("after_create_page")
def review_what_is_below(request, page):
    if any(isinstance(page, tuple(model.allowed_parent_page_models())) for model in reviewed_page_models()):
        attach_review(page)


@hooks.register("before_publish_page")
def remember_review(request, page):
    """Told apart after publishing: `published_page` sees a page whose stamp is gone already."""
    request.review_before_publishing = isinstance(page, ClinicallyReviewed) and page.review_state


@hooks.register("after_publish_page")
def say_that_the_review_is_gone(request, page):
    before = getattr(request, "review_before_publishing", "none")
    if before and before != "none" and page.review_state == "none":
        messages.warning(
            request,
            "The words of this page changed, so its clinical review no longer stands: "
            "readers see “none yet”. Submit the page to Clinical review to have it reviewed again.",
        )


# --- Accounts of staff


@hooks.register("register_admin_urls")
def colleague_urls():
    return [path("users/<int:pk>/sign-in/", ColleagueView.as_view(), name="colleague")]


@hooks.register("register_account_menu_item")
def second_factor_menu_item(request):
    return {"url": reverse("mfa_index"), "label": "Second factor", "help_text": "Passkeys, an app, recovery codes."}


@hooks.register("register_log_actions")
def sign_in_log_actions(actions):
    actions.register_action("clinic.reset_second_factor", "Reset the second factor", "Reset the second factor")


@hooks.register("before_bulk_action")
def keep_those_who_signed(request, action_type, objects, action_class):
    if action_type != "delete":
        return None
    for account in objects:
        if isinstance(account, User) and has_signed(account):
            messages.error(request, SIGNED % account)
            return redirect("wagtailusers_users:index")
    return None
