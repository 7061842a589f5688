"""Where a newsletter is sent: who gets it and who does not, when it goes, how far it got, and what stops it."""

from collections.abc import Callable
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views.decorators.http import require_GET, require_POST
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.auth import permission_required
from wagtail.admin.views.generic import PermissionCheckedMixin, WagtailAdminTemplateMixin
from wagtail.log_actions import log
from wagtail.permission_policies import ModelPermissionPolicy

from clinic.models import ClinicSettings, User
from leads.forms.issue import SendForm
from leads.mail import audience, checks
from leads.models import Issue, OutgoingMail
from leads.services import issue as service

MailState = OutgoingMail.State
PAGE = 50
# The outcomes in the order in which they are told, each with its words.
OUTCOMES = {
    "Sent": [MailState.SENT],
    "Waiting": [MailState.QUEUED, MailState.LEASED, MailState.HANDED],
    "Not sent": [MailState.SKIPPED],
    "Refused": [MailState.DEAD],
    "May have arrived": [MailState.UNCERTAIN],
}
TOO_LATE = "Somebody was quicker: this newsletter is not where it was. This is how it stands now."


class IssueSendView(PermissionCheckedMixin, WagtailAdminTemplateMixin, FormView[SendForm]):
    """Who is in and who is out and why, before it goes; and the number to type, so that nobody sends by a slip."""

    permission_policy = ModelPermissionPolicy(Issue)
    permission_required = "send"
    template_name = "leads/admin/issue_send.html"
    form_class = SendForm
    page_title = "Who gets it, and when"
    header_icon = "mail"

    @cached_property
    def issue(self) -> Issue:
        return get_object_or_404(Issue, pk=self.kwargs["pk"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.has_perm("leads.send_issue") and self.issue.state != Issue.State.DRAFT:
            return redirect("issue", self.issue.pk)
        return cast(HttpResponse, super().dispatch(request, *args, **kwargs))

    def get_page_subtitle(self) -> str:
        return str(self.issue)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        above = [{"url": reverse("issues"), "label": "Newsletter"}]
        above.append({"url": reverse("issue", args=[self.issue.pk]), "label": str(self.issue)})
        return [*self.breadcrumbs_items, *above, {"url": "", "label": self.page_title}]

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"zone": ClinicSettings.load().zone}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        standing = self.request.GET.get("standing", audience.GETS_IT)
        if standing not in audience.STANDINGS:
            standing = audience.GETS_IT
        everybody = audience.standings()
        counts = audience.counted(everybody)
        people = Paginator(everybody.filter(standing=standing), PAGE).get_page(self.request.GET.get("p"))
        return super().get_context_data(
            issue=self.issue,
            counts=[(key, audience.STANDINGS[key], number) for key, number in counts.items()],
            number=counts[audience.GETS_IT],
            standing=standing,
            standing_words=audience.STANDINGS[standing],
            people=people,
            faults=[check for check in checks.checks(checks.letter_of(self.issue)) if not check.is_passed],
            **kwargs,
        )

    def form_valid(self, form: SendForm) -> HttpResponse:
        due_at, count = form.cleaned_data["due_at"], form.cleaned_data["count"]
        try:
            issue = service.schedule(issue=self.issue, due_at=due_at, count=count, user=cast(User, self.request.user))
        except service.CountChanged as change:
            form.add_error("count", self.words_about(change.count, count))
        except service.InThePast:
            form.add_error("day", "This moment is over. Choose a later one.")
        except service.ChecksFailed:
            form.add_error(None, "Something has to be put right first. It stands above.")
        except service.Moved:
            messages.warning(self.request, TOO_LATE)
            return redirect("issue", self.issue.pk)
        else:
            messages.success(self.request, "It is scheduled." if due_at else "It goes out within a minute.")
            return redirect("issue", issue.pk)
        return self.form_invalid(form)

    def words_about(self, number: int, typed: int) -> str:
        if str(typed) == self.request.POST.get("shown"):
            return (
                f"While you read, the list changed: {people(number)} it now, and not {typed:,}. "
                f"Have another look, then type {number}."
            )
        return f"{people(number)} it, and you typed {typed:,}. Type {number} if that is what you want."


def people(number: int) -> str:
    return "1 person gets" if number == 1 else f"{number:,} people get"


# --- On its way


def figures(issue: Issue, request: HttpRequest) -> dict[str, Any]:
    """What became of its mails so far; with links to them for those who may read mail."""
    progress = audience.progress(issue)
    outcomes = [(name, progress.in_state(*states), states[0]) for name, states in OUTCOMES.items()]
    is_over = issue.state in (Issue.State.FINISHED, Issue.State.CANCELLED)
    return {
        "issue": issue,
        "progress": progress,
        "outcomes": outcomes,
        "reasons": [line for line in progress.lines if line.reason],
        "rest": len(audience.rest(issue)) if is_over and issue.audience is not None else 0,
        "mail_url": f"{reverse('mail')}?issue={issue.pk}" if request.user.has_perm("leads.view_outgoingmail") else "",
    }


@require_GET
@permission_required("leads.view_issue")
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while an issue is on its way, for the script that asks for it again."""
    issue = get_object_or_404(Issue, pk=pk)
    return render(request, "leads/admin/components/issue_progress.html", figures(issue, request))


Action = Callable[..., Issue]
# What a button does, and what is said afterwards.
ACTIONS: dict[str, tuple[Action, str]] = {
    "unschedule": (service.unschedule, "It is a draft again, and does not go."),
    "pause": (service.pause, "It is paused. Nothing more leaves until you resume it."),
    "resume": (service.resume, "It goes on."),
    "cancel": (service.cancel, "It is cancelled. Nothing more of it leaves."),
}


@require_POST
@permission_required("leads.send_issue")
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    if action not in ACTIONS:
        raise Http404
    do, words = ACTIONS[action]
    try:
        issue = do(issue=get_object_or_404(Issue, pk=pk))
    except service.Moved:
        messages.warning(request, TOO_LATE)
    else:
        log(issue, f"leads.{action}_issue", user=request.user)
        messages.success(request, words)
    return redirect("issue", pk)


@require_POST
@permission_required("leads.send_issue")
def send_to_rest(request: HttpRequest, pk: int) -> HttpResponse:
    issue, count = get_object_or_404(Issue, pk=pk), request.POST.get("count", "")
    try:
        number = int(count) if count.isascii() and count.isdigit() and len(count) < 10 else 0
        service.send_to_rest(issue=issue, count=number, user=cast(User, request.user))
    except service.Moved:
        messages.warning(request, TOO_LATE)
    except service.CountChanged as change:
        messages.warning(request, f"Nothing was sent: {people(change.count)} it by now. Look again, then press.")
    else:
        messages.success(request, f"It goes to the {number:,} who did not get it.")
    return redirect("issue", pk)


urls = [
    path("newsletter/<int:pk>/send/", IssueSendView.as_view(), name="issue_send"),
    path("newsletter/<int:pk>/progress/", progress, name="issue_progress"),
    path("newsletter/<int:pk>/rest/", send_to_rest, name="issue_rest"),
    path("newsletter/<int:pk>/<slug:action>/", act, name="issue_act"),
]
