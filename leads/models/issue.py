from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Issue(models.Model):
    """One newsletter: a note, the posts that it tells of, whom it goes to and how far it got.

    draft -> scheduled -> preparing -> sending -> finished, with cancelled from any of them. What is sent is `frozen`
    when its audience is: later changes of a post do not reach an issue that is on its way.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SCHEDULED = "scheduled", "Scheduled"
        PREPARING = "preparing", "Being prepared"
        SENDING = "sending", "Being sent"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Cancelled"

    subject = models.CharField(max_length=120)
    preheader = models.CharField(max_length=160, blank=True, help_text="Shown after the subject in a list of mails.")
    note = models.TextField(
        blank=True,
        help_text="A personal word. Empty lines part paragraphs. Points begin with “- ”; **bold**, *emphasis*, "
        "[link](/about/).",
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    due_at = models.DateTimeField(null=True, blank=True)  # not before this moment
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    frozen = models.JSONField(
        null=True, blank=True, editable=False
    )  # subject, preheader, note, posts, as they are sent
    audience = models.PositiveIntegerField(null=True, blank=True, editable=False)  # rows in the ledger
    prepared_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="scheduled") | Q(due_at__isnull=False), name="scheduled_has_a_moment"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "finished"]) | Q(frozen__isnull=False, audience__isnull=False),
                name="what_is_sent_is_frozen",
            ),
        ]
        permissions = [("send_issue", "Can send a newsletter")]

    def __str__(self) -> str:
        return self.subject


class IssuePost(models.Model):
    """A page that an issue tells of, in its place."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="posts")
    page = models.ForeignKey("wagtailcore.Page", on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["issue", "page"], name="one_mention_of_a_post")]

    def __str__(self) -> str:
        return f"{self.issue_id}: {self.page_id}"
