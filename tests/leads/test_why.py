"""The why-ledger: for any person and any mail, staff read why it was or was not sent, and what is to come."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse

from leads.mail import ledger, sequences, why
from leads.models import Enrolment, OutgoingMail, Subscription, Suppression, TimelineEntry
from leads.services import mailbox
from leads.tasks import advance_sequences, drain_outbox
from tests.factories import (
    ClinicSettingsFactory,
    LeadFactory,
    OutgoingMailFactory,
    SequenceFactory,
    StepFactory,
    SubmissionFactory,
    SubscriptionFactory,
)
from tests.staff import member, signed_in

State = OutgoingMail.State
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    return ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")


@pytest.fixture
def lead(db):
    """A reader who confirmed and is on the way through three tips."""
    lead = LeadFactory()
    SubscriptionFactory(contact=lead.contact, state=Subscription.State.CONFIRMED, confirmed_at=Now())
    sequence = SequenceFactory(key="tips", name="Health tips")
    for position, subject in enumerate(["Walk", "Sit", "Sleep"], 1):
        StepFactory(sequence=sequence, position=position, key=subject.lower(), subject=subject, delay_hours=48)
    sequences.enrol(contact=lead.contact, sequence="tips")
    return lead


def told(lines) -> list[tuple[str, str, str]]:
    return [(line.title, line.state, line.reason) for line in lines]


def make_due() -> None:
    OutgoingMail.objects.update(due_at=Now() - timedelta(minutes=1))


def test_the_tips_to_come_are_told_before_the_ledger_owes_them(lead):
    mails = why.mails_of_lead(lead)
    assert told(mails.coming) == [
        ("Health tip: Walk", "Will be sent", ""),
        ("Health tip: Sit", "Later", "2 days after the one before"),
        ("Health tip: Sleep", "Later", "2 days after the one before"),
    ]
    advance_sequences()
    foretold, owed = mails.coming[0], why.mails_of_lead(lead).coming[0]
    assert told([foretold]) == told([owed])
    assert abs(foretold.moment - owed.moment) < timedelta(seconds=5)


def test_what_was_sent_says_when(lead, smtp_server):
    advance_sequences()
    make_due()
    drain_outbox()
    (line,) = why.mails_of_lead(lead).ended
    assert (line.title, line.state, line.tone) == ("Health tip: Walk", "Sent", "good")
    assert line.moment == OutgoingMail.objects.get().sent_at


# --- What holds a mail, in the words that the sender would write


def held_by_the_address(lead):
    ClinicSettingsFactory(street="")


def held_by_a_pause(lead):
    sequences.pause(sequence=lead.contact.enrolments.get().sequence)


def held_by_the_spacing(lead):
    OutgoingMailFactory(kind="issue", submission=SubmissionFactory(lead=lead), state=State.SENT, sent_at=Now())


def held_by_its_age(lead):
    OutgoingMail.objects.filter(kind="tip").update(due_at=F("due_at") - timedelta(days=20))


@pytest.mark.parametrize("hold", [held_by_the_address, held_by_the_spacing, held_by_its_age])
def test_a_mail_that_waits_says_the_reason_that_the_sender_then_writes(lead, hold, smtp_server):
    advance_sequences()
    make_due()
    hold(lead)
    line = next(line for line in why.mails_of_lead(lead).coming if line.mail)
    assert line.state == "Waits"
    drain_outbox()
    mail = OutgoingMail.objects.get(kind="tip")
    assert line.reason == mail.reason
    assert mail.state == State.QUEUED


def test_a_paused_sequence_is_told_as_the_reason(lead):
    advance_sequences()
    held_by_a_pause(lead)
    assert ("Health tip: Walk", "Waits", "the sequence is paused") in told(why.mails_of_lead(lead).coming)


@pytest.mark.parametrize("reason", [Suppression.Reason.BOUNCED, Suppression.Reason.COMPLAINED])
def test_a_suppressed_mailbox_says_that_nothing_ever_comes_and_why(lead, reason):
    advance_sequences()
    mailbox.suppress(contact=lead.contact, reason=reason)
    mails = why.mails_of_lead(lead)
    assert mails.coming == []
    assert ("Every newsletter", "Never", f"the mailbox is never written to: {reason.label}") in told(mails.never)
    assert mails.ended[0].reason.startswith("the sequence ended")


def test_a_guide_that_a_gate_will_skip_is_foretold(lead, smtp_server):
    mailbox.suppress(contact=lead.contact, reason=Suppression.Reason.BOUNCED)
    OutgoingMailFactory(kind="guide", submission=SubmissionFactory(lead=lead, kind="guide"))
    line = why.mails_of_lead(lead).coming[0]
    assert line.state == "Will not be sent"
    drain_outbox()
    assert OutgoingMail.objects.get(kind="guide").reason == line.reason


def test_who_never_confirmed_is_told_apart_from_who_unsubscribed():
    waiting, gone = LeadFactory(), LeadFactory()
    SubscriptionFactory(contact=waiting.contact)
    SubscriptionFactory(contact=gone.contact, state=Subscription.State.UNSUBSCRIBED, unsubscribed_at=Now())
    titles = [[line.title for line in why.mails_of_lead(lead).never] for lead in (waiting, gone)]
    assert titles[0] == ["Confirmation of the address", "Every newsletter", "Health tips"]
    assert titles[1] == ["Every newsletter", "Health tips"]


def test_a_sequence_that_ended_says_why_nothing_more_of_it_comes(lead):
    sequences.end(contact=lead.contact, ending=Enrolment.Ending.BOOKED)
    assert ("More of “Health tips”", "Ended", "Booked a visit") in told(why.mails_of_lead(lead).never)


def test_a_person_without_a_mailbox_gets_none():
    assert told(why.mails_of_lead(LeadFactory(contact=None)).never) == [
        ("All mail", "Never", "no mailbox of this person is known")
    ]


def test_a_mail_that_answers_another_persons_form_is_not_among_them(lead):
    other = LeadFactory(contact=lead.contact)
    OutgoingMailFactory(kind="guide", submission=SubmissionFactory(lead=other))
    assert not why.mails_of_lead(lead).ended
    assert all(line.mail is None for line in why.mails_of_lead(lead).coming)


def test_a_mail_that_is_on_its_way_says_so(lead):
    advance_sequences()
    make_due()
    ledger.claim()
    assert told(why.mails_of_lead(lead).coming)[0] == ("Health tip: Walk", "Being prepared", "")


def test_asking_changes_nothing(lead):
    advance_sequences()
    before = OutgoingMail.objects.values().get()
    why.mails_of_lead(lead)
    assert OutgoingMail.objects.values().get() == before
    assert ledger.claim() is None


@pytest.mark.parametrize("number", [2, 40])
def test_the_past_costs_the_same_for_any_number_of_mails(lead, number, django_assert_max_num_queries):
    for _ in range(number):
        OutgoingMailFactory(submission=SubmissionFactory(lead=lead), state=State.SENT, sent_at=Now())
    with django_assert_max_num_queries(16):
        why.mails_of_lead(lead)


# --- The page


def address(lead) -> str:
    return reverse("lead_mail", args=[lead.pk])


def test_staff_read_every_mail_of_a_person_and_why(lead):
    mail = OutgoingMailFactory(
        submission=SubmissionFactory(lead=lead), state=State.SKIPPED, reason="the reader wants no more of it"
    )
    advance_sequences()
    page = signed_in(member("front_desk")).get(address(lead)).content.decode()
    assert reverse("mail_inspect", args=[mail.pk]) in page
    assert "the reader wants no more of it" in page
    assert "Health tip: Sleep" in page
    assert "2 days after the one before" in page


def test_staff_end_a_persons_tips_and_the_timeline_says_who(lead):
    advance_sequences()
    user = member("front_desk")
    client = signed_in(user)
    assert "Send no more tips" in client.get(address(lead)).content.decode()
    for _ in range(2):
        client.post(address(lead))
    assert Enrolment.objects.get().ending == "staff"
    assert OutgoingMail.objects.get().state == State.SKIPPED
    entry = TimelineEntry.objects.get(lead=lead)
    assert (entry.event, entry.user) == ("tips_stopped", user)
    page = client.get(address(lead)).content.decode()
    assert "Send no more tips" not in page
    assert "Stopped by staff" in page


def test_the_keys_of_a_persons_pages_are_not_among_them(lead):
    OutgoingMailFactory(submission=SubmissionFactory(lead=lead))
    page = signed_in(member("owner")).get(address(lead)).content.decode()
    assert "/email/" not in page
    assert "~" not in page


def test_an_editor_reads_nobodys_mails(lead):
    response = signed_in(member("editor")).get(address(lead))
    assert response["Location"] == reverse("wagtailadmin_home")
    signed_in(member("editor")).post(address(lead))
    assert Enrolment.objects.get().ending == ""


def test_a_card_that_does_not_exist_is_not_found():
    assert signed_in(member("owner")).get("/admin/leads/999999/mail/").status_code == 404


def test_of_very_many_mails_the_newest_are_shown_and_the_ledger_has_the_rest(lead):
    for _ in range(3):
        OutgoingMailFactory(submission=SubmissionFactory(lead=lead), state=State.SENT, sent_at=Now())
    mails = why.mails_of_lead(lead, most=2)
    assert len(mails.ended) == 2
    assert mails.has_more
