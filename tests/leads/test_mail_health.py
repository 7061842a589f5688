"""The health of mail: whether it leaves, and if not, why; told everywhere once nothing has moved for ten minutes."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from wagtail.models import ModelLogEntry

from leads.mail import health, sequences
from leads.models import MailEvent, OutgoingMail, Sender, Suppression
from leads.suppression import suppress
from leads.tasks import drain_outbox, purge
from tests.factories import (
    ClinicSettingsFactory,
    ContactFactory,
    OutgoingMailFactory,
    SequenceFactory,
    TipFactory,
)
from tests.staff import member, signed_in

State = OutgoingMail.State
HEALTH = "/admin/mail/health/"
ALARM = "No mail has left for over 10 minutes"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    return ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")


@pytest.fixture
def owner(db):
    return signed_in(member("owner"))


def late_mail(minutes=11, factory=OutgoingMailFactory, **fields):
    return factory(due_at=Now() - timedelta(minutes=minutes), **fields)


def tick(**fields) -> None:
    Sender.objects.update_or_create(pk=1, defaults={"ticked_at": Now(), **fields})


def text(client, address=HEALTH) -> str:
    return " ".join(client.get(address).content.decode().split())


# --- The banner


@pytest.mark.parametrize(
    ("sender", "cause"),
    [
        (None, "The worker or the beat process is not running"),
        ({"ticked_at": Now() - timedelta(minutes=3)}, "The worker or the beat process is not running"),
        ({"is_stopped": True}, "Sending was stopped by staff"),
        (
            {"outages": 3, "reason": "no connection to the mail server"},
            "out of order: no connection to the mail server",
        ),
        ({}, "Its log says more"),
    ],
)
def test_when_nothing_has_left_for_ten_minutes_every_page_of_the_admin_says_so_and_why(owner, sender, cause):
    late_mail()
    if sender is not None:
        tick(**sender)
    for address in ("/admin/", "/admin/images/", HEALTH):
        page = text(owner, address)
        assert ALARM in page
        assert cause in page


def test_a_mail_that_has_been_due_for_nine_minutes_alarms_nobody(owner):
    late_mail(minutes=9)
    assert ALARM not in text(owner)


def test_a_long_newsletter_that_moves_alarms_nobody(owner):
    tick()
    late_mail(minutes=60)
    OutgoingMailFactory(state=State.SENT, sent_at=Now() - timedelta(minutes=2))
    assert ALARM not in text(owner)


def test_what_a_paused_sequence_holds_alarms_nobody(owner):
    tip = late_mail(factory=TipFactory)
    sequences.pause(sequence=tip.enrolment.sequence)
    assert ALARM not in text(owner)


def test_what_is_not_due_yet_alarms_nobody(owner):
    OutgoingMailFactory(due_at=Now() + timedelta(days=1))
    assert ALARM not in text(owner)


def test_mailings_that_wait_for_the_postal_address_say_so(owner, clinic, smtp_server):
    ClinicSettingsFactory(street="")
    TipFactory()
    drain_outbox()
    assert "the clinic’s postal address is empty" in text(owner, "/admin/")
    assert "Postal address of the clinic" in text(owner)
    assert "Fill it in" in text(owner)


def test_mailboxes_that_were_full_are_counted(owner):
    MailEvent.objects.create(event_id="1", kind="soft_bounce", contact=ContactFactory())
    assert "Bounced for now" in text(owner)


def test_who_may_not_see_mail_is_not_told():
    late_mail()
    assert ALARM not in text(signed_in(member("editor")), "/admin/")


def test_the_banner_costs_one_query(django_assert_num_queries):
    late_mail()
    with django_assert_num_queries(1):
        assert health.standing().alarm


def test_the_banner_is_asked_for_once_in_a_while(settings, django_assert_num_queries):
    settings.REMEMBER_SECONDS = 60
    health.standing()
    try:
        with django_assert_num_queries(0):
            health.standing()
    finally:
        health.standing.answers.clear()


# --- The page


def test_all_is_well_with_nothing_to_send(owner, smtp_server):
    OutgoingMailFactory()
    drain_outbox()
    page = text(owner)
    assert "clinic-facts__row--bad" not in page
    assert "Sent in 30 days" in page


def test_each_number_leads_to_its_mails_and_says_what_to_do(owner):
    OutgoingMailFactory(state=State.UNCERTAIN, reason="the connection was lost")
    OutgoingMailFactory(state=State.DEAD, reason="the mail server answered 550")
    page = text(owner)
    assert "/admin/mail/?state=uncertain" in page
    assert "/admin/mail/?state=dead" in page
    assert "Ask their readers, and settle each." in page


def test_rates_are_of_the_mail_of_thirty_days(owner):
    OutgoingMailFactory.create_batch(8, state=State.SENT, sent_at=Now())
    OutgoingMailFactory.create_batch(4, state=State.SENT, sent_at=Now() - timedelta(days=40))
    suppress("gone@example.com", Suppression.Reason.BOUNCED)
    suppress("angry@example.com", Suppression.Reason.COMPLAINED)
    suppress("old@example.com", Suppression.Reason.BOUNCED)
    Suppression.objects.filter(pk=Suppression.objects.latest("pk").pk).update(created_at=Now() - timedelta(days=40))
    found = health.figures()
    assert (found.sent, found.bounced, found.complained) == (8, 1, 1)
    assert found.bounce_rate == 12.5
    assert "12.50 %, and 2 % is too many" in text(owner)


def test_with_nothing_sent_there_is_no_rate(owner):
    assert health.figures().bounce_rate is None
    assert owner.get(HEALTH).status_code == 200


def test_it_says_when_the_first_sequences_were_never_loaded(owner):
    assert text(owner).count("manage.py load_sequences") == 2
    SequenceFactory(key="health-tips")
    SequenceFactory(key="after-the-guide")
    assert "load_sequences" not in text(owner)


def test_the_page_costs_the_same_for_any_number_of_mails(owner, django_assert_max_num_queries):
    TipFactory()
    OutgoingMailFactory(state=State.DEAD, reason="no")
    owner.get(HEALTH)
    with django_assert_max_num_queries(40) as few:
        owner.get(HEALTH)
    OutgoingMailFactory.create_batch(20, state=State.DEAD, reason="no")
    TipFactory.create_batch(10)
    with django_assert_max_num_queries(len(few)):
        owner.get(HEALTH)


# --- The switch


def test_an_owner_stops_all_mail_and_starts_it_again(owner, smtp_server):
    OutgoingMailFactory()
    owner.post(HEALTH, {"do": "stop", "reason": "A wrong link"})
    drain_outbox()
    assert smtp_server.deliveries == []
    assert "A wrong link" in text(owner)
    owner.post(HEALTH, {"do": "start"})
    drain_outbox()
    assert len(smtp_server.deliveries) == 1
    actions = list(ModelLogEntry.objects.order_by("timestamp").values_list("action", flat=True))
    assert actions == ["leads.stop_sending", "leads.start_sending"]


def test_stopping_twice_is_written_down_once(owner):
    for _ in range(2):
        owner.post(HEALTH, {"do": "stop", "reason": "A wrong link"})
    assert ModelLogEntry.objects.count() == 1


def test_stopping_needs_a_reason(owner):
    page = owner.post(HEALTH, {"do": "stop", "reason": " "}).content.decode()
    assert "Say why, in a few words" in page
    assert "<title>" in page
    assert not Sender.objects.filter(is_stopped=True).exists()


@pytest.mark.parametrize("role", ["front_desk", "clinician"])
def test_only_an_owner_stops_mail(role):
    client = signed_in(member(role))
    assert "An owner can do this." in text(client)
    client.post(HEALTH, {"do": "stop", "reason": "For fun"})
    assert not Sender.objects.filter(is_stopped=True).exists()


# --- The start page


def test_the_start_page_names_mails_that_wait_for_a_decision(owner):
    OutgoingMailFactory(state=State.UNCERTAIN, reason="the connection was lost")
    OutgoingMailFactory.create_batch(2, state=State.DEAD, reason="the mail server answered 550")
    page = text(owner, "/admin/")
    assert "1 mail may or may not have arrived" in page
    assert "2 mails were refused in the last week" in page


def test_a_refused_mail_that_is_old_or_was_sent_again_is_no_news(owner):
    old = OutgoingMailFactory(state=State.DEAD, reason="no")
    OutgoingMail.objects.update(changed_at=F("changed_at") - timedelta(days=8))
    dead = OutgoingMailFactory(state=State.DEAD, reason="no")
    OutgoingMailFactory(resend_of=dead)
    assert health.open_questions().refused == 0
    assert old.pk


# --- Housekeeping


def test_reports_of_the_provider_are_kept_for_over_a_year_and_no_longer():
    contact = ContactFactory()
    for number, days in enumerate([1, 399, 401]):
        MailEvent.objects.create(event_id=str(number), kind="delivered", contact=contact)
        MailEvent.objects.filter(event_id=str(number)).update(created_at=Now() - timedelta(days=days))
    purge()
    assert set(MailEvent.objects.values_list("event_id", flat=True)) == {"0", "1"}
