"""The mails of sequences as their readers get them, and their clinical review."""

from collections.abc import Sequence
from typing import Any, cast

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.functional import cached_property
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic import IndexView, PermissionCheckedMixin
from wagtail.permission_policies import ModelPermissionPolicy

from clinic.models import User
from leads.mail import render
from leads.models import Contact, OutgoingMail, Step
from leads.services import sequence as service
from leads.services.sequence import Outdated

from .mail import MailBodyView, MailInspectView, review_of

STEPS = Step.objects.select_related("sequence", "reviewed_by")


class StepPermissionMixin(PermissionCheckedMixin):
    permission_policy = ModelPermissionPolicy(Step)
    any_permission_required: Sequence[str] = ["view"]


class TipIndexView(StepPermissionMixin, IndexView):
    """The steps of each sequence in its present version and in its draft; those without a review first."""

    model = Step
    queryset = STEPS.filter(version__gte=F("sequence__version")).order_by(
        F("reviewed_on").asc(nulls_first=True), "sequence__name", "sequence", "version", "position"
    )
    page_title = "Tips"
    header_icon = "mail"
    index_url_name = "tips"
    index_results_url_name = "tips_results"
    paginate_by = 50
    verbose_name_plural = "tips"
    columns = [
        TitleColumn("subject", label="Mail", url_name="tip_inspect"),
        Column("sequence", label="In"),
        Column("version", label="State", accessor=lambda step: "Draft" if is_draft(step) else "In force", width="10%"),
        Column("review", label="Clinical review", accessor=review_of),
    ]

    def order_queryset(self, queryset: QuerySet[Step]) -> QuerySet[Step]:
        return queryset


def is_draft(step: Step) -> bool:
    return step.version > step.sequence.version


class TipInspectView(StepPermissionMixin, MailInspectView):
    template_name = "leads/admin/tip.html"
    page_title = "Tips"
    index_url_name = "tips"
    body_url_name = "tip_body"
    header_names = ("From", "Subject")

    @cached_property
    def mail(self) -> OutgoingMail:
        return sample(get_object_or_404(STEPS, pk=self.kwargs["pk"]))

    @property
    def step(self) -> Step:
        return cast(Step, self.mail.step)

    def about(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "review": review_of(self.step),
            "is_draft": is_draft(self.step),
            "may_review": self.user_has_permission("review") and self.step.version >= self.step.sequence.version,
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A clinician signs it off."""
        if not self.user_has_permission("review"):
            messages.error(request, "Only a clinician signs a tip off.")
            return redirect("tip_inspect", pk)
        try:
            user = cast(User, request.user)
            service.sign_off(step=self.step, fingerprint=request.POST.get("fingerprint", ""), user=user)
        except Outdated as outdated:
            messages.warning(request, str(outdated))
        else:
            messages.success(request, "Signed off. The review stands for these words.")
        return redirect("tip_inspect", pk)


class TipBodyView(StepPermissionMixin, MailBodyView):
    def find(self, pk: int) -> OutgoingMail:
        return sample(get_object_or_404(STEPS, pk=pk))


def sample(step: Step) -> OutgoingMail:
    """A mail that nobody is owed."""
    nobody = Contact(pk=0, email=render.own_address())
    return OutgoingMail(kind=OutgoingMail.Kind.TIP, step=step, contact=nobody)


urls = [
    path("mail/tips/", TipIndexView.as_view(), name="tips"),
    path("mail/tips/results/", TipIndexView.as_view(results_only=True), name="tips_results"),
    path("mail/tips/<int:pk>/", TipInspectView.as_view(), name="tip_inspect"),
    path("mail/tips/<int:pk>/body/", TipBodyView.as_view(), name="tip_body"),
]
