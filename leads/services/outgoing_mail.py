"""What staff do with a mail that did not go its way. Whatever they do is written down with the reason they gave.

A mail may move while somebody reads about it. Each of these moves it from the states that it is meant for alone, so
that two who decide at once, or one who clicks twice, decide once.
"""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from clinic.models import User
from leads.mail import gates, ledger
from leads.models import Contact, Lead, MailAction, OutgoingMail, TimelineEntry

Action = MailAction.Action
Kind = OutgoingMail.Kind
State = OutgoingMail.State

FROM = {
    Action.RESEND: [State.SENT, State.SKIPPED, State.DEAD],
    Action.RETRY: [State.DEAD],
    Action.ARRIVED: [State.UNCERTAIN],
    Action.LOST: [State.UNCERTAIN],
}
# To these somebody waits for an answer. The others belong to the mailbox that they were owed to: they confirm it, or
# it subscribed.
FOLLOWS_THE_CARD = [Kind.GUIDE, Kind.ASSESSMENT, Kind.WORKSHOP, Kind.DELAY, Kind.UNREACHED]
LOST = "it did not arrive, as staff found out"


class Moved(Exception):
    """The mail is in another state by now, and this cannot be done from there."""

    def __init__(self, mail: OutgoingMail):
        super().__init__(f"It is in another state by now: {mail.get_state_display()}.")


class Barred(Exception):
    """It would not be sent: a gate is closed for good, and this is its reason."""


@transaction.atomic
def resend(*, mail: OutgoingMail, number: int, user: User, reason: str) -> OutgoingMail:
    """Owe a mail once more, as a row of its own: the `number`th time (1, 2, …). Asked twice for a number, it owes one.

    Errors: `Moved`, `Barred`.
    """
    original = mail.resend_of or mail
    known = {row.pk: row for row in rows_of(original, mail)}
    dedupe_key = f"{original.dedupe_key}:again:{number}"
    if again := OutgoingMail.objects.filter(dedupe_key=dedupe_key).first():
        return again
    if known[mail.pk].state not in FROM[Action.RESEND]:
        raise Moved(known[mail.pk])
    again = OutgoingMail.objects.create(
        dedupe_key=dedupe_key,
        resend_of=original,
        kind=mail.kind,
        contact=mail.contact,
        submission=mail.submission,
        enrolment=mail.enrolment,
        issue=mail.issue,
        user=mail.user,
        step=mail.step,
        template_version=mail.template_version,
    )
    ask_gates(again)
    note(mail, Action.RESEND, user, reason)
    return again


@transaction.atomic
def retry(*, mail: OutgoingMail, user: User, reason: str, to_card: bool = False) -> OutgoingMail:
    """Queue a mail that was refused anew; with `to_card`, to the mailbox that the person's card names by now.

    Errors: `Moved`, `Barred`.
    """
    contact = mailbox_of_card(mail) if to_card else None
    if not ledger.revive(mail, contact or mail.contact):
        raise Moved(OutgoingMail.objects.get(pk=mail.pk))
    mail.refresh_from_db()
    ask_gates(mail)
    note(mail, Action.RETRY, user, reason)
    return mail


@transaction.atomic
def settle(*, mail: OutgoingMail, has_arrived: bool, user: User, reason: str) -> OutgoingMail:
    """Write down what became of an uncertain mail. One that did not arrive can be sent again. Errors: `Moved`."""
    if not ledger.settle_doubt(mail, has_arrived=has_arrived, reason=LOST):
        raise Moved(OutgoingMail.objects.get(pk=mail.pk))
    mail.refresh_from_db()
    note(mail, Action.ARRIVED if has_arrived else Action.LOST, user, reason)
    return mail


def rows_of(*mails: OutgoingMail) -> QuerySet[OutgoingMail]:
    """As they are now, locked."""
    return OutgoingMail.objects.select_for_update().filter(pk__in=[mail.pk for mail in mails]).order_by("pk")


def mailbox_of_card(mail: OutgoingMail) -> Contact | None:
    """Where the person is written to now, if that is another mailbox and this mail may follow the person there."""
    if mail.submission is None or mail.kind not in FOLLOWS_THE_CARD:
        return None
    contact = mail.submission.lead.contact
    return contact if contact != mail.contact else None


def ask_gates(mail: OutgoingMail) -> None:
    """Refuse at once what the sender would skip; what has to wait may."""
    verdict = gates.ask(ledger.as_claimed(mail, timezone.now()))
    if verdict.reason and verdict.until is None:
        raise Barred(verdict.reason)


def note(mail: OutgoingMail, action: MailAction.Action, user: User, reason: str) -> None:
    MailAction.objects.create(mail=mail, action=action, user=user, reason=reason)
    if mail.submission is not None:
        cards = [mail.submission.lead_id]
    else:
        cards = list(Lead.objects.filter(contact=mail.contact_id, contact__isnull=False).values_list("pk", flat=True))
    details = {"mail": mail.pk, "kind": mail.kind}
    TimelineEntry.objects.bulk_create(
        TimelineEntry(lead_id=card, event=f"mail_{action}", details=details, note=reason, user=user) for card in cards
    )
