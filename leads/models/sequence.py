from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .person import Contact


class Sequence(models.Model):
    """A row of mails that follow each other, such as the health tips."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """One mail of a version of a sequence. Its key stays the same through the versions: nobody gets it twice.

    The version after the sequence's present one is a draft.
    """

    sequence = models.ForeignKey(Sequence, on_delete=models.PROTECT, related_name="steps")
    version = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    key = models.SlugField()
    delay_hours = models.PositiveIntegerField(help_text="After the step before, or after the start.")
    window_opens = models.TimeField(help_text="Sent at this time or later, in the clinic's time zone.")
    window_closes = models.TimeField()
    subject = models.CharField(max_length=120)
    preheader = models.CharField(max_length=160, blank=True)
    body = models.TextField(
        help_text="Empty lines part paragraphs. Points begin with “- ”; **bold**, *emphasis*, [link](/about/)."
    )
    # Stands for these words: a step that says the same in a later version keeps it.
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    reviewed_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["sequence", "version", "position"]
        permissions = [("review_step", "Can sign a mail of a sequence off as a clinician")]
        constraints = [
            models.UniqueConstraint(fields=["sequence", "version", "position"], name="one_step_a_position"),
            models.UniqueConstraint(fields=["sequence", "version", "key"], name="one_step_a_key"),
            models.CheckConstraint(
                condition=Q(window_closes__gt=models.F("window_opens")), name="a_window_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True, reviewed_on__isnull=True)
                | Q(reviewed_by__isnull=False, reviewed_on__isnull=False),
                name="a_step_is_reviewed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.position}: {self.subject}"

    @property
    def delay(self) -> timedelta:
        return timedelta(hours=self.delay_hours)

    @property
    def fingerprint(self) -> str:
        """Of what readers read. A clinician's review stands for these words, whatever the delay and the window are."""
        return sha256(f"{self.subject}\n{self.preheader}\n{self.body}".encode()).hexdigest()[:16]


class Enrolment(models.Model):
    """That a mailbox is on its way through a sequence, or how that ended."""

    class Ending(models.TextChoices):
        FINISHED = "finished", "Got every step"
        BOOKED = "booked", "Booked a visit"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        BOUNCED = "bounced", "The mailbox does not exist"
        ERASED = "erased", "Asked to be erased"
        STAFF = "staff", "Stopped by staff"
        SPAM = "spam", "Taken for spam"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="enrolments")
    sequence = models.ForeignKey(Sequence, on_delete=models.PROTECT, related_name="enrolments")
    version = models.PositiveIntegerField()
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=12, choices=Ending, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "sequence"], name="one_enrolment_a_sequence"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ending="") | Q(ended_at__isnull=False) & ~Q(ending=""),
                name="an_end_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["id"], name="enrolment_open", condition=Q(ended_at__isnull=True))]  # advancing

    def __str__(self) -> str:
        return f"enrolment {self.pk}"
