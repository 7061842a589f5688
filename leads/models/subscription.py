from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from .person import Contact


class Subscription(models.Model):
    """That a mailbox gets the newsletter, or did, or may once its owner has confirmed."""

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", "Not confirmed yet"
        CONFIRMED = "confirmed", "Confirmed"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="subscription")
    state = models.CharField(max_length=12, choices=State, default=State.UNCONFIRMED)
    wants_newsletter = models.BooleanField(default=True)
    wants_tips = models.BooleanField(default=True)
    asked_at = models.DateTimeField(db_default=Now())  # of the last confirmation mail that was due
    confirmed_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False), name="confirmed_has_a_moment"
            ),
            models.CheckConstraint(
                condition=~Q(state="unsubscribed") | Q(unsubscribed_at__isnull=False), name="unsubscribed_has_a_moment"
            ),
        ]
        indexes = [models.Index(fields=["asked_at", "id"], name="subscription_asked", condition=Q(state="unconfirmed"))]

    def __str__(self) -> str:
        return f"subscription {self.pk} ({self.state})"


class Lapse(models.Model):
    """How many of those who asked for the newsletter on a day never confirmed it: all that is left of them.

    Without it, every month long past would seem to have been confirmed by everyone.
    """

    day = models.DateField(unique=True)  # in the clinic's time zone
    number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}: {self.number}"


class Suppression(models.Model):
    """A mailbox that is never written to again, known only by a keyed hash, so that it survives erasure."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", "The mailbox does not exist"
        COMPLAINED = "complained", "Marked as spam"
        ERASED = "erased", "Asked to be erased"
        STAFF = "staff", "Stopped by staff"

    email_hash = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=12, choices=Reason)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.reason} {self.created_at:%Y-%m-%d}"
