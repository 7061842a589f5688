from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When
from django.db.models.functions import Now


class OutgoingMail(models.Model):
    """A mail that the site owes one mailbox, and what became of it. The table is the ledger of all mail ever sent.

    `dedupe_key` says what must happen once in life, such as `guide:<request>`. The body is rendered when the mail is
    sent and not kept. The states and who may move a row from one to the next are in `leads.mail.ledger`.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        LEASED = "leased", "Being prepared"
        HANDED = "handed", "Being handed over"
        SENT = "sent", "Sent"
        DEAD = "dead", "Refused"
        UNCERTAIN = "uncertain", "May have arrived"
        SKIPPED = "skipped", "Not sent"

    class Kind(models.TextChoices):
        CONFIRM = "confirm", "Confirmation of the newsletter"
        WELCOME = "welcome", "Welcome"
        GUIDE = "guide", "Guide"
        ASSESSMENT = "assessment", "Assessment received"
        STAFF = "staff", "Notice to staff"
        ALARM = "alarm", "A promise is at risk"
        DELAY = "delay", "We are late"
        UNREACHED = "unreached", "We could not reach you"
        WORKSHOP = "workshop", "Link to a workshop"
        TIP = "tip", "Health tip"
        ISSUE = "issue", "Newsletter"
        TRIAL = "trial", "Newsletter, for trial"
        RECEIVED = "received", "Privacy request received"
        EXTENDED = "extended", "Privacy request: more time"
        ANSWERED = "answered", "Privacy request answered"
        PASSWORD = "password", "Link to a new password"
        FACTOR = "factor", "Second factor changed"

    STAFF_KINDS = [Kind.STAFF, Kind.ALARM, Kind.TRIAL, Kind.PASSWORD, Kind.FACTOR]
    PRIVACY_KINDS = [Kind.RECEIVED, Kind.EXTENDED, Kind.ANSWERED]
    FINAL = [State.SENT, State.DEAD, State.SKIPPED]
    UNSETTLED = [State.QUEUED, State.LEASED, State.HANDED, State.UNCERTAIN]

    dedupe_key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    # Others pass it in the queue: a mailing of thousands must not delay what somebody waits for.
    can_wait = models.GeneratedField(
        expression=Case(When(kind__in=["tip", "issue"], then=True), default=False),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    # Mail to staff has no contact: it goes to `user`, or to the mailbox in the clinic's settings.
    contact = models.ForeignKey("leads.Contact", null=True, blank=True, on_delete=models.CASCADE, related_name="mails")
    submission = models.ForeignKey(
        "leads.Submission", null=True, blank=True, on_delete=models.CASCADE, related_name="mails"
    )
    enrolment = models.ForeignKey(
        "leads.Enrolment", null=True, blank=True, on_delete=models.CASCADE, related_name="mails"
    )
    issue = models.ForeignKey("leads.Issue", null=True, blank=True, on_delete=models.CASCADE, related_name="mails")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    privacy_request = models.ForeignKey(
        "leads.PrivacyRequest", null=True, blank=True, on_delete=models.CASCADE, related_name="mails", db_index=False
    )
    resend_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="resent")
    step = models.ForeignKey("leads.Step", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    template_version = models.PositiveSmallIntegerField(default=1)

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=300, blank=True)  # why it is dead, uncertain, skipped or waiting again
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    # Of the worker that holds the row. An uncertain row keeps it: that worker may still learn that the mail was taken.
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    was_resent = models.BooleanField(default=False)  # after an uncertain outcome, once, with the same Message-ID
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["leased", "handed"], lease_token__isnull=False, lease_until__isnull=False)
                | Q(state="uncertain", lease_until__isnull=True)
                | Q(
                    state__in=["queued", "sent", "dead", "skipped"], lease_token__isnull=True, lease_until__isnull=True
                ),
                name="a_lease_is_held_while_sending",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent"), name="sent_has_a_moment"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["dead", "uncertain", "skipped"]) | ~Q(reason=""), name="an_end_says_why"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["staff", "alarm", "trial", "password", "factor"], contact__isnull=True)
                | ~Q(kind__in=["staff", "alarm", "trial", "password", "factor"]) & Q(contact__isnull=False),
                name="only_staff_mail_has_no_contact",
            ),
        ]
        indexes = [
            # the claim
            models.Index(fields=["can_wait", "due_at", "id"], name="mail_due", condition=Q(state="queued")),
            # the sweep
            models.Index(fields=["lease_until"], name="mail_leased", condition=Q(state__in=["leased", "handed"])),
            models.Index(fields=["changed_at"], name="mail_uncertain", condition=Q(state="uncertain")),
            models.Index(fields=["contact", "-created_at"], name="mail_of_a_contact"),  # the why-ledger
            models.Index(fields=["issue", "state"], name="mail_of_an_issue", condition=Q(issue__isnull=False)),
            models.Index(
                fields=["privacy_request"],
                name="mail_of_a_privacy_request",
                condition=Q(privacy_request__isnull=False),
            ),
            # what staff pick out of the ledger, the newest first; of the other states the newest are soon found
            models.Index(
                fields=["state", "-changed_at"], name="mail_ended_badly", condition=Q(state__in=["dead", "skipped"])
            ),
            models.Index(fields=["kind", "-id"], name="mail_by_kind"),
            models.Index(fields=["created_at"], name="mail_by_day"),
            # the last that left, and how many did in a month
            models.Index(fields=["-sent_at"], name="mail_sent", condition=Q(sent_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"

    @property
    def is_of_an_audience(self) -> bool:
        """Owed to everybody who gets an issue, and not the copy that staff send to one reader by hand."""
        return self.kind == self.Kind.ISSUE and self.resend_of_id is None


class MailAction(models.Model):
    """What a member of staff did with a mail, and why. Rows are added, never changed."""

    class Action(models.TextChoices):
        RESEND = "resend", "Sent again"
        ARRIVED = "arrived", "Settled: it arrived"
        LOST = "lost", "Settled: it did not arrive"
        RETRY = "retry", "Tried again"

    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="actions")
    action = models.CharField(max_length=10, choices=Action)
    reason = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.action} {self.mail_id}"


class Sender(models.Model):
    """The one row that says whether mail may leave, and when it last did."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    resumes_at = models.DateTimeField(null=True, blank=True)  # the transport is out of order until then
    outages = models.PositiveSmallIntegerField(default=0)  # in a row: the pause grows with them
    reason = models.CharField(max_length=300, blank=True)
    is_stopped = models.BooleanField(default=False)  # by staff, or by a restore
    ticked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_sender")]

    def __str__(self) -> str:
        return "stopped" if self.is_stopped else "running"


class MailEvent(models.Model):
    """What a provider reported about a mail that it had taken. Rows are added, never changed."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", "Delivered"
        SOFT_BOUNCE = "soft_bounce", "Bounced for now"
        HARD_BOUNCE = "hard_bounce", "No such mailbox"
        COMPLAINT = "complaint", "Marked as spam"

    event_id = models.CharField(max_length=200, unique=True)  # what comes twice is known by it
    kind = models.CharField(max_length=12, choices=Kind)
    contact = models.ForeignKey("leads.Contact", on_delete=models.CASCADE, related_name="mail_events")
    message_id = models.CharField(max_length=200, blank=True)  # the provider's name for the mail
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["contact", "message_id"], name="events_of_a_mail"),
            models.Index(fields=["created_at", "kind"], name="events_by_moment"),  # the rates, and the purge
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def of_the_same_mail(self) -> models.QuerySet["MailEvent"]:
        """What was reported before; nothing when the provider did not say which mail it was."""
        same = MailEvent.objects.filter(contact_id=self.contact_id, message_id=self.message_id)
        return same.exclude(message_id="").exclude(pk=self.pk)
