"""What a process keeps in mind for a moment."""

import pytest
from django.db import OperationalError

from clinic.memory import MOST_ANSWERS, Remembered


@pytest.fixture
def reads():
    return []


@pytest.fixture
def remembered(reads):
    @Remembered
    def count():
        reads.append(len(reads) + 1)
        return reads[-1]

    return count


def test_an_answer_is_read_once_while_it_is_good(remembered, settings):
    settings.REMEMBER_SECONDS = 60.0
    assert [remembered(), remembered()] == [1, 1]


def test_an_answer_is_read_again_when_its_time_is_over(remembered, settings):
    settings.REMEMBER_SECONDS = 0.0
    assert [remembered(), remembered()] == [1, 2]


def test_a_change_by_this_process_is_seen_at_once(remembered, settings):
    settings.REMEMBER_SECONDS = 60.0
    remembered()
    remembered.forget()
    assert remembered() == 2


def test_each_question_has_an_answer_of_its_own(settings):
    settings.REMEMBER_SECONDS = 60.0
    double = Remembered(lambda number: number * 2)
    assert [double(1), double(2), double(1)] == [2, 4, 2]


def test_a_process_does_not_remember_without_end(settings):
    settings.REMEMBER_SECONDS = 60.0
    same = Remembered(lambda number: number)
    for number in range(2 * MOST_ANSWERS):
        same(number)
    assert len(same.answers) <= MOST_ANSWERS


def test_the_last_answer_stays_good_while_the_database_is_away(settings):
    settings.REMEMBER_SECONDS = 0.0
    answers = ["known"]

    @Remembered
    def read():
        if answers:
            return answers.pop()
        raise OperationalError

    assert [read(), read()] == ["known", "known"]


def test_a_process_that_never_knew_an_answer_says_so(settings):
    @Remembered
    def read():
        raise OperationalError

    with pytest.raises(OperationalError):
        read()
