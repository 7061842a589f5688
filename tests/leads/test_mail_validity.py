"""Mails as the standards have them: their bytes, and their HTML, in which nobody misses what their program lacks."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from dev.validators import faults_of_mails, unsupported
from leads.mail import render
from leads.models import OutgoingMail
from tests.factories import (
    BlogPageFactory,
    ClinicSettingsFactory,
    IssueFactory,
    StaffNoticeFactory,
    SubscriberFactory,
    UserFactory,
)
from tests.leads.test_mails import BULK, owed, submission
from tests.leads.test_mails import parsed as strictly_read

Kind = OutgoingMail.Kind
pytestmark = pytest.mark.django_db

CLINIC = {
    "practice_name": "Dr. Rivers, Ärztin",
    "phone": "+14256584944",
    "tagline": "Low back pain",
    "street": "1 Main St",
    "locality": "Maple Valley",
    "region": "WA",
    "postal_code": "98038",
    "red_flags_heading": "Get urgent care now if",
    "red_flags": "Your leg is getting weaker.",
    "emergency_advice": "Call 911.",
}
# What some mail programs do not know, by caniemail.com, and what their readers see instead.
DISPENSABLE = {
    "<body> element": "a program puts the mail into an element of its own; the colours stand on its table as well",
    "<style> element": "what stands in it is for phones and for the dark; the rest is written onto the elements",
    "@media": "one column that fits any width, in the colours of the day",
    "aria-hidden attribute": "a dot is read out after the practice's name",
    "aria-label attribute": "the mail has no name beside its subject",
    "border-radius": "square corners",
    "border-spacing": "the tables carry no gaps of their own: every gap is a padding",
    "display:none": "the line for the list of mails is one pixel high, in the colour of the ground",
    "height property": "pictures keep their proportions by their width",
    "lang attribute": "a screen reader takes its user's language",
    "list-style": "a list keeps its points",
    "opacity": "as for display:none",
    "overflow": "as for display:none",
    "role attribute": "tables that only lay out are read out as tables",
    "text-decoration": "the link in a button is underlined",
    "white-space": "a phone number may break at its spaces",
    "width attribute": "columns are as wide as what is in them",
}


ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+"  # RFC 5322, dots among it
ADDRESS = rf"{ATOM}@{ATOM}"


@pytest.fixture(autouse=True)
def clinic(db):
    return ClinicSettingsFactory(**CLINIC)


def mail(kind) -> OutgoingMail:
    if kind == Kind.ALARM:
        return StaffNoticeFactory(kind=kind, submission=submission("assessment"), user=UserFactory())
    if kind in (Kind.PASSWORD, Kind.FACTOR):
        return OutgoingMail.objects.create(dedupe_key=f"{kind}:1", kind=kind, user=UserFactory())
    if kind not in (Kind.ISSUE, Kind.TRIAL):
        return owed(kind)
    issue = IssueFactory(note="Dear reader,\n\n- walk **slowly**\n- [rest](/about/)")
    issue.posts.create(page=BlogPageFactory(title="Walk & sit"))
    to = {"contact": SubscriberFactory().contact} if kind == Kind.ISSUE else {"contact": None, "user": UserFactory()}
    return OutgoingMail.objects.create(dedupe_key=f"{kind}:1", kind=kind, issue=issue, **to)


@pytest.mark.parametrize("kind", Kind)
def test_the_bytes_of_a_mail_are_what_any_server_takes(kind):
    content = render.message(mail(kind)).content
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", content)
    head, _, body = content.partition(b"\r\n\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 998  # RFC 5322, 2.1.1
    assert body.endswith(b"\r\n")
    for line in re.sub(rb"\r\n[ \t]", b" ", head).split(b"\r\n"):
        assert re.fullmatch(rb"[!-9;-~]+: .*\S", line)


@pytest.mark.parametrize("kind", Kind)
def test_no_part_of_a_mail_has_a_defect(kind):
    letter = strictly_read(mail(kind))
    assert letter["MIME-Version"] == "1.0"
    for part in letter.walk():
        assert not part.defects
        assert not any(header.defects for header in part.values())
        if part.get_content_maintype() == "text":
            assert part.get_content_charset() == "utf-8"
            assert "\N{REPLACEMENT CHARACTER}" not in part.get_content()
            assert part["Content-Transfer-Encoding"] in ("7bit", "quoted-printable")
            assert max(map(len, part.get_payload().splitlines())) <= 998
    plain, html = (letter.get_body((subtype,)) for subtype in ("plain", "html"))
    assert plain.get_content().strip()
    assert html.get_content().strip()


@pytest.mark.parametrize("kind", Kind)
def test_the_headers_of_a_mail_have_the_form_that_their_standards_give_them(kind):
    letter = strictly_read(mail(kind))
    for name in ("From", "To", "Subject", "Date", "Message-ID"):
        assert len(letter.get_all(name)) == 1, name
    assert re.fullmatch(rf"<{ADDRESS}>", letter["Message-ID"])  # RFC 5322, 3.6.4
    for name in ("From", "To"):
        (address,) = letter[name].addresses
        assert re.fullmatch(ADDRESS, address.addr_spec)
    assert letter["From"].addresses[0].display_name == "Dr. Rivers, Ärztin"
    assert abs(letter["Date"].datetime - timezone.now()) < timedelta(minutes=1)
    assert letter["Subject"].strip() == letter["Subject"] != ""
    assert letter["Auto-Submitted"] == "auto-generated"  # RFC 3834
    if kind in (*BULK, Kind.ISSUE):  # RFC 2369 and RFC 8058
        assert re.fullmatch(r"<https?://[!-~]+>", letter["List-Unsubscribe"])
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    else:
        assert letter["List-Unsubscribe"] is None


@pytest.fixture
def pages():
    """The HTML of a mail of each kind. They are judged in one go: the judge takes longer to start than to read."""
    return {str(kind): html_of(kind) for kind in Kind}


def html_of(kind) -> str:
    with transaction.atomic():
        letter = strictly_read(mail(kind))
        transaction.set_rollback(True)
    return letter.get_body(("html",)).get_content()


def test_the_html_of_every_mail_is_valid(pages):
    assert faults_of_mails(pages) == {kind: [] for kind in pages}


def test_no_reader_misses_what_a_mail_program_does_not_know(pages):
    used = {feature for found in unsupported(pages).values() for feature in found}
    assert used == set(DISPENSABLE)
