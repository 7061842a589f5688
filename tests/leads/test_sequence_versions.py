"""Sequences change under people's feet: whom a new version reaches; nobody gets a step twice."""

import threading

import pytest
from django.db import connection
from django.db.models import F

from clinic.models import User
from leads.mail import sequences
from leads.models import Enrolment, OutgoingMail, Sequence, Step
from leads.services import sequence as service
from leads.services.sequence import Outdated, Reach
from leads.tasks import advance_sequences, drain_outbox
from tests.factories import ClinicSettingsFactory, ContactFactory, SequenceFactory, StepFactory, UserFactory
from tests.staff import member

from .test_first_sequences import load  # noqa: F401  a fixture
from .test_sequences import DAY, let_time_pass, work

State = OutgoingMail.State
OLD = {"walk": 1, "sit": 2, "sleep": 3}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic(db):
    ClinicSettingsFactory(street="1 Main St", locality="Maple Valley", region="WA", postal_code="98038")


@pytest.fixture
def tips(db) -> Sequence:
    sequence = SequenceFactory(key="tips")
    for days, key in enumerate(OLD, 1):
        StepFactory(sequence=sequence, position=days, key=key, delay_hours=24 * days, subject=f"Old {key}")
    return sequence


@pytest.fixture
def user(db) -> User:
    return member("editor")


def reader_who_had(number: int):
    """A reader of that many steps, who waits for the next one."""
    contact = ContactFactory()
    sequences.enrol(contact=contact, sequence="tips")
    for day in range(1, 1 + number):
        work()
        let_time_pass(day * DAY)
        drain_outbox()
    advance_sequences()
    return contact


def publish(tips, *keys, reach, user):
    """Publish the keys in this order: those known keep their place in the draft, the others are added."""
    service.start_draft(sequence=tips)
    for key in keys:
        if key in OLD:
            step = service.draft_of(tips).get(key=key)
            service.change_step(step=step, values={"subject": f"New {key}"})
        else:
            service.add_step(sequence=tips, values=values("Stand up"))
    draft = service.draft_of(tips)
    draft.update(position=F("position") + 100)
    for position, key in enumerate(keys, 1):
        draft.filter(key=key).update(position=position)
    draft.filter(position__gt=100).delete()
    tips.refresh_from_db()
    service.publish_draft(sequence=tips, version=tips.version + 1, reach=reach, user=user)
    tips.refresh_from_db()


def values(subject):
    return {
        "subject": subject,
        "body": "Stand up.",
        "preheader": "",
        "delay_hours": 24,
        "window_opens": "00:00",
        "window_closes": "23:59:59",
    }


def let_all_arrive():
    for _ in range(14):
        work()
        let_time_pass(DAY)


def got(contact) -> list[str]:
    sent = OutgoingMail.objects.filter(contact=contact, state=State.SENT).order_by("sent_at")
    return [mail.step.subject for mail in sent.select_related("step")]


# --- Whom a version reaches


@pytest.mark.parametrize("had", [0, 1, 2])
def test_new_people_only_leaves_everyone_on_the_way_with_what_they_started(tips, user, had, smtp_server):
    reader = reader_who_had(had)
    publish(tips, "walk", "stand-up", "sit", "sleep", reach=Reach.NEW, user=user)
    let_all_arrive()
    assert got(reader) == ["Old walk", "Old sit", "Old sleep"]


@pytest.mark.parametrize(
    ("had", "expected"),
    [
        (0, ["New walk", "Stand up", "New sit", "New sleep"]),
        (1, ["Old walk", "Stand up", "New sit", "New sleep"]),
        (2, ["Old walk", "Old sit", "New sleep"]),
        (3, ["Old walk", "Old sit", "Old sleep"]),
    ],
)
def test_a_step_put_between_reaches_those_who_are_not_past_it(tips, user, had, expected, smtp_server):
    reader = reader_who_had(had)
    publish(tips, "walk", "stand-up", "sit", "sleep", reach=Reach.ON_THE_WAY, user=user)
    let_all_arrive()
    assert got(reader) == expected
    assert Enrolment.objects.get().ending == "finished"


@pytest.mark.parametrize("reach", Reach)
def test_who_starts_afterwards_gets_the_new_version(tips, user, reach, smtp_server):
    publish(tips, "walk", "stand-up", "sit", "sleep", reach=reach, user=user)
    reader = reader_who_had(0)
    let_all_arrive()
    assert got(reader) == ["New walk", "Stand up", "New sit", "New sleep"]


@pytest.mark.parametrize(
    ("had", "expected"),
    [
        (0, ["New sleep", "New sit", "New walk"]),
        (1, ["Old walk", "New sleep", "New sit"]),
        (2, ["Old walk", "Old sit", "New sleep"]),
    ],
)
def test_another_order_sends_what_is_left_in_it_and_nothing_twice(tips, user, had, expected, smtp_server):
    reader = reader_who_had(had)
    publish(tips, "sleep", "sit", "walk", reach=Reach.ON_THE_WAY, user=user)
    let_all_arrive()
    assert got(reader) == expected


def test_a_mail_that_waits_for_a_step_that_is_gone_leaves_as_it_was_owed(tips, user, smtp_server):
    reader = reader_who_had(1)
    publish(tips, "walk", "sleep", reach=Reach.ON_THE_WAY, user=user)
    let_all_arrive()
    assert got(reader) == ["Old walk", "Old sit", "New sleep"]


def test_a_step_put_first_takes_the_place_in_time_of_the_mail_that_waited(tips, user, smtp_server):
    reader_who_had(1)
    due_at = OutgoingMail.objects.get(state=State.QUEUED).due_at
    publish(tips, "walk", "stand-up", "sit", "sleep", reach=Reach.ON_THE_WAY, user=user)
    mail = OutgoingMail.objects.get(state=State.QUEUED)
    assert (mail.step.key, mail.due_at) == ("stand-up", due_at - DAY)
    assert mail.dedupe_key.endswith(":stand-up")


def test_a_mail_that_is_being_prepared_is_left_alone(tips, user, smtp_server):
    reader_who_had(1)
    OutgoingMail.objects.filter(state=State.QUEUED).update(
        state=State.LEASED, lease_token="6b7e4a3c-0000-4000-8000-000000000000", lease_until="2030-01-01T00:00Z"
    )
    publish(tips, "walk", "stand-up", "sit", "sleep", reach=Reach.ON_THE_WAY, user=user)
    assert OutgoingMail.objects.get(state=State.LEASED).step.subject == "Old sit"


@pytest.mark.parametrize("readers", [2, 20])
def test_publishing_costs_the_same_number_of_queries_for_few_and_for_many(
    tips, user, readers, django_assert_max_num_queries
):
    for contact in ContactFactory.create_batch(readers):
        sequences.enrol(contact=contact, sequence="tips")
    advance_sequences()
    service.start_draft(sequence=tips)
    with django_assert_max_num_queries(24):
        service.publish_draft(sequence=tips, version=2, reach=Reach.ON_THE_WAY, user=user)


# --- The draft


def test_a_draft_changes_nothing_until_it_is_published(tips, user, smtp_server):
    reader = reader_who_had(0)
    service.start_draft(sequence=tips)
    service.change_step(step=service.draft_of(tips).get(key="walk"), values={"subject": "Draft"})
    let_all_arrive()
    assert got(reader) == ["Old walk", "Old sit", "Old sleep"]


def test_starting_a_draft_twice_keeps_what_was_written(tips):
    service.start_draft(sequence=tips)
    service.change_step(step=service.draft_of(tips).get(key="walk"), values={"subject": "Draft"})
    service.start_draft(sequence=tips)
    assert [step.subject for step in service.draft_of(tips)] == ["Draft", "Old sit", "Old sleep"]


def test_steps_of_a_draft_move_and_go_but_never_all_of_them(tips):
    service.start_draft(sequence=tips)
    keys = lambda: [step.key for step in service.draft_of(tips)]  # noqa: E731
    service.move_step(step=service.draft_of(tips).get(key="sleep"), is_up=True)
    assert keys() == ["walk", "sleep", "sit"]
    service.move_step(step=service.draft_of(tips).get(key="walk"), is_up=False)
    assert keys() == ["sleep", "walk", "sit"]
    service.move_step(step=service.draft_of(tips).get(key="sleep"), is_up=True)
    assert keys() == ["sleep", "walk", "sit"]
    for key in ("sleep", "walk"):
        service.remove_step(step=service.draft_of(tips).get(key=key))
    with pytest.raises(Outdated, match="at least one step"):
        service.remove_step(step=service.draft_of(tips).get(key="sit"))


def test_the_key_of_a_new_step_was_never_anothers(tips):
    StepFactory(sequence=tips, version=tips.version, position=9, key="take-a-walk")
    service.start_draft(sequence=tips)
    service.draft_of(tips).get(key="take-a-walk").delete()
    assert service.add_step(sequence=tips, values=values("Take a walk")).key == "take-a-walk-2"


def test_a_published_step_is_not_changed_any_more(tips):
    step = tips.steps.first()
    with pytest.raises(Outdated):
        service.change_step(step=step, values={"subject": "Other"})
    with pytest.raises(Outdated):
        service.remove_step(step=step)


def test_a_draft_is_published_once(tips, user):
    service.start_draft(sequence=tips)
    service.publish_draft(sequence=tips, version=2, reach=Reach.NEW, user=user)
    with pytest.raises(Outdated):
        service.publish_draft(sequence=tips, version=2, reach=Reach.NEW, user=user)
    assert Sequence.objects.get(pk=tips.pk).version == 2


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_publish_at_once_one_does():
    tips, user = SequenceFactory(), UserFactory()
    StepFactory(sequence=tips)
    service.start_draft(sequence=tips)
    outcomes = []

    def run():
        try:
            service.publish_draft(sequence=tips, version=2, reach=Reach.ON_THE_WAY, user=user)
            outcomes.append("published")
        except Outdated:
            outcomes.append("outdated")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["outdated"] * 9 + ["published"]


# --- Clinical review


def signed(step: Step, user) -> Step:
    service.sign_off(step=step, fingerprint=step.fingerprint, user=user)
    step.refresh_from_db()
    return step


def test_unchanged_words_keep_their_review_in_the_next_version_and_changed_ones_lose_it(tips, user):
    clinician = member("clinician")
    for step in tips.steps.all():
        signed(step, clinician)
    service.start_draft(sequence=tips)
    service.change_step(step=service.draft_of(tips).get(key="walk"), values={"body": "Run."})
    service.change_step(step=service.draft_of(tips).get(key="sit"), values={"delay_hours": 5})
    service.publish_draft(sequence=tips, version=2, reach=Reach.NEW, user=user)
    reviewed = dict(Step.objects.filter(version=2).values_list("key", "reviewed_by"))
    assert reviewed == {"walk": None, "sit": clinician.pk, "sleep": clinician.pk}


def test_words_that_are_taken_back_get_their_review_back(tips):
    step = signed(tips.steps.get(key="walk"), clinician := member("clinician"))
    service.start_draft(sequence=tips)
    draft = service.change_step(step=service.draft_of(tips).get(key="walk"), values={"body": "Run."})
    assert draft.reviewed_by is None
    assert service.change_step(step=draft, values={"body": step.body}).reviewed_by == clinician


def test_a_clinician_signs_the_words_that_were_read_and_no_others(tips):
    service.start_draft(sequence=tips)
    step = service.draft_of(tips).get(key="walk")
    read = step.fingerprint
    service.change_step(step=step, values={"body": "Run."})
    with pytest.raises(Outdated, match="changed while you read"):
        service.sign_off(step=step, fingerprint=read, user=member("clinician"))
    assert not Step.objects.exclude(reviewed_by=None).exists()


def test_a_review_of_the_present_words_counts_for_the_same_words_in_the_draft(tips):
    service.start_draft(sequence=tips)
    signed(tips.steps.get(key="walk", version=1), clinician := member("clinician"))
    assert service.draft_of(tips).get(key="walk").reviewed_by == clinician


# --- Beside the files of the first content


def test_a_file_leaves_a_sequence_alone_while_staff_have_a_draft_of_it(load):  # noqa: F811
    load(("one", "One"))
    sequence = Sequence.objects.get()
    service.start_draft(sequence=sequence)
    assert load(("one", "Theirs")) == "kept: changed by staff"
    service.discard_draft(sequence=sequence)
    assert load(("one", "Theirs")) == "updated"


def test_a_sequence_that_staff_published_stays_as_they_left_it(load, user):  # noqa: F811
    load(("one", "One"))
    sequence = Sequence.objects.get()
    service.start_draft(sequence=sequence)
    service.change_step(step=service.draft_of(sequence).get(), values={"subject": "Ours"})
    service.publish_draft(sequence=sequence, version=2, reach=Reach.NEW, user=user)
    assert load(("one", "Theirs")) == "kept: changed by staff"
    assert Step.objects.get(version=2).subject == "Ours"


def test_a_file_that_changes_one_step_leaves_the_review_of_the_others(load):  # noqa: F811
    load(("one", "One"), ("two", "Two"))
    for step in Step.objects.all():
        signed(step, member("clinician"))
    load(("one", "Other"), ("two", "Two"))
    assert [step.reviewed_by is None for step in Step.objects.filter(version=2)] == [True, False]
