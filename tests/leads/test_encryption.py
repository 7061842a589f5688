"""Health answers: the database holds them encrypted, and the key can be changed while the site runs."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from clinic.encryption import DecryptionError, key_id
from leads.models import Submission
from tests.factories import SubmissionFactory

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))
ANSWERS = '{"where": "marker-lower-back"}'
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def old_key(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]


def in_the_database(submission: Submission) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT health_answers FROM leads_submission WHERE id = %s", [submission.pk])
        return cursor.fetchone()[0]


def answers(submission: Submission) -> str:
    return Submission.objects.get(pk=submission.pk).health_answers


def test_the_database_holds_no_health_answer_in_clear():
    submission = SubmissionFactory(health_answers=ANSWERS)
    assert "marker" not in in_the_database(submission)
    assert in_the_database(submission).startswith(f"{key_id(OLD)}:")
    assert answers(submission) == ANSWERS


def test_the_same_answer_looks_different_in_each_row():
    one, other = SubmissionFactory.create_batch(2, health_answers=ANSWERS)
    assert in_the_database(one) != in_the_database(other)


def test_no_answer_is_stored_as_nothing():
    assert in_the_database(SubmissionFactory()) == ""


def test_health_answers_cannot_be_searched():
    with pytest.raises(TypeError):
        Submission.objects.filter(health_answers__contains="back").exists()


def test_an_answer_stays_readable_after_a_new_key_came(settings):
    submission = SubmissionFactory(health_answers=ANSWERS)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert answers(submission) == ANSWERS


def test_an_answer_whose_key_is_gone_is_an_error(settings):
    submission = SubmissionFactory(health_answers=ANSWERS)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(DecryptionError):
        answers(submission)


def test_after_a_rotation_the_old_key_can_go(settings, capsys):
    submissions = SubmissionFactory.create_batch(3, health_answers=ANSWERS)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    call_command("rotate_keys")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert [answers(submission) for submission in submissions] == [ANSWERS] * 3
    assert "3 of 3" in capsys.readouterr().out


def test_a_rotation_that_was_cut_short_goes_on_where_it_was(settings, capsys):
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    done = SubmissionFactory(health_answers=ANSWERS)
    before = in_the_database(done)
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    SubmissionFactory(health_answers=ANSWERS)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    call_command("rotate_keys")
    assert in_the_database(done) == before
    assert "1 of 1" in capsys.readouterr().out
    call_command("rotate_keys")
    assert capsys.readouterr().out == ""


def test_a_dry_run_counts_and_changes_nothing(settings, capsys):
    submission = SubmissionFactory(health_answers=ANSWERS)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    SubmissionFactory(health_answers=ANSWERS)
    before = in_the_database(submission)
    call_command("rotate_keys", dry_run=True)
    assert in_the_database(submission) == before
    out = capsys.readouterr().out
    assert f"key {key_id(OLD)} holds 1" in out
    assert f"key {key_id(NEW)} (the newest) holds 1" in out


def test_a_value_that_no_key_opens_does_not_stop_the_rotation_of_the_others(settings):
    settings.FIELD_ENCRYPTION_KEYS = [LOST]
    SubmissionFactory(health_answers=ANSWERS)
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    submission = SubmissionFactory(health_answers=ANSWERS)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="1 values stay"):
        call_command("rotate_keys")
    assert in_the_database(submission).startswith(f"{key_id(NEW)}:")


def test_the_command_prints_no_answer(settings, capsys):
    SubmissionFactory(health_answers=ANSWERS)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    call_command("rotate_keys", dry_run=True)
    call_command("rotate_keys")
    assert "marker" not in capsys.readouterr().out
