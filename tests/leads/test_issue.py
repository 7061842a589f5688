"""What becomes of a newsletter between its draft and the last of its mails."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count
from django.db.models.functions import Now
from django.utils import timezone

from leads.mail import audience, sender
from leads.models import Issue, MailAction, OutgoingMail, Suppression
from leads.services import issue as service
from leads.services import newsletter
from leads.suppression import suppress
from leads.tasks import advance_issues, drain_outbox
from tests.factories import (
    BlogPageFactory,
    ClinicSettingsFactory,
    IssueFactory,
    OutgoingMailFactory,
    SubscriberFactory,
    SubscriptionFactory,
    TipFactory,
    UserFactory,
)

State, MailState = Issue.State, OutgoingMail.State
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    return ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")


def scheduled(**fields) -> Issue:
    """An issue that is due."""
    issue = IssueFactory(**fields)
    return service.schedule(issue=issue, due_at=None, count=audience.count(), user=UserFactory())


def prepared(**fields) -> Issue:
    issue = scheduled(**fields)
    advance_issues()
    issue.refresh_from_db()
    return issue


def states(issue: Issue) -> dict[str, int]:
    rows = OutgoingMail.objects.filter(issue=issue, kind="issue").order_by("state").values_list("state")
    return dict(rows.annotate(number=Count("pk")))


def adds_up(issue: Issue) -> bool:
    progress = audience.progress(issue)
    parts = progress.sent + progress.waiting + progress.gone
    others = progress.in_state(MailState.SKIPPED, MailState.DEAD, MailState.UNCERTAIN)
    return parts + others == progress.audience == issue.audience


def finished(issue: Issue) -> bool:
    advance_issues()
    issue.refresh_from_db()
    return issue.state == State.FINISHED


# --- Who gets it


def test_everybody_who_confirmed_and_wants_it_gets_it_once(smtp_server):
    readers = SubscriberFactory.create_batch(3)
    issue = prepared()
    drain_outbox()
    drain_outbox()
    assert sorted(d.recipient for d in smtp_server.deliveries) == sorted(r.contact.email for r in readers)
    assert states(issue) == {"sent": 3}
    assert issue.audience == 3
    assert finished(issue)


def test_nobody_else_gets_it():
    SubscriptionFactory()
    SubscriptionFactory(state="unsubscribed", unsubscribed_at=Now())
    SubscriberFactory(wants_newsletter=False)
    for reason in Suppression.Reason:
        suppress(SubscriberFactory().contact.email, reason)
    reader = SubscriberFactory()
    issue = prepared()
    assert [mail.contact for mail in issue.mails.all()] == [reader.contact]
    assert audience.counted(audience.standings()) == {
        "in": 1,
        "bounced": 1,
        "complained": 1,
        "erased": 1,
        "staff": 1,
        "unsubscribed": 1,
        "unconfirmed": 1,
        "tips": 1,
    }


def test_whoever_confirms_before_it_goes_gets_it_and_later_does_not():
    SubscriberFactory()
    issue = scheduled()
    SubscriberFactory()
    advance_issues()
    SubscriberFactory()
    advance_issues()
    issue.refresh_from_db()
    assert issue.audience == issue.mails.count() == 2


def test_preparing_twice_adds_nobody():
    SubscriberFactory.create_batch(3)
    issue = prepared()
    Issue.objects.update(state=State.PREPARING)
    advance_issues()
    issue.refresh_from_db()
    assert (issue.state, issue.audience, issue.mails.count()) == (State.SENDING, 3, 3)


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_prepare_at_once_add_nobody_twice():
    SubscriberFactory.create_batch(20)
    issue = scheduled()

    def advance():
        try:
            advance_issues()
        finally:
            connection.close()

    workers = [threading.Thread(target=advance) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    advance_issues()  # the worker that found the issue locked left it to the other
    issue.refresh_from_db()
    assert (issue.audience, issue.mails.count()) == (20, 20)
    assert issue.state == State.SENDING


def test_an_audience_costs_the_same_number_of_queries_whatever_its_size(django_assert_max_num_queries):
    SubscriberFactory.create_batch(30)
    issue = scheduled()
    service.freeze(issue=issue)
    with django_assert_max_num_queries(10):
        service.fill(issue=issue)


# --- What it says


def test_what_it_says_is_frozen_with_its_audience(smtp_server):
    SubscriberFactory()
    post = BlogPageFactory(title="Sit less", listing_summary="Stand up twice an hour.")
    issue = service.write_issue(
        issue=None, subject="News", preheader="", note="Dear reader.", posts=[post], user=UserFactory()
    )
    service.schedule(issue=issue, due_at=None, count=1, user=UserFactory())
    advance_issues()
    post.title = post.draft_title = "Another title"
    post.save()
    drain_outbox()
    (delivery,) = smtp_server.deliveries
    assert delivery.message["Subject"] == "News"
    assert "Sit less" in delivery.text
    assert "Stand up twice an hour." in delivery.html
    assert f"http://testserver{post.url}" in delivery.links
    assert "Another title" not in delivery.html


def test_each_mail_has_its_readers_own_links_and_headers(smtp_server):
    SubscriberFactory.create_batch(2)
    issue = prepared()
    drain_outbox()
    for delivery in smtp_server.deliveries:
        mail = issue.mails.get(contact__email=delivery.recipient)
        own = [link for link in delivery.links if "/email/unsubscribe/" in link]
        assert delivery.message["To"] == delivery.recipient
        assert delivery.message["Message-ID"] == f"<mail.{mail.pk}@testserver>"
        assert delivery.message["List-Unsubscribe"] == f"<{own[0]}>"
        assert delivery.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert own[0] in delivery.html
        assert "1 Main St, Maple Valley" in delivery.text
        assert any("/email/preferences/" in link for link in delivery.links)
    first, second = smtp_server.deliveries
    assert first.message["List-Unsubscribe"] != second.message["List-Unsubscribe"]


def test_a_corrected_fact_of_the_clinic_reaches_those_who_wait(smtp_server):
    SubscriberFactory.create_batch(2)
    prepared()
    smtp_server.refuse("RCPT", "451 later", times=1)
    drain_outbox()
    ClinicSettingsFactory(street="2 New St")
    OutgoingMail.objects.filter(state="queued").update(due_at=Now())
    drain_outbox()
    assert ["1 Main St" in d.text for d in smtp_server.deliveries] == [True, False]


def test_a_trial_goes_to_who_asked_for_it_and_to_no_reader(smtp_server):
    SubscriberFactory()
    editor = UserFactory(email="editor@example.com")
    service.send_trial(issue=IssueFactory(subject="News"), user=editor)
    service.send_trial(issue=Issue.objects.get(), user=editor)
    drain_outbox()
    assert [d.recipient for d in smtp_server.deliveries] == ["editor@example.com"] * 2
    delivery = smtp_server.deliveries[0]
    assert delivery.message["Subject"] == "[Trial] News"
    assert "For trial." in delivery.text
    assert "Unsubscribe" in delivery.text
    assert "/email/" not in delivery.html
    assert delivery.message["List-Unsubscribe"] is None


# --- When it goes


def test_it_goes_only_to_as_many_as_its_sender_read():
    SubscriberFactory.create_batch(2)
    issue = IssueFactory()
    with pytest.raises(service.CountChanged) as change:
        service.schedule(issue=issue, due_at=None, count=3, user=UserFactory())
    assert change.value.count == 2
    issue.refresh_from_db()
    assert issue.state == State.DRAFT


def test_it_waits_for_its_moment():
    SubscriberFactory()
    issue = IssueFactory()
    moment = timezone.now() + timedelta(hours=1)
    service.schedule(issue=issue, due_at=moment, count=1, user=UserFactory())
    advance_issues()
    assert not OutgoingMail.objects.exists()
    Issue.objects.update(due_at=Now())
    advance_issues()
    assert issue.mails.count() == 1


def test_it_is_never_scheduled_for_the_past():
    SubscriberFactory()
    with pytest.raises(service.InThePast):
        service.schedule(
            issue=IssueFactory(), due_at=timezone.now() - timedelta(minutes=1), count=1, user=UserFactory()
        )


def test_a_schedule_is_taken_back():
    SubscriberFactory()
    issue = service.unschedule(issue=scheduled())
    advance_issues()
    assert (issue.state, issue.due_at) == (State.DRAFT, None)
    assert not OutgoingMail.objects.exists()


def test_it_does_not_go_when_a_check_fails():
    SubscriberFactory()
    ClinicSettingsFactory(street="")
    with pytest.raises(service.ChecksFailed):
        scheduled()


def test_a_scheduled_issue_whose_checks_fail_by_then_is_a_draft_again_with_its_moment():
    SubscriberFactory()
    issue = scheduled()
    ClinicSettingsFactory(street="")
    advance_issues()
    issue.refresh_from_db()
    assert issue.state == State.DRAFT
    assert issue.due_at is not None
    assert not OutgoingMail.objects.exists()


def test_only_a_draft_is_changed():
    SubscriberFactory()
    issue = scheduled(subject="As it was read")
    with pytest.raises(service.Moved):
        service.write_issue(issue=issue, subject="Other", preheader="", note="", posts=[], user=UserFactory())
    issue.refresh_from_db()
    assert issue.subject == "As it was read"


# --- What stops it


def test_a_pause_acts_before_the_next_message_and_a_resume_sends_the_rest(smtp_server):
    SubscriberFactory.create_batch(5)
    issue = prepared()
    drain_until(smtp_server, 2)
    service.pause(issue=issue)
    drain_outbox()
    assert len(smtp_server.lines()) == 2
    assert not finished(issue)
    service.resume(issue=issue)
    drain_outbox()
    assert len(set(smtp_server.lines())) == len(smtp_server.lines()) == 5
    assert finished(issue)
    assert adds_up(issue)


def drain_until(smtp_server, number: int) -> None:
    sender.drain(is_stopping=lambda: len(smtp_server.deliveries) >= number)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stop", [service.pause, service.cancel])
def test_what_is_being_prepared_when_it_is_stopped_does_not_leave(smtp_server, stop):
    SubscriberFactory()
    issue = prepared()
    fault = smtp_server.stall("RCPT")
    worker = threading.Thread(target=drain_in_a_thread)
    worker.start()
    fault.reached.wait(10)
    stop(issue=issue)
    fault.release()
    worker.join()
    assert smtp_server.lines() == []
    assert issue.mails.get().state == (MailState.QUEUED if stop is service.pause else MailState.SKIPPED)


def drain_in_a_thread() -> None:
    try:
        drain_outbox()
    finally:
        connection.close()


def test_other_mail_leaves_while_an_issue_is_paused(smtp_server):
    SubscriberFactory()
    service.pause(issue=prepared())
    tip, answer = TipFactory(), OutgoingMailFactory()
    drain_outbox()
    assert {d.recipient for d in smtp_server.deliveries} == {tip.contact.email, answer.contact.email}


def test_a_cancel_calls_off_what_waits_and_says_so(smtp_server):
    SubscriberFactory.create_batch(4)
    issue = prepared()
    drain_until(smtp_server, 1)
    service.cancel(issue=issue)
    drain_outbox()
    assert len(smtp_server.lines()) == 1
    assert states(issue) == {"sent": 1, "skipped": 3}
    assert set(issue.mails.filter(state="skipped").values_list("reason", flat=True)) == {"the issue was cancelled"}
    issue.refresh_from_db()
    assert issue.state == State.CANCELLED
    assert adds_up(issue)


def test_what_comes_back_into_the_queue_of_a_cancelled_issue_is_called_off():
    SubscriberFactory()
    issue = prepared()
    service.cancel(issue=issue)
    issue.mails.update(state="queued", reason="the mail server answered 451")
    advance_issues()
    assert states(issue) == {"skipped": 1}


def test_who_calls_off_late_leaves_an_issue_alone_that_goes_to_the_rest():
    SubscriberFactory.create_batch(3)
    issue = prepared()
    service.cancel(issue=issue)
    as_read_before = Issue.objects.get(pk=issue.pk)
    service.send_to_rest(issue=issue, count=3, user=UserFactory())
    service.call_off(as_read_before)
    assert set(issue.mails.values_list("state", flat=True)) == {"queued"}


@pytest.mark.parametrize("do", [service.pause, service.resume, service.cancel, service.unschedule])
def test_a_draft_cannot_be_stopped(do):
    with pytest.raises(service.Moved):
        do(issue=IssueFactory())


def test_who_unsubscribes_midway_gets_nothing_afterwards(smtp_server):
    readers = SubscriberFactory.create_batch(3)
    issue = prepared()
    newsletter.unsubscribe(contact=readers[0].contact)
    newsletter.update_preferences(contact=readers[1].contact, wants_newsletter=False, wants_tips=True)
    drain_outbox()
    assert [d.recipient for d in smtp_server.deliveries] == [readers[2].contact.email]
    assert states(issue) == {"sent": 1, "skipped": 2}
    assert finished(issue)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "unsubscribed", "unsubscribed_at": Now()}, "the mailbox is not subscribed"),
        ({"wants_newsletter": False}, "the newsletter was switched off"),
    ],
)
def test_the_last_gate_asks_again_whether_a_reader_wants_it(smtp_server, change, reason):
    reader = SubscriberFactory()
    issue = prepared()
    type(reader).objects.update(**change)
    drain_outbox()
    mail = issue.mails.get()
    assert (mail.state, mail.reason) == (MailState.SKIPPED, reason)


def test_an_issue_waits_for_the_tip_of_the_day(smtp_server):
    reader = SubscriberFactory()
    TipFactory(enrolment__contact=reader.contact)
    drain_outbox()
    issue = prepared()
    drain_outbox()
    assert len(smtp_server.lines()) == 1
    assert issue.mails.get().reason == "another mail went to this mailbox within 20 hours"
    assert not finished(issue)


# --- How it ends


def test_it_is_finished_when_every_row_has_come_to_its_end(smtp_server):
    contacts = [reader.contact for reader in SubscriberFactory.create_batch(3)]
    issue = prepared()
    smtp_server.refuse("RCPT", "550 5.1.1 unknown", recipient=contacts[0].email)
    smtp_server.hang_up("BODY", recipient=contacts[1].email)
    smtp_server.refuse("RCPT", "451 later", recipient=contacts[2].email, times=1)
    drain_outbox()
    assert states(issue) == {"dead": 1, "queued": 1, "uncertain": 1}
    assert not finished(issue)
    OutgoingMail.objects.filter(state="queued").update(due_at=Now())
    drain_outbox()
    assert finished(issue)
    assert states(issue) == {"dead": 1, "sent": 1, "uncertain": 1}
    assert adds_up(issue)


def test_an_issue_for_nobody_is_finished():
    reader = SubscriberFactory()
    issue = scheduled()
    newsletter.unsubscribe(contact=reader.contact)
    advance_issues()
    assert finished(issue)
    assert issue.audience == 0


def test_the_numbers_add_up_when_a_reader_was_erased_since(smtp_server):
    contacts = [reader.contact for reader in SubscriberFactory.create_batch(2)]
    issue = prepared()
    drain_outbox()
    contacts[0].delete()
    assert audience.progress(issue).gone == 1
    assert adds_up(issue)


def test_a_copy_that_staff_send_by_hand_is_not_of_the_audience(smtp_server):
    SubscriberFactory()
    issue = prepared()
    drain_outbox()
    assert finished(issue)
    sent = issue.mails.get()
    OutgoingMail.objects.create(kind="issue", issue=issue, contact=sent.contact, resend_of=sent, dedupe_key="again:1")
    OutgoingMail.objects.update(changed_at=Now() - timedelta(days=1))
    drain_outbox()
    assert len(smtp_server.lines()) == 2
    assert adds_up(issue)


# --- Those who did not get it


def test_it_is_sent_to_those_who_did_not_get_it_and_to_nobody_else(smtp_server):
    contacts = [reader.contact for reader in SubscriberFactory.create_batch(6)]
    got, refused, bounced, unsure, left, _waited = contacts
    issue = prepared()
    smtp_server.refuse("RCPT", "554 5.7.1 denied", recipient=refused.email, times=1)
    smtp_server.refuse("RCPT", "550 5.1.1 unknown", recipient=bounced.email, times=1)
    smtp_server.hang_up("BODY", recipient=unsure.email, times=1)
    drain_until(smtp_server, 1)
    newsletter.unsubscribe(contact=left)
    OutgoingMail.objects.filter(contact__in=[refused, bounced, unsure], state="queued").update(due_at=Now())
    OutgoingMail.objects.filter(contact=contacts[5]).update(due_at=Now() + timedelta(hours=1))
    drain_outbox()
    service.cancel(issue=issue)
    assert got.email in [d.recipient for d in smtp_server.deliveries]
    before = len(smtp_server.lines())

    user = UserFactory()
    assert len(audience.rest(issue)) == 2
    service.send_to_rest(issue=issue, count=2, user=user)
    drain_outbox()
    again = [d.recipient for d in smtp_server.deliveries[before:]]
    assert sorted(again) == sorted([refused.email, contacts[5].email])
    assert finished(issue)
    assert adds_up(issue)
    assert issue.audience == issue.mails.count() == 6
    assert set(MailAction.objects.values_list("action", "user")) == {("retry", user.pk)}
    assert audience.rest(issue) == []


def test_it_is_not_sent_again_by_a_second_click_or_to_another_number():
    SubscriberFactory()
    issue = prepared()
    service.cancel(issue=issue)
    with pytest.raises(service.CountChanged) as change:
        service.send_to_rest(issue=issue, count=2, user=UserFactory())
    assert change.value.count == 1
    service.send_to_rest(issue=issue, count=1, user=UserFactory())
    with pytest.raises(service.Moved):
        service.send_to_rest(issue=issue, count=1, user=UserFactory())
