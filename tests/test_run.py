"""`make run`, with real processes: what it prints, what it keeps, and what it leaves behind."""

import contextlib
import http.client
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil
import psycopg
import pytest

from dev.environment import ROOT
from dev.processes import free_port
from dev.services import claim
from tests.processes import commands, family

OURS = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SITE_URL", "SECRET_KEY", "EMAIL_URL", "ALLOWED_HOSTS"}


class Run:
    """A `make run` of its own, and the processes that it started."""

    def __init__(self, var_dir: Path, port: int, **options):
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dev.run"],
            cwd=ROOT,
            env=environment | {"VAR_DIR": str(var_dir), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def wait_until_ready(self) -> str:
        """Everything that it prints until it asks for nothing more than Ctrl-C."""
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                self.started = self.children()
                return "".join(lines)
        pytest.fail(f"It ended: {''.join(lines)}{self.process.stderr.read()}")

    def children(self) -> list[psutil.Process]:
        return family(self.process.pid)[1:]

    def running(self, command: str) -> list[psutil.Process]:
        """Those that it started with this in their command line."""
        return [process for process, words in commands(self.started) if command in " ".join(words)]

    def processor_seconds(self) -> float:
        """What it has cost until now. Seconds on the clock would tell how busy the machine is with other tests."""
        seconds = 0.0
        for process in family(self.process.pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                seconds += sum(process.cpu_times())
        return seconds

    def still_running(self) -> list[psutil.Process]:
        return psutil.wait_procs(self.started, timeout=20)[1]

    def get(self, path: str) -> tuple[int, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """The exit code and what it said to the end."""
        self.started = self.children()
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=60)
        return self.process.returncode, output + errors


@pytest.fixture
def run():
    """Starts the site, and ends whatever the test has left of it."""
    runs = []

    def start(var_dir: Path, port: int | None = None, **options) -> Run:
        runs.append(Run(var_dir, port or free_port(), **options))
        return runs[-1]

    yield start
    for one in runs:
        if one.process.poll() is None:
            one.end(signal.SIGTERM)
        one.process.stdout.close()
        one.process.stderr.close()


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory) -> Path:
    """The data of one site for all tests here: making it takes far longer than starting it again."""
    return tmp_path_factory.mktemp("site") / "var"


def fails_with_one_line(run: Run) -> str:
    """The line."""
    _, errors = run.process.communicate(timeout=60)
    assert run.process.returncode == 1
    assert errors.count("\n") == 1, errors
    return errors.rstrip()


def values(var_dir: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (var_dir / ".env").read_text().splitlines())


def test_the_first_start_prints_where_the_site_is_and_the_second_keeps_its_data(run, var_dir):
    first = run(var_dir)
    welcome = first.wait_until_ready()
    secrets = values(var_dir)
    for part in (f"http://127.0.0.1:{first.port}/admin/", secrets["OWNER_PASSWORD"], str(var_dir / "mail")):
        assert part in welcome
    assert secrets["SITE_URL"] == f"http://127.0.0.1:{first.port}"
    assert first.get("/")[0] == 200
    assert "DEBUG" not in first.get("/no-such-page/")[1]
    assert len(first.running(" beat ")) == 1
    assert first.running(" worker ")
    database = re.search(r'"DATABASE_URL": "(.*?)"', (var_dir / "services.json").read_text())[1]
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE wagtailcore_site SET site_name = 'kept'")
    assert first.end(signal.SIGTERM)[0] == 0
    assert first.still_running() == []

    second = run(var_dir)
    second.wait_until_ready()
    assert second.processor_seconds() < 8
    database = re.search(r'"DATABASE_URL": "(.*?)"', (var_dir / "services.json").read_text())[1]
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT site_name FROM wagtailcore_site").fetchone() == ("kept",)
    assert values(var_dir) == secrets | {"SITE_URL": f"http://127.0.0.1:{second.port}"}


def test_no_process_is_left_behind_after_ctrl_c(run, var_dir):
    site = run(var_dir)
    site.wait_until_ready()
    code, output = site.end(signal.SIGINT)
    assert (code, output.strip()) == (0, "Stopped.")
    assert site.still_running() == []


def test_no_process_is_left_behind_after_kill_9_and_the_next_start_recovers(run, var_dir):
    site = run(var_dir)
    site.wait_until_ready()
    site.end(signal.SIGKILL)
    again = run(var_dir, site.port)
    again.wait_until_ready()
    assert site.still_running() == []


def test_a_stop_during_the_first_start_leaves_nothing_running(run, tmp_path):
    site = run(tmp_path)
    for line in site.process.stdout:
        if line.startswith("Preparing"):
            break
    assert site.end()[0] == 0
    assert site.still_running() == []


def test_a_process_that_ends_by_itself_is_named_and_ends_the_rest(run, var_dir):
    site = run(var_dir)
    site.wait_until_ready()
    (beat,) = site.running(" beat ")
    beat.kill()
    assert "beat" in fails_with_one_line(site)
    assert site.still_running() == []


def test_a_taken_port_gets_one_clear_line(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert fails_with_one_line(run(tmp_path, port)).startswith(f"Port {port} is taken")


def test_a_second_start_on_the_same_data_gets_one_clear_line(run, var_dir):
    with claim(var_dir):
        assert fails_with_one_line(run(var_dir)).startswith(f"The site already runs on {var_dir}")


def test_a_full_disk_gets_one_clear_line(run, tmp_path):
    def allow_no_byte() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    assert "is full" in fails_with_one_line(run(tmp_path, preexec_fn=allow_no_byte))


def test_a_place_that_cannot_be_written_gets_one_clear_line(run, tmp_path):
    (tmp_path / "file").touch()
    assert "Not a directory" in fails_with_one_line(run(tmp_path / "file/var"))


def test_a_port_that_is_no_number_gets_one_clear_line(run, tmp_path):
    assert fails_with_one_line(run(tmp_path, "eighty")).startswith("PORT has to be a number")
