"""Whether mail leaves, and if not, why: for the page about it, and for the banner when it does not."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from clinic.memory import Remembered
from clinic.models import ClinicSettings
from leads.models import MailEvent, OutgoingMail, Sequence, Suppression
from leads.services.newsletter import AFTER_THE_GUIDE, TIPS

State = OutgoingMail.State

STILL = timedelta(minutes=10)  # mail that is due for so long, while none leaves, is told everywhere in the admin
NO_TICK = timedelta(minutes=2)  # beat asks every two seconds
SPAN = timedelta(days=30)  # of the rates
RECENT = timedelta(days=7)  # for which a refused mail is news
MOST = 1000  # what is more is not counted
# Mailbox providers begin to turn away senders above these, in mails of a hundred.
MOST_BOUNCES = 2.0
MOST_COMPLAINTS = 0.1

# One statement, for it is asked on every page of the admin. What a pause of staff's holds is not late. The pauses are
# looked up mail by mail, in the order of the index: the first that may leave is nearly always the very first.
STANDING = """
    SELECT clock_timestamp(), coalesce(sender.is_stopped, false), sender.resumes_at, coalesce(sender.outages, 0),
           coalesce(sender.reason, ''), sender.ticked_at,
           (SELECT min(oldest.due_at)
              FROM (VALUES (false), (true)) class (can_wait),
                   LATERAL (SELECT mail.due_at
                              FROM leads_outgoingmail mail
                             WHERE mail.state = 'queued' AND mail.can_wait = class.can_wait
                               AND mail.due_at <= statement_timestamp()
                               AND (SELECT sequence.paused_at
                                      FROM leads_enrolment enrolment JOIN leads_sequence sequence
                                        ON sequence.id = enrolment.sequence_id
                                     WHERE enrolment.id = mail.enrolment_id) IS NULL
                               AND (mail.kind <> 'issue' OR mail.resend_of_id IS NOT NULL
                                    OR mail.issue_id = ANY (ARRAY(SELECT id FROM leads_issue
                                                                   WHERE state = 'sending' AND paused_at IS NULL)))
                             ORDER BY mail.due_at, mail.id
                             LIMIT 1) oldest),
           (SELECT max(sent_at) FROM leads_outgoingmail WHERE sent_at IS NOT NULL),
           (SELECT id FROM leads_outgoingmail WHERE state = 'queued' AND can_wait
             ORDER BY due_at LIMIT 1) IS NOT NULL
      FROM (VALUES (1)) one (id) LEFT JOIN leads_sender sender ON sender.id = one.id
"""


@dataclass(frozen=True)
class Standing:
    """How the sender stands at one moment of the database's clock."""

    now: datetime
    is_stopped: bool  # by staff
    resumes_at: datetime | None  # the transport is out of order until then
    outages: int
    outage: str
    ticked_at: datetime | None  # when somebody last asked for what is due
    oldest_due_at: datetime | None  # of what could leave and did not
    last_sent_at: datetime | None
    has_mailings: bool  # tips or newsletters wait, due or not

    @property
    def lacks_address(self) -> bool:
        """Mailings wait for the clinic's postal address."""
        return self.has_mailings and not ClinicSettings.current().has_postal_address

    @property
    def is_ticking(self) -> bool:
        return self.ticked_at is not None and self.now - self.ticked_at < NO_TICK

    @property
    def is_out_of_order(self) -> bool:
        return self.outages > 0

    @property
    def is_still(self) -> bool:
        """Mail is due, and none has left for `STILL`."""
        if self.oldest_due_at is None or self.now - self.oldest_due_at < STILL:
            return False
        return self.last_sent_at is None or self.now - self.last_sent_at >= STILL

    @property
    def cause(self) -> str:
        """Why mail that is due does not leave, in a sentence."""
        if self.is_stopped:
            return "Sending was stopped by staff."
        if not self.is_ticking:
            return "The worker or the beat process is not running: nobody asks for what is due."
        if self.is_out_of_order:
            return f"The way out is out of order: {self.outage}."
        return "The worker runs, and still nothing leaves. Its log says more."

    @property
    def alarm(self) -> str:
        """What staff must know wherever they are in the admin; "" while all is well."""
        if self.is_still:
            return f"No mail has left for over {STILL.seconds // 60} minutes, although mail is due. {self.cause}"
        if self.lacks_address:
            return "Tips and newsletters wait: the clinic’s postal address is empty, and the law asks for one."
        return ""


def standing_now() -> Standing:
    with connection.cursor() as cursor:
        cursor.execute(STANDING)
        return Standing(*cursor.fetchone())


standing = Remembered(standing_now)


@dataclass(frozen=True)
class Questions:
    """Counts of mail that needs somebody, up to `MOST`."""

    uncertain: int
    refused: int


def open_questions() -> Questions:
    return Questions(
        uncertain=OutgoingMail.objects.filter(state=State.UNCERTAIN)[:MOST].count(),
        refused=recently_refused()[:MOST].count(),
    )


def recently_refused() -> QuerySet[OutgoingMail]:
    """Refused within `RECENT`, and nobody has sent it again."""
    return OutgoingMail.objects.filter(state=State.DEAD, changed_at__gt=Now() - RECENT, resent=None)


@dataclass(frozen=True)
class Figures(Questions):
    """And what became of the mail of the last `SPAN`."""

    late: int
    sent: int
    bounced: int
    soft_bounced: int
    complained: int

    @property
    def bounce_rate(self) -> float | None:
        """Of a hundred mails; None while there were none."""
        return 100 * self.bounced / self.sent if self.sent else None

    @property
    def complaint_rate(self) -> float | None:
        return 100 * self.complained / self.sent if self.sent else None


def figures() -> Figures:
    """A mailbox that bounced or complained is suppressed then and there, whoever told it, and so is counted once."""
    suppressed = Suppression.objects.filter(created_at__gt=Now() - SPAN)
    events = MailEvent.objects.filter(created_at__gt=Now() - SPAN)
    return Figures(
        **asdict(open_questions()),
        late=OutgoingMail.objects.filter(state=State.QUEUED, due_at__lt=Now() - STILL)[:MOST].count(),
        sent=OutgoingMail.objects.filter(sent_at__gt=Now() - SPAN).count(),
        bounced=suppressed.filter(reason=Suppression.Reason.BOUNCED).count(),
        soft_bounced=events.filter(kind=MailEvent.Kind.SOFT_BOUNCE)[:MOST].count(),
        complained=suppressed.filter(reason=Suppression.Reason.COMPLAINED).count(),
    )


def missing_sequences() -> list[str]:
    """The keys of sequences that a form starts, and that nobody loaded."""
    known = set(Sequence.objects.filter(key__in=[TIPS, AFTER_THE_GUIDE]).values_list("key", flat=True))
    return [key for key in (TIPS, AFTER_THE_GUIDE) if key not in known]
