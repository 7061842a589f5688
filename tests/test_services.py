"""The servers that `make run` and `make test` start: what they keep, what they leave behind, and who they run as."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from dev.environment import ROOT
from dev.processes import Group, Problem
from dev.services import claim, kept, throwaway


@pytest.fixture(autouse=True)
def no_servers_named(monkeypatch):
    """Ours are to be started, though this test run has some already."""
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")


@contextlib.contextmanager
def servers(var_dir: Path):
    with claim(var_dir), Group() as group, kept(var_dir, group) as addresses:
        yield group, addresses


def write_a_row(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('still here')")


def rows(database: str) -> list:
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT text FROM note").fetchall()


def start_in_another_process(var_dir: Path) -> tuple[subprocess.Popen, str, list[psutil.Process]]:
    """A process that serves `var_dir` until it is ended; the database's address; and the servers' processes."""
    code = f"""if True:
        import sys, time
        from pathlib import Path
        from tests.test_services import servers
        with servers(Path({str(var_dir)!r})) as (group, addresses):
            print(addresses["DATABASE_URL"], *(child.process.pid for child in group.children), flush=True)
            time.sleep(60)
    """
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with process.stdout as output:
        database, *numbers = output.readline().split()
    return process, database, [psutil.Process(int(number)) for number in numbers]


def test_services_keep_their_data_from_one_start_to_the_next(tmp_path):
    with servers(tmp_path) as (_, addresses):
        write_a_row(addresses["DATABASE_URL"])
    with servers(tmp_path) as (_, addresses):
        assert rows(addresses["DATABASE_URL"]) == [("still here",)]


def test_the_log_of_the_database_repeats_nothing_of_a_statement_that_failed(tmp_path):
    """Neither the statement, with what somebody typed in it, nor the row that it was about."""
    with servers(tmp_path) as (_, addresses):
        with psycopg.connect(addresses["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("CREATE TABLE person (name text UNIQUE, phone text CHECK (phone <> ''))")
            insert = "INSERT INTO person VALUES (%s, %s)"
            cursor = psycopg.ClientCursor(connection)  # as the site has it: what was typed is part of the statement
            cursor.execute(insert, ["Erika Lang", "+14256584944"])
            with pytest.raises(psycopg.errors.UniqueViolation):
                cursor.execute(insert, ["Erika Lang", "+14256584944"])
            with pytest.raises(psycopg.errors.CheckViolation):
                cursor.execute(insert, ["Erika Lang junior", ""])
            cursor.execute("SET lock_timeout = 50")
            with psycopg.connect(addresses["DATABASE_URL"]) as other:
                other.execute("LOCK TABLE person")
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    cursor.execute(insert, ["Erika Lang", "+14256584944"])
        log = (tmp_path / "log/postgres.log").read_text()
    assert "duplicate key" in log
    assert "check constraint" in log
    assert "lock timeout" in log
    assert "Erika" not in log
    assert "4256584944" not in log


def test_services_answer_with_the_password_only(tmp_path):
    with servers(tmp_path) as (_, addresses):
        assert redis.Redis.from_url(addresses["REDIS_URL"]).ping()
        port = addresses["REDIS_URL"].rsplit(":", 1)[1]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(f"redis://127.0.0.1:{port}").ping()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(addresses["DATABASE_URL"], password="guess")


def test_services_start_again_after_kill_9(tmp_path):
    process, database, started = start_in_another_process(tmp_path)
    write_a_row(database)
    for victim in [psutil.Process(process.pid), *started]:
        victim.kill()
    process.wait()
    with servers(tmp_path) as (_, addresses):
        assert rows(addresses["DATABASE_URL"]) == [("still here",)]


def test_a_process_number_that_belongs_to_another_by_now_does_not_stop_the_start(tmp_path):
    with servers(tmp_path) as (_, addresses):
        write_a_row(addresses["DATABASE_URL"])
    note = tmp_path / "postgres/data/postmaster.pid"
    note.write_text(f"{os.getpid()}\n{tmp_path}\n1\n5432\n\n127.0.0.1\n\nready\n")
    with servers(tmp_path) as (_, addresses):
        assert rows(addresses["DATABASE_URL"]) == [("still here",)]


def test_services_end_when_the_process_that_started_them_is_killed(tmp_path):
    process, _, started = start_in_another_process(tmp_path)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(started, timeout=10)
    assert not alive


def test_a_first_start_that_was_cut_short_does_no_harm(tmp_path):
    unfinished = tmp_path / "postgres/unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18")
    with servers(tmp_path) as (_, addresses):
        write_a_row(addresses["DATABASE_URL"])


def test_throwaway_services_leave_neither_files_nor_processes(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Group() as group, throwaway(group):
        started = [psutil.Process(child.process.pid) for child in group.children]
        assert len(started) == 2
    assert not any(process.is_running() for process in started)
    assert list(tmp_path.iterdir()) == []


def test_two_checkouts_run_side_by_side(tmp_path):
    with servers(tmp_path / "one") as (_, one), servers(tmp_path / "two") as (_, two):
        write_a_row(one["DATABASE_URL"])
        with pytest.raises(psycopg.errors.UndefinedTable):
            rows(two["DATABASE_URL"])


def test_a_second_start_on_the_same_data_is_refused(tmp_path):
    with servers(tmp_path), pytest.raises(Problem, match="already runs"), claim(tmp_path):
        pass


def test_servers_that_the_environment_names_are_used(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example.org/clinic")
    monkeypatch.setenv("REDIS_URL", "redis://redis.example.org/0")
    with servers(tmp_path) as (group, addresses):
        assert addresses == {"DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": os.environ["REDIS_URL"]}
        assert group.children == []


def test_services_run_unprivileged_below_a_home_that_is_closed_to_others(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with servers(home / "var") as (group, _):
        users = [psutil.Process(child.process.pid).uids().effective for child in group.children]
        assert 0 not in users
        assert len(users) == 2


def test_postgresql_that_cannot_start_says_why_in_one_line(tmp_path):
    with servers(tmp_path):
        pass
    (tmp_path / "postgres/data/PG_VERSION").write_text("12\n")
    with pytest.raises(Problem, match=r"^PostgreSQL did not start: .*FATAL: .*$"), servers(tmp_path):
        pass


def test_a_stopped_server_rolls_back_and_does_not_wait_for_its_clients(tmp_path):
    with servers(tmp_path) as (group, addresses):
        connection = psycopg.connect(addresses["DATABASE_URL"])
        connection.execute("SELECT 1")
        begin = time.monotonic()
        group.children[0].process.send_signal(signal.SIGINT)
        group.children[0].process.wait()
        assert time.monotonic() - begin < 5
        connection.close()
