"""What each mail says: to whom, with which link, and what it keeps to itself."""

import io
import json
import re
from datetime import datetime, timedelta
from email import policy
from email.parser import BytesParser
from html.parser import HTMLParser
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from leads import tokens
from leads.mail import render
from leads.models import (
    GuideIndexPage,
    GuidePage,
    OutgoingMail,
    PrivacyRequest,
    Sequence,
    Step,
    Submission,
    WorkshopIndexPage,
    WorkshopPage,
)
from leads.services.privacy import ask
from leads.tasks import drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    EnrolmentFactory,
    HomePageFactory,
    LeadFactory,
    OutgoingMailFactory,
    StaffNoticeFactory,
    SubmissionFactory,
    SubscriptionFactory,
    TipFactory,
)

Kind = OutgoingMail.Kind
NAME, ANSWER = "Marker Person", "marker answer"
READER = "reader@example.com"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("America/Los_Angeles"))
BULK = [Kind.WELCOME, Kind.TIP]
ABOUT_BACKS = [
    Kind.WELCOME, Kind.GUIDE, Kind.ASSESSMENT, Kind.WORKSHOP, Kind.TIP, Kind.DELAY, Kind.UNREACHED,
]  # fmt: skip
TO_READERS = [Kind.CONFIRM, *ABOUT_BACKS, *OutgoingMail.PRIVACY_KINDS]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    return ClinicSettingsFactory(
        phone="+14256584944",
        street="1 Main St",
        locality="Maple Valley",
        region="WA",
        postal_code="98038",
        notices_to="desk@example.com",
        red_flags_heading="Get urgent care now if",
        red_flags="Your leg is getting weaker.",
        emergency_advice="Call 911.",
    )


def submission(kind, **fields) -> Submission:
    lead = LeadFactory(contact__email=READER, name=NAME, channel=fields.pop("channel", ""))
    return SubmissionFactory(kind=kind, lead=lead, name=NAME, phone="+14255550100", **fields)


def guide_page(**fields) -> GuidePage:
    index = HomePageFactory().add_child(instance=GuideIndexPage(title="Guides", slug="guides"))
    tip = {"title": "Walk every day", "text": "<p>Go.</p>", "dose": [], "steps": ["Go."], "figure": "", "safety": ""}
    fields = {"title": "Seven easy ways", "slug": "7-easy-ways", "introduction": "Tips."} | fields
    return index.add_child(instance=GuidePage(tips=json.dumps([{"type": "tip", "value": tip}]), **fields))


def workshop_page() -> WorkshopPage:
    index = HomePageFactory().add_child(instance=WorkshopIndexPage(title="Workshops", slug="workshops"))
    return index.add_child(instance=WorkshopPage(title="One inch", slug="one-inch", introduction="Sway.", minutes=2))


def owed(kind: Kind, **fields) -> OutgoingMail:
    """A mail of this kind to the reader, whose name and answers are markers."""
    match kind:
        case Kind.CONFIRM:
            return OutgoingMailFactory(kind=kind, submission=submission("newsletter"))
        case Kind.WELCOME:
            subscription = SubscriptionFactory(contact__email=READER, state="confirmed", confirmed_at=timezone.now())
            return OutgoingMailFactory(kind=kind, submission=None, contact=subscription.contact)
        case Kind.GUIDE:
            return OutgoingMailFactory(kind=kind, submission=submission("guide", subject_id=guide_page().pk))
        case Kind.WORKSHOP:
            return OutgoingMailFactory(kind=kind, submission=submission("workshop", subject_id=workshop_page().pk))
        case Kind.RECEIVED | Kind.EXTENDED | Kind.ANSWERED:
            lead = submission("assessment").lead
            asked = ask(kind=PrivacyRequest.Kind.ACCESS, way=PrivacyRequest.Way.PHONE, lead=lead, words=ANSWER)
            OutgoingMail.objects.all().delete()
            mail = {"kind": kind, "submission": None, "contact": lead.contact, "privacy_request": asked}
            return OutgoingMailFactory(**mail)
        case Kind.TIP:
            return TipFactory(enrolment=EnrolmentFactory(contact__email=READER), **fields)
    request = submission("assessment", health_answers=json.dumps({"where": ANSWER}), **fields)
    if kind == Kind.STAFF:
        return StaffNoticeFactory(submission=request)
    return OutgoingMailFactory(kind=kind, submission=request)


def sent(smtp_server):
    drain_outbox()
    (delivery,) = smtp_server.deliveries
    return delivery


def parsed(mail):
    """As a program reads it that forgives nothing."""
    return BytesParser(policy=policy.strict).parsebytes(render.message(mail).content)


def words(letter) -> str:
    """What the text part says, without its line ends."""
    return " ".join(letter.get_body(("plain",)).get_content().split())


def token_in(delivery, path: str) -> str:
    return next(link for link in delivery.links if path in link).split("/")[-2]


# --- Each kind


def test_a_confirmation_has_the_link_that_confirms(smtp_server):
    mail = owed(Kind.CONFIRM)
    delivery = sent(smtp_server)
    assert delivery.recipient == READER
    assert delivery.message["Subject"] == "Please confirm your e-mail address"
    assert tokens.read_token(tokens.CONFIRM, token_in(delivery, "/email/confirm/")) == mail.submission.pk
    assert "health tips and our newsletter" in words(delivery.message)


def test_who_wanted_tips_beside_an_assessment_confirms_only_the_tips(smtp_server):
    OutgoingMailFactory(kind=Kind.CONFIRM, submission=submission("assessment"))
    assert "newsletter" not in sent(smtp_server).text


def test_a_welcome_says_what_will_come(smtp_server):
    owed(Kind.WELCOME)
    delivery = sent(smtp_server)
    assert delivery.recipient == READER
    assert delivery.message["Subject"] == "Welcome: your health tips begin"
    assert "newsletter" in words(delivery.message)


def test_a_welcome_promises_no_newsletter_to_who_wants_only_tips():
    mail = owed(Kind.WELCOME)
    mail.contact.subscription.wants_newsletter = False
    assert "newsletter" not in words(parsed(mail))


def test_a_guide_comes_as_a_pdf_and_as_a_link_that_names_the_guide(smtp_server):
    owed(Kind.GUIDE)
    page = GuidePage.objects.get()
    page.save_revision().publish()
    delivery = sent(smtp_server)
    assert delivery.recipient == READER
    assert delivery.message["Subject"] == "Your guide: Seven easy ways"
    assert "http://testserver/guides/7-easy-ways/read/" in delivery.links
    assert "Walk every day" in words(delivery.message)
    (attachment,) = delivery.message.iter_attachments()
    assert attachment.get_filename() == "7-easy-ways.pdf"
    assert attachment.get_content() == bytes(page.newest_edition.pdf)


def test_a_guide_without_a_pdf_is_sent_as_a_link():
    letter = parsed(owed(Kind.GUIDE))
    assert not list(letter.iter_attachments())
    assert "PDF" not in words(letter)


def test_an_assessment_is_answered_with_its_reference_and_the_promise(smtp_server, time_machine):
    time_machine.move_to(MONDAY, tick=False)
    mail = owed(Kind.ASSESSMENT, promised_at=MONDAY + timedelta(hours=2, minutes=40))
    delivery = sent(smtp_server)
    assert delivery.recipient == READER
    assert delivery.message["Subject"] == f"We have your request {mail.submission.reference}"
    assert "We will call you by 11:40 am today." in words(delivery.message)
    assert "Monday, November 23, by 11:40 am" in words(delivery.message)
    assert tokens.read_token(tokens.REQUEST, token_in(delivery, "/r/")) == mail.submission.pk


def test_an_assessment_is_answered_in_the_way_its_sender_chose():
    mail = owed(Kind.ASSESSMENT, channel="email", promised_at=timezone.now() + timedelta(hours=1))
    assert "We will write to you" in words(parsed(mail))


def test_an_answer_that_leaves_late_does_not_promise_what_is_over():
    mail = owed(Kind.ASSESSMENT, promised_at=timezone.now() - timedelta(hours=1))
    text = words(parsed(mail))
    assert "We will call you" not in text
    assert "Have we not reached you?" in text


def test_while_no_hours_are_known_nothing_is_promised():
    text = words(parsed(owed(Kind.ASSESSMENT)))
    assert "We will call you as soon as we can." in text


def test_a_notice_to_staff_says_only_that_somebody_asked(smtp_server):
    mail = owed(Kind.STAFF, promised_at=timezone.now() + timedelta(hours=1))
    delivery = sent(smtp_server)
    assert delivery.recipient == "desk@example.com"
    assert delivery.message["Subject"] == "A new request is waiting"
    assert delivery.links == [f"http://testserver/admin/leads/{Submission.objects.get().lead_id}/"]
    content = delivery.message.as_string() + words(delivery.message) + delivery.html
    for secret in (NAME, READER, "555", mail.submission.reference, ANSWER):
        assert secret not in content


def test_a_notice_goes_to_the_site_s_own_address_while_nobody_is_named(smtp_server):
    ClinicSettingsFactory(notices_to="")
    owed(Kind.STAFF)
    assert sent(smtp_server).recipient == "clinic@example.org"


def test_a_workshop_comes_as_a_link_that_opens_it(smtp_server):
    mail = owed(Kind.WORKSHOP)
    delivery = sent(smtp_server)
    assert delivery.recipient == READER
    assert delivery.message["Subject"] == "Your workshop: One inch"
    assert tokens.read_token(tokens.WORKSHOP, token_in(delivery, "/workshops/watch/")) == mail.submission.pk


def test_a_tip_says_in_both_parts_what_staff_wrote(smtp_server):
    body = "Walk **slowly**.\n\n- Stand tall.\n\nMore: [our article](/blog/walk/)"
    owed(Kind.TIP, step__subject="Take a walk & rest", step__body=body)
    delivery = sent(smtp_server)
    assert delivery.recipient == READER
    assert delivery.message["Subject"] == "Take a walk & rest"
    assert "Take a walk & rest\n\nWalk slowly.\n\n- Stand tall.\n\nMore: our article\n" in delivery.text.replace(
        "\r", ""
    )
    assert "http://testserver/blog/walk/" in delivery.links
    assert "Take a walk &amp; rest" in delivery.html
    assert "<b>slowly</b>" in delivery.html
    assert 'href="http://testserver/blog/walk/"' in delivery.html


# --- Every mail


@pytest.mark.parametrize("kind", [*TO_READERS, Kind.STAFF])
def test_every_mail_is_read_by_a_program_that_forgives_nothing(kind):
    letter = parsed(owed(kind))
    assert letter["From"].addresses[0].display_name == "Dr. Rivers"
    assert letter["From"].addresses[0].addr_spec == "clinic@example.org"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime.tzinfo.utcoffset(None) == timezone.now().astimezone(MONDAY.tzinfo).utcoffset()
    assert set(letter.keys()) <= {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"),
        *("List-Unsubscribe", "List-Unsubscribe-Post"),
    }
    raw = render.message(OutgoingMail.objects.get()).content
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) < 998


@pytest.mark.parametrize("kind", [*TO_READERS, Kind.STAFF])
def test_every_mail_says_who_it_is_from_and_why_it_came(kind):
    text = words(parsed(owed(kind)))
    assert "You get this mail because" in text
    assert "Dr. Rivers, 1 Main St, Maple Valley, WA 98038" in text


@pytest.mark.parametrize("kind", [*TO_READERS, Kind.STAFF])
def test_no_mail_tells_an_answer_or_says_a_name(kind):
    letter = parsed(owed(kind))
    content = letter.as_string() + "".join(part.get_content() for part in letter.walk() if is_text(part))
    assert ANSWER not in content
    assert "Marker" not in content


def is_text(part) -> bool:
    return part.get_content_maintype() == "text"


@pytest.mark.parametrize("kind", TO_READERS)
def test_every_mail_to_readers_leads_to_their_preferences(kind):
    mail = owed(kind)
    letter = parsed(mail)
    for part in letter.walk():
        if is_text(part):
            token = re.search(r"http://testserver/email/preferences/([^/\s]+)/", part.get_content())[1]
            assert tokens.read_token(tokens.PREFERENCES, token) == mail.contact.pk


@pytest.mark.parametrize("kind", BULK)
def test_bulk_mail_is_unsubscribed_from_with_one_press(kind, client):
    mail = owed(kind)
    letter = parsed(mail)
    address = re.fullmatch(r"<(.+)>", letter["List-Unsubscribe"])[1]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in words(letter)
    assert address in letter.get_body(("html",)).get_content()
    client.post(urlsplit(address).path, {"List-Unsubscribe": "One-Click"})
    mail.contact.subscription.refresh_from_db()
    assert mail.contact.subscription.state == "unsubscribed"


def test_a_long_address_to_unsubscribe_stays_in_one_piece(settings):
    settings.SITE_URL = "https://a-rather-long-name-of-a-clinic-in-maple-valley.example.org"
    content = render.message(owed(Kind.WELCOME)).content
    assert re.search(rb"\r\nList-Unsubscribe: <https://\S+/>\r\n", content)


@pytest.mark.parametrize("kind", sorted({*TO_READERS, Kind.STAFF} - set(BULK)))
def test_a_mail_that_was_asked_for_is_no_bulk_mail(kind):
    assert parsed(owed(kind))["List-Unsubscribe"] is None


@pytest.mark.parametrize("kind", ABOUT_BACKS)
def test_every_mail_about_backs_says_when_to_get_urgent_care(kind):
    for part in parsed(owed(kind)).walk():
        if is_text(part):
            assert "Your leg is getting weaker." in part.get_content()
            assert "Call 911." in part.get_content()


@pytest.mark.parametrize("kind", [*TO_READERS, Kind.STAFF])
def test_the_text_part_fits_a_narrow_window(kind):
    for line in parsed(owed(kind)).get_body(("plain",)).get_content().splitlines():
        assert len(line) <= 78 or re.fullmatch(r"https?://\S+", line)


class Outline(HTMLParser):
    """What a mail program gets to see: its tags with their attributes."""

    def __init__(self, html: str):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


@pytest.mark.parametrize("kind", [*TO_READERS, Kind.STAFF])
def test_the_html_part_needs_nothing_from_outside(kind):
    html = parsed(owed(kind)).get_body(("html",)).get_content()
    tags = Outline(html).tags
    assert not {"img", "link", "script", "iframe", "svg"} & {tag for tag, _ in tags}
    assert not re.search(r"url\(|@import|@font-face|\.invalid", html)
    assert all("style" in attributes for tag, attributes in tags if tag in ("h1", "p", "a"))
    assert [tag for tag, _ in tags].count("h1") == 1
    assert all(attributes.get("role") or attributes["class"] == "facts" for tag, attributes in tags if tag == "table")
    assert "@media (prefers-color-scheme: dark)" in html
    assert len(html) < 60_000  # a large webmail cuts off what is over 102 kB


def test_what_staff_write_is_text_in_html_and_in_headers():
    step = {"step__subject": "A < B", "step__preheader": "<i>", "step__body": "1 < 2 <script>alert(1)</script>"}
    ClinicSettingsFactory(practice_name='Dr. "Ämy" <b>, MD')
    letter = parsed(owed(Kind.TIP, **step))
    assert letter["From"].addresses[0].display_name == 'Dr. "Ämy" <b>, MD'
    html = letter.get_body(("html",)).get_content()
    assert "<script" not in html
    assert "<i>" not in html
    assert 'Dr. "Ämy" <b>' not in html
    assert "1 < 2 <script>alert(1)</script>" in words(letter)


# --- The first content


@pytest.fixture
def first_sequences():
    call_command("load_sequences", stdout=io.StringIO())
    return Sequence.objects.all()


def test_the_first_sequences_are_six_tips_and_three_mails_after_the_guide(first_sequences):
    assert {sequence.key: sequence.steps.count() for sequence in first_sequences} == {
        "health-tips": 6,
        "after-the-guide": 3,
    }


def test_every_first_tip_makes_a_mail(first_sequences):
    for step in Step.objects.all():
        enrolment = EnrolmentFactory(sequence=step.sequence, version=step.version)
        letter = parsed(TipFactory(enrolment=enrolment, step=step))
        assert letter["Subject"] == step.subject
        assert not re.search(r"\*|\]\(", words(letter))


def test_no_clinician_has_reviewed_the_first_tips(first_sequences):
    assert not Step.objects.exclude(reviewed_by=None).exists()
