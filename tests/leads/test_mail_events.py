"""What the mail provider reports about a mail, and what follows from it."""

import base64
import hmac
import json
from hashlib import sha256

import pytest
from django.test import Client

from leads.models import MailEvent, OutgoingMail, Suppression
from tests.factories import ContactFactory, EnrolmentFactory, LeadFactory, TipFactory
from tests.mail_provider import SECRETS

pytestmark = pytest.mark.django_db

BOUNCE = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "MessageID": "mail-1"}
FULL = BOUNCE | {"Type": "SoftBounce", "Details": "smtp;552 5.2.2 mailbox full"}
COMPLAINT = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 8, "MessageID": "mail-1"}
DELIVERY = {"RecordType": "Delivery", "MessageID": "mail-1", "DeliveredAt": "2026-03-02T09:00:00Z"}


@pytest.fixture(autouse=True)
def site_with_postmark(use_provider):
    use_provider("postmark")


@pytest.fixture
def reader(db):
    return ContactFactory()


def post(content: dict | list | str, *, secret: str = SECRETS["postmark"], provider: str = "postmark"):
    """As a provider posts it: without a cookie, a token or an origin."""
    return Client(enforce_csrf_checks=True).post(
        f"/email/events/{provider}/",
        content if isinstance(content, str) else json.dumps(content),
        content_type="application/json",
        headers={"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {},
    )


def report(contact, event: dict, number: int = 1) -> None:
    """About the mail of this number."""
    own = {"ID": event["ID"] * 100 + number} if "ID" in event else {}
    answer = post(
        event | own | {"MessageID": f"mail-{number}", "Email": contact.email.upper(), "Recipient": contact.email}
    )
    assert answer.status_code == 200
    assert not answer.cookies


def mailgun(event: dict, *, key: str = SECRETS["mailgun"]) -> dict:
    signature = hmac.new(key.encode(), b"1700000000token-1", sha256).hexdigest()
    return {
        "signature": {"timestamp": "1700000000", "token": "token-1", "signature": signature},
        "event-data": {"timestamp": 1700000000.5, "message": {"headers": {"message-id": "mail-1@x"}}} | event,
    }


def soft_bounces(contact) -> list[bool]:
    contact.refresh_from_db()
    return contact.soft_bounces


# --- Bounces and complaints


@pytest.mark.parametrize(
    ("event", "reason"),
    [(BOUNCE, "bounced"), (BOUNCE | {"Type": "BadEmailAddress"}, "bounced"), (COMPLAINT, "complained")],
)
def test_after_a_hard_bounce_or_a_complaint_nothing_is_sent_any_more(event, reason):
    enrolment = EnrolmentFactory()
    lead = LeadFactory(contact=enrolment.contact)
    tip = TipFactory(enrolment=enrolment)
    report(enrolment.contact, event)
    tip.refresh_from_db()
    enrolment.refresh_from_db()
    assert Suppression.objects.get().reason == reason
    assert tip.state == OutgoingMail.State.SKIPPED
    assert enrolment.ended_at
    assert lead.timeline.get().event == f"mailbox_{reason}"


def test_what_is_reported_twice_counts_once(reader):
    lead = LeadFactory(contact=reader)
    for _ in range(3):
        report(reader, BOUNCE)
        report(reader, FULL, number=2)
    assert MailEvent.objects.count() == 2
    assert lead.timeline.count() == 1
    assert soft_bounces(reader) == [True]


def test_three_mails_of_five_that_bounced_for_now_end_it(reader):
    for number, event in enumerate([FULL, DELIVERY, FULL, DELIVERY, FULL], 1):
        assert not Suppression.objects.exists()
        report(reader, event, number)
    assert Suppression.objects.get().reason == "bounced"


def test_a_mailbox_that_takes_each_mail_at_the_second_try_keeps_getting_them(reader):
    for number in range(1, 7):
        report(reader, BOUNCE | {"ID": 7, "Type": "Transient"}, number)
        report(reader, BOUNCE | {"ID": 9, "Type": "Transient"}, number)
        report(reader, DELIVERY, number)
    assert not Suppression.objects.exists()
    assert soft_bounces(reader) == [False] * 5


def test_a_report_that_comes_out_of_turn_takes_nothing_back(reader):
    report(reader, DELIVERY)
    report(reader, BOUNCE | {"Type": "Transient"})
    assert soft_bounces(reader) == [False]


@pytest.mark.parametrize(
    "event",
    [
        FULL,
        BOUNCE | {"Type": "SpamNotification"},
        BOUNCE | {"Type": "DnsError"},
        BOUNCE | {"Details": "smtp;550 5.7.1 we do not like your address"},
    ],
    ids=["full", "taken for spam", "no name server", "policy"],
)
def test_a_mailbox_that_exists_is_kept_when_it_refuses_one_mail(reader, event):
    report(reader, event)
    assert not Suppression.objects.exists()
    assert soft_bounces(reader) == [True]


@pytest.mark.parametrize(
    ("event", "is_gone"),
    [
        ({"event": "failed", "severity": "permanent", "reason": "bounce"}, True),
        ({"event": "failed", "severity": "temporary", "reason": "generic"}, False),
        ({"event": "failed", "severity": "permanent", "reason": "old"}, False),
        (
            {
                "event": "failed",
                "severity": "permanent",
                "reason": "bounce",
                "delivery-status": {"code": 550, "message": "5.7.1 we do not like your address"},
            },
            False,
        ),
        ({"event": "complained"}, True),
        ({"event": "delivered"}, False),
        ({"event": "opened"}, False),
    ],
    ids=lambda value: value.get("reason", value["event"]) if isinstance(value, dict) else "",
)
def test_mailguns_reports_are_understood(use_provider, reader, event, is_gone):
    use_provider("mailgun")
    assert post(mailgun(event | {"recipient": reader.email}), secret="", provider="mailgun").status_code == 200
    assert Suppression.objects.exists() == is_gone


def test_a_signed_report_cannot_be_used_again_for_another_mailbox(use_provider, reader):
    use_provider("mailgun")
    failed = {"event": "failed", "severity": "permanent", "reason": "bounce"}
    for contact in (reader, ContactFactory()):
        post(mailgun(failed | {"recipient": contact.email}), secret="", provider="mailgun")
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("address", ["nobody@example.net", "", "no address", "x\x00@example.com", None, 7])
def test_reports_about_somebody_unknown_are_left(address):
    assert post(BOUNCE | {"Email": address}).status_code in (200, 400)
    assert not MailEvent.objects.exists()
    assert not Suppression.objects.exists()


# --- Who may report


@pytest.mark.parametrize("secret", ["", "events:guess", "guess", ":"])
def test_a_report_without_the_secret_changes_nothing(reader, secret):
    assert post(BOUNCE | {"Email": reader.email}, secret=secret).status_code == 400
    assert not MailEvent.objects.exists()
    assert not Suppression.objects.exists()


def test_a_report_that_is_wrongly_signed_changes_nothing(use_provider, reader):
    use_provider("mailgun")
    event = mailgun({"event": "complained", "recipient": reader.email}, key="guess")
    assert post(event, secret="", provider="mailgun").status_code == 400
    assert not MailEvent.objects.exists()
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("provider", ["postmark", "mailgun"])
@pytest.mark.parametrize("content", ["", "{", "[]", "7", '"x"', "null", "[" * 50_000, "[" * 300_000])
def test_what_cannot_be_read_is_refused(use_provider, provider, content):
    use_provider(provider)
    assert post(content, provider=provider).status_code == 400


@pytest.mark.parametrize("content", [{"signature": 7}, {"signature": {"token": "é", "timestamp": 1, "signature": 1}}])
def test_what_is_hardly_signed_is_refused(use_provider, content):
    use_provider("mailgun")
    assert post(content, secret="", provider="mailgun").status_code == 400


@pytest.mark.parametrize("in_use", ["", "postmark"])
@pytest.mark.parametrize("asked", ["mailgun", "sendgrid", "base"])
def test_nobody_listens_for_a_provider_that_is_not_in_use(settings, in_use, asked):
    settings.EMAIL_PROVIDER = in_use
    assert post(BOUNCE, provider=asked).status_code == 404


def test_looking_changes_nothing(client):
    assert client.head("/email/events/postmark/").status_code == 200
    assert client.get("/email/events/postmark/").status_code == 405
