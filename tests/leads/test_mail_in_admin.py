"""Where staff read every mail as its reader got it."""

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import OutgoingMail
from leads.tasks import drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    OutgoingMailFactory,
    StaffNoticeFactory,
    StepFactory,
    SubmissionFactory,
    TipFactory,
)
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    ClinicSettingsFactory(phone="+14256584944")
    return signed_in(member("owner"))


def pages_of(mail) -> list[str]:
    lists = [reverse(name) for name in ("mail", "mail_results", "tips", "tips_results")]
    tips = [reverse(name, args=[mail.step.pk]) for name in ("tip_inspect", "tip_body")]
    return [*lists, *tips, *(reverse(name, args=[mail.pk]) for name in DETAIL)]


DETAIL = ("mail_inspect", "mail_body")


def test_staff_read_a_mail_that_was_sent(owner, smtp_server):
    mail = OutgoingMailFactory()
    drain_outbox()
    (delivery,) = smtp_server.deliveries
    page = owner.get(reverse("mail_inspect", args=[mail.pk])).content.decode()
    assert "<b>Sent</b>" in page
    assert mail.contact.email in page
    assert delivery.message["Message-ID"].strip("<>") in page
    assert delivery.message["Subject"] in page
    assert "Is this mailbox yours?" in page
    assert "Is this mailbox yours?" in owner.get(reverse("mail_body", args=[mail.pk])).content.decode()


def test_a_mail_that_was_not_sent_says_why(owner):
    mail = OutgoingMailFactory(state="skipped", reason="the mailbox is not subscribed")
    for address in (reverse("mail"), reverse("mail_inspect", args=[mail.pk])):
        page = owner.get(address).content.decode()
        assert "Not sent" in page
        assert "the mailbox is not subscribed" in page


def test_a_mail_that_waits_says_until_when_and_what_held_it(owner):
    OutgoingMailFactory(due_at=datetime(2027, 3, 2, 19, 31, tzinfo=UTC))
    OutgoingMailFactory(due_at=datetime(2027, 3, 3, 19, 31, tzinfo=UTC), reason="the mail server answered 451")
    page = owner.get(reverse("mail")).content.decode()
    assert "due March 2, 2027, 11:31 AM" in page
    assert "due March 3, 2027, 11:31 AM: the mail server answered 451" in page


def test_the_keys_in_a_mail_are_not_shown_to_staff(owner):
    mail = OutgoingMailFactory()
    for name in DETAIL:
        page = owner.get(reverse(name, args=[mail.pk])).content.decode()
        assert not re.search(r"/email/|/r/|~", page)


def test_a_mail_is_shown_in_a_frame_that_runs_and_loads_nothing(owner):
    mail = OutgoingMailFactory()
    frame = re.search(r"<iframe [^>]+>", owner.get(reverse("mail_inspect", args=[mail.pk])).content.decode())[0]
    assert re.search(r" sandbox[ >]", frame)
    assert f'src="{reverse("mail_body", args=[mail.pk])}"' in frame
    response = owner.get(reverse("mail_body", args=[mail.pk]))
    assert response["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
    )
    assert "no-store" in response["Cache-Control"]


def test_a_tip_says_that_no_clinician_has_reviewed_it(owner):
    tip = TipFactory()
    address = reverse("mail_inspect", args=[tip.pk])
    assert "None yet" in owner.get(address).content.decode()
    tip.step.reviewed_by = member("clinician", first_name="Amy", last_name="Konvalin")
    tip.step.reviewed_on = timezone.localdate()
    tip.step.save()
    page = owner.get(address).content.decode()
    assert "None yet" not in page
    assert "Amy Konvalin" in page


def test_staff_read_every_tip_before_anybody_gets_it(owner):
    step = StepFactory(subject="Take a walk", body="Five minutes around the block.")
    earlier = StepFactory(sequence=step.sequence, version=step.version - 1, subject="No more")
    page = owner.get(reverse("tips")).content.decode()
    assert reverse("tip_inspect", args=[step.pk]) in page
    assert "None yet" in page
    assert earlier.subject not in page
    page = owner.get(reverse("tip_inspect", args=[step.pk])).content.decode()
    assert "Take a walk" in page
    assert "None yet" in page
    assert reverse("tip_body", args=[step.pk]) in page
    assert not re.search(r"/email/|~", page)
    assert "Five minutes" in owner.get(reverse("tip_body", args=[step.pk])).content.decode()
    assert not OutgoingMail.objects.exists()


def test_a_mail_about_a_guide_that_is_gone_says_so(owner):
    mail = OutgoingMailFactory(kind="guide", submission=SubmissionFactory(kind="guide", subject_id=0))
    assert "cannot be shown" in owner.get(reverse("mail_inspect", args=[mail.pk])).content.decode()
    assert owner.get(reverse("mail_body", args=[mail.pk])).status_code == 404


def test_only_those_who_may_read_mail_get_to_it():
    mail = TipFactory()
    client = signed_in(member("editor"))
    assert f'"{reverse("mail")}"' not in client.get(reverse("wagtailadmin_home")).content.decode()
    for address in (reverse("mail"), reverse("mail_inspect", args=[mail.pk]), reverse("mail_body", args=[mail.pk])):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"] == reverse("wagtailadmin_home")


def test_strangers_are_asked_to_sign_in(client):
    for address in pages_of(TipFactory()):
        assert client.get(address)["Location"].startswith(reverse("wagtailadmin_login"))


def test_mail_stands_in_the_menu_of_those_who_may_read_it(owner):
    assert f'"{reverse("mail")}"' in owner.get(reverse("wagtailadmin_home")).content.decode()


def test_staff_pick_out_what_was_refused(owner):
    OutgoingMailFactory()
    OutgoingMailFactory(state="dead", reason="the mail server answered 550")
    page = owner.get(reverse("mail_results"), {"state": "dead"}).content.decode()
    assert "the mail server answered 550" in page
    assert page.count(reverse("mail_inspect", args=[OutgoingMail.objects.earliest("pk").pk])) == 0


def test_the_list_costs_the_same_for_any_number_of_mails(owner, django_assert_max_num_queries):
    OutgoingMailFactory()
    TipFactory()
    owner.get(reverse("mail_results"))
    with django_assert_max_num_queries(9):
        owner.get(reverse("mail_results"))
    OutgoingMailFactory.create_batch(10)
    TipFactory.create_batch(10)
    with django_assert_max_num_queries(9):
        owner.get(reverse("mail_results"))


def test_staff_read_a_notice_to_themselves(owner, smtp_server):
    notice = StaffNoticeFactory()
    drain_outbox()
    page = owner.get(reverse("mail_inspect", args=[notice.pk])).content.decode()
    assert "Sent: the mail server took it over" in page
    assert "The mail provider about this mailbox" not in page
