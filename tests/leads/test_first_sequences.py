"""The first sequences of mails: text files that staff can leave behind."""

import io

import pytest
from django.core.management import CommandError, call_command

from leads.models import OutgoingMail, Sequence
from leads.services.sequence import publish_steps
from tests.factories import EnrolmentFactory, SequenceFactory, StepFactory, TipFactory

pytestmark = pytest.mark.django_db

STEP = """
[[steps]]
key = "{key}"
delay_hours = 24
window_opens = 09:00:00
window_closes = 17:00:00
subject = "{subject}"
body = '''
Walk a
little.

- Stand
  tall.
'''
"""


@pytest.fixture
def load(tmp_path):
    """Writes the sequence `walks` with these steps, `(key, subject)`, and loads it: what became of it."""

    def write_and_load(*steps, **options) -> str:
        text = 'name = "Walks"\n' + "".join(STEP.format(key=key, subject=subject) for key, subject in steps)
        (tmp_path / "walks.toml").write_text(text)
        answer = io.StringIO()
        call_command("load_sequences", tmp_path, stdout=answer, **options)
        return answer.getvalue().removeprefix("walks.toml: ").strip()

    return write_and_load


def subjects() -> list[str]:
    sequence = Sequence.objects.get(key="walks")
    return list(sequence.steps.filter(version=sequence.version).values_list("subject", flat=True))


def test_a_file_makes_a_sequence_once(load):
    assert load(("one", "One"), ("two", "Two")) == "created"
    assert load(("one", "One"), ("two", "Two")) == "unchanged"
    sequence = Sequence.objects.get()
    assert (sequence.name, sequence.version) == ("Walks", 1)
    assert subjects() == ["One", "Two"]
    assert sequence.steps.first().body == "Walk a little.\n\n- Stand tall."


def test_a_dry_run_changes_nothing(load):
    assert "created" in load(("one", "One"), dry_run=True)
    assert not Sequence.objects.exists()


def test_a_changed_file_makes_a_new_version(load):
    load(("one", "One"))
    assert load(("zero", "Zero"), ("one", "Better")) == "updated"
    assert Sequence.objects.get().version == 2
    assert subjects() == ["Zero", "Better"]


def test_a_correction_reaches_those_who_wait(load):
    load(("one", "Wrong"), ("gone", "Gone"))
    sequence = Sequence.objects.get()
    enrolment = EnrolmentFactory(sequence=sequence)
    ended = EnrolmentFactory(sequence=sequence, ended_at="2026-11-01T00:00Z", ending="finished")
    waiting, gone = (TipFactory(enrolment=enrolment, step=step) for step in sequence.steps.all())
    sent = TipFactory(
        enrolment=ended, step=sequence.steps.first(), state=OutgoingMail.State.SENT, sent_at="2026-11-01T00:00Z"
    )
    load(("one", "Right"))
    for row in (enrolment, ended, waiting, gone, sent):
        row.refresh_from_db()
    assert (enrolment.version, ended.version) == (2, 1)
    assert waiting.step.subject == "Right"
    assert gone.step.subject == "Gone"
    assert sent.step.subject == "Wrong"


def test_a_sequence_that_staff_changed_stays_as_they_left_it(load):
    load(("one", "One"))
    sequence = Sequence.objects.get()
    publish_steps(sequence=sequence, steps=[StepFactory.build(sequence=sequence, key="ours", subject="Ours")])
    assert load(("one", "Theirs")) == "kept: changed by staff"
    assert subjects() == ["Ours"]


def test_a_sequence_that_staff_deleted_stays_deleted(load):
    load(("one", "One"))
    Sequence.objects.get().steps.all().delete()
    Sequence.objects.all().delete()
    assert load(("one", "One")) == "kept: deleted by staff"


@pytest.mark.parametrize(
    ("steps", "mistake"),
    [
        ([], "walks.toml: steps: A sequence needs at least one step."),
        ([("one", "One"), ("not a key", "Two")], "steps[2].key"),
        ([("one", "x" * 121)], "steps[1].subject"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_loaded(load, steps, mistake):
    with pytest.raises(CommandError) as error:
        load(*steps)
    assert mistake in str(error.value)
    assert not Sequence.objects.exists()


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (b'name = "Walks', "walks.toml: This is not TOML."),
        ('name = "Spaziergänge"'.encode("latin-1"), "walks.toml: This is not TOML."),
        (STEP.format(key="one", subject="One").encode(), "walks.toml: name: This key is missing."),
        (b'name = "Walks"\nsteps = "one"', "walks.toml: steps: A sequence needs at least one step."),
        (b'name = "Walks"\n[[steps]]\nkey = "one"\ntitle = "One"', "steps[1].title: There is no such key here."),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_loaded(tmp_path, text, mistake):
    (tmp_path / "walks.toml").write_bytes(text)
    with pytest.raises(CommandError) as error:
        call_command("load_sequences", tmp_path)
    assert mistake in str(error.value)
    assert not Sequence.objects.exists()


def test_a_sequence_that_staff_made_under_the_key_of_a_file_stays_theirs(load):
    ours = SequenceFactory(key="walks")
    StepFactory(sequence=ours, subject="Ours")
    assert load(("one", "Theirs")) == "kept: staff made one of this key"
    assert subjects() == ["Ours"]
