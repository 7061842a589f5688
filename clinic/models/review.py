from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from wagtail.admin.panels import FieldPanel, MultiFieldPanel

DUE_SOON = timedelta(days=30)


class ClinicallyReviewed(models.Model):
    """A page whose advice a clinician signs off. The fields are stamped by the workflow, never typed."""

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

    class Meta:
        abstract = True

    review_panel = MultiFieldPanel(
        [
            FieldPanel("reviewed_by", read_only=True),
            FieldPanel("last_reviewed_on", read_only=True),
            FieldPanel("next_review_on", read_only=True),
        ],
        heading="Clinical review",
        help_text="Stamped when a clinician approves the page in the workflow “Clinical review”.",
    )

    @property
    def review_state(self) -> str:
        """One of `none`, `current`, `due` (within 30 days) and `overdue`."""
        return review_state(self.last_reviewed_on, self.next_review_on, timezone.localdate())


def review_state(reviewed: date | None, due: date | None, today: date) -> str:
    if not reviewed or not due:
        return "none"
    if due < today:
        return "overdue"
    return "due" if due <= today + DUE_SOON else "current"
