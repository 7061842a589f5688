"""What staff do with mails in the admin: one by one with a reason, several at once, and only those who may."""

import re

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.models import MailAction, MailEvent, OutgoingMail
from leads.services import mailbox
from tests.factories import (
    ClinicSettingsFactory,
    ContactFactory,
    LeadFactory,
    OutgoingMailFactory,
    SubmissionFactory,
    TipFactory,
)
from tests.staff import member, signed_in

State = OutgoingMail.State
WHY = "She says that it never came"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    ClinicSettingsFactory(phone="+14256584944")


@pytest.fixture
def desk(db):
    return signed_in(member("front_desk"))


def mail_in(state, **fields) -> OutgoingMail:
    sent_at = Now() if state == State.SENT else None
    return OutgoingMailFactory(state=state, sent_at=sent_at, reason="the mail server answered 451", **fields)


def action(mail, name) -> str:
    return reverse("mail_action", args=[mail.pk, name])


def page_of(mail) -> str:
    return reverse("mail_inspect", args=[mail.pk])


def text(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize(
    ("state", "ways"),
    [
        (State.QUEUED, set()),
        (State.SENT, {"resend"}),
        (State.SKIPPED, {"resend"}),
        (State.DEAD, {"retry"}),
        (State.UNCERTAIN, {"arrived", "lost"}),
    ],
)
def test_a_mail_offers_what_can_be_done_with_it_and_no_more(desk, state, ways):
    mail = mail_in(state)
    page = text(desk.get(page_of(mail)))
    assert {name for name in MailAction.Action.values if action(mail, name) in page} == ways


def test_a_mail_that_did_not_arrive_offers_to_send_it_again(desk):
    mail = mail_in(State.UNCERTAIN)
    response = desk.post(action(mail, "lost"), {"reason": WHY}, follow=True)
    assert "You can send it again" in text(response)
    assert action(mail, "resend") in text(response)
    assert action(mail, "retry") not in text(response)


def test_staff_send_a_mail_again_with_a_reason_that_its_history_keeps(desk):
    mail = mail_in(State.SENT)
    form = text(desk.get(action(mail, "resend")))
    number = re.search(r'name="number" value="(\d+)"', form)[1]
    for _ in range(2):
        desk.post(action(mail, "resend"), {"reason": WHY, "number": number})
    again = OutgoingMail.objects.get(resend_of=mail)
    page = text(desk.get(page_of(mail)))
    assert WHY in page
    assert page.count("Sent again, by user-") == 1
    assert page_of(again) in page
    assert page_of(mail) in text(desk.get(page_of(again)))


def test_a_reason_is_asked_for_and_a_long_one_is_kept_to_be_shortened(desk):
    mail = mail_in(State.DEAD)
    assert "Say why, in a few words" in text(desk.post(action(mail, "retry"), {"reason": " "}))
    page = text(desk.post(action(mail, "retry"), {"reason": "x" * 201}))
    assert "Shorten the reason" in page
    assert "x" * 201 in page
    assert not MailAction.objects.exists()


def test_what_a_gate_would_stop_is_said_at_once_and_nothing_is_done(desk):
    mail = mail_in(State.DEAD)
    mailbox.bounced(contact=mail.contact)
    page = text(desk.post(action(mail, "retry"), {"reason": WHY}))
    assert "It would not be sent: the mailbox is never written to" in page
    assert WHY in page
    mail.refresh_from_db()
    assert mail.state == State.DEAD


def test_a_corrected_address_is_offered(desk):
    mail = mail_in(State.DEAD, kind="assessment", submission=SubmissionFactory(kind="assessment"))
    lead = mail.submission.lead
    lead.contact = ContactFactory(email="right@example.com")
    lead.save()
    assert "To right@example.com" in text(desk.get(action(mail, "retry")))
    desk.post(action(mail, "retry"), {"reason": WHY, "to_card": "on"})
    mail.refresh_from_db()
    assert mail.contact == lead.contact


@pytest.mark.parametrize("name", ["resend", "retry", "arrived", "lost"])
def test_a_mail_that_moved_meanwhile_says_so(desk, name):
    mail = mail_in(State.LEASED, lease_token="6b7e4a3c-0000-4000-8000-000000000000", lease_until=timezone.now())
    response = desk.post(action(mail, name), {"reason": WHY, "number": 1}, follow=True)
    assert "Nothing was done. It is in another state by now: Being prepared." in text(response)
    response = desk.get(action(mail, name), follow=True)
    assert "It is in another state by now" in text(response)
    assert not MailAction.objects.exists()


def test_what_the_provider_said_of_the_mailbox_stands_in_the_history(desk):
    mail = mail_in(State.SENT)
    MailEvent.objects.create(event_id="1", kind="hard_bounce", contact=mail.contact)
    assert "The mail provider about this mailbox: No such mailbox" in text(desk.get(page_of(mail)))


# --- Several at once


def bulk(name, *mails) -> str:
    ids = "&".join(f"id={mail.pk}" for mail in mails)
    return f"/admin/bulk/leads/outgoingmail/{name}/?next=/admin/mail/&{ids}"


def test_several_refused_mails_are_tried_again_and_the_others_are_left(desk):
    dead, sent, bounced = mail_in(State.DEAD), mail_in(State.SENT), mail_in(State.DEAD)
    mailbox.bounced(contact=bounced.contact)
    page = text(desk.get(bulk("retry", dead, sent, bounced)))
    assert "1 of those that you chose is in another state" in page
    response = desk.post(bulk("retry", dead, sent, bounced), {"reason": WHY}, follow=True)
    assert "was done with 1 of 2 mails" in text(response)
    assert [OutgoingMail.objects.get(pk=mail.pk).state for mail in (dead, sent, bounced)] == ["queued", "sent", "dead"]
    assert MailAction.objects.get().mail == dead


@pytest.mark.parametrize(("name", "state"), [("arrived", State.SENT), ("lost", State.DEAD)])
def test_several_uncertain_mails_are_settled(desk, name, state):
    mails = [mail_in(State.UNCERTAIN) for _ in range(3)]
    desk.post(bulk(name, *mails), {"reason": WHY})
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {state}
    assert MailAction.objects.count() == 3


def test_nothing_is_done_with_all_mails_at_once(desk):
    mail_in(State.DEAD)
    desk.post("/admin/bulk/leads/outgoingmail/retry/?next=/admin/mail/&id=all", {"reason": WHY})
    assert OutgoingMail.objects.get().state == State.DEAD


# --- The list


def test_staff_pick_out_the_mails_of_a_person_and_of_a_day(desk):
    lead = LeadFactory()
    mine = OutgoingMailFactory(submission=SubmissionFactory(lead=lead))
    other = OutgoingMailFactory()
    page = text(desk.get(reverse("mail_results"), {"lead": lead.pk}))
    assert page_of(mine) in page
    assert page_of(other) not in page
    OutgoingMail.objects.filter(pk=mine.pk).update(created_at="2026-01-05T20:00Z")
    page = text(desk.get(reverse("mail_results"), {"created_at_from": "2026-01-05", "created_at_to": "2026-01-05"}))
    assert page_of(mine) in page
    assert page_of(other) not in page


@pytest.mark.parametrize("value", ["999999", "x", "99999999999999999999999", "-1", "\x00"])
def test_a_filter_that_makes_no_sense_breaks_nothing(desk, value):
    OutgoingMailFactory()
    for name in ("lead", "issue", "state", "kind", "created_at_from"):
        assert desk.get(reverse("mail_results"), {name: value}).status_code == 200


def test_a_long_ledger_is_not_counted_to_its_end(desk):
    make_tips(1200)
    assert "The newest 1,000 mails" in text(desk.get(reverse("mail_results")))


# --- Who may


@pytest.mark.parametrize(
    ("role", "may"), [("owner", True), ("front_desk", True), ("clinician", True), ("editor", False)]
)
def test_only_those_who_may_change_mail_do(role, may):
    client = signed_in(member(role))
    mail = mail_in(State.UNCERTAIN)
    assert (client.get(action(mail, "arrived")).status_code == 200) == may
    client.post(bulk("lost", mail), {"reason": WHY})
    client.post(action(mail, "arrived"), {"reason": WHY})
    assert MailAction.objects.exists() == may


def test_whoever_may_only_look_is_offered_nothing(django_user_model):
    user = member("front_desk")
    user.groups.get().permissions.remove(*user.groups.get().permissions.filter(codename="change_outgoingmail"))
    client = signed_in(django_user_model.objects.get(pk=user.pk))
    mail = mail_in(State.UNCERTAIN)
    assert action(mail, "arrived") not in text(client.get(page_of(mail)))
    page = text(client.get(reverse("mail")))
    assert "data-bulk-action" not in page
    client.post(bulk("lost", mail), {"reason": WHY})
    client.post(action(mail, "arrived"), {"reason": WHY})
    assert not MailAction.objects.exists()


def test_strangers_are_asked_to_sign_in(client):
    mail = mail_in(State.UNCERTAIN)
    for address in (action(mail, "lost"), bulk("lost", mail), reverse("mail_health"), "/admin/leads/1/mail/"):
        assert client.get(address)["Location"].startswith(reverse("wagtailadmin_login"))


def test_an_action_that_does_not_exist_is_not_found(desk):
    assert desk.get(action(mail_in(State.SENT), "delete")).status_code == 404
    assert desk.get("/admin/mail/999999/do/resend/").status_code == 404


# --- Among very many


def make_tips(number: int) -> None:
    tip = TipFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO leads_outgoingmail (dedupe_key, kind, contact_id, template_version, state, reason, attempts,
                                               was_resent, sent_at)
               SELECT 'many:' || n, 'tip', %s, 1, 'sent', '', 1, false, now() FROM generate_series(1, %s) n""",
            [tip.contact_id, number],
        )
        cursor.execute("ANALYZE leads_outgoingmail")


@pytest.mark.parametrize(
    "query",
    [
        {"state": "dead"},
        {"state": "uncertain"},
        {"state": "queued"},
        {"kind": "delay"},
        {"created_at_from": "2030-01-01"},
    ],
)
def test_an_index_finds_what_staff_pick_out(desk, query):
    """Of each there is little among much, so that no reading from the end would soon come upon it."""
    make_tips(20_000)
    desk.get(reverse("mail_results"), query)
    with CaptureQueriesContext(connection) as queries:
        desk.get(reverse("mail_results"), query)
    asked = [query["sql"] for query in queries if 'FROM "leads_outgoingmail"' in query["sql"]]
    assert asked
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on leads_outgoingmail" not in plan
