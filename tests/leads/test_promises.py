"""A promise that nobody keeps is told to staff, and owned up to."""

import html
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.models import OpeningHours
from leads.models import Lead, OutgoingMail, Submission
from leads.promise import next_open
from leads.services import inbox
from leads.services.call import enter_call
from leads.services.inbox import Outcome
from leads.services.promise import tell_delay
from leads.tasks import drain_outbox, watch_promises
from tests.factories import ClinicSettingsFactory, UserFactory
from tests.leads.visitor import filled_in
from tests.staff import member

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)
PROMISED = datetime(2026, 11, 23, 11, 30, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def clinic(time_machine):
    """Open from nine to five, Monday to Friday; it is Monday, nine o'clock."""
    time_machine.move_to(MONDAY, tick=False)
    clinic = ClinicSettingsFactory(phone="+14256584944", callback_minutes=150, notices_to="desk@example.com")
    for weekday in range(5):
        OpeningHours.objects.create(clinic=clinic, weekday=weekday, opens="09:00", closes="17:00")
    return clinic


@pytest.fixture
def lead(client) -> Lead:
    """Promised a call by half past eleven."""
    client.post("/assessment/", filled_in(call_times=""))
    OutgoingMail.objects.all().delete()
    lead = Lead.objects.get()
    assert lead.promised_at == PROMISED
    return lead


def alarms_at(time_machine, moment) -> list[str]:
    """To whom alarms are owed by then, beyond those before."""
    before = set(OutgoingMail.objects.values_list("pk", flat=True))
    time_machine.move_to(moment, tick=False)
    for _ in range(2):
        watch_promises()
    new = OutgoingMail.objects.exclude(pk__in=before).order_by("pk")
    assert all(mail.kind == "alarm" for mail in new)
    return [mail.user.username if mail.user else "notices" for mail in new]


def test_an_alarm_is_owed_half_an_hour_before_and_one_after_and_no_more(lead, time_machine):
    assert alarms_at(time_machine, PROMISED - timedelta(minutes=31)) == []
    assert alarms_at(time_machine, PROMISED - timedelta(minutes=30)) == ["notices"]
    assert alarms_at(time_machine, PROMISED - timedelta(minutes=5)) == []
    assert alarms_at(time_machine, PROMISED + timedelta(seconds=1)) == ["notices"]
    assert alarms_at(time_machine, PROMISED + timedelta(days=3)) == []


def test_minutes_are_counted_while_the_clinic_is_open(client, time_machine):
    time_machine.move_to(datetime(2026, 11, 23, 14, 40, tzinfo=ZONE), tick=False)
    client.post("/assessment/", filled_in(call_times=""))
    Lead.objects.update(promised_at=datetime(2026, 11, 24, 9, 10, tzinfo=ZONE))
    OutgoingMail.objects.all().delete()
    Lead.objects.update(next_action_at=Lead.objects.get().promised_at)
    assert alarms_at(time_machine, datetime(2026, 11, 23, 16, 30, tzinfo=ZONE)) == []
    assert alarms_at(time_machine, datetime(2026, 11, 23, 16, 45, tzinfo=ZONE)) == ["notices"]


def test_nobody_is_woken_by_a_promise_of_the_morning(client, time_machine, clinic):
    clinic.callback_minutes = 20
    clinic.save()
    time_machine.move_to(datetime(2026, 11, 23, 22, 0, tzinfo=ZONE), tick=False)
    client.post("/assessment/", filled_in(call_times=""))
    OutgoingMail.objects.all().delete()
    assert alarms_at(time_machine, datetime(2026, 11, 23, 22, 1, tzinfo=ZONE)) == []
    assert alarms_at(time_machine, datetime(2026, 11, 24, 9, 5, tzinfo=ZONE)) == []  # half of twenty minutes
    assert alarms_at(time_machine, datetime(2026, 11, 24, 9, 10, tzinfo=ZONE)) == ["notices"]


def test_alarms_go_to_who_has_the_card_and_to_the_owners(lead, time_machine):
    member("owner", username="owner")
    member("owner", username="gone", is_active=False)
    member("owner", username="silent", email="")
    member("front_desk", username="colleague")
    inbox.claim(lead=lead, user=member("front_desk", username="desk"))
    assert sorted(alarms_at(time_machine, PROMISED)) == ["desk", "owner"]


def test_a_new_owner_of_the_practice_gets_no_old_alarms(lead, time_machine):
    assert alarms_at(time_machine, PROMISED + timedelta(hours=1)) == ["notices"]
    member("owner", username="owner")
    assert alarms_at(time_machine, PROMISED + timedelta(hours=2)) == []


@pytest.mark.parametrize(
    "change", [{"state": "closed", "closed_because": "x"}, {"is_spam": True}], ids=["done", "spam"]
)
def test_a_card_that_is_no_work_alarms_nobody(lead, time_machine, change):
    Lead.objects.update(**change)
    assert alarms_at(time_machine, PROMISED) == []


def test_an_attempt_keeps_the_promise_and_calls_off_the_alarm(lead, time_machine, smtp_server):
    assert alarms_at(time_machine, PROMISED - timedelta(minutes=10)) == ["notices"]
    inbox.note_attempt(lead=lead, outcome=Outcome.VOICEMAIL, user=UserFactory())
    assert alarms_at(time_machine, PROMISED + timedelta(minutes=10)) == []
    drain_outbox()
    assert smtp_server.deliveries == []


@pytest.mark.parametrize(("minutes", "says"), [(-10, "A promise runs out soon"), (10, "A promise has run out")])
def test_an_alarm_names_nobody_and_leads_to_the_card(lead, time_machine, smtp_server, minutes, says):
    inbox.claim(lead=lead, user=member("front_desk", email="desk-user@example.com"))
    alarms_at(time_machine, PROMISED + timedelta(minutes=minutes))
    drain_outbox()
    (delivery,) = smtp_server.deliveries
    assert delivery.recipient == "desk-user@example.com"
    assert delivery.message["Subject"] == says
    assert delivery.links == [f"http://testserver/admin/leads/{lead.pk}/"]
    for word in ("Erika", "Lang", "erika@", "658", "low back", "Walk the dog"):
        assert word not in delivery.text + delivery.html + str(delivery.message["Subject"])


def test_the_notice_of_a_request_leads_to_its_card(client, smtp_server):
    client.post("/assessment/", filled_in())
    drain_outbox()
    (notice,) = [delivery for delivery in smtp_server.deliveries if delivery.recipient == "desk@example.com"]
    assert notice.links == [f"http://testserver/admin/leads/{Lead.objects.get().pk}/"]


# --- Owning up


def test_a_missed_promise_is_owned_up_to_with_a_new_time(lead, time_machine, smtp_server):
    time_machine.move_to(PROMISED + timedelta(minutes=20), tick=False)
    again = PROMISED + timedelta(hours=3)
    lead = tell_delay(lead=lead, promised_at=again, user=UserFactory())
    assert (lead.promised_at, lead.next_action_at) == (again, again)
    drain_outbox()
    (delivery,) = smtp_server.deliveries
    assert delivery.recipient == "erika@example.com"
    assert delivery.message["Subject"] == "We are late, and we are sorry"
    for body in (delivery.text, delivery.html):
        assert "by 2:30 pm today" in " ".join(html.unescape(body).split())
        assert "(425) 658-4944" in body
        assert "Erika" not in body
    assert any("/r/" in link for link in delivery.links)


def test_the_new_promise_is_watched_as_the_first_one(lead, time_machine):
    time_machine.move_to(PROMISED + timedelta(minutes=20), tick=False)
    again = PROMISED + timedelta(hours=3)
    tell_delay(lead=lead, promised_at=again, user=UserFactory())
    OutgoingMail.objects.all().delete()
    assert alarms_at(time_machine, again - timedelta(minutes=31)) == []
    assert alarms_at(time_machine, again) == ["notices"]


def test_told_twice_with_the_same_time_is_one_mail(lead, time_machine):
    time_machine.move_to(PROMISED + timedelta(minutes=20), tick=False)
    tell_delay(lead=lead, promised_at=PROMISED + timedelta(hours=3), user=UserFactory())
    with pytest.raises(inbox.Refused):
        tell_delay(lead=lead, promised_at=PROMISED + timedelta(hours=3), user=UserFactory())
    assert OutgoingMail.objects.filter(kind="delay").count() == 1


def test_nothing_is_owned_up_to_before_it_is_missed_or_without_a_mailbox(client, lead, time_machine):
    with pytest.raises(inbox.Refused):
        tell_delay(lead=lead, promised_at=PROMISED + timedelta(hours=3), user=UserFactory())
    client.post("/assessment/", filled_in(email="", phone="4256584999", call_times=""))
    phoned = Submission.objects.latest("pk").lead
    time_machine.move_to(PROMISED + timedelta(minutes=20), tick=False)
    for card, moment in [(phoned, PROMISED + timedelta(hours=3)), (lead, PROMISED)]:
        with pytest.raises(inbox.Refused):
            tell_delay(lead=card, promised_at=moment, user=UserFactory())
    assert not OutgoingMail.objects.filter(kind="delay").exists()


def test_who_was_called_meanwhile_gets_no_mail_about_a_delay(lead, time_machine, smtp_server):
    user = UserFactory()
    time_machine.move_to(PROMISED + timedelta(minutes=20), tick=False)
    tell_delay(lead=lead, promised_at=PROMISED + timedelta(hours=3), user=user)
    inbox.note_attempt(lead=lead, outcome=Outcome.SPOKE, user=user)
    drain_outbox()
    assert smtp_server.deliveries == []


def test_a_call_that_staff_promise_to_return_is_watched(time_machine):
    enter_call(
        name="Erika", phone="+14256584944", email="", channel="", call_times="", note="",
        user=member("front_desk", username="desk"), promised_at=PROMISED,
    )  # fmt: skip
    assert alarms_at(time_machine, PROMISED) == ["desk"]


# --- Opening hours


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (MONDAY.replace(hour=10), MONDAY.replace(hour=10)),
        (MONDAY.replace(hour=17), MONDAY.replace(day=24)),
        (MONDAY.replace(day=28, hour=12), MONDAY.replace(day=30)),
    ],
    ids=["open", "closing time", "Saturday"],
)
def test_the_next_opening_of(clinic, moment, opens):
    assert next_open(moment, clinic) == opens
