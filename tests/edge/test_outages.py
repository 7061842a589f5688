"""docs/faults.md in small numbers, over all of production; `make chaos` does the same in large ones, and the others."""

import pytest

from tests.chaos import outages
from tests.chaos.production import empty
from tests.e2e.clinic import AS_BEFORE, OPEN


@pytest.fixture(autouse=True)
def open_site(site):
    empty(site)
    site.execute(OPEN)
    yield
    site.execute(AS_BEFORE)


def all_sent_once(count) -> bool:
    return (count.sent, count.lost, count.twice, count.uncertain, count.dead) == (count.mails, 0, 0, 0, 0)


def test_fault_12_postgresql_is_restarted_while_forms_come_in(site):
    count = outages.postgresql_crashes(site, crashes=1)
    assert (count.lost, count.twice, count.dead) == (0, 0, 0)


def test_fault_13_a_database_that_hangs_is_given_up_and_what_was_typed_stays(site):
    count = outages.postgresql_hangs(site, seconds=1)
    assert all_sent_once(count)
    assert count.refused


def test_fault_23_a_gunicorn_is_replaced_without_anybody_noticing(site):
    count = outages.one_gunicorn_renewed(site)
    assert all_sent_once(count)
    assert not count.refused
