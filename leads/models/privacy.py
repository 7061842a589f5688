from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from leads.encryption import EncryptedTextField

from .person import Contact, Lead, new_reference

ANSWER_WITHIN = timedelta(days=45)  # and once as long again; an appeal only once: RCW 19.373.040


class PrivacyRequestQuerySet(models.QuerySet["PrivacyRequest"]):
    def open(self) -> Self:
        """Those that wait for an answer, the one with the least time left first."""
        return self.filter(closed_at=None).order_by("due_at", "pk")


class PrivacyRequest(models.Model):
    """That somebody used a right over their data, and by when they have to be answered.

    It outlives what it asked for: once it is answered, and the person erased, it still says that they were, and when.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", "See what we keep"
        CORRECTION = "correction", "Correct something"
        WITHDRAWAL = "withdrawal", "Take back consent to use health answers"
        DELETION = "deletion", "Erase everything"

    class Way(models.TextChoices):
        PAGE = "page", "On their own page"
        PHONE = "phone", "By phone"
        EMAIL = "email", "By e-mail"
        LETTER = "letter", "By letter"
        PERSON = "person", "In person"

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"

    kind = models.CharField(max_length=12, choices=Kind)
    way = models.CharField(max_length=8, choices=Way)
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="privacy_requests")
    # Where the answers go; empty for somebody of whom we know no mailbox.
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="privacy_requests"
    )
    reference = models.CharField(max_length=8, unique=True, default=new_reference)
    words = EncryptedTextField(blank=True)  # what they said; who they are and how to reach them, where no card says it
    appeal_of = models.OneToOneField("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="appeal")
    is_appeal = models.BooleanField(default=False)  # it stays one when the request that it was about is purged
    received_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    extended_because = models.CharField(max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    reason = models.CharField(max_length=500, blank=True)  # of a refusal, as the person reads it
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("answer_privacyrequest", "Can answer privacy requests")]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "kind"], name="one_open_privacy_request_a_kind", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | Q(closed_at__isnull=False) & ~Q(outcome=""),
                name="an_answered_privacy_request_has_an_outcome",
            ),
            models.CheckConstraint(condition=~Q(outcome="refused") | ~Q(reason=""), name="a_refusal_says_why"),
            models.CheckConstraint(condition=Q(due_at__gt=F("received_at")), name="an_answer_has_time"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="privacy_request_open", condition=Q(closed_at=None)),
            models.Index(fields=["closed_at"], name="privacy_request_answered", condition=Q(closed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def may_be_extended(self) -> bool:
        return self.is_open and not self.is_appeal and not self.extended_because

    @property
    def may_be_appealed(self) -> bool:
        is_refused = self.outcome == self.Outcome.REFUSED and not self.is_appeal
        return is_refused and getattr(self, "appeal", None) is None


class Purge(models.Model):
    """How many rows of a kind met the end of their time on a day. It holds nothing about anybody."""

    day = models.DateField()  # in the clinic's time zone
    rule = models.CharField(max_length=20)  # a key of `leads.retention`
    number = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day", "rule"]
        constraints = [models.UniqueConstraint(fields=["day", "rule"], name="one_purge_a_day_and_rule")]

    def __str__(self) -> str:
        return f"{self.day} {self.rule}: {self.number}"
