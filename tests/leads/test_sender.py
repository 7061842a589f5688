"""How mail leaves, and what becomes of a mail when it cannot."""

import contextlib
import resource
import socket
import threading
import uuid
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from leads.mail import sender
from leads.mail.transport import FolderTransport, Outage
from leads.models import OutgoingMail, Sender, Suppression
from leads.tasks import drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    EnrolmentFactory,
    OutgoingMailFactory,
    StaffNoticeFactory,
    SubscriberFactory,
    TipFactory,
    UserFactory,
)
from tests.smtp import wait_for

ADDRESS = {"street": "1 Main St", "locality": "Maple Valley", "region": "WA", "postal_code": "98038"}
State = OutgoingMail.State
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    return ClinicSettingsFactory(**ADDRESS, notices_to="desk@example.com")


def state(mail: OutgoingMail) -> tuple[str, int]:
    mail.refresh_from_db()
    return mail.state, mail.attempts


def let_time_pass(**span) -> None:
    """Everything in the ledger lies this much further in the past."""
    span = timedelta(**span)
    OutgoingMail.objects.update(
        due_at=F("due_at") - span, changed_at=F("changed_at") - span, lease_until=F("lease_until") - span
    )
    Sender.objects.update(resumes_at=F("resumes_at") - span)


def wait_left(mail: OutgoingMail) -> timedelta:
    row = OutgoingMail.objects.annotate(left=F("due_at") - Now()).get(pk=mail.pk)
    return row.left


# --- On a good day


def test_a_mail_that_is_due_is_sent_once(smtp_server):
    mail = OutgoingMailFactory()
    drain_outbox()
    drain_outbox()
    (delivery,) = smtp_server.deliveries
    assert delivery.recipient == mail.contact.email
    assert state(mail) == (State.SENT, 1)
    assert mail.sent_at
    assert mail.reason == ""


def test_a_mail_waits_until_it_is_due(smtp_server):
    mail = OutgoingMailFactory(due_at=Now() + timedelta(hours=1))
    drain_outbox()
    assert state(mail) == (State.QUEUED, 0)
    let_time_pass(hours=1)
    drain_outbox()
    assert state(mail) == (State.SENT, 1)


def test_mails_of_one_turn_share_a_connection(smtp_server):
    OutgoingMailFactory.create_batch(3)
    drain_outbox()
    assert len(smtp_server.deliveries) == 3
    assert smtp_server.visits["CONNECT"] == 1


def test_what_somebody_waits_for_passes_a_mailing(smtp_server):
    tips = TipFactory.create_batch(2, due_at=Now() - timedelta(hours=2))
    mail = OutgoingMailFactory()
    drain_outbox()
    assert [delivery.recipient for delivery in smtp_server.deliveries] == [
        mail.contact.email,
        *[tip.contact.email for tip in tips],
    ]


def test_a_notice_to_staff_is_sent_to_the_clinic(smtp_server):
    StaffNoticeFactory()
    drain_outbox()
    assert smtp_server.deliveries[0].recipient == "desk@example.com"


def test_a_worker_that_is_asked_to_stop_ends_with_the_mail_at_hand(smtp_server):
    OutgoingMailFactory.create_batch(3)
    sender.drain(is_stopping=lambda: len(smtp_server.deliveries) == 1)
    assert len(smtp_server.deliveries) == 1
    assert OutgoingMail.objects.filter(state=State.QUEUED, attempts=0).count() == 2


def test_nothing_leaves_while_staff_have_stopped_mail(smtp_server):
    mail = OutgoingMailFactory()
    Sender.objects.create(is_stopped=True)
    drain_outbox()
    assert state(mail) == (State.QUEUED, 0)
    Sender.objects.update(is_stopped=False)
    drain_outbox()
    assert state(mail) == (State.SENT, 1)


# --- A mail is refused


@pytest.mark.parametrize("point", ["RCPT", "DATA", "BODY"])
def test_a_mail_refused_for_now_is_tried_again_later_with_the_same_message_id(smtp_server, point):
    mail = OutgoingMailFactory()
    smtp_server.refuse(point, "451 later", times=2)
    drain_outbox()
    assert state(mail) == (State.QUEUED, 1)
    assert mail.reason == "the mail server answered 451"
    first_wait = wait_left(mail)
    let_time_pass(minutes=1)
    drain_outbox()
    assert wait_left(mail) > 3 * first_wait
    let_time_pass(minutes=4)
    drain_outbox()
    assert state(mail) == (State.SENT, 3)
    assert [line[0] for line in smtp_server.lines()] == [f"<mail.{mail.pk}@testserver>"]


def test_a_refused_mail_does_not_hold_up_the_others(smtp_server):
    first, second = OutgoingMailFactory.create_batch(2)
    smtp_server.refuse("RCPT", "421 too busy for this one", recipient=first.contact.email)
    drain_outbox()
    assert state(first) == (State.QUEUED, 1)
    assert state(second) == (State.SENT, 1)


def test_a_mail_is_given_up_after_eight_attempts(smtp_server):
    mail = OutgoingMailFactory()
    smtp_server.refuse("RCPT", "451 later")
    for _ in range(10):
        drain_outbox()
        let_time_pass(days=1)
    assert state(mail) == (State.DEAD, 8)
    assert smtp_server.visits["RCPT"] == 8


@pytest.mark.parametrize("point", ["RCPT", "BODY"])
@pytest.mark.parametrize(
    "answer", ["550 no such user", "550 5.1.1 no such user", "550-5.1.1 no such\r\n550 5.1.1 user"]
)
def test_a_mailbox_that_does_not_exist_gets_no_more_mail(smtp_server, point, answer):
    enrolment = EnrolmentFactory()
    mail = OutgoingMailFactory(contact=enrolment.contact)
    waiting = TipFactory(enrolment=enrolment, due_at=Now() + timedelta(days=1))
    smtp_server.refuse(point, answer)
    drain_outbox()
    assert state(mail) == (State.DEAD, 1)
    assert state(waiting) == (State.SKIPPED, 0)
    enrolment.refresh_from_db()
    assert enrolment.ending == "bounced"
    assert Suppression.objects.get().reason == Suppression.Reason.BOUNCED
    assert mail.contact.email not in Suppression.objects.get().email_hash


@pytest.mark.parametrize(
    ("point", "answer"), [("RCPT", "550 5.7.1 relaying denied"), ("RCPT", "554 denied"), ("BODY", "554 5.6.0 spam")]
)
def test_a_server_that_refuses_us_costs_no_subscriber(smtp_server, point, answer):
    mail = OutgoingMailFactory()
    smtp_server.refuse(point, answer)
    drain_outbox()
    assert state(mail) == (State.DEAD, 1)
    assert not Suppression.objects.exists()


def test_the_words_of_the_server_are_not_kept(smtp_server):
    mail = OutgoingMailFactory()
    smtp_server.refuse("RCPT", f"550 5.1.1 {mail.contact.email} is unknown")
    drain_outbox()
    mail.refresh_from_db()
    assert mail.reason == "the mail server answered 550 5.1.1"


def test_a_mail_that_cannot_be_rendered_is_given_up_alone(smtp_server):
    poison = OutgoingMailFactory(kind="guide")  # there is no such guide
    others = [TipFactory(), OutgoingMailFactory()]
    drain_outbox()
    assert state(poison) == (State.DEAD, 1)
    assert poison.reason == "it cannot be rendered: DoesNotExist"
    assert [state(mail) for mail in others] == [(State.SENT, 1)] * 2


@pytest.mark.parametrize(
    ("kind", "has_user"),
    [
        ("confirm", False),
        ("tip", False),
        ("issue", False),
        ("trial", False),
        ("trial", True),
        ("password", False),
        ("factor", False),
        ("answered", False),
    ],
)
def test_a_mail_that_lacks_what_it_is_about_is_given_up_alone(smtp_server, kind, has_user):
    poison, other = OutgoingMailFactory(), OutgoingMailFactory()
    SubscriberFactory(contact=poison.contact)
    contact = None if kind in OutgoingMail.STAFF_KINDS else poison.contact
    user = UserFactory() if has_user else None
    OutgoingMail.objects.filter(pk=poison.pk).update(kind=kind, contact=contact, user=user, submission=None)
    drain_outbox()
    assert state(poison) == (State.DEAD, 1)
    assert poison.reason == "it cannot be rendered: ValueError"
    assert state(other) == (State.SENT, 1)


def test_health_answers_whose_key_is_gone_do_not_hold_up_a_mail(smtp_server, settings):
    mail = OutgoingMailFactory(submission__health_answers="marker")
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    drain_outbox()
    assert state(mail) == (State.SENT, 1)


def test_an_address_that_no_mail_server_takes_does_not_hold_up_the_others(smtp_server):
    mail, other = OutgoingMailFactory(submission__lead__contact__email="jürgen@example.com"), OutgoingMailFactory()
    drain_outbox()
    assert state(mail)[0] == State.DEAD
    assert state(other) == (State.SENT, 1)


# --- The connection is lost


@pytest.mark.parametrize("point", ["DATA", "BODY", "ACCEPTED"])
@pytest.mark.parametrize("fault", ["hang_up", "stall"])
def test_a_mail_that_may_have_arrived_is_uncertain(smtp_server, point, fault, settings):
    settings.EMAIL_TIMEOUT = 0.1
    mail, other = TipFactory(), TipFactory()
    getattr(smtp_server, fault)(point, recipient=mail.contact.email)
    drain_outbox()
    let_time_pass(days=1)
    drain_outbox()
    assert state(mail) == (State.UNCERTAIN, 1)
    assert "no answer" in mail.reason
    assert state(other) == (State.SENT, 1)
    assert len(smtp_server.lines()) == 1 + (point == "ACCEPTED")


def test_a_mail_that_somebody_waits_for_is_sent_once_more_when_it_may_not_have_arrived(smtp_server):
    mail = OutgoingMailFactory()
    smtp_server.hang_up("ACCEPTED", times=2)
    drain_outbox()
    assert state(mail) == (State.UNCERTAIN, 1)
    drain_outbox()
    assert state(mail) == (State.UNCERTAIN, 1)
    let_time_pass(minutes=16)
    drain_outbox()
    assert state(mail) == (State.UNCERTAIN, 2)
    let_time_pass(days=1)
    drain_outbox()
    assert state(mail) == (State.UNCERTAIN, 2)
    assert len(smtp_server.lines()) == 2
    assert len(set(smtp_server.lines())) == 1


def test_a_server_that_hangs_up_on_a_recipient_does_not_hold_up_the_others(smtp_server):
    mail, other = OutgoingMailFactory.create_batch(2)
    smtp_server.hang_up("RCPT", recipient=mail.contact.email)
    drain_outbox()
    assert state(mail) == (State.QUEUED, 1)
    assert state(other) == (State.SENT, 1)


def test_a_connection_that_was_closed_for_its_age_is_opened_again(smtp_server):
    first, _ = OutgoingMailFactory.create_batch(2)
    smtp_server.hang_up("MAIL", recipient=first.contact.email)  # after that one was sent
    drain_outbox()
    assert len(smtp_server.lines()) == 2
    assert smtp_server.visits["CONNECT"] == 2


def test_a_connection_that_carried_enough_mails_is_replaced(smtp_server):
    first, second = OutgoingMailFactory.create_batch(2)
    smtp_server.refuse("MAIL", "452 enough for one connection", recipient=first.contact.email)
    drain_outbox()
    assert [state(mail) for mail in (first, second)] == [(State.SENT, 1)] * 2
    assert smtp_server.visits["CONNECT"] == 2


def test_a_server_that_hangs_up_after_a_refusal_does_not_hold_up_the_others(smtp_server):
    mail, other = OutgoingMailFactory.create_batch(2)
    smtp_server.refuse("BODY", "421 closing", recipient=mail.contact.email)
    drain_outbox()
    assert state(mail) == (State.QUEUED, 1)
    assert state(other) == (State.SENT, 1)


# --- The mail server is out of order


@contextlib.contextmanager
def closed_port(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port, settings.EMAIL_PORT = settings.EMAIL_PORT, probe.getsockname()[1]
        yield
        settings.EMAIL_PORT = port


def test_a_day_without_a_mail_server_costs_no_attempt(smtp_server, settings):
    mails = OutgoingMailFactory.create_batch(3)
    with closed_port(settings):
        for _ in range(48):
            drain_outbox()
            let_time_pass(minutes=30)
    assert {state(mail) for mail in mails} == {(State.QUEUED, 0)}
    drain_outbox()
    assert {state(mail) for mail in mails} == {(State.SENT, 1)}


def test_a_folder_without_room_costs_no_mail_and_holds_no_half_of_one(settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    mail = OutgoingMailFactory()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(Outage, match="EFBIG"):
            FolderTransport(settings.EMAIL_FILE_PATH).deliver(b"x" * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(settings.EMAIL_FILE_PATH.iterdir()) == []
    settings.EMAIL_FILE_PATH.rmdir()
    settings.EMAIL_FILE_PATH.touch()  # where the folder has to be made
    drain_outbox()
    assert state(mail) == (State.QUEUED, 0)
    settings.EMAIL_FILE_PATH.unlink()
    let_time_pass(minutes=30)
    drain_outbox()
    assert state(mail) == (State.SENT, 1)
    assert [path.suffix for path in settings.EMAIL_FILE_PATH.iterdir()] == [".eml"]


@pytest.mark.parametrize(
    "fault",
    [
        lambda server: server.stall("CONNECT"),
        lambda server: server.hang_up("CONNECT"),
        lambda server: server.refuse("CONNECT", "554 no"),
        lambda server: server.refuse("EHLO", "502 no"),
        lambda server: server.refuse("MAIL", "530 sign in first"),
        lambda server: server.refuse("MAIL", "451 later"),
        lambda server: server.hang_up("MAIL"),
        lambda server: server.stall("MAIL"),
    ],
    ids=["no banner", "hangs up", "refuses all", "no greeting", "wants a login", "busy", "hangs up late", "silent"],
)
def test_mail_pauses_while_the_server_takes_none(smtp_server, settings, fault):
    settings.EMAIL_TIMEOUT = 0.2
    mail = OutgoingMailFactory()
    fault(smtp_server)
    drain_outbox()
    assert state(mail) == (State.QUEUED, 0)
    tried = smtp_server.visits["CONNECT"]
    drain_outbox()
    assert smtp_server.visits["CONNECT"] == tried
    smtp_server.heal()
    let_time_pass(seconds=6)
    drain_outbox()
    assert state(mail) == (State.SENT, 1)
    sender_row = Sender.objects.get()
    assert (sender_row.outages, sender_row.resumes_at, sender_row.reason) == (0, None, "")


@pytest.mark.parametrize("protection", ["EMAIL_USE_TLS", "EMAIL_USE_SSL", "EMAIL_HOST_USER"])
def test_no_mail_leaves_without_the_protection_that_the_settings_ask_for(smtp_server, settings, protection):
    """The server has no certificate, and nobody can sign in to it."""
    mail = OutgoingMailFactory()
    setattr(settings, protection, "clinic" if protection == "EMAIL_HOST_USER" else True)
    drain_outbox()
    assert state(mail) == (State.QUEUED, 0)
    assert Sender.objects.get().resumes_at
    assert smtp_server.visits["MAIL"] == 0


def test_the_pause_grows_up_to_five_minutes(smtp_server, settings):
    OutgoingMailFactory()
    pauses = []
    with closed_port(settings):
        for _ in range(9):
            drain_outbox()
            row = Sender.objects.annotate(left=F("resumes_at") - Now()).get()
            pauses.append(round(row.left.total_seconds()))
            let_time_pass(minutes=5)
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


# --- The database goes away, or another worker was quicker


@pytest.mark.django_db(transaction=True)
def test_the_answer_of_the_mail_server_is_remembered_while_the_database_is_away(smtp_server):
    mail = OutgoingMailFactory()
    fault = smtp_server.stall("ACCEPTED")

    def end_the_connections_of_the_worker():
        fault.reached.wait(10)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        fault.release()
        connection.close()

    breaker = threading.Thread(target=end_the_connections_of_the_worker)
    breaker.start()
    drain_outbox()
    breaker.join()
    assert state(mail) == (State.SENT, 1)


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_is_called_off_while_it_is_prepared_is_not_sent(smtp_server):
    mail, sent = TipFactory(), []
    fault = smtp_server.stall("RCPT")
    worker = threading.Thread(target=lambda: sent.append(drain_in_a_thread()))
    worker.start()
    fault.reached.wait(10)
    sender.bounced(contact=mail.contact)
    fault.release()
    worker.join()
    assert state(mail)[0] == State.SKIPPED
    assert smtp_server.lines() == []
    assert sent == [0]


@pytest.mark.django_db(transaction=True)
def test_a_mail_taken_after_the_lease_was_over_counts_as_sent(smtp_server):
    mail = TipFactory()
    fault = smtp_server.stall("ACCEPTED")
    worker = threading.Thread(target=drain_in_a_thread)
    worker.start()
    fault.reached.wait(10)
    let_time_pass(minutes=5)
    drain_outbox()
    assert state(mail)[0] == State.UNCERTAIN
    fault.release()
    worker.join()
    assert state(mail) == (State.SENT, 1)


@pytest.mark.django_db(transaction=True)
def test_two_mails_that_can_wait_never_leave_for_one_mailbox_at_once(smtp_server):
    contact = TipFactory().contact
    TipFactory(enrolment__contact=contact)
    fault = smtp_server.stall("RCPT", times=2)
    workers = [threading.Thread(target=drain_in_a_thread) for _ in range(2)]
    for worker in workers:
        worker.start()
    wait_for(lambda: smtp_server.visits["RCPT"] == 2)
    fault.release()
    for worker in workers:
        worker.join()
    assert len(smtp_server.lines()) == 1
    assert sorted(OutgoingMail.objects.values_list("state", flat=True)) == [State.QUEUED, State.SENT]


@pytest.mark.django_db(transaction=True)
def test_workers_share_the_queue(smtp_server):
    OutgoingMailFactory.create_batch(40)
    workers = [threading.Thread(target=drain_in_a_thread) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(smtp_server.lines()) == 40
    assert len(set(smtp_server.lines())) == 40
    assert set(OutgoingMail.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


def drain_in_a_thread() -> int:
    """How many it sent."""
    try:
        return sender.drain()
    finally:
        connection.close()


def test_a_mail_whose_worker_died_each_time_is_given_up(smtp_server):
    mail = OutgoingMailFactory(
        state=State.LEASED, attempts=8, lease_token=uuid.uuid4(), lease_until=Now() - timedelta(seconds=1)
    )
    drain_outbox()
    assert state(mail) == (State.DEAD, 8)


def test_the_log_names_no_address(smtp_server, caplog):
    mail = OutgoingMailFactory(submission__lead__contact__email="marker@example.com")
    smtp_server.refuse("RCPT", "550 5.1.1 marker@example.com unknown")
    unrenderable = OutgoingMailFactory(kind="guide", submission__lead__contact__email="marker-too@example.com")
    drain_outbox()
    assert f"mail {mail.pk} was not sent: the mail server answered 550 5.1.1" in caplog.messages
    assert f"mail {unrenderable.pk} cannot be rendered: DoesNotExist in query.py:" in caplog.text
    assert "marker" not in caplog.text


def test_a_pause_says_how_long_and_why(smtp_server, caplog):
    OutgoingMailFactory()
    smtp_server.refuse("MAIL", "530 sign in first")
    drain_outbox()
    why = "the mail server answered 530 to the sender's address"
    assert Sender.objects.get().reason == why
    assert f"mail is paused for 5.0 s: {why}" in caplog.messages
