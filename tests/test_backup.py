"""What an operator counts on when everything is lost: backups, putting one back, and the certificate."""

import os
import re
import signal
import subprocess
import sys
import tarfile
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from clinic.settings import Environment
from dev.environment import ROOT
from dev.servers import postgresql_program
from leads.retention import BACKUPS_GONE
from tests.database import execute, make_migrated, server

MAILS = """
    WITH contact AS (INSERT INTO leads_contact (email, soft_bounces) VALUES ('kept@example.com', '[]') RETURNING id)
    INSERT INTO leads_outgoingmail (dedupe_key, kind, contact_id, state, due_at, sent_at, lease_token, lease_until,
                                    template_version, reason, attempts, was_resent)
    SELECT key, 'welcome', id, state, now() + due, sent, token, token_until, 1, '', 0, false
      FROM contact,
           (VALUES ('due', 'queued', '0'::interval, NULL::timestamptz, NULL::uuid, NULL::timestamptz),
                   ('at hand', 'leased', '0', NULL, gen_random_uuid(), now()),
                   ('for tomorrow', 'queued', '1 day', NULL, NULL, NULL),
                   ('gone', 'sent', '0', now(), NULL, NULL)) AS mail (key, state, due, sent, token, token_until)
"""
PROGRAMS = f"{postgresql_program('pg_dump').parent}:{os.environ['PATH']}"


def run(script, *arguments, **environment):
    command = ["sh", ROOT / "deploy" / script, *arguments]
    env = {"PATH": PROGRAMS, "LC_ALL": "C", **environment}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def database(worker_id) -> str:
    name = f"backup_{worker_id}"
    model = make_migrated()
    execute(f"CREATE DATABASE {name} TEMPLATE {model}")
    return f"{server()}/{name}"


@pytest.fixture
def places(database, tmp_path) -> dict[str, str]:
    (tmp_path / "data/media/images").mkdir(parents=True)
    (tmp_path / "data/media/images/figure.png").write_text("figure")
    address = tmp_path / "database_url"
    address.write_text(f"{database}\n")
    return {
        "BACKUP_DIR": str(tmp_path / "backups"),
        "VAR_DIR": str(tmp_path / "data"),
        "DATABASE_URL_FILE": str(address),
    }


def backups(places, kind="database"):
    return sorted(path.name for path in Path(places["BACKUP_DIR"]).glob(f"{kind}-*"))


def test_a_backup_is_put_back_with_the_sender_stopped(database, places):
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO leads_contact (email, soft_bounces) VALUES ('kept@example.com', '[]')")
        connection.execute("INSERT INTO leads_sender (id, outages, reason, is_stopped) VALUES (1, 0, '', false)")
        run("backup.sh", "now", **places)
        connection.execute("DELETE FROM leads_contact")
        ((last,),) = connection.execute("SELECT last_value FROM leads_submission_id_seq").fetchall()
        connection.execute("INSERT INTO leads_contact (email, soft_bounces) VALUES ('later@example.com', '[]')")
    picture = Path(places["VAR_DIR"], "media/images/figure.png")
    picture.unlink()
    moment = backups(places)[0].removeprefix("database-").removesuffix(".dump")

    assert "the sender is stopped" in run("restore.sh", moment, **places)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT email FROM leads_contact").fetchall() == [("kept@example.com",)]
        assert connection.execute("SELECT is_stopped FROM leads_sender").fetchall() == [(True,)]
        ((number,),) = connection.execute("SELECT nextval('leads_submission_id_seq')").fetchall()
    assert number > last + 1000  # whatever was numbered since the backup, no other row gets that number
    assert picture.read_text() == "figure"


@pytest.mark.parametrize(
    ("since", "states"),
    [
        ((), {"due": "uncertain", "at hand": "uncertain", "for tomorrow": "queued", "gone": "sent"}),
        (("none-left-since",), {"due": "queued", "at hand": "leased", "for tomorrow": "queued", "gone": "sent"}),
    ],
)
def test_what_may_have_left_after_the_backup_is_not_sent_again(database, places, since, states):
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("TRUNCATE leads_outgoingmail, leads_contact CASCADE")
        connection.execute(MAILS)
        run("backup.sh", "now", **places)
    moment = backups(places)[0].removeprefix("database-").removesuffix(".dump")
    run("restore.sh", moment, *since, **places)
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT dedupe_key, state, was_resent FROM leads_outgoingmail").fetchall()
    assert {key: state for key, state, _ in rows} == states
    assert all(was_resent for _, state, was_resent in rows if state == "uncertain")  # nor by the site itself, later


def test_a_backup_holds_the_database_and_the_media_and_no_key(places):
    Path(places["VAR_DIR"], ".env").write_text("SECRET_KEY=secret")
    run("backup.sh", "now", **places)
    (media,) = backups(places, "media")
    with tarfile.open(Path(places["BACKUP_DIR"], media)) as archive:
        names = {member.name for member in archive.getmembers() if member.isfile()}
    assert names == {"media/images/figure.png"}
    assert {path.stat().st_mode & 0o077 for path in Path(places["BACKUP_DIR"]).iterdir()} == {0}


def test_old_backups_make_room_but_for_one_a_month(places):
    folder = Path(places["BACKUP_DIR"])
    folder.mkdir()
    for day in range(1, 31):
        (folder / f"database-2020-06-{day:02}T030000Z.dump").touch()
    for month in range(1, 6):
        (folder / f"database-2020-0{month}-01T030000Z.dump").touch()
    run("backup.sh", "now", BACKUP_NIGHTS="3", **places)
    kept = [name for name in backups(places) if "-2020-" in name]
    first = 3 if datetime.now(UTC).day == 1 else 2  # on the first of a month, the new one is the fifth
    assert kept == [
        *(f"database-2020-0{month}-01T030000Z.dump" for month in range(first, 7)),
        "database-2020-06-29T030000Z.dump",
        "database-2020-06-30T030000Z.dump",
    ]


def test_a_day_with_many_backups_takes_the_place_of_no_night(places):
    folder = Path(places["BACKUP_DIR"])
    folder.mkdir()
    nights = [f"database-2020-06-{day:02}T030000Z.dump" for day in range(15, 28)]
    by_hand = [f"database-2020-06-01T{hour:02}0000Z.dump" for hour in range(5, 11)]  # a first of a month, too
    for name in ("database-2020-05-01T030000Z.dump", *by_hand, *nights):
        (folder / name).touch()
    for hour in range(20):
        (folder / f"database-{datetime.now(UTC):%Y-%m-%d}T{hour:02}0000Z.dump").touch()
    run("backup.sh", "now", **places)
    assert [name for name in backups(places) if "-2020-" in name] == [
        "database-2020-05-01T030000Z.dump",
        *by_hand,
        *nights,
    ]


# In the place of the real ones: the first night the disk is full, the second there is room again, and then it is over.
FULL_DISK = """#!/bin/sh
for word in "$@"; do case $word in --file=*) file=${word#--file=} ;; esac; done
if [ ! -e "$TURNS/failed" ]; then
    touch "$TURNS/failed"
    printf PGDMP000 >"$file"
    echo "could not write to file: No space left on device" >&2
    exit 1
fi
PATH=${PATH#*:} exec pg_dump "$@"
"""
THREE_NIGHTS = """#!/bin/sh
echo >>"$TURNS/nights"
ls "$BACKUP_DIR" >"$TURNS/before-$(wc -l <"$TURNS/nights")"
[ "$(wc -l <"$TURNS/nights")" -lt 3 ] || kill "$PPID"
"""


def test_a_night_without_room_costs_no_backup_and_the_next_one_makes_one(places, tmp_path):
    folder = Path(places["BACKUP_DIR"])
    folder.mkdir()
    old = [f"{kind}-2020-06-{day:02}T030000Z" for kind in ("database", "media") for day in range(1, 20)]
    for name in old:
        (folder / name).touch()
    (tmp_path / "bin").mkdir()
    for name, text in {"pg_dump": FULL_DISK, "sleep": THREE_NIGHTS}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}/bin:{PROGRAMS}", "LC_ALL": "C", "TURNS": str(tmp_path), **places}
    command = ["sh", ROOT / "deploy/backup.sh", "nightly"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGTERM
    assert "the backup failed" in done.stderr
    assert done.stdout.count("backed up:") == 1
    assert (tmp_path / "before-2").read_text().split() == old  # nothing new after the first night, and nothing gone
    assert len([name for name in backups(places) if "-2020-" not in name]) == 1


@pytest.mark.parametrize("broken", ["pg_dump", "tar"])
def test_what_cannot_be_put_back_is_not_called_a_backup(places, tmp_path, broken):
    folder = tmp_path / "bin"
    folder.mkdir()
    does = {
        "pg_dump": 'for word; do case $word in --file=*) echo PGDMP >"${word#--file=}" ;; esac; done',
        "tar": "exit 2",
    }
    (folder / broken).write_text(f"#!/bin/sh\n{does[broken]}\n")
    (folder / broken).chmod(0o755)
    env = {"PATH": f"{folder}:{PROGRAMS}", "LC_ALL": "C", **places}
    command = ["sh", ROOT / "deploy/backup.sh", "now"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "backed up:" not in done.stdout
    assert list(Path(places["BACKUP_DIR"]).iterdir()) == []


def test_no_backup_is_kept_for_six_months(places):
    """Whoever is erased has to be gone from all of them by then."""
    folder = Path(places["BACKUP_DIR"])
    folder.mkdir()
    for number in range(12):
        (folder / f"database-{first_of_month(number):%Y-%m-%d}T030000Z.dump").touch()
    run("backup.sh", "now", BACKUP_NIGHTS="1", **places)
    oldest = date.fromisoformat(backups(places)[0].removeprefix("database-")[:10])
    assert datetime.now(UTC).date() - oldest <= BACKUPS_GONE


def first_of_month(ago: int) -> date:
    today = datetime.now(UTC).date()
    months = today.year * 12 + today.month - 1 - ago
    return date(months // 12, months % 12 + 1, 1)


def test_the_name_of_a_backup_says_when_it_was_made_and_nothing_else(places):
    run("backup.sh", "now", **places)
    names = sorted(path.name for path in Path(places["BACKUP_DIR"]).iterdir())
    assert all(re.fullmatch(r"(database|media)-\d{4}-\d\d-\d\dT\d{6}Z\.(dump|tar\.gz)", name) for name in names)
    assert len(names) == 2


def test_a_new_certificate_takes_the_place_of_the_old_one(tmp_path):
    for folder in ("bin", "certificates", "acme", "state/live/site"):
        (tmp_path / folder).mkdir(parents=True)
    # In the place of certbot, which would ask the world.
    certbot = tmp_path / "bin/certbot"
    pair = f"for file in privkey fullchain; do echo new >{tmp_path}/state/live/site/$file.pem; done"
    certbot.write_text(f'#!/bin/sh\necho "$@"\n{pair}\n')
    certbot.chmod(0o755)
    (tmp_path / "certificates/fullchain.pem").write_text("old")
    output = run(
        "certificates.sh",
        PATH=f"{tmp_path}/bin:{os.environ['PATH']}",
        ONCE="1",
        SITE_URL="https://clinic.example.org",
        ALLOWED_HOSTS="clinic.example.org,www.clinic.example.org,172.30.77.10",
        ACME_EMAIL="operator@example.org",
        CERTIFICATE_DIR=str(tmp_path / "certificates"),
        ACME_DIR=str(tmp_path / "acme"),
        ACME_STATE_DIR=str(tmp_path / "state"),
    )
    assert "--domain clinic.example.org --domain www.clinic.example.org --config-dir" in output
    assert {path.name: path.read_text() for path in (tmp_path / "certificates").iterdir()} == {
        "fullchain.pem": "new\n",
        "privkey.pem": "new\n",
    }


# In the place of nginx, which reads its configuration again on SIGHUP; and of a minute, in which the pair is replaced.
EDGE = f"""#!{sys.executable}
import os, signal, time
from pathlib import Path

folder = Path(os.environ["EDGE_DIR"])
signal.signal(signal.SIGHUP, lambda *_: print("taken up", flush=True) or (folder / "over").touch())
(folder / "nginx.pid").write_text(str(os.getpid()))
for _ in range(300):
    if not (folder / "over").exists():
        time.sleep(0.1)
(folder / "over").touch()
"""
MINUTE = """#!/bin/sh
[ "$1" -le 60 ] || touch "$EDGE_DIR/over"
[ ! -e "$EDGE_DIR/over" ] || exit 1
touch "$CERTIFICATE_DIR/fullchain.pem"
/bin/sleep 0.2
"""


def test_the_edge_takes_up_a_new_certificate_within_a_minute(tmp_path):
    for folder in ("bin", "certificates", "edge"):
        (tmp_path / folder).mkdir()
    for name, text in {"nginx": EDGE, "sleep": MINUTE}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "certificates/fullchain.pem").write_text("a pair")
    places = ("EDGE_DIR", "EDGE_STATIC_DIR", "PICTURES_DIR", "PAGES_DIR", "ACME_DIR")
    output = run(
        "nginx/start.sh",
        **dict.fromkeys(places, str(tmp_path / "edge")),
        PATH=f"{tmp_path}/bin:{os.environ['PATH']}",
        CERTIFICATE_DIR=str(tmp_path / "certificates"),
        SITE_URL="https://clinic.example.org",
        WEB_SERVERS="127.0.0.1:8000",
    )
    assert "taken up" in output


def test_secrets_are_made_once_and_differ(tmp_path):
    (tmp_path / "deploy").mkdir()
    script = tmp_path / "deploy/secrets.sh"
    script.write_bytes((ROOT / "deploy/secrets.sh").read_bytes())
    contents = []
    for _ in range(2):
        subprocess.run(["sh", script], check=True)
        contents.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    first, second = contents
    assert first == second
    assert first["database_password"] in first["database_url"]
    assert first["secret_key"] != first["suppression_key"]
    assert len(first["field_encryption_keys"]) == 44  # a Fernet key


def test_every_setting_is_explained_in_the_example():
    explained = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    programs = [ROOT / "clinic/settings.py", ROOT / "deploy/gunicorn.conf.py"]
    read = {
        name
        for program in programs
        for name in re.findall(r"""\benv(?:iron\.get|\.\w+)?\(["']([A-Z0-9_]+)["']""", program.read_text())
    }
    assert {"SECRET_KEY", "DEBUG", "DATABASE_URL", "WEB_CONCURRENCY"} <= read
    assert read | {"BACKUP_NIGHTS", "UNLIMITED", "EXTRA_DIR"} <= explained


def test_a_setting_may_lie_in_a_file(tmp_path):
    (tmp_path / "key").write_text("secret\n")
    environment = Environment({"KEY_FILE": str(tmp_path / "key"), "OTHER": "as it is"})
    assert (environment["KEY"], environment["OTHER"]) == ("secret", "as it is")
