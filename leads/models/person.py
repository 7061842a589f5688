import secrets
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now, Upper

from leads.encryption import EncryptedTextField
from leads.phone_number import PhoneNumberField

MOST_COUNTED = 1000


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
        indexes = [GinIndex(OpClass(Upper("email"), "gin_trgm_ops"), name="contact_by_email")]  # staff search

    def __str__(self) -> str:
        return f"contact {self.pk}"


class LeadQuerySet(models.QuerySet["Lead"]):
    def cards(self) -> Self:
        """Without spam, without what was merged into another card, and without those whom the site forgot."""
        return self.filter(is_spam=False, merged_into=None, forgotten_at=None)

    def merged(self) -> Self:
        """What was merged into another card, which is no spam.

        That it was merged is said twice: only of its own column does PostgreSQL know how few those are.
        """
        return self.filter(merged_into__isnull=False, merged_into__is_spam=False)

    def open(self) -> Self:
        """Those whom somebody still has to do something for."""
        return self.cards().filter(state__in=Lead.OPEN_STATES)

    # --- The working list, group by group, each in its order; `midnight` ends the clinic's day.

    def overdue(self, now: datetime) -> Self:
        return self.open().filter(next_action_at__lt=now).order_by("next_action_at", "pk")

    def due_today(self, now: datetime, midnight: datetime) -> Self:
        return self.open().filter(next_action_at__gte=now, next_action_at__lt=midnight).order_by("next_action_at", "pk")

    def unplanned(self) -> Self:
        """New, and nobody said when somebody looks at them."""
        return self.open().filter(state=Lead.State.NEW, next_action_at=None).order_by("asked_at", "pk")

    def due_later(self, midnight: datetime) -> Self:
        return self.open().filter(next_action_at__gte=midnight).order_by("next_action_at", "pk")

    def undated(self) -> Self:
        """Somebody worked on them, and nothing says when to go on."""
        waiting = [state for state in Lead.OPEN_STATES if state != Lead.State.NEW]
        return self.open().filter(state__in=waiting, next_action_at=None).order_by("asked_at", "pk")

    def pressing(self, midnight: datetime) -> int:
        """How many are overdue or due today, as far as `MOST_COUNTED`."""
        return self.open().filter(next_action_at__lt=midnight).counted()

    def counted(self) -> int:
        """How many there are, as far as `MOST_COUNTED`: nobody waits for the exact number of a million."""
        return self.order_by().values("pk")[:MOST_COUNTED].count()


class Lead(models.Model):
    """The one card of a person who reached out. Everything that this person sent or was sent hangs on it."""

    class State(models.TextChoices):
        READER = "reader", "Reads the newsletter"  # asked for nothing that somebody has to do
        NEW = "new", "New"
        TRYING = "trying", "Trying to reach"
        REACHED = "reached", "Reached"
        BOOKED = "booked", "Booked"
        ATTENDED = "attended", "Attended"
        MISSED = "missed", "Did not attend"
        CLOSED = "closed", "Closed"

    OPEN_STATES = [State.NEW, State.TRYING, State.REACHED, State.BOOKED, State.MISSED]
    DONE_STATES = [State.READER, State.ATTENDED, State.CLOSED]

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
    phone: Any = PhoneNumberField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    closed_because = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    call_times = models.CharField(max_length=200, blank=True)
    # By when the thank-you page, or a later word of ours, said that we call; empty once somebody tried.
    promised_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # in a row without reaching the person
    next_action = models.CharField(max_length=120, blank=True)
    next_action_at = models.DateTimeField(null=True, blank=True)  # what the inbox is ordered by: a promise, or a plan
    # Of the submissions, so that lists of a million cards need no other table: the latest (or the one that a promise
    # answers, while it is to be kept), and the page of the first.
    asked_for = models.CharField(max_length=12, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    source_path = models.CharField(max_length=255, blank=True)
    may_be_same_as = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="An older card with this address or number but another name.",
    )
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="merged")
    is_spam = models.BooleanField(default=False)
    # Why the card outlives its time, such as a dispute; nothing of it is purged or erased until that is over.
    held_because = models.CharField(max_length=200, blank=True, db_default="")
    # The row stays for the figures; who it was about is gone.
    forgotten_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="closed") | ~Q(closed_because=""), name="a_closed_lead_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(forgotten_at=None)
                | Q(name="", contact=None, phone="", call_times="", next_action="", held_because=""),
                name="a_forgotten_lead_tells_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["phone"], name="lead_by_phone", condition=~Q(phone="")),  # finding a person again
            # the inbox, and its counts: open cards by what is due next
            models.Index(
                fields=["next_action_at", "id"],
                name="lead_inbox",
                condition=Q(
                    is_spam=False, merged_into=None, state__in=["new", "trying", "reached", "booked", "missed"]
                ),
            ),
            models.Index(fields=["state", "-asked_at", "-id"], name="lead_by_state"),  # lists by state
            models.Index(fields=["-asked_at", "-id"], name="lead_by_moment"),  # all, the latest first
            # the same, picked out by what was asked for and where: either may be rare among a million
            models.Index(fields=["asked_for", "-asked_at", "-id"], name="lead_by_topic"),
            models.Index(fields=["source_path", "-asked_at", "-id"], name="lead_by_source"),
            models.Index(  # the purge
                fields=["changed_at", "id"],
                name="lead_done",
                condition=Q(
                    is_spam=False,
                    merged_into=None,
                    forgotten_at=None,
                    held_because="",
                    state__in=["reader", "attended", "closed"],
                ),
            ),
            GinIndex(OpClass(Upper("name"), "gin_trgm_ops"), name="lead_by_name"),  # staff search
            GinIndex(OpClass("phone", "gin_trgm_ops"), name="lead_by_digits"),
        ]
        permissions = [
            ("export_lead", "Can export leads"),
            ("erase_lead", "Can erase a person"),
            ("merge_lead", "Can merge cards"),
            ("view_figures", "Can see what works"),
        ]

    def __str__(self) -> str:
        return f"lead {self.pk}"

    @property
    def verb(self) -> str:
        """How to answer this person."""
        return "Write" if self.channel == self.Channel.EMAIL else "Call"

    def reach_by(self, channel: str) -> None:
        """Not saved. A next step that says no more than how to answer follows; one that staff worded stays."""
        is_plain = self.next_action == self.verb
        self.channel = channel
        self.next_action = self.verb if is_plain else self.next_action


def new_reference() -> str:
    """What a person can read out on the phone: eight characters without 0, 1, I, L, O and U."""
    return "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(8))


class Submission(models.Model):
    """What a person asked for: a form as it was sent, or a call that staff wrote down.

    Rows are added, never changed but for `is_spam` and `answered_at`.
    """

    class Kind(models.TextChoices):
        ASSESSMENT = "assessment", "Free assessment"
        NEWSLETTER = "newsletter", "Newsletter"
        GUIDE = "guide", "Free guide"
        WORKSHOP = "workshop", "Workshop"
        CALL = "call", "Phone call"

    kind = models.CharField(max_length=12, choices=Kind)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="submissions")
    # The mailbox named in this very form. Who reads that mailbox may see and erase this; and no more of the lead, but
    # for a lead that began with that mailbox.
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="submissions", editable=False
    )
    name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True)  # as `canonical_phone` gives it
    # From the form itself where its page is never cached; made by the server where the page shows everyone the same.
    key = models.UUIDField(unique=True)
    # A keyed hash of all that was typed: the same form sent again says the same, and a corrected one does not.
    fingerprint = models.CharField(max_length=16, default="", editable=False)
    reference = models.CharField(max_length=8, unique=True, default=new_reference)
    subject_id = models.BigIntegerField(null=True, blank=True)  # the page of the guide or the workshop asked for
    health_answers = EncryptedTextField(blank=True)  # JSON: where it hurts, how long, what the person hopes for
    promised_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)  # the first attempt to reach the person after it
    # A keyed hash of the client's address and the day: tells a flood from readers, and nobody's address afterwards.
    client_hash = models.CharField(max_length=16, blank=True)
    proof = models.CharField(max_length=64, default="", editable=False)  # of work: see `leads.proof`
    source_path = models.CharField(max_length=255, blank=True)  # the page on which the form was sent
    campaign = models.JSONField(default=dict, blank=True)  # utm_source, utm_medium, utm_campaign
    is_spam = models.BooleanField(default=False)
    spam_signs = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proof"], name="a_proof_of_work_counts_once", condition=~Q(proof="")),
        ]
        indexes = [
            # the same request again within ten minutes
            models.Index(fields=["lead", "kind", "subject_id", "-created_at"], name="submission_again"),
            models.Index(fields=["created_at"], name="submission_recent"),  # the signs of a flood, and the figures
            # how much came from one client, and for one person, within ten minutes; the mailbox has an index anyway
            models.Index(
                fields=["client_hash", "created_at"], name="submission_of_client", condition=~Q(client_hash="")
            ),
            models.Index(fields=["phone", "created_at"], name="submission_of_number", condition=~Q(phone="")),
            models.Index(fields=["-created_at"], name="submission_spam", condition=Q(is_spam=True)),  # the spam folder
            models.Index(fields=["id"], name="submission_with_health", condition=~Q(health_answers="")),  # the purge
        ]
        permissions = [("view_health_answers", "Can open answers about health")]

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
    note = EncryptedTextField(blank=True)  # what staff wrote; they are told that this is no chart, and may forget it
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["lead", "-created_at"], name="timeline_of_a_lead"),
            # what became of an assessment: few entries of many
            models.Index(
                fields=["lead", "-created_at"],
                name="visits_of_a_lead",
                condition=Q(event__in=["booked", "attended", "missed"]),
            ),
        ]
        verbose_name_plural = "timeline entries"

    def __str__(self) -> str:
        return self.event


class Merge(models.Model):
    """That staff found two cards to be of one person: what was moved, so that it can be taken back."""

    kept = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="merges")
    other = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    moved = models.JSONField()  # the pks of what was on the other card, by model
    before = models.JSONField()  # the fields of the kept card that the merge changed, as they were
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    undone_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"merge {self.pk}"


class Erasure(models.Model):
    """That a person was erased: when, by whom, and how much of what. It holds nothing about the person."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )  # empty: the person did it
    counts = models.JSONField()  # deleted rows by model
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"erasure {self.pk}"
