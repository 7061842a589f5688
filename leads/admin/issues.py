"""Where editors write newsletters, see each as its readers will, and send it to themselves."""

from email.message import EmailMessage
from typing import Any, cast

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST
from django.views.generic import FormView, TemplateView, View
from wagtail.admin import messages
from wagtail.admin.auth import permission_required
from wagtail.admin.views.generic import DeleteView, IndexView, PermissionCheckedMixin, WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.models import Page
from wagtail.permission_policies import ModelPermissionPolicy

from clinic.models import ClinicSettings, User
from leads.forms.issue import IssueForm, as_posts
from leads.mail import checks, contents, issues, render
from leads.mail.prose import full_address
from leads.models import Issue, OutgoingMail
from leads.services import issue as service

from . import issue_sending

# The reader's own pictures lie on this site; nothing else is loaded, and nothing runs.
BODY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src {site}; sandbox; frame-ancestors 'self'"
PREVIEWS = {
    "desktop": "On a computer",
    "phone": "On a phone",
    "dark": "In the dark",
    "phone-dark": "On a phone, in the dark",
    "text": "As plain text",
}
IN_THE_DARK = "@media (prefers-color-scheme:dark)", "@media (prefers-color-scheme: dark)"
UNDER_WAY = [Issue.State.PREPARING, Issue.State.SENDING, Issue.State.FINISHED, Issue.State.CANCELLED]


class IssuePermissionMixin(PermissionCheckedMixin):
    permission_policy = ModelPermissionPolicy(Issue)
    any_permission_required = ["view"]


class IssueIndexView(IssuePermissionMixin, IndexView):
    model = Issue
    page_title = "Newsletter"
    header_icon = "mail"
    index_url_name = "issues"
    index_results_url_name = "issues_results"
    add_url_name = "issue_add"
    add_item_label = "Write a newsletter"
    results_template_name = "leads/admin/issues_results.html"
    template_name = "leads/admin/issues.html"
    list_filter = ["state"]
    default_ordering = "-pk"
    paginate_by = 50
    verbose_name = "newsletter"
    verbose_name_plural = "newsletters"

    def get_base_queryset(self) -> QuerySet[Issue]:
        sent = (
            OutgoingMail.objects.filter(issue=OuterRef("pk"), kind=OutgoingMail.Kind.ISSUE, resend_of=None)
            .filter(state=OutgoingMail.State.SENT)
            .order_by()
            .values("issue")
            .annotate(number=Count("pk"))
            .values("number")
        )
        return Issue.objects.annotate(sent=Coalesce(Subquery(sent, output_field=IntegerField()), 0))

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        zone = ClinicSettings.load().zone
        return cast(dict[str, Any], super().get_context_data(*args, zone=zone, **kwargs))


class IssueFormView(IssuePermissionMixin, WagtailAdminTemplateMixin, FormView[IssueForm]):
    template_name = "leads/admin/issue_form.html"
    form_class = IssueForm
    header_icon = "mail"
    issue: Issue | None = None

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        above = {"url": reverse("issues"), "label": "Newsletter"}
        return [*self.breadcrumbs_items, above, {"url": "", "label": self.get_page_subtitle() or self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {
            "action_url": self.request.path,
            "submit_button_label": "Save and see it",
            "submit_button_active_label": "Saving…",
            "media": context["form"].media,
        }

    def form_valid(self, form: IssueForm) -> HttpResponse:
        try:
            issue = service.write_issue(issue=self.issue, **form.cleaned_data, user=cast(User, self.request.user))
        except service.Moved:
            form.add_error(None, "It is on its way by now, and cannot be changed. Copy what you typed, if you need it.")
            return self.form_invalid(form)
        messages.success(self.request, "The newsletter is saved as a draft.")
        return redirect("issue", issue.pk)

    def form_invalid(self, form: IssueForm) -> HttpResponse:
        messages.validation_error(self.request, "The newsletter could not be saved. What you typed is kept.", form)
        return super().form_invalid(form)


class IssueCreateView(IssueFormView):
    any_permission_required = ["add"]
    page_title = "Write a newsletter"

    def get_initial(self) -> dict[str, Any]:
        """With the pages that the address names, as `?post=5&post=8`."""
        chosen = [int(pk) for pk in self.request.GET.getlist("post") if pk.isascii() and pk.isdigit() and len(pk) < 10]
        pages: list[Page] = issues.public_pages(chosen)
        return {"posts": as_posts(pages), "subject": pages[0].title if len(pages) == 1 else ""}


class IssueEditView(IssueFormView):
    any_permission_required = ["change"]
    page_title = "Editing"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.issue = get_object_or_404(Issue, pk=kwargs["pk"])
        if request.method == "GET" and self.issue.state != Issue.State.DRAFT:
            return redirect("issue", self.issue.pk)
        return cast(HttpResponse, super().dispatch(request, *args, **kwargs))

    def get_page_subtitle(self) -> str:
        return str(self.issue)

    def get_initial(self) -> dict[str, Any]:
        issue = get_object_or_404(Issue, pk=self.kwargs["pk"])
        posts = as_posts(post.page for post in issue.posts.select_related("page"))
        return {"subject": issue.subject, "preheader": issue.preheader, "note": issue.note, "posts": posts}


class IssueDeleteView(IssuePermissionMixin, DeleteView):
    """A draft alone: of what was sent, the ledger must be able to say what it was."""

    any_permission_required = ["delete"]
    model = Issue
    queryset = Issue.objects.filter(state=Issue.State.DRAFT, audience=None)
    index_url_name = "issues"
    delete_url_name = "issue_delete"
    header_icon = "mail"
    success_message = "The draft “%(object)s” is deleted."


class IssueView(IssuePermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    """One newsletter: what it looks like, and what has to be done next or how far it got."""

    template_name = "leads/admin/issue.html"
    page_title = "Newsletter"
    header_icon = "mail"

    @cached_property
    def issue(self) -> Issue:
        return get_object_or_404(Issue.objects.select_related("created_by", "sent_by"), pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        return str(self.issue)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        above = {"url": reverse("issues"), "label": self.page_title}
        return [*self.breadcrumbs_items, above, {"url": "", "label": str(self.issue)}]

    @cached_property
    def header_buttons(self) -> list[Button]:
        if self.issue.state != Issue.State.DRAFT or not self.user_has_permission("change"):
            return []
        return [HeaderButton("Edit", url=reverse("issue_edit", args=[self.issue.pk]), icon_name="edit")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        issue, preview = self.issue, self.request.GET.get("as", "")
        context = {
            "issue": issue,
            "zone": ClinicSettings.load().zone,
            "previews": PREVIEWS,
            "preview": preview if preview in PREVIEWS else "desktop",
            "text": checks.part(seen_by_staff(issue), "plain"),
            "may_send": self.user_has_permission("send"),
            "may_delete": self.user_has_permission("delete"),
        }
        if issue.state in UNDER_WAY:
            context |= issue_sending.figures(issue, self.request)
        else:
            letter = checks.letter_of(issue)
            found = checks.checks(letter)
            context |= {"checks": found, "is_ready": all(check.is_passed for check in found)}
            context["external_links"] = checks.external_links(letter)
        return super().get_context_data(**context, **kwargs)


class IssueBodyView(IssuePermissionMixin, View):
    """The HTML part alone, for the frame in which staff see it, in the light or in the dark."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        html = checks.part(seen_by_staff(get_object_or_404(Issue, pk=pk)), "html")
        scheme = "all" if "dark" in request.GET.get("as", "") else "not all"
        for query in IN_THE_DARK:
            html = html.replace(query, f"@media {scheme}")
        site = full_address("/").rstrip("/")
        return HttpResponse(html, headers={"Content-Security-Policy": BODY_POLICY.format(site=site)})


def seen_by_staff(issue: Issue) -> EmailMessage:
    """With links that lead nowhere: they are keys to one reader's own pages."""
    mail = checks.sample(issue)
    return render.letter(mail, contents.content(mail).without_links())


@require_POST
@permission_required("leads.change_issue")
def send_trial(request: HttpRequest, pk: int) -> HttpResponse:
    issue, user = get_object_or_404(Issue, pk=pk), cast(User, request.user)
    if not user.email:
        messages.error(request, "Your account has no e-mail address. Write one into your account first.")
    else:
        service.send_trial(issue=issue, user=user)
        messages.success(request, f"A trial is on its way to {user.email}.")
    return redirect("issue", pk)


urls = [
    path("newsletter/", IssueIndexView.as_view(), name="issues"),
    path("newsletter/results/", IssueIndexView.as_view(results_only=True), name="issues_results"),
    path("newsletter/add/", IssueCreateView.as_view(), name="issue_add"),
    path("newsletter/<int:pk>/", IssueView.as_view(), name="issue"),
    path("newsletter/<int:pk>/edit/", IssueEditView.as_view(), name="issue_edit"),
    path("newsletter/<int:pk>/delete/", IssueDeleteView.as_view(), name="issue_delete"),
    path("newsletter/<int:pk>/body/", IssueBodyView.as_view(), name="issue_body"),
    path("newsletter/<int:pk>/trial/", send_trial, name="issue_trial"),
    *issue_sending.urls,
]
