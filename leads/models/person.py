import secrets
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from phonenumber_field.modelfields import PhoneNumberField

from leads.encryption import EncryptedTextField


class Contact(models.Model):
    """One mailbox that the site may write to: the address in its canonical form, and what became of mail to it.

    Erasing a person deletes the row; what must outlive it (never write here again) is in `Suppression` as a hash.
    """

    email = models.EmailField(max_length=254, editable=False)
    soft_bounces = models.JSONField(default=list, editable=False)  # outcomes of the last five mails, newest first
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], name="one_contact_a_mailbox"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="an_address_is_canonical"),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class LeadQuerySet(models.QuerySet["Lead"]):
    def open(self) -> Self:
        """Those whom somebody still has to do something for."""
        return self.filter(state__in=Lead.OPEN_STATES, is_spam=False)


class Lead(models.Model):
    """The one card of a person who reached out. Everything that this person sent or was sent hangs on it."""

    class State(models.TextChoices):
        NEW = "new", "New"
        TRYING = "trying", "Trying to reach"
        REACHED = "reached", "Reached"
        BOOKED = "booked", "Booked"
        ATTENDED = "attended", "Attended"
        MISSED = "missed", "Did not attend"
        CLOSED = "closed", "Closed"

    OPEN_STATES = [State.NEW, State.TRYING, State.REACHED, State.BOOKED, State.MISSED]

    class Channel(models.TextChoices):
        PHONE = "phone", "By phone"
        EMAIL = "email", "By e-mail"

    class CallTimes(models.TextChoices):
        """What a form offers; staff may write anything."""

        SOON = "as soon as possible", "As soon as you can"
        MORNING = "in the morning", "In the morning"
        AFTERNOON = "in the afternoon", "In the afternoon"

    name = models.CharField(max_length=120, blank=True)
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    phone = PhoneNumberField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    closed_because = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    call_times = models.CharField(max_length=200, blank=True)
    promised_at = models.DateTimeField(null=True, blank=True)  # by when the thank-you page said that we call
    next_action = models.CharField(max_length=120, blank=True)
    next_action_at = models.DateTimeField(null=True, blank=True)
    may_be_same_as = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="An older card with this address or number but another name.",
    )
    is_spam = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="closed") | ~Q(closed_because=""), name="a_closed_lead_has_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["phone"], name="lead_by_phone", condition=~Q(phone="")),  # finding a person again
        ]

    def __str__(self) -> str:
        return f"lead {self.pk}"


def new_reference() -> str:
    """What a person can read out on the phone: eight characters without 0, 1, I, L, O and U."""
    return "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(8))


class Submission(models.Model):
    """A form that a person sent, as it was sent. Rows are added, never changed but for `is_spam`."""

    class Kind(models.TextChoices):
        ASSESSMENT = "assessment", "Free assessment"
        NEWSLETTER = "newsletter", "Newsletter"
        GUIDE = "guide", "Free guide"
        WORKSHOP = "workshop", "Workshop"

    kind = models.CharField(max_length=12, choices=Kind)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="submissions")
    # The mailbox named in this very form. Who reads that mailbox may see and erase this, and no more of the lead.
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="submissions", editable=False
    )
    name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True)  # E.164 where it can be called, else as it was typed
    # From the form itself where its page is never cached; made by the server where the page shows everyone the same.
    key = models.UUIDField(unique=True)
    # A keyed hash of all that was typed: the same form sent again says the same, and a corrected one does not.
    fingerprint = models.CharField(max_length=16, default="", editable=False)
    reference = models.CharField(max_length=8, unique=True, default=new_reference)
    subject_id = models.BigIntegerField(null=True, blank=True)  # the page of the guide or the workshop asked for
    health_answers = EncryptedTextField(blank=True)  # JSON: where it hurts, how long, what the person hopes for
    promised_at = models.DateTimeField(null=True, blank=True)
    # A keyed hash of the client's address and the day: tells a flood from readers, and nobody's address afterwards.
    client_hash = models.CharField(max_length=16, blank=True)
    source_path = models.CharField(max_length=255, blank=True)  # the page on which the form was sent
    campaign = models.JSONField(default=dict, blank=True)  # utm_source, utm_medium, utm_campaign
    is_spam = models.BooleanField(default=False)
    spam_signs = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            # the same request again within ten minutes
            models.Index(fields=["lead", "kind", "subject_id", "-created_at"], name="submission_again"),
            models.Index(fields=["created_at"], name="submission_recent"),  # the signs of a flood
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class Consent(models.Model):
    """What a person agreed to or withdrew, in which words, when and where. Rows are added, never changed."""

    class Purpose(models.TextChoices):
        HEALTH_ANSWERS = "health_answers", "Use of health answers to call back"
        NEWSLETTER = "newsletter", "Newsletter"
        TIPS = "tips", "Health tips by e-mail"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="consents")
    submission = models.ForeignKey(Submission, null=True, blank=True, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=16, choices=Purpose)
    is_given = models.BooleanField()
    wording_version = models.CharField(max_length=20)
    source = models.CharField(max_length=255)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.purpose} {'given' if self.is_given else 'withdrawn'}"


class TimelineEntry(models.Model):
    """Something that happened with a lead. Rows are added, never changed or taken away but by erasure."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="timeline")
    event = models.CharField(max_length=40)
    details = models.JSONField(default=dict, blank=True)  # ids and words of ours; never what a person typed
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["lead", "-created_at"], name="timeline_of_a_lead")]
        verbose_name_plural = "timeline entries"

    def __str__(self) -> str:
        return self.event
