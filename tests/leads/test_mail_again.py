"""Mails that did not go their way: staff send them again, or say what became of them, once and with a reason."""

import threading

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from leads.mail import ledger
from leads.models import Enrolment, MailAction, OutgoingMail, Subscription, Suppression, TimelineEntry
from leads.services import mailbox
from leads.services.outgoing_mail import Barred, Moved, resend, retry, settle
from leads.tasks import drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    ContactFactory,
    EnrolmentFactory,
    LeadFactory,
    OutgoingMailFactory,
    StaffNoticeFactory,
    SubmissionFactory,
    SubscriptionFactory,
    TipFactory,
    UserFactory,
)
from tests.staff import member

State = OutgoingMail.State
Ending = Enrolment.Ending
WHY = "She says that it never came"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")


@pytest.fixture
def user(db):
    return member("front_desk")


def sent(factory=OutgoingMailFactory, **fields) -> OutgoingMail:
    return factory(state=State.SENT, sent_at=Now(), **fields)


def dead(factory=OutgoingMailFactory, **fields) -> OutgoingMail:
    return factory(state=State.DEAD, reason="the mail server answered 550", attempts=8, **fields)


def uncertain(factory=OutgoingMailFactory, **fields) -> OutgoingMail:
    return factory(state=State.UNCERTAIN, reason="the connection was lost", **fields)


def at_once(count: int, work) -> list:
    results = []

    def run():
        try:
            results.append(work())
        except Moved as moved:
            results.append(moved)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# --- Again


def test_a_mail_that_is_sent_again_is_a_row_of_its_own(user, smtp_server):
    mail = sent()
    again = resend(mail=mail, number=1, user=user, reason=WHY)
    drain_outbox()
    again.refresh_from_db()
    assert (again.state, again.resend_of, again.dedupe_key) == (State.SENT, mail, f"{mail.dedupe_key}:again:1")
    (delivery,) = smtp_server.deliveries
    assert delivery.message["To"] == mail.contact.email
    assert f"mail.{again.pk}@" in delivery.message["Message-ID"]


def test_what_was_sent_again_can_be_sent_again_once_more(user):
    mail = sent()
    first = resend(mail=mail, number=1, user=user, reason=WHY)
    OutgoingMail.objects.filter(pk=first.pk).update(state=State.SENT, sent_at=Now())
    second = resend(mail=first, number=2, user=user, reason=WHY)
    assert (second.resend_of, second.dedupe_key) == (mail, f"{mail.dedupe_key}:again:2")


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_on_send_again_send_once():
    user, mail = UserFactory(), sent()
    rows = at_once(10, lambda: resend(mail=mail, number=1, user=user, reason=WHY))
    assert len({row.pk for row in rows}) == 1
    assert OutgoingMail.objects.filter(resend_of=mail).count() == 1
    assert MailAction.objects.count() == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.UNCERTAIN])
def test_a_mail_that_is_still_open_is_not_sent_again(user, state):
    mail = OutgoingMailFactory(state=state, reason="perhaps")
    with pytest.raises(Moved):
        resend(mail=mail, number=1, user=user, reason=WHY)
    assert OutgoingMail.objects.count() == 1


@pytest.mark.parametrize("reason", [Suppression.Reason.BOUNCED, Suppression.Reason.COMPLAINED])
def test_nothing_is_sent_again_to_a_mailbox_that_is_never_written_to(user, reason):
    mail = sent()
    mailbox.suppress(contact=mail.contact, reason=reason)
    with pytest.raises(Barred, match="never written to"):
        resend(mail=mail, number=1, user=user, reason=WHY)
    assert OutgoingMail.objects.count() == 1
    assert not MailAction.objects.exists()


@pytest.mark.parametrize("ending", [Ending.UNSUBSCRIBED, Ending.STAFF])
def test_no_tip_is_sent_again_to_whoever_wants_no_more_of_them(user, ending):
    tip = sent(TipFactory, enrolment=EnrolmentFactory(ended_at=Now(), ending=ending))
    with pytest.raises(Barred, match="the sequence ended"):
        resend(mail=tip, number=1, user=user, reason=WHY)


def test_no_welcome_is_sent_again_to_whoever_unsubscribed(user):
    contact = SubscriptionFactory(state=Subscription.State.UNSUBSCRIBED, unsubscribed_at=Now()).contact
    with pytest.raises(Barred, match="not subscribed"):
        resend(mail=sent(kind="welcome", submission__lead__contact=contact), number=1, user=user, reason=WHY)


@pytest.mark.parametrize("ending", [Ending.FINISHED, Ending.BOOKED])
def test_a_tip_is_sent_again_to_whoever_got_all_or_booked_and_asks_for_it(user, ending, smtp_server):
    tip = sent(TipFactory, enrolment=EnrolmentFactory(ended_at=Now(), ending=ending))
    OutgoingMail.objects.update(changed_at=F("changed_at") - 2 * ledger.SPACING)
    resend(mail=tip, number=1, user=user, reason=WHY)
    drain_outbox()
    assert len(smtp_server.deliveries) == 1


def test_a_tip_that_is_sent_again_keeps_its_distance_from_the_last(user, smtp_server):
    tip = sent(TipFactory)
    again = resend(mail=tip, number=1, user=user, reason=WHY)
    drain_outbox()
    again.refresh_from_db()
    assert again.state == State.QUEUED
    assert "within 20 hours" in again.reason


# --- Refused


def test_a_refused_mail_is_tried_again_with_all_of_its_attempts(user, smtp_server):
    mail = retry(mail=dead(), user=user, reason=WHY)
    assert (mail.state, mail.attempts) == (State.QUEUED, 0)
    drain_outbox()
    mail.refresh_from_db()
    assert mail.state == State.SENT


def test_an_answer_follows_the_person_to_a_corrected_address(user, smtp_server):
    mail = dead(kind="assessment", submission=SubmissionFactory(kind="assessment"))
    mailbox.bounced(contact=mail.contact)
    lead = mail.submission.lead
    lead.contact = ContactFactory(email="right@example.com")
    lead.save()
    with pytest.raises(Barred):
        retry(mail=mail, user=user, reason=WHY)
    retry(mail=mail, user=user, reason=WHY, to_card=True)
    drain_outbox()
    (delivery,) = smtp_server.deliveries
    assert delivery.message["To"] == "right@example.com"


def test_a_confirmation_never_follows_to_another_mailbox(user):
    mail = dead()
    lead = mail.submission.lead
    lead.contact = ContactFactory()
    lead.save()
    assert retry(mail=mail, user=user, reason=WHY, to_card=True).contact != lead.contact


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_try_again_at_once_one_does():
    user, mail = UserFactory(), dead()
    outcomes = at_once(10, lambda: retry(mail=OutgoingMail.objects.get(pk=mail.pk), user=user, reason=WHY))
    assert sum(isinstance(outcome, Moved) for outcome in outcomes) == 9
    assert MailAction.objects.count() == 1


# --- May have arrived


def test_a_mail_that_arrived_after_all_counts_as_sent_when_it_left(user):
    mail = uncertain()
    left_at = mail.changed_at
    mail = settle(mail=mail, has_arrived=True, user=user, reason="She read it to me")
    assert (mail.state, mail.sent_at, mail.changed_at) == (State.SENT, left_at, left_at)


def test_a_mail_that_did_not_arrive_can_be_sent_again(user):
    mail = settle(mail=uncertain(), has_arrived=False, user=user, reason=WHY)
    assert (mail.state, mail.reason) == (State.DEAD, "it did not arrive, as staff found out")
    assert resend(mail=mail, number=1, user=user, reason=WHY).state == State.QUEUED


def test_a_worker_that_comes_back_after_staff_decided_changes_nothing(user):
    TipFactory()
    mail = ledger.claim()
    ledger.hand_over(mail)
    ledger.doubt(mail, "perhaps")
    held = OutgoingMail.objects.get(pk=mail.pk)
    held.lease_token = mail.lease_token
    settle(mail=OutgoingMail.objects.get(pk=mail.pk), has_arrived=False, user=user, reason=WHY)
    assert not ledger.settle_sent(held)
    assert OutgoingMail.objects.get().state == State.DEAD


@pytest.mark.django_db(transaction=True)
def test_of_two_who_settle_a_mail_differently_at_once_the_first_counts():
    user, mail = UserFactory(), uncertain()
    answers = iter([True, False] * 5)
    outcomes = at_once(
        10,
        lambda: settle(mail=OutgoingMail.objects.get(pk=mail.pk), has_arrived=next(answers), user=user, reason=WHY),
    )
    assert sum(isinstance(outcome, Moved) for outcome in outcomes) == 9
    assert MailAction.objects.count() == 1


# --- Written down


def test_whatever_staff_do_stands_on_the_mail_and_on_the_persons_timeline(user):
    mail = uncertain()
    settle(mail=mail, has_arrived=False, user=user, reason=WHY)
    resend(mail=mail, number=1, user=user, reason="She asked for it")
    actions = [(action.action, action.reason, action.user) for action in mail.actions.all()]
    assert actions == [("resend", "She asked for it", user), ("lost", WHY, user)]
    entries = TimelineEntry.objects.filter(lead=mail.submission.lead)
    assert [(entry.event, entry.note, entry.user) for entry in entries] == [
        ("mail_resend", "She asked for it", user),
        ("mail_lost", WHY, user),
    ]


def test_what_staff_do_with_a_tip_stands_on_the_cards_of_its_mailbox(user):
    tip = sent(TipFactory)
    lead = LeadFactory(contact=tip.contact)
    resend(mail=tip, number=1, user=user, reason=WHY)
    assert TimelineEntry.objects.get().lead == lead


def test_a_notice_to_staff_is_tried_again_too(user, smtp_server):
    retry(mail=dead(StaffNoticeFactory), user=user, reason=WHY)
    drain_outbox()
    assert len(smtp_server.deliveries) == 1
