"""How mail leaves through a provider, and what becomes of a mail that it does not take."""

import base64
import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from leads.models import GuideEdition, OutgoingMail, Sender, Suppression
from leads.tasks import drain_outbox
from tests.factories import ClinicSettingsFactory, GuidePageFactory, OutgoingMailFactory, TipFactory
from tests.mail_provider import SETTINGS, Answer

State = OutgoingMail.State
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    return ClinicSettingsFactory(
        practice_name="Clínica, at the River",
        street="1 Main St",
        locality="Maple Valley",
        region="WA",
        postal_code="98038",
    )


def state(mail: OutgoingMail) -> tuple[str, int]:
    mail.refresh_from_db()
    return mail.state, mail.attempts


# --- On a good day


def test_a_mail_reaches_the_provider_with_all_that_it_says(provider):
    mail = TipFactory()
    drain_outbox()
    (sent,) = provider.mails
    headers = {header["Name"]: header["Value"] for header in sent["Headers"]}
    assert state(mail) == (State.SENT, 1)
    assert sent["path"] == "/email"
    assert sent["headers"]["X-Postmark-Server-Token"] == "key-of-the-account"
    assert sent["From"] == '"Clínica, at the River" <clinic@example.org>'
    assert sent["To"] == mail.contact.email
    assert sent["Subject"] == "A tip"
    assert headers["Message-ID"] == f"<mail.{mail.pk}@testserver>"
    assert headers["X-PM-KeepID"] == "true"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    unsubscribe = headers["List-Unsubscribe"].strip("<>")
    assert unsubscribe.startswith("http://testserver/email/unsubscribe/")
    assert "1 Main St" in sent["TextBody"]
    assert "<html" in sent["HtmlBody"]


@pytest.mark.parametrize("name", ["postmark", "mailgun"])
def test_a_guide_is_attached(provider, use_provider, name):
    use_provider(name, provider.url)
    page = GuidePageFactory(slug="7-easy-ways")
    GuideEdition.objects.create(guide=page, number=99, digest="x", pdf=b"%PDF-\x00\xff\r\n")
    OutgoingMailFactory(kind="guide", submission__subject_id=page.pk)
    drain_outbox()
    (sent,) = provider.mails
    if name == "postmark":
        (attachment,) = sent["Attachments"]
        assert attachment["Name"] == "7-easy-ways.pdf"
        assert attachment["ContentType"] == "application/pdf"
        assert base64.b64decode(attachment["Content"]) == b"%PDF-\x00\xff\r\n"
    else:
        assert sent["attachment"] == b"%PDF-\x00\xff\r\n"


def test_nobody_is_tracked(provider):
    OutgoingMailFactory()
    drain_outbox()
    assert (provider.mails[0]["TrackOpens"], provider.mails[0]["TrackLinks"]) == (False, "None")


def test_mailgun_gets_the_same(provider, use_provider):
    use_provider("mailgun", provider.url)
    mail = TipFactory()
    drain_outbox()
    (sent,) = provider.mails
    assert state(mail) == (State.SENT, 1)
    assert sent["path"] == "/example.org/messages"
    assert base64.b64encode(b"api:key-of-the-account").decode() in sent["headers"]["Authorization"]
    assert sent["to"] == mail.contact.email
    assert sent["h:Message-Id"] == f"<mail.{mail.pk}@testserver>"
    assert "/email/unsubscribe/" in sent["h:List-Unsubscribe"]
    assert (sent["o:tracking-opens"], sent["o:tracking-clicks"]) == ("no", "no")


def test_mails_of_one_turn_share_a_connection(provider):
    OutgoingMailFactory.create_batch(3)
    drain_outbox()
    assert (len(provider.mails), provider.greetings) == (3, 1)


# --- It is refused


def test_a_mailbox_that_the_provider_gave_up_gets_no_more_mail(provider):
    mail = OutgoingMailFactory()
    words = f"Found inactive addresses: {mail.contact.email}.\n Inactive recipients are ones that bounced."
    provider.answer = Answer(422, {"ErrorCode": 406, "Message": words})
    drain_outbox()
    assert state(mail) == (State.DEAD, 1)
    assert mail.reason == "the mail provider does not write to this mailbox"
    assert Suppression.objects.get().reason == Suppression.Reason.BOUNCED


@pytest.mark.parametrize(
    ("status", "body"),
    [(422, {"ErrorCode": 300, "Message": "Invalid 'From' address: 'x'."}), (400, "no"), (413, "big")],
)
def test_a_mail_refused_for_good_is_not_tried_again_and_costs_no_subscriber(provider, status, body):
    mail = OutgoingMailFactory()
    provider.answer = Answer(status, body)
    drain_outbox()
    assert state(mail) == (State.DEAD, 1)
    assert mail.reason.startswith(f"the mail provider answered {status}")
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("status", [408, 429, 503])
def test_a_mail_refused_for_now_is_tried_again_later(provider, status):
    mail = OutgoingMailFactory()
    provider.answer = Answer(status, "later")
    drain_outbox()
    assert state(mail) == (State.QUEUED, 1)
    assert mail.reason == f"the mail provider answered {status}"


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, {"ErrorCode": 10, "Message": "No token"}), (403, "no"), (422, {"ErrorCode": 405, "Message": "No credits"})],
)
def test_mail_pauses_while_the_provider_refuses_the_account(provider, status, body):
    mails = OutgoingMailFactory.create_batch(2)
    provider.answer = Answer(status, body)
    drain_outbox()
    assert [state(mail) for mail in mails] == [(State.QUEUED, 0)] * 2
    assert len(provider.mails) == 1
    assert Sender.objects.get().reason.startswith(f"the mail provider answered {status}")


def test_a_mail_that_the_provider_cannot_be_told_is_given_up(provider, settings):
    mail = OutgoingMailFactory()
    settings.ANYMAIL["SEND_DEFAULTS"]["send_at"] = 0  # Postmark knows no such thing
    drain_outbox()
    assert state(mail) == (State.DEAD, 1)
    assert provider.mails == []


# --- The connection is lost


@pytest.mark.parametrize(
    "answer",
    [Answer(body=None), Answer(is_silent=True), Answer(500, "oh"), Answer(504, "oh"), Answer(200, "<html>")],
    ids=["hangs up", "silent", "fell over", "gateway", "unreadable"],
)
def test_a_mail_that_may_have_arrived_is_uncertain(provider, settings, answer):
    settings.EMAIL_TIMEOUT = 0.2
    mail = TipFactory()
    provider.answer = answer
    drain_outbox()
    drain_outbox()
    assert state(mail) == (State.UNCERTAIN, 1)
    assert mail.reason
    assert len(provider.mails) == 1


def test_mail_pauses_while_the_provider_cannot_be_reached(use_provider):
    use_provider("postmark")
    mail = OutgoingMailFactory()
    drain_outbox()
    assert state(mail) == (State.QUEUED, 0)
    assert Sender.objects.get().reason == "no connection to the mail provider: ConnectionError"


def test_a_provider_that_leaves_before_the_mail_costs_no_attempt(provider):
    mail = TipFactory()
    provider.is_leaving = True
    drain_outbox()
    assert state(mail) == (State.QUEUED, 0)
    assert Sender.objects.get().resumes_at
    assert provider.mails == []


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_mail_leaves_before_it_is_marked_as_handed_over(provider, monkeypatch):
    mail, seen = TipFactory(), []
    take = provider.RequestHandlerClass.read

    def look(conversation, content):
        seen.append(OutgoingMail.objects.values_list("state", flat=True).get(pk=mail.pk))
        connection.close()
        return take(conversation, content)

    monkeypatch.setattr(provider.RequestHandlerClass, "read", look)
    drain_outbox()
    assert seen == [State.HANDED]


# --- The settings


@pytest.mark.parametrize("name", ["EMAIL_PROVIDER_API_KEY", "EMAIL_PROVIDER_WEBHOOK_SECRET"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_secret_stops_the_start_with_its_name(use_provider, monkeypatch, name, value):
    use_provider("postmark")
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        runpy.run_path(SETTINGS)


def test_an_unknown_provider_stops_the_start(monkeypatch):
    monkeypatch.setenv("EMAIL_PROVIDER", "pigeons")
    with pytest.raises(ImproperlyConfigured, match="pigeons"):
        runpy.run_path(SETTINGS)
