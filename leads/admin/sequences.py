"""Sequences for staff: who is where on the way, and the draft of the next version."""

from collections.abc import Callable
from datetime import time
from typing import Any, cast

from django import forms
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, NumberColumn, TitleColumn
from wagtail.admin.views.generic import IndexView, WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import Button
from wagtail.models import ModelLogEntry

from clinic.models import User
from leads.forms.step import StepForm
from leads.mail import sequences
from leads.models import Enrolment, Sequence, Step
from leads.services import sequence as service
from leads.services.sequence import Outdated, Reach

from .mail import html_of, letter_for_staff, parts_of, review_of
from .sequence_line import dots_of, gone
from .tips import STEPS, StepPermissionMixin, sample

LOGGED = 10
FIRST_HOURS = {"delay_hours": 72, "window_opens": time(9), "window_closes": time(17)}


class SequencePageMixin(StepPermissionMixin, WagtailAdminTemplateMixin):
    """A page about one sequence."""

    header_icon = "mail"
    request: HttpRequest
    kwargs: dict[str, Any]

    @property
    def member(self) -> User:
        """Who is signed in: nobody else gets here."""
        return cast(User, self.request.user)

    @cached_property
    def sequence(self) -> Sequence:
        return get_object_or_404(Sequence, pk=self.kwargs["pk"])

    def get_page_title(self) -> str:
        return self.sequence.name

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        above = [{"url": reverse("sequences"), "label": "Sequences"}]
        if self.page_subtitle:
            above.append({"url": reverse("sequence", args=[self.sequence.pk]), "label": self.sequence.name})
        return [*self.breadcrumbs_items, *above, {"url": "", "label": self.page_subtitle or self.sequence.name}]


# --- All of them


class SequenceIndexView(StepPermissionMixin, IndexView):
    model = Sequence
    page_title = "Sequences"
    header_icon = "mail"
    index_url_name = "sequences"
    index_results_url_name = "sequences_results"
    default_ordering = "name"
    paginate_by = 50
    verbose_name_plural = "sequences"
    columns = [
        TitleColumn("name", label="Sequence", url_name="sequence"),
        Column("state", label="State", accessor=lambda sequence: "Paused" if sequence.paused_at else "Running"),
        NumberColumn("on_the_way", label="People on the way"),
        NumberColumn("unreviewed", label="Mails without a clinical review", classname="clinic-wide-only"),
        Column(
            "draft",
            label="Draft",
            accessor=lambda sequence: "Yes" if sequence.has_draft else "",
            classname="clinic-wide-only",
        ),
    ]

    def get_base_queryset(self) -> QuerySet[Sequence]:
        steps = Step.objects.filter(sequence=OuterRef("pk"))
        open_ones = Enrolment.objects.filter(sequence=OuterRef("pk"), ended_at=None).order_by()
        bare = steps.filter(version=OuterRef("version"), reviewed_by=None).order_by()
        return Sequence.objects.annotate(
            on_the_way=number_of(open_ones),
            unreviewed=number_of(bare),
            has_draft=Exists(steps.filter(version__gt=OuterRef("version"))),
        )

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        return [Button("Clinical review", url=reverse("tips"), icon_name="clipboard-list")]


def number_of(rows: QuerySet[Any]) -> Any:
    return Coalesce(Subquery(rows.values("sequence").annotate(number=Count("pk")).values("number")), 0)


# --- One


class SequenceView(SequencePageMixin, TemplateView):
    template_name = "leads/admin/sequence.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        steps = list(STEPS.filter(sequence=self.sequence, version=self.sequence.version).order_by("position"))
        waiting = sequences.waiting_by_step(self.sequence)
        dots = dots_of(steps, waiting)
        numbers = self.sequence.enrolments.aggregate(
            on_the_way=Count("pk", filter=Q(ended_at=None)),
            earlier=Count("pk", filter=Q(ended_at=None, version__lt=self.sequence.version)),
        )
        return super().get_context_data(
            sequence=self.sequence,
            rows=[(dot, review_of(dot.step)) for dot in dots],
            dots=dots,
            gone=gone(dots, waiting),
            between=numbers["on_the_way"] - sum(waiting.values()),
            endings=endings_of(self.sequence),
            log=ModelLogEntry.objects.for_instance(self.sequence)
            .select_related("user")
            .order_by("-timestamp")[:LOGGED],
            has_draft=service.draft_of(self.sequence).exists(),
            may_change=self.user_has_permission("change"),
            **numbers,
            **kwargs,
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Pause it, or resume it."""
        if not self.user_has_permission("change"):
            messages.error(request, "Only editors and owners pause a sequence.")
            return redirect("sequence", pk)
        is_paused = request.POST.get("do") == "pause"
        service.switch(sequence=self.sequence, is_paused=is_paused, user=self.member)
        done = (
            "No mail of it leaves, and no wait passes." if is_paused else "Each wait goes on with what was left of it."
        )
        messages.success(request, f"{'Paused' if is_paused else 'Resumed'}. {done}")
        return redirect("sequence", pk)


def endings_of(sequence: Sequence) -> list[tuple[str, int]]:
    counted = sequence.enrolments.exclude(ended_at=None).order_by().values_list("ending").annotate(Count("pk"))
    numbers = dict(counted)
    return [(ending.label, numbers.get(ending.value, 0)) for ending in Enrolment.Ending]


# --- The draft


class PublishForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reach = forms.ChoiceField(
        label="Whom is it for?",
        choices=Reach.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whom the new version is for"},
    )


class DraftView(SequencePageMixin, FormView):
    template_name = "leads/admin/sequence_draft.html"
    permission_required = "change"
    page_subtitle = "Draft"
    form_class = PublishForm

    @cached_property
    def steps(self) -> list[Step]:
        return list(service.draft_of(self.sequence).select_related("reviewed_by"))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self.steps else redirect("sequence", self.sequence.pk)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.sequence.version + 1}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        verb, _, number = request.POST.get("do", "").partition(":")
        if verb not in DRAFT_VERBS:
            return super().post(request, *args, **kwargs)
        step = get_object_or_404(Step, pk=number, sequence=self.sequence) if number.isdecimal() else None
        try:
            DRAFT_VERBS[verb](self.sequence, step)
        except Outdated as outdated:
            messages.warning(request, str(outdated))
        return redirect("sequence" if verb == "discard" else "sequence_draft", self.sequence.pk)

    def form_valid(self, form: PublishForm) -> HttpResponse:
        data = form.cleaned_data
        try:
            service.publish_draft(
                sequence=self.sequence, version=data["version"], reach=Reach(data["reach"]), user=self.member
            )
        except Outdated as outdated:
            messages.warning(self.request, str(outdated))
        else:
            messages.success(self.request, f"Version {data['version']} is in force.")
        return redirect("sequence", self.sequence.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            sequence=self.sequence,
            dots=dots_of(self.steps, {}),
            rows=[(step, review_of(step), self.change_of(step)) for step in self.steps],
            on_the_way=self.sequence.enrolments.filter(ended_at=None).count(),
            unreviewed=sum(step.reviewed_by is None for step in self.steps),
            **kwargs,
        )

    @cached_property
    def present(self) -> dict[str, str]:
        steps = self.sequence.steps.filter(version=self.sequence.version)
        return {step.key: step.fingerprint for step in steps}

    def change_of(self, step: Step) -> str:
        if step.key not in self.present:
            return "New"
        return "" if self.present[step.key] == step.fingerprint else "Changed"


def of_step(run: Callable[..., None], **options: Any) -> Callable[[Sequence, Step | None], None]:
    def verb(sequence: Sequence, step: Step | None) -> None:
        if step is not None:
            run(step=step, **options)

    return verb


DRAFT_VERBS: dict[str, Callable[[Sequence, Step | None], object]] = {
    "start": lambda sequence, step: service.start_draft(sequence=sequence),
    "discard": lambda sequence, step: service.discard_draft(sequence=sequence),
    "up": of_step(service.move_step, is_up=True),
    "down": of_step(service.move_step, is_up=False),
    "remove": of_step(service.remove_step),
}


class StepFormView(SequencePageMixin, FormView):
    """Write a step of the draft, or another one for its end. “Preview” shows what is typed and saves nothing."""

    template_name = "leads/admin/step_form.html"
    permission_required = "change"
    form_class = StepForm

    @cached_property
    def step(self) -> Step | None:
        number = self.kwargs.get("step")
        return get_object_or_404(service.draft_of(self.sequence), pk=number) if number else None

    @property
    def page_subtitle(self) -> str:
        return self.step.subject if self.step else "Another mail"

    def get_initial(self) -> dict[str, Any]:
        if self.step is None:
            return dict(FIRST_HOURS)
        return {name: getattr(self.step, name) for name in StepForm.base_fields}

    def form_valid(self, form: StepForm) -> HttpResponse:
        if "preview" in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form, shown=Step(**form.cleaned_data)))
        try:
            if self.step:
                service.change_step(step=self.step, values=form.cleaned_data)
            else:
                service.add_step(sequence=self.sequence, values=form.cleaned_data)
        except Outdated as outdated:
            form.add_error(None, str(outdated))
            return self.form_invalid(form)
        messages.success(self.request, "Saved in the draft.")
        return redirect("sequence_draft", self.sequence.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = kwargs.pop("shown", self.step)
        letter = None
        if shown is not None:
            shown.sequence = self.sequence
            letter = letter_for_staff(sample(shown))
        return super().get_context_data(
            sequence=self.sequence,
            step=self.step,
            **parts_of(letter, ("From", "Subject")),
            html=html_of(letter),
            is_typed=shown is not None and shown is not self.step,
            **kwargs,
        )


urls = [
    path("mail/sequences/", SequenceIndexView.as_view(), name="sequences"),
    path("mail/sequences/results/", SequenceIndexView.as_view(results_only=True), name="sequences_results"),
    path("mail/sequences/<int:pk>/", SequenceView.as_view(), name="sequence"),
    path("mail/sequences/<int:pk>/draft/", DraftView.as_view(), name="sequence_draft"),
    path("mail/sequences/<int:pk>/draft/add/", StepFormView.as_view(), name="step_add"),
    path("mail/sequences/<int:pk>/draft/<int:step>/", StepFormView.as_view(), name="step_edit"),
]
