"""The faults of what stands behind the edge, one function each, with forms coming in all the while."""

import contextlib
import http.client
import os
import resource
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil
import psycopg

from dev import production
from dev.processes import free_port
from tests.chaos.operator import Operator
from tests.chaos.production import Disks, count, percentile
from tests.chaos.site import Count
from tests.chaos.visitors import MARKER, Visitors, readers, somebody_new, visit
from tests.edge.site import BROWSER, READ_EARLY, EdgeSite
from tests.smtp import wait_for

SECONDS_OF_A_PAGE = 8  # s-maxage and stale-while-revalidate
NEXT_VERSION = {"DJANGO_SETTINGS_MODULE": "tests.next_version.settings"}


def postgresql_crashes(site: EdgeSite, crashes: int) -> Count:
    """One of its processes is killed: it ends all the others at once, and replays its log."""
    with Visitors(site) as visitors:
        for _ in range(crashes):
            wait_for_thanks(visitors, 3)
            with psycopg.connect(site.database_url) as connection, contextlib.suppress(psycopg.OperationalError):
                os.kill(connection.info.backend_pid, signal.SIGKILL)
                connection.execute("SELECT 1")
            wait_for(lambda: answers(site), 30)
        wait_for_thanks(visitors, 3)
    assert set(visitors.answers) <= {302, 503}, visitors.answers
    return count(site, visitors, injected=crashes)


def postgresql_hangs(site: EdgeSite, seconds: float) -> Count:
    with Visitors(site) as visitors:
        wait_for_thanks(visitors, 3)
        server = psutil.Process(site.child("PostgreSQL").process.pid)
        with stopped([server, *server.children()]):
            before = len(visitors.refused)
            time.sleep(seconds)
            wait_for(lambda: len(visitors.refused) > before, 20)
        refused = visitors.refused[-1]
        assert refused.status == 503, visitors.answers
        for part in ("Your form was not sent.", f'value="{refused.email}"', f"{MARKER}</textarea>", refused.key):
            assert part in refused.page
        wait_for_thanks(visitors, 3)
    assert set(visitors.answers) <= {302, 503}, visitors.answers
    return count(site, visitors, injected=1)


def full_database(site: EdgeSite, disks: Disks, seconds: float) -> Count:
    """Long forms, so that the tables need room at once; what has room in them already is stored and thanked for."""
    with Visitors(site, words=300) as visitors:
        wait_for_thanks(visitors, 3)
        with disks.database.full():
            wait_for(lambda: visitors.refused, 60)
            time.sleep(seconds)
        wait_for(lambda: answers(site), 60)
        wait_for_thanks(visitors, 3)
    assert set(visitors.answers) <= {302, 503}, visitors.answers
    return count(site, visitors, injected=1)


def full_media(site: EdgeSite, disks: Disks) -> Count:
    """Staff upload a picture, once when there is no room, once where nothing may be written, once when all is well."""
    upload = ("-m", "tests.chaos.upload")
    with Visitors(site) as visitors:
        before = files(disks.media.folder)
        with disks.media.full():
            full = site.python(*upload)
        with disks.media.write_protected():
            protected = site.python(*upload)
        assert files(disks.media.folder) == before
        assert "There is no room" in full, full
        assert "cannot be written" in protected, protected
        assert "added" in site.python(*upload)
        wait_for_thanks(visitors, 3)
    assert not visitors.refused, visitors.answers
    return count(site, visitors, injected=2)


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and path.name != "ballast"}


def full_log_and_temporary_files(site: EdgeSite, disks: Disks, seconds: float) -> Count:
    """Those of the edge as well: it keeps no page any more, and waits for no body that it has to write down."""
    with Visitors(site, words=3) as visitors, readers(site, READ_EARLY[0]) as read:
        wait_for_thanks(visitors, 3)
        with contextlib.ExitStack() as stack:
            for disk in disks.others:
                stack.enter_context(disk.full())
            time.sleep(seconds)
            for path in READ_EARLY[1:]:
                assert site.ask(path, **BROWSER).status == 200
            wait_for_thanks(visitors, 3)
    assert not visitors.refused, visitors.answers
    assert {status for status, _ in read} == {200}
    return count(site, visitors, injected=len(disks.others))


def locked_table(site: EdgeSite, seconds: float) -> Count:
    """A migration while a report reads the table that it changes."""
    with Visitors(site) as visitors, psycopg.connect(site.database_url) as report:
        wait_for_thanks(visitors, 3)
        report.execute("SELECT count(*) FROM leads_submission")
        log = site.folder / "log/next-version.log"
        migrate = [os.sys.executable, "manage.py", "migrate", "sitemaps"]
        migration = site.services.start("migration", migrate, log=log, env=site.env | NEXT_VERSION, cwd=os.getcwd())
        time.sleep(seconds)
        wait_for(lambda: "Trying again" in log.read_text(), 30)
        assert not migration.has_ended
        report.rollback()
        assert migration.process.wait(60) == 0, migration.complaint
        site.services.children.remove(migration)
        wait_for_thanks(visitors, 3)
    site.python("manage.py", "migrate", "sitemaps", "zero", **NEXT_VERSION)
    assert not visitors.refused, visitors.answers
    return count(site, visitors, injected=1)


def upgrades(site: EdgeSite, seconds: float) -> Count:
    """deploy/upgrade.sh again and again, while a page is read, forms are sent, and mail leaves."""
    end = time.monotonic() + seconds
    with Operator(site) as operator, Visitors(site) as visitors, readers(site, "/assessment/") as read:
        wait_for_thanks(visitors, 3)
        while not operator.restarts or time.monotonic() < end:
            operator.run("deploy/upgrade.sh")
        wait_for_thanks(visitors, 3)
    assert not visitors.refused, visitors.answers
    assert {status for status, _ in read} == {200}
    outcome = count(site, visitors, injected=operator.restarts)
    assert not outcome.uncertain
    return outcome


def one_gunicorn_renewed(site: EdgeSite) -> Count:
    """What an upgrade does with each."""
    with Operator(site) as operator, Visitors(site) as visitors, readers(site, "/assessment/") as read:
        wait_for_thanks(visitors, 3)
        site.run("sh", "deploy/nginx/servers.sh", "without", "2")
        operator.restart("web-2")
        site.run("sh", "deploy/nginx/servers.sh")
        wait_for_thanks(visitors, 3)
    assert not visitors.refused, visitors.answers
    assert {status for status, _ in read} == {200}
    return count(site, visitors, injected=1)


def slow_visitors(site: EdgeSite, number: int) -> Count:
    """So many who do not end their headers, so many who do not end what they send, so many who do not read."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    host = f"localhost:{site.port}"
    with contextlib.ExitStack() as stack:
        for one in range(number):
            slow = [stack.enter_context(site.connect(f"127.8.{kind}.{one % 50 + 1}")) for kind in range(3)]
            slow[0].send(b"GET / HTTP/1.1\r\nHost: local")
            head = f"POST /newsletter/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nemail="
            slow[1].send(head.encode())
            slow[2].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            slow[2].send(f"GET {READ_EARLY[0]} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        with Visitors(site) as visitors, readers(site, READ_EARLY[0]) as read:
            time.sleep(8)
    assert {status for status, _ in read} == {200}
    assert percentile([seconds for _, seconds in read]) < 1
    assert not visitors.refused, visitors.answers
    return count(site, visitors, injected=3 * number)


def dark(site: EdgeSite) -> Count:
    """First without gunicorn, then without the database as well: articles are read, and nobody is thanked."""
    for path in READ_EARLY:
        assert site.ask(path, **BROWSER).status == 200
    with Visitors(site) as visitors:
        wait_for_thanks(visitors, 3)
        for name in production.WEBS:
            site.kill(name)
        time.sleep(SECONDS_OF_A_PAGE + 1)
        assert_dark(site)
        server = psutil.Process(site.child("PostgreSQL").process.pid)
        with stopped([server, *server.children()]):
            assert_dark(site)
            for name in production.WEBS:
                site.start(name)
            time.sleep(2)
            for path in READ_EARLY:
                assert site.ask(path, **BROWSER).status == 200
        wait_for(lambda: all(map(site.is_well, production.WEBS)), 60)
        wait_for_thanks(visitors, 3)
    assert visitors.refused
    return count(site, visitors, injected=len(production.WEBS) + 1)


def assert_dark(site: EdgeSite) -> None:
    for path in READ_EARLY:
        answer = site.ask(path, **BROWSER)
        assert (answer.status, answer.headers["x-cache"]) == (200, "STALE")
    told = visit(site, somebody_new())
    assert (told.status, "tel:+1" in told.page) == (503, True)


def rotated_keys(site: EdgeSite) -> Count:
    """As docs/operators.md says, under load: a new key that only opens, then one that closes, then the old one goes."""
    with Operator(site) as operator, Visitors(site) as visitors:
        wait_for_thanks(visitors, 3)
        link = link_in_a_mail(site, "old-link@example.com")
        for step in operator.rotation():
            wait_for_thanks(visitors, 2)
            step()
        wait_for_thanks(visitors, 3)
        assert site.ask(link).status == 200
    assert not visitors.refused, visitors.answers
    held = site.python("manage.py", "rotate_keys", "--dry-run").splitlines()
    assert "health_answers" in held[0]
    assert all("(the newest)" in line for line in held), held
    for log in (site.folder / "log").glob("*.log"):
        assert "DecryptionError" not in log.read_text(), log.name
    return count(site, visitors, injected=3)


def link_in_a_mail(site: EdgeSite, email: str) -> str:
    """The path of the link that a mailbox gets to confirm the newsletter."""
    assert site.ask("/newsletter/", form={"email": email}).status == 302
    mail = wait_for(lambda: next((one for one in site.smtp.deliveries if one.recipient == email), None), 30)
    return next(link for link in mail.links if "/email/confirm/" in link).removeprefix(site.url)


def restored(site: EdgeSite) -> Count:
    """A backup while forms come in, a database that is lost some forms later, and the backup put back."""
    with Operator(site) as operator:
        with Visitors(site) as before:
            wait_for_thanks(before, 5)
            saved = list(before.thanked)
            moment = operator.back_up()
            wait_for_thanks(before, 5)
            for name in (*production.WEBS, "worker", "beat"):
                site.stop(name)
        site.execute("DROP SCHEMA public CASCADE")
        site.execute("CREATE SCHEMA public")
        operator.restore(moment)
        went_out = len(site.smtp.lines())
        for name in (*production.WEBS, "worker", "beat"):
            site.start(name)
        wait_for(lambda: all(map(site.is_well, production.WEBS)), 60)
        with Visitors(site) as after:
            wait_for_thanks(after, 5)
        time.sleep(5)
        assert len(site.smtp.lines()) == went_out, "a mail left before staff had a look"
        site.python("manage.py", "sender", "start")
        after.visits += saved
        return count(site, after, injected=1)


def sent_at_once(site: EdgeSite, forms: int, times: int) -> Count:
    """Each form so many times in the same moment, as by a finger that does not wait; and once more, after Back."""
    with ThreadPoolExecutor(times) as pool, Visitors(site, at_once=0) as visitors:
        for person in [somebody_new() for _ in range(forms)]:
            visitors.visits += pool.map(partial(visit, site), [person] * times)
            visitors.visits.append(visit(site, person))
    assert not visitors.refused, visitors.answers
    return count(site, visitors, injected=forms * times)


def connection_dies(site: EdgeSite, forms: int) -> Count:
    """Behind the last byte of a form: its visitor never reads the answer, and sends it again."""
    with Visitors(site, at_once=0) as visitors:
        for person in [somebody_new() for _ in range(forms)]:
            site.request("/assessment/", form=person.form, address=person.address).close()
            visitors.visits.append(visit(site, person))
    assert not visitors.refused, visitors.answers
    return count(site, visitors, injected=forms)


def two_hosts(site: EdgeSite, forms: int) -> Count:
    """Each with folders and temporary files of its own, a gunicorn, a beat, and one or two workers."""
    other = site.folder / "other-host"
    for name in ("log", "tmp", "media"):
        (other / name).mkdir(parents=True, exist_ok=True)
    port = str(free_port())
    here = site.env["WEB_SERVERS"].split()[0]
    env = site.env | {
        "VAR_DIR": str(other),
        "TMPDIR": str(other / "tmp"),
        "BEAT_SCHEDULE": str(other / "celerybeat-schedule"),
        "WEB_SERVERS": f"127.0.0.1:{port}",
        "PORT": port,
    }
    services = [production.start(site.services, name, other, env) for name in ("web", "worker", "beat")]
    services.append(site.services.start("worker", services[1].process.args, log=other / "log/worker-2.log", env=env))
    both = {"WEB_SERVERS": f"{here} 127.0.0.1:{port}"}
    try:
        wait_for(lambda: "Listening" in (other / "log/web.log").read_text(), 60)
        site.run("sh", "deploy/nginx/servers.sh", **both)
        with Visitors(site, at_once=4, pause=0) as visitors:
            wait_for_thanks(visitors, forms)
        outcome = count(site, visitors, injected=2)
        guides = {wait_for(partial(guide, site, server), 90) for server in both["WEB_SERVERS"].split()}
        assert len(guides) == 1, "each host has a PDF of its own"
        logs = (site.folder / "log/worker.log", other / "log/worker.log", other / "log/worker-2.log")
        assert all("leads.tasks.drain_outbox" in log.read_text() for log in logs)
        return outcome
    finally:
        site.run("sh", "deploy/nginx/servers.sh")
        for service in services:
            service.ask_to_stop()
            service.wait(30)
            service.kill()
            site.services.children.remove(service)


def guide(site: EdgeSite, server: str) -> bytes | None:
    """The PDF as this gunicorn gives it; one worker sets it for all, within the first minute."""
    headers = {"Host": site.url.removeprefix("https://"), "X-Forwarded-Proto": "https"}
    with contextlib.closing(http.client.HTTPConnection(server, timeout=30)) as connection:
        connection.request("GET", f"{READ_EARLY[2]}download/", headers=headers)
        answer = connection.getresponse()
        return answer.read() if answer.headers["Content-Type"] == "application/pdf" else None


# --- What all of them need


def wait_for_thanks(visitors: Visitors, number: int) -> None:
    enough = len(visitors.thanked) + number
    wait_for(lambda: len(visitors.thanked) >= enough, 90)


def answers(site: EdgeSite) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        return bool(site.execute("SELECT 1"))
    return False


@contextlib.contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Their connections stay open, and nothing is answered on them."""
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()
