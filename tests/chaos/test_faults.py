"""The faults of docs/faults.md in small numbers; `make chaos` does the same in large ones."""

import pytest

from tests.chaos import faults
from tests.chaos.site import running_site
from tests.database import copy_elsewhere, make_migrated


@pytest.fixture(scope="module")
def one_site():
    with running_site(lambda address: copy_elsewhere(make_migrated(), address)) as site:
        yield site


@pytest.fixture
def site(one_site):
    one_site.clear()
    return one_site


def all_sent_once(count) -> bool:
    return (count.sent, count.lost, count.twice, count.uncertain, count.dead) == (count.mails, 0, 0, 0, 0)


def test_fault_01_mail_leaves_within_seconds_after_redis_was_down(site):
    assert all_sent_once(faults.redis_down(site, mails=10))


def test_fault_02_mail_leaves_within_seconds_after_redis_was_silent(site):
    assert all_sent_once(faults.redis_silent(site, mails=10))


def test_fault_03_redis_flushed_while_mail_leaves(site):
    assert all_sent_once(faults.redis_flushed(site, mails=40))


def test_fault_04_a_worker_killed_after_the_server_accepted(site):
    count = faults.killed_after_the_server_accepted(site, mails=2)
    assert (count.uncertain, count.lost, count.twice) == (2, 0, 0)
    assert len(site.smtp.lines()) == 2


def test_fault_05_a_worker_killed_before_the_mail_itself(site):
    assert all_sent_once(faults.killed_before_data(site, mails=2))


def test_fault_06_workers_killed_at_random(site):
    count = faults.killed_at_random(site, mails=60, kills=8)
    assert (count.lost, count.twice, count.dead) == (0, 0, 0)
    assert count.uncertain <= count.injected
    assert count.sent + count.uncertain == count.mails


def test_fault_08_a_server_that_is_busy_for_a_while(site):
    assert all_sent_once(faults.refused_for_now(site, mails=5))


def test_fault_09_mailboxes_that_do_not_exist(site):
    count = faults.refused_for_good(site, mails=4)
    assert (count.dead, count.sent, count.lost) == (4, 0, 0)
    assert site.database.execute("SELECT count(*) FROM leads_suppression").fetchone() == (4,)
    assert site.smtp.lines() == []


def test_fault_10_a_server_that_takes_no_mail_costs_no_attempt(site):
    assert all_sent_once(faults.out_of_order(site, mails=5))


def test_fault_11_connections_lost_after_the_mail_was_handed_over(site):
    count = faults.connection_lost(site, mails=6)
    assert (count.uncertain, count.sent, count.lost, count.twice) == (6, 0, 0, 0)


def test_fault_12_postgresql_crashes_while_mail_leaves(site):
    count = faults.postgresql_crashes(site, mails=30, crashes=2)
    assert (count.lost, count.twice, count.dead) == (0, 0, 0)
    assert count.uncertain <= count.injected * 2  # two workers were at it


def test_fault_20_two_beats_and_more_workers(site):
    assert all_sent_once(faults.two_beats(site, mails=30, workers=3))


def test_fault_21_an_issue_broken_off_at_every_point(site):
    count = faults.issue_broken_off(site, mails=300, leaving=20, kills=2)
    assert (count.mails, count.lost, count.twice, count.dead) == (300, 0, 0, 0)
    assert count.uncertain <= 2 * 2  # two workers were at it
    assert 300 - 20 - 4 <= count.sent <= 300 - 20


def test_fault_23_a_worker_that_a_deploy_asks_to_stop(site):
    assert all_sent_once(faults.asked_to_stop(site, mails=40))


def test_fault_26_mails_that_cannot_be_rendered(site):
    count = faults.poison(site, mails=5)
    assert (count.dead, count.sent, count.lost) == (5, 5, 0)


def test_fault_29_a_worker_stopped_past_its_lease(site):
    assert all_sent_once(faults.stopped_past_its_lease(site, mails=1))
