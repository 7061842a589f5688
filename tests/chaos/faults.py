"""The faults of mail, one function each: what is broken, when it is healed, and what was counted afterwards."""

import contextlib
import random
import signal
import time
from functools import partial

import psutil
import redis

from tests.chaos.site import Count, Site
from tests.smtp import wait_for

PACE = 0.03  # seconds that the mail server takes for a mail, so that there is a moment in which to break something


def redis_down(site: Site, mails: int) -> Count:
    site.have(workers=1)
    site.stop_redis()
    site.owe_notices(mails)
    time.sleep(1)
    site.start_redis()
    wait_for(site.smtp.lines, 5)
    site.settle()
    return site.count(injected=1)


def redis_silent(site: Site, mails: int) -> Count:
    site.have(workers=1)
    site.redis.process.send_signal(signal.SIGSTOP)  # it accepts connections, and answers none
    site.owe_notices(mails)
    time.sleep(3)  # longer than the sockets wait
    site.redis.process.send_signal(signal.SIGCONT)
    wait_for(site.smtp.lines, 5)
    site.settle()
    return site.count(injected=1)


def redis_flushed(site: Site, mails: int) -> Count:
    site.have(workers=2)
    client, flushes = redis.Redis.from_url(site.redis_url), 0
    with slow_answers(site):
        site.owe_tips(mails)
        while not site.settled():
            client.flushall()
            flushes += 1
            time.sleep(0.05)
    return site.count(flushes)


def killed_after_the_server_accepted(site: Site, mails: int) -> Count:
    return killed_at(site, "ACCEPTED", mails)


def killed_before_data(site: Site, mails: int) -> Count:
    return killed_at(site, "RCPT", mails)


def killed_at(site: Site, point: str, mails: int) -> Count:
    """Once for each mail: one that eight workers died of would be given up, and rightly."""
    site.have(workers=1)
    for _ in range(mails):
        stall = site.smtp.stall(point, times=1)
        site.owe_tips(1)
        assert stall.reached.wait(20)
        site.pool_child(site.workers[0]).kill()
        stall.release()
        site.have(workers=1)
        site.settle()
    return site.count(injected=mails)


def killed_at_random(site: Site, mails: int, kills: int) -> Count:
    """Every fourth time the whole worker, else the child of its pool."""
    return killed(site, mails, [number % 4 == 3 for number in range(kills)])


def pool_children_killed(site: Site, mails: int, kills: int) -> Count:
    return killed(site, mails, [False] * kills)


def killed(site: Site, mails: int, wholly: list[bool]) -> Count:
    """One worker of two each time: wholly, or else only the child of its pool, which is where a mail is at hand."""
    chance = random.Random(mails)  # noqa: S311
    site.have(workers=2)
    with slow_answers(site):
        site.owe_tips(mails)
        for is_whole in wholly:
            seen = site.smtp.visits["MAIL"] + chance.randint(1, max(1, mails // len(wholly) - 1))
            wait_for(lambda seen=seen: site.smtp.visits["MAIL"] >= seen or site.settled(), 60)
            time.sleep(chance.uniform(0, PACE))
            victim = chance.choice(site.workers)
            if is_whole or not site.kill_pool_child(victim):
                site.kill(victim)
            site.have(workers=2)
        site.settle()
    return site.count(injected=len(wholly))


def refused_for_now(site: Site, mails: int) -> Count:
    site.have(workers=1)
    site.smtp.refuse("RCPT", "451 later", times=mails)
    site.smtp.refuse("BODY", "421 closing", times=mails)
    site.owe_tips(mails)
    wait_for(lambda: site.smtp.visits["RCPT"] >= mails, 60)
    site.settle()
    return site.count(injected=2 * mails)


def refused_for_good(site: Site, mails: int) -> Count:
    site.have(workers=1)
    site.smtp.refuse("RCPT", "550 5.1.1 unknown", times=mails // 2)
    site.smtp.refuse("BODY", "550 unknown", times=mails - mails // 2)
    site.owe_tips(mails)
    site.settle()
    return site.count(injected=mails)


def out_of_order(site: Site, mails: int) -> Count:
    """A server that hangs up, one that wants a login, one that says nothing: none of it is the mails' fault."""
    site.have(workers=1)
    faults = [site.smtp.hang_up("CONNECT")]
    site.owe_tips(mails)
    for point, break_off in (("MAIL", partial(site.smtp.refuse, answer="530 sign in")), ("CONNECT", site.smtp.stall)):
        wait_for(lambda: site.let_waiting_pass() or faults[-1].reached.is_set())
        faults.append(break_off(point))
        faults[-2].times = 0
    wait_for(lambda: site.let_waiting_pass() or faults[-1].reached.is_set())
    site.smtp.heal()
    site.settle()
    assert site.database.execute("SELECT max(attempts) FROM leads_outgoingmail").fetchone() == (1,)
    return site.count(injected=len(faults))


def connection_lost(site: Site, mails: int) -> Count:
    site.have(workers=1)
    for number in range(mails):
        point = ("DATA", "BODY", "ACCEPTED")[number % 3]
        break_off = site.smtp.hang_up if number % 2 else site.smtp.stall
        fault = break_off(point, times=1)
        site.owe_tips(1)
        assert fault.reached.wait(20)
        site.settle()
    return site.count(injected=mails)


def postgresql_crashes(site: Site, mails: int, crashes: int) -> Count:
    site.have(workers=2)
    with slow_answers(site):
        site.owe_tips(mails)
        for _ in range(crashes):
            seen = site.smtp.visits["MAIL"] + 3
            wait_for(lambda seen=seen: site.smtp.visits["MAIL"] >= seen or site.settled(), 30)
            site.crash_postgresql()
        site.settle()
    return site.count(injected=crashes)


def two_beats(site: Site, mails: int, workers: int) -> Count:
    site.have(workers=workers, beats=2)
    wait_for(site.all_pool_children, 30)
    with slow_answers(site):
        site.owe_tips(mails)
        site.owe_notices(mails)
        site.settle()
    return site.count(injected=workers + 2)


def issue_broken_off(site: Site, mails: int, leaving: int, kills: int) -> Count:
    """A newsletter whose preparing is killed at 60 %, and then its senders; with a pause, and readers who leave."""
    site.schedule_issue(mails)
    with site.hold_up_preparing(int(mails * 0.6)):
        site.have(workers=2)
        wait_for(site.preparing_is_held_up, 60)
        kill_workers(site)
    assert site.states() == {}, "a part of the audience was left behind"
    site.have(workers=2)
    wait_for(lambda: site.states().total() == mails, 120)
    for number in range(kills):
        share = mails * 0.3 * (number + 1) / kills
        wait_for(lambda share=share: len(site.smtp.lines()) >= share, 600)
        kill_workers(site)
        site.have(workers=2)
    pause(site)
    site.run("tests.chaos.unsubscribe", str(leaving))
    gone = {email for (email,) in site.database.execute(LEFT).fetchall()}
    before = len(site.smtp.lines())
    assert len(gone) == leaving
    site.database.execute("UPDATE leads_issue SET paused_at = NULL")
    site.settle(mails / 10 + 60)
    wait_for(lambda: site.database.execute("SELECT state FROM leads_issue").fetchone() == ("finished",), 30)
    deliveries = site.smtp.lines()
    assert not gone.intersection(recipient for _, recipient in deliveries[before:]), "a mail after an unsubscribe"
    assert len({recipient for _, recipient in deliveries}) == len(deliveries), "a mailbox got it twice"
    assert site.states().total() == mails
    return site.count(injected=kills + 2 + leaving)


LEFT = """
    SELECT email FROM leads_contact AS contact JOIN leads_subscription ON contact_id = contact.id
     WHERE state = 'unsubscribed'
"""


def kill_workers(site: Site) -> None:
    for worker in list(site.workers):
        site.kill(worker)


def pause(site: Site) -> None:
    """As staff do. What is at hand ends; after that, nothing leaves."""
    site.database.execute("UPDATE leads_issue SET paused_at = now()")
    wait_for(lambda: not site.states()["leased"] + site.states()["handed"], 30)
    still = len(site.smtp.lines())
    time.sleep(1)
    assert len(site.smtp.lines()) == still, "a mail left while the issue was paused"


def poison(site: Site, mails: int) -> Count:
    site.have(workers=1)
    site.owe_poison(mails)
    site.owe_tips(mails)
    site.settle()
    return site.count(injected=mails)


def stopped_past_its_lease(site: Site, mails: int) -> Count:
    site.have(workers=2)
    children = site.all_pool_children()
    for _ in range(mails):
        stall = site.smtp.stall("RCPT", times=1)
        site.owe_tips(1)
        assert stall.reached.wait(20)
        busy = next(child for child in children if talks_to(child, site.smtp.port))
        busy.suspend()
        stall.release()
        site.settle()  # the other worker sends it when the lease is over
        offered = site.smtp.visits["DATA"]
        busy.resume()
        wait_for(lambda busy=busy: not talks_to(busy, site.smtp.port))
        assert site.smtp.visits["DATA"] == offered
    return site.count(injected=mails)


def talks_to(process: psutil.Process, port: int) -> bool:
    return any(connection.raddr and connection.raddr.port == port for connection in process.net_connections("tcp"))


def asked_to_stop(site: Site, mails: int) -> Count:
    """SIGTERM, as a deploy sends it: the worker ends between two mails."""
    site.have(workers=1)
    with slow_answers(site):
        site.owe_tips(mails)
        wait_for(lambda: site.smtp.visits["ACCEPTED"] >= 3)
        (worker,) = site.workers
        worker.process.send_signal(signal.SIGTERM)
        worker.process.wait(10)
        site.processes.children.remove(worker)
        left = site.states()
        assert left["queued"], "it ended only when nothing was left"
        assert not left["leased"] + left["handed"] + left["uncertain"]
        site.have(workers=1)
        site.settle()
    return site.count(injected=1)


@contextlib.contextmanager
def slow_answers(site: Site):
    site.smtp.pace = PACE
    try:
        yield
    finally:
        site.smtp.pace = 0
