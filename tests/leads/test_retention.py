"""What has met the end of its time is let go of, and nothing that somebody still waits for."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import DatabaseError, connection
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.settings import CELERY_BEAT_SCHEDULE
from leads.mail.sequences import enrol
from leads.models import (
    Contact,
    Lead,
    OutgoingMail,
    PrivacyRequest,
    Purge,
    Submission,
)
from leads.retention import CARD, HEALTH_ANSWERS, MAIL, RULES, SPAM
from leads.services import inbox
from leads.services.hold import hold, release
from leads.services.merge import merge
from leads.services.retention import BATCH, WORK, cards_to_forget, coming, purge
from leads.what_works.counts import arrivals, sign_ups, visits
from tests.factories import (
    ClinicSettingsFactory,
    LeadFactory,
    OutgoingMailFactory,
    SequenceFactory,
    StaffNoticeFactory,
    SubmissionFactory,
    SubscriberFactory,
    SubscriptionFactory,
    TipFactory,
    UserFactory,
)
from tests.leads.visitor import filled_in

pytestmark = pytest.mark.django_db

TRACES = ("Erika", "erika@", "4256584944", "Lang", "Likes mornings", "Walk the dog")


@pytest.fixture(autouse=True)
def clinic():
    return ClinicSettingsFactory()


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def closed(client, user) -> Lead:
    """Somebody of whom there is everything, and with whom the desk is done."""
    client.post("/assessment/", filled_in())
    lead = Lead.objects.get()
    inbox.add_note(lead=lead, text="Likes mornings", user=user)
    merge(kept=lead, other=LeadFactory(name="E. Lang", contact__email="erika@second.example.com"), user=user)
    inbox.close(lead=lead, reason="Wants no appointment, says Erika", user=user)
    settle_mail()
    return lead


def settle_mail():
    OutgoingMail.objects.filter(state="queued").update(state="sent", sent_at=Now())


def pass_days(days: int):
    """As if everything that there is had happened so long ago."""
    for model in apps.get_app_config("leads").get_models():
        moments = [field.name for field in model._meta.concrete_fields if field.get_internal_type() == "DateTimeField"]
        model.objects.update(**{name: F(name) - timedelta(days=days) for name in moments})


def traces() -> list[str]:
    models = apps.get_app_config("leads").get_models()
    rows = [f"{model.__name__} {row}" for model in models for row in model.objects.values()]
    return [row for row in rows if any(word in row for word in TRACES)]


# --- People


def test_who_is_done_is_forgotten_a_year_later_and_no_table_tells_who_it_was(closed):
    pass_days(CARD.days - 1)
    assert purge()["card"] == 0
    pass_days(2)
    assert traces()
    assert purge()["card"] == 1
    assert traces() == []
    assert [row.email for row in Contact.objects.all()] == [
        f"{row.pk}@forgotten.invalid" for row in Contact.objects.all()
    ]


def test_who_came_to_a_visit_is_remembered_for_two_years(user):
    lead = LeadFactory(name="Erika Lang")
    inbox.book(lead=lead, visit_at=timezone.now(), user=user)
    inbox.note_visit(lead=lead, has_come=True, user=user)
    pass_days(729)
    assert purge()["visitor"] == 0
    pass_days(2)
    assert purge()["visitor"] == 1
    assert traces() == []


def test_the_figures_stay_as_they_were(closed, user):
    inbox.book(lead=closed, visit_at=timezone.now(), user=user)
    inbox.note_visit(lead=closed, has_come=True, user=user)
    SubmissionFactory(kind="newsletter", contact=closed.contact, lead=closed)
    SubscriptionFactory(contact=closed.contact, state="unsubscribed", confirmed_at=Now(), unsubscribed_at=Now())
    settle_mail()
    pass_days(731)
    before = figures()
    assert all(before)
    assert purge()["visitor"] == 1
    assert figures() == before


def figures():
    whole = [(timezone.now() - timedelta(days=900), timezone.now())]
    day = F("created_at__date")
    return arrivals(whole, day), visits(whole, day), sign_ups(whole, day)


def test_a_person_who_was_forgotten_comes_back_as_a_new_one(client, closed):
    pass_days(366)
    purge()
    client.post("/assessment/", filled_in())
    assert Lead.objects.cards().get().name == "Erika Lang"
    assert Lead.objects.cards().get().pk != closed.pk


def test_a_mailbox_that_another_card_has_too_stays(closed):
    other = SubmissionFactory(lead=LeadFactory(name="Hans", contact=closed.contact))
    pass_days(366)
    purge()
    other.refresh_from_db()
    assert other.contact.email == "erika@example.com"
    assert not Submission.objects.filter(lead=closed, contact=other.contact).exists()


def opened(lead, user):
    inbox.reopen(lead=lead, user=user)


def promised(lead, user):
    Lead.objects.filter(pk=lead.pk).update(promised_at=Now())


def planned(lead, user):
    Lead.objects.filter(pk=lead.pk).update(next_action="Call", next_action_at=Now())


def reads_the_newsletter(lead, user):
    SubscriberFactory(contact=lead.contact)


def other_mailbox_reads(lead, user):
    SubscriberFactory(contact=Contact.objects.get(email="erika@second.example.com"))


def on_the_way_through_tips(lead, user):
    enrol(contact=lead.contact, sequence=SequenceFactory().key)


def asked_for_data(lead, user):
    PrivacyRequest.objects.create(lead=lead, kind="access", way="phone", due_at=Now() + timedelta(days=45))


def held(lead, user):
    hold(lead=lead, reason="A dispute about a bill", user=user)


def owed_a_mail(state):
    def owe(lead, user):
        lease = {"lease_token": "0" * 32, "lease_until": Now()} if state in ("leased", "handed") else {}
        reason = "the line was cut" if state == "uncertain" else ""
        OutgoingMailFactory(submission=lead.submissions.get(), state=state, reason=reason, **lease)

    owe.__name__ = f"owed_a_{state}_mail"
    return owe


def owes_a_notice(lead, user):
    StaffNoticeFactory(submission=lead.submissions.get())


def heard_of_lately(lead, user):
    inbox.add_note(lead=lead, text="Rang up", user=user)
    pass_days(-300)
    Lead.objects.filter(pk=lead.pk).update(changed_at=Now())
    pass_days(300)


STILL_NEEDED = [
    opened, promised, planned, reads_the_newsletter, other_mailbox_reads, on_the_way_through_tips, asked_for_data,
    held, owes_a_notice, *map(owed_a_mail, ("queued", "leased", "handed", "uncertain")),
]  # fmt: skip


@pytest.mark.parametrize("happened", STILL_NEEDED, ids=lambda happened: happened.__name__)
def test_nothing_is_touched_that_somebody_still_waits_for(closed, user, happened):
    happened(closed, user)
    pass_days(400)
    assert purge()["card"] == 0
    assert Lead.objects.get(pk=closed.pk).name == "Erika Lang"
    assert not cards_to_forget(timezone.now()).exists()


def test_a_note_counts_as_having_heard_of_a_person(closed, user):
    pass_days(300)
    inbox.add_note(lead=closed, text="Rang up", user=user)
    pass_days(100)
    assert purge()["card"] == 0


def test_a_hold_that_ended_does_not_count_as_having_heard_of_a_person(closed, user):
    hold(lead=closed, reason="A dispute about a bill", user=user)
    pass_days(400)
    release(lead=Lead.objects.get(pk=closed.pk), user=user)
    assert purge()["card"] == 1


# --- Other kinds


def test_health_answers_go_long_before_their_card(closed):
    pass_days(HEALTH_ANSWERS.days - 1)
    assert purge()["health_answers"] == 0
    pass_days(2)
    assert purge()["health_answers"] == 1
    assert Submission.objects.get(kind="assessment").health_answers == ""
    assert Lead.objects.get(pk=closed.pk).name == "Erika Lang"


@pytest.mark.parametrize("happened", [opened, asked_for_data, held], ids=lambda happened: happened.__name__)
def test_health_answers_stay_while_somebody_needs_them(closed, user, happened):
    happened(closed, user)
    pass_days(91)
    assert purge()["health_answers"] == 0
    assert "Walk the dog" in Submission.objects.get(kind="assessment").health_answers


def test_spam_is_deleted_after_thirty_days_with_the_card_that_it_made(client):
    client.post("/assessment/", filled_in(web_page="https://spam.example.com"))
    pass_days(SPAM.days - 1)
    assert purge()["spam"] == 0
    pass_days(2)
    assert purge()["spam"] == 1
    assert traces() == []
    assert not Lead.objects.exists()


def test_spam_on_the_card_of_a_person_goes_alone(closed):
    SubmissionFactory(lead=closed, kind="guide", is_spam=True)
    pass_days(31)
    assert purge()["spam"] == 1
    assert [row.kind for row in closed.submissions.all()] == ["assessment"]


def test_old_mails_go_and_those_that_must_not_come_twice_stay():
    sent = {"state": "sent", "sent_at": Now()}
    subscriber = SubscriberFactory()
    OutgoingMailFactory(kind="welcome", submission=None, contact=subscriber.contact, **sent)
    tip = TipFactory(**sent)
    lead = LeadFactory(contact=subscriber.contact, state="closed", closed_because="x")
    OutgoingMailFactory(kind="guide", submission__lead=lead, **sent)
    waiting = OutgoingMailFactory(kind="guide")
    pass_days(MAIL.days + 1)
    assert purge()["mail"] == 1
    assert set(OutgoingMail.objects.values_list("kind", flat=True)) == {"welcome", tip.kind, waiting.kind}


def test_a_mail_that_was_sent_again_goes_after_its_copy():
    ended = {"submission__lead__state": "closed", "submission__lead__closed_because": "x"}
    first = OutgoingMailFactory(kind="guide", state="dead", reason="no", **ended)
    OutgoingMailFactory(kind="guide", submission=first.submission, resend_of=first)
    pass_days(MAIL.days + 1)
    assert purge()["mail"] == 0


def test_an_answered_privacy_request_goes_after_two_years():
    row = PrivacyRequest.objects.create(kind="access", way="letter", due_at=Now() + timedelta(days=45))
    pass_days(800)
    assert purge()["privacy_request"] == 0
    PrivacyRequest.objects.filter(pk=row.pk).update(closed_at=Now() - timedelta(days=731), outcome="done")
    assert purge()["privacy_request"] == 1


# --- A run


def test_a_run_says_how_many_of_each_kind_and_nothing_about_anybody(closed):
    pass_days(366)
    done = purge()
    told = {row.rule: row.number for row in Purge.objects.all()}
    assert told == done
    assert set(told) == {rule.key for rule in RULES}
    assert (told["card"], told["health_answers"]) == (1, 1)


def test_a_second_run_on_the_day_finds_nothing_and_keeps_the_first_one_s_numbers(closed):
    pass_days(366)
    purge()
    assert sum(purge().values()) == 0
    assert Purge.objects.get(rule="card").number == 1


def test_what_is_forecast_is_what_goes(closed):
    pass_days(CARD.days - 6)
    assert list(cards_to_forget(timezone.now())) == [closed]
    assert purge()["card"] == 0
    expected = {rule.key: coming(rule, timezone.now()).count() for rule in RULES}
    pass_days(7)
    assert purge() == expected


def done_with(number: int) -> None:
    for lead in LeadFactory.create_batch(number, state="closed", closed_because="x"):
        SubmissionFactory(lead=lead, kind="guide")
    settle_mail()
    pass_days(366)


def test_a_batch_takes_the_same_number_of_queries_however_many_are_in_it():
    numbers = []
    for size in (2, 40):
        done_with(size)
        with CaptureQueriesContext(connection) as captured:
            assert purge()["card"] == size
        numbers.append(len(captured))
    assert numbers[0] == numbers[1]


def test_what_is_more_than_a_batch_is_worked_off_in_one_run():
    done_with(BATCH + 3)
    assert purge()["card"] == BATCH + 3


def test_a_run_that_is_cut_short_has_done_what_it_counts_and_the_next_one_goes_on():
    done_with(BATCH + 3)
    statements = iter(range(100_000))

    def die(execute, sql, params, many, context):
        if sql.startswith('UPDATE "leads_lead"') and "forgotten_at" in sql and next(statements) >= 1:
            raise DatabaseError("killed")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(die), pytest.raises(DatabaseError):
        purge()
    forgotten = Lead.objects.exclude(forgotten_at=None).count()
    assert Purge.objects.get(rule="card").number == forgotten == BATCH
    assert purge()["card"] == 3


INDEXES = {
    "spam": "submission_spam",
    "unconfirmed": "subscription_asked",
    "health_answers": "submission_with_health",
    "card": "lead_done",
    "visitor": "lead_done",
    "mail": "mail_by_day",
    "mail_event": "events_by_moment",
    "privacy_request": "privacy_request_answered",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_an_index_leads_to_what_is_due_in_its_order(rule):
    work = WORK[rule.key]
    due = work.due(timezone.now() - rule.period).order_by(work.order, "pk")[:BATCH]
    with connection.cursor() as cursor:
        for way in (
            "seqscan",
            "bitmapscan",
            "hashjoin",
            "mergejoin",
            "sort",
        ):  # tables with nothing in them need no index
            cursor.execute(f"SET LOCAL enable_{way} = off")
    assert INDEXES[rule.key] in due.explain()


def test_beat_asks_for_a_run_once_a_day():
    (entry,) = [entry for entry in CELERY_BEAT_SCHEDULE.values() if entry["task"] == "leads.tasks.purge"]
    assert (entry["schedule"].hour, entry["schedule"].minute) == ({10}, {17})
