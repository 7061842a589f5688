"""The packages that the site stands on: pinned by hash, as pyproject.toml asks for them, and not known to be weak."""

import subprocess
import sys

import pytest

from dev import dependencies
from dev.environment import ROOT

HASH = " \\\n    --hash=sha256:0123"
PROJECT = """
[project]
dependencies = ["Django~=5.2.19", "redis~=8.1"]
[dependency-groups]
local = ["psutil"]
develop = [{ include-group = "local" }, "ruff~=0.17.6"]
[tool.floors]
django = { version = "5.2.17", because = "CVE-2026-15307" }
"""
RUN = f"django==5.2.19{HASH}\nredis==8.1.0 ; python_version > '3'{HASH}\n"
DEVELOP = f"{RUN}psutil==7.0{HASH}\nruff==0.17.9{HASH}\n"


def faults(folder, run=RUN, develop=DEVELOP, project=PROJECT):
    (folder / "requirements").mkdir()
    (folder / "pyproject.toml").write_text(project)
    (folder / "requirements/run.txt").write_text(run)
    (folder / "requirements/develop.txt").write_text(develop)
    return list(dependencies.faults(folder))


def test_the_locks_of_this_site_are_right():
    assert list(dependencies.faults()) == []


def test_a_lock_that_does_what_is_asked_passes(tmp_path):
    assert faults(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run": RUN.replace("5.2.19", "5.2.16")}, "django 5.2.16 is locked; CVE-2026-15307 asks for 5.2.17"),
        ({"run": RUN.replace("8.1.0", "7.9.0")}, "redis 7.9.0 is locked, and ~=8.1 is asked for"),
        ({"run": RUN.replace("redis", "rediss")}, "redis is not in the lock"),
        ({"run": RUN.replace(HASH, "")}, "django is pinned without a hash"),
        ({"develop": DEVELOP.replace("ruff==0.17.9", "ruff==0.18.0")}, "ruff 0.18.0 is locked"),
        ({"develop": DEVELOP.replace("psutil", "other")}, "psutil is not in the lock"),
        ({"project": PROJECT.replace("django = {", "jinja2 = {")}, "jinja2 has a floor"),
    ],
)
def test_a_lock_that_is_not_says_what_to_do(tmp_path, changes, said):
    assert any(said in fault for fault in faults(tmp_path, **changes))


def test_every_floor_names_its_reason():
    for floor in dependencies.tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["floors"].values():
        assert floor["because"].startswith("CVE-")


def test_production_passes_djangos_own_checks(tmp_path):
    """`check --deploy` with the settings of a site in production."""
    environment = {"DJANGO_SETTINGS_MODULE": "dev.checked_settings", "VAR_DIR": str(tmp_path), "PATH": ""}
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]

    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
