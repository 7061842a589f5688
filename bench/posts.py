"""How many assessments a second the site stores and thanks for, beside the least that Django and PostgreSQL do."""

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg

from bench.arrivals import LOST, Answers, Visitors
from bench.edge import start_nginx
from bench.load import cpu_of_each, cpu_seconds, found
from bench.plot import Plot
from bench.progress import now
from bench.report import Row, Section, at_least, at_most
from bench.site import Site, serve, start_gunicorn, wait_until_ready
from dev import production, run
from dev.environment import ROOT
from dev.nginx import NGINX
from dev.processes import Group, Problem, free_port
from dev.run import python
from dev.servers import postgresql_program

SECONDS = 6
CONNECTIONS = (16, 64)
AIM = 300  # acknowledged a second, on two cores
MILLISECONDS = 500  # p99
SHARE = 0.3  # of the bare view
RATES = (50, 100, 200, 300, 400)  # arrivals a second
ARRIVING = 5  # seconds of each
SERVERS_FAULTS = (500, 599)
OVERLOAD_SECONDS = 3
TOO_FAST = 2.1  # seconds: what was filled in sooner is taken for a script's
CROWD = 1000  # visitors who overload it, each from an address of their own
INSERTS = """
BEGIN;
INSERT INTO leads_lead (name, phone, state, closed_because, channel, call_times, attempts, next_action, asked_for,
                        source_path, is_spam)
VALUES ('Visitor', '+1425' || lpad(random(1000000, 9999999)::text, 7, '0'), 'new', '', '', '', 0, '', 'assessment', '',
        false)
RETURNING id AS lead \\gset
INSERT INTO leads_submission (kind, lead_id, name, phone, key, fingerprint, reference, health_answers, client_hash,
                              proof, source_path, campaign, is_spam, spam_signs)
VALUES ('assessment', :lead, '', '', gen_random_uuid(), '', upper(substr(md5(random()::text), 1, 8)),
        'To walk the dog again, and to sit through a film', '', '', '', '{}', false, '[]')
RETURNING id AS submission \\gset
INSERT INTO leads_outgoingmail (dedupe_key, kind, submission_id, template_version, state, reason, attempts, was_resent)
VALUES ('staff:' || :submission, 'staff', :submission, 1, 'queued', '', 0, false);
COMMIT;
"""


def measure(_site: Site) -> Section:
    note = (
        "gunicorn with 2 workers as in `make run`, and PostgreSQL that writes each commit to its disk. Every form "
        "is of another person with another address, and has its proof of work; who sends them shares the cores. The "
        "bare view is Django without middleware, forms or checks: it puts a card, a submission and a mail into the "
        "same tables, as pgbench does with prepared statements. Forms that arrive so many a second come at fixed "
        "moments, and each has waited since its own."
    )
    with serve(is_durable=True) as site:
        plot, rows = rising(site)
        return Section("Forms", note, [*held(site), *rows, *overloaded(site)], [plot])


def held(site: Site) -> Iterator[Row]:
    """Each connection sends the next form once the last was answered."""
    with Group() as processes:
        bare_url = f"http://127.0.0.1:{free_port()}"
        start_gunicorn(processes, "bench.bare_form", bare_url, site.env, site.var_dir)
        wait_until_ready(processes, f"{bare_url}/readyz/")
        for connections in CONNECTIONS:
            now(f"{connections} connections")
            label = f"{connections} connections"
            rows, spent, ours = at_once(site, site.url, connections)
            budget = f"≥ {AIM}/s, p99 < {MILLISECONDS} ms"
            is_met = ours.rate >= AIM and ours.percentile(99) < MILLISECONDS and not ours.number(*SERVERS_FAULTS)
            yield Row(f"Assessments, {label}", str(ours), budget, is_met, depends_on_speed=True)
            yield Row(f"— CPU of one, {label}", cpu_of_each(spent, ours.acknowledged or 1))
            yield kept(label, rows, ours)
            *_, bare = at_once(site, bare_url, connections)
            yield Row(f"A bare view, {label}", str(bare))
            share = round(ours.rate / bare.rate, 2) if bare.rate else 0
            yield at_least(f"Assessments beside it, {label}", share, SHARE, depends_on_speed=True)
    for connections in CONNECTIONS:
        yield Row(f"pgbench, {connections} connections", pgbench(site, connections))


def rising(site: Site) -> tuple[Plot, list[Row]]:
    """Forms that arrive whether or not the last was answered, more and more of them."""
    found: dict[int, Answers] = {}
    rows = []
    for rate in RATES:
        now(f"{rate} a second")
        requests = prepared(site, site.url, rate * ARRIVING)
        before = stored(site)
        with Visitors(site.url, CONNECTIONS[-1]) as visitors:
            found[rate] = visitors.send(requests, rate=rate)
        rows += [arrived(rate, found[rate]), kept(f"{rate} a second", stored(site) - before, found[rate])]
    plot = Plot(
        "posts",
        "Assessments that arrive at fixed moments",
        "arrivals a second",
        "milliseconds until the answer",
        {
            f"p{number}": [
                (rate, answers.percentile(number)) for rate, answers in found.items() if answers.acknowledged
            ]
            for number in (50, 99)
        },
        {"aim for p99": MILLISECONDS},
    )
    return plot, rows


def arrived(rate: int, answers: Answers) -> Row:
    if rate > AIM:
        return Row(f"Assessments, {rate} a second", str(answers))
    is_met = answers.percentile(99) < MILLISECONDS
    budget = f"p99 < {MILLISECONDS} ms"
    return Row(f"Assessments, {rate} a second", str(answers), budget, is_met, depends_on_speed=True)


def overloaded(site: Site) -> Iterator[Row]:
    """Through the edge, which is what stands before the site where anybody can reach it."""
    with Group() as services:
        url = edge(services, site)
        for name, sources in (("one visitor", ["127.0.1.1"]), (f"{CROWD:,} visitors", crowd(CROWD))):
            now(f"overload by {name}")
            requests = prepared(site, url, 10 * AIM * OVERLOAD_SECONDS)
            before = stored(site)
            with Visitors(url, CROWD, sources * (CROWD // len(sources))) as visitors:
                answers = visitors.send(requests, rate=10 * AIM)
            label = f"{10 * AIM:,} a second from {name}"
            faults = answers.number(*SERVERS_FAULTS) + answers.number(LOST)
            yield Row(f"Through the edge, {label}", str(answers), "the rest refused: 429", bool(answers.number(429)))
            yield at_most(f"— faults of the server, {label}", faults, 0)
            yield kept(label, stored(site) - before, answers)


def crowd(number: int) -> list[str]:
    return [f"127.1.{place // 250}.{place % 250 + 1}" for place in range(number)]


def edge(services: Group, site: Site) -> str:
    if not NGINX.path():
        raise Problem(NGINX.missing)
    (site.var_dir / "log").mkdir(exist_ok=True)
    env = production.Production().environment({**site.env, "PORT": str(free_port())})
    env = production.environment_here(site.var_dir, env)
    production.start(services, "web", site.var_dir, env)
    run.wait_until_ready(services, env)
    start_nginx(services, site.var_dir, env, urlsplit(env["SITE_URL"]).port or 0)
    return env["SITE_URL"]


def at_once(site: Site, url: str, connections: int) -> tuple[int, Counter[str], Answers]:
    """Rows that came, CPU seconds by the kind of process, and the answers."""
    requests = prepared(site, url, 2 * AIM * SECONDS)
    with Visitors(url, connections) as visitors:
        visitors.send(requests[:AIM], seconds=SECONDS / 4)  # to warm up
        rows, before = stored(site), cpu_seconds()
        answers = visitors.send(requests[AIM:], seconds=SECONDS)
        spent = cpu_seconds() - before
        return stored(site) - rows, spent, answers


def kept(label: str, rows: int, answers: Answers) -> Row:
    """A form whose answer was lost on the way may be stored, and one that was acknowledged has to be."""
    measured = f"{rows:,} rows, {answers.acknowledged:,} acknowledged"
    is_met = answers.acknowledged <= rows <= answers.acknowledged + answers.number(LOST)
    return Row(f"— stored, {label}", measured, "the same", is_met)


def stored(site: Site) -> int:
    with psycopg.connect(site.env["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT count(*) FROM leads_submission").fetchone()
        return row[0] if row else 0


def prepared(site: Site, url: str, number: int) -> list[bytes]:
    """Whole requests, each from another client."""
    command = python("bench.forms", str(number))
    done = subprocess.run(command, env=site.env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise Problem(f"There are no forms to send: {done.stderr}")
    time.sleep(TOO_FAST)
    return [request(url, place, form.encode()) for place, form in enumerate(done.stdout.splitlines())]


def request(url: str, place: int, body: bytes) -> bytes:
    lines = [
        "POST /assessment/ HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        f"Origin: {url}",
        "Sec-Fetch-Site: same-origin",
        f"X-Forwarded-For: 20.{place >> 16}.{place >> 8 & 255}.{place & 255}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def pgbench(site: Site, connections: int) -> str:
    script = site.var_dir / "inserts.sql"
    script.write_text(INSERTS)
    database = site.env["DATABASE_URL"]
    options = ["--no-vacuum", "--protocol=prepared", f"--client={connections}", f"--time={SECONDS // 2}"]
    command = [postgresql_program("pgbench"), *options, f"--file={script}", database]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise Problem(f"pgbench could not measure: {done.stderr}")
    return f"{float(found(r'tps = ([0-9.]+)', done.stdout)[1]):,.0f}/s"
