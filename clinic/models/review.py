from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone
from wagtail.admin.panels import HelpPanel
from wagtail.models import AbstractGroupApprovalTask, TaskState, get_page_models

from clinic.clinical_review import months_after, words_digest

from .settings import ClinicSettings

DUE_SOON = timedelta(days=30)
STAMP = ("reviewed_by", "last_reviewed_on", "next_review_on", "reviewed_digest")


class ClinicallyReviewed(models.Model):
    """A page whose advice a clinician signs off. The stamp is set by the workflow, never typed.

    It holds for the words that the clinician read, and for no others: whichever way other words come to the page, they
    are saved without it.
    """

    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,  # a signature outlives the account: deactivate a user who left
        related_name="+",
    )
    last_reviewed_on = models.DateField(null=True, blank=True, editable=False)
    next_review_on = models.DateField("next review due", null=True, blank=True, editable=False)
    reviewed_digest = models.CharField(max_length=64, blank=True, editable=False)  # of the words that were signed

    reviewed_fields: tuple[str, ...] = ("title", "listing_summary", "body")
    review_panel = HelpPanel(heading="Clinical review", template="clinic/admin/review_panel.html")

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        written = kwargs.get("update_fields")
        words_are_written = written is None or not set(self.reviewed_fields).isdisjoint(written)
        if self.reviewed_by_id and words_are_written and not self.says_what_was_reviewed:
            self.clear_review()
            if written is not None:
                kwargs["update_fields"] = {*written, *STAMP}
        return super().save(*args, **kwargs)

    @property
    def review_state(self) -> str:
        """One of `none`, `current`, `due` (within 30 days) and `overdue`."""
        return review_state(self.last_reviewed_on, self.next_review_on, timezone.localdate())

    @property
    def says_what_was_reviewed(self) -> bool:
        return self.reviewed_digest == words_digest(self, self.reviewed_fields)

    def sign(self, *, user: AbstractUser, on: date, until: date) -> None:
        """Put the clinician's name under the page as it stands. Saves nothing."""
        self.reviewed_by = user
        self.last_reviewed_on = on
        self.next_review_on = until
        self.reviewed_digest = words_digest(self, self.reviewed_fields)

    def clear_review(self) -> None:
        self.reviewed_by = self.last_reviewed_on = self.next_review_on = None
        self.reviewed_digest = ""


def review_state(reviewed: date | None, due: date | None, today: date) -> str:
    if not reviewed or not due:
        return "none"
    if due < today:
        return "overdue"
    return "due" if due <= today + DUE_SOON else "current"


def reviewed_page_models() -> list[type[ClinicallyReviewed]]:
    return [model for model in get_page_models() if issubclass(model, ClinicallyReviewed)]


class ClinicalReviewTask(AbstractGroupApprovalTask):
    """The step of a workflow in which a clinician signs a page off.

    Only a member of the task's groups can: being an administrator, or the owner of the practice, is no clinical
    training. Approving stamps the revision that is then published, now or at its scheduled time.
    """

    review_interval_months = models.PositiveSmallIntegerField(
        "months until the next review",
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )

    admin_form_fields = [*AbstractGroupApprovalTask.admin_form_fields, "review_interval_months"]

    class Meta:
        verbose_name = "clinical review"
        verbose_name_plural = "clinical reviews"

    @classmethod
    def get_description(cls):
        return "Members of the chosen groups sign a page off; the page then shows who reviewed it and when."

    def may_sign(self, user) -> bool:
        return user.is_active and self._user_in_groups(user)

    def user_can_access_editor(self, obj, user):
        return self.may_sign(user)

    def locked_for_user(self, obj, user):
        """Whoever keeps the workflows may take a page back, say from a clinician who is away."""
        return super().locked_for_user(obj, user) and not user.has_perm("wagtailcore.change_workflow")

    def get_actions(self, obj, user):
        if not self.may_sign(user):
            return []
        return [
            ("reject", "Request changes", True),
            ("approve", "Sign off", False),
            ("approve", "Sign off with a comment", True),
        ]

    def get_task_states_user_can_moderate(self, user, **kwargs):
        if not self.may_sign(user):
            return TaskState.objects.none()
        return self.task_states.filter(status=TaskState.STATUS_IN_PROGRESS)

    @transaction.atomic
    def on_action(self, task_state, user, action_name, **kwargs):
        if not self.may_sign(user):
            raise PermissionDenied
        if action_name == "approve":
            self.stamp(task_state.workflow_state.content_object.get_latest_revision(), user)
        super().on_action(task_state, user, action_name, **kwargs)

    def stamp(self, revision, user) -> None:
        """Sign the revision itself: the signature goes live with the words it stands under, whenever that is."""
        page = revision.as_object()
        if not isinstance(page, ClinicallyReviewed):
            return
        today = timezone.localdate(timezone=ClinicSettings.load().zone)
        page.sign(user=user, on=today, until=months_after(today, self.review_interval_months))
        signed = page.serializable_data()
        revision.content |= {name: signed[name] for name in STAMP}
        revision.save(update_fields=["content"])
