"""`python -m bench.mutants`: changes the ledger, the gates and the clocks in hundreds of small ways, one at a time.

A change that no test notices is a promise that nobody holds. mutmut makes the changes and runs the tests that reach
each of them; pyproject.toml says where. It goes on where it was stopped; remove `mutants/` to
begin anew. `python -m bench.mutants run "leads.mail.ledger*"` tries those of one file, each of them again. MUTANTS.md
says what was found.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dev import environment
from dev.environment import ROOT
from dev.processes import Group, Problem
from dev.services import throwaway
from tests.conftest import ENVIRONMENT
from tests.database import MIGRATED, execute, make_migrated
from tests.one_database import NAME

MUTMUT = "mutmut==3.8.1"


def main(arguments: list[str]) -> int:
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    try:
        os.environ["PYTHONPATH"] = str(install(environment.var_dir() / "mutmut"))
        command, *names = arguments or ["run"]
        if command != "run":  # such as `results`, or `show` and a name
            return mutmut(*arguments)
        with Group() as servers, throwaway(servers) as addresses, tempfile.TemporaryDirectory() as var_dir:
            os.environ.update(ENVIRONMENT | addresses | {"VAR_DIR": var_dir})
            make_migrated()
            execute(f"CREATE DATABASE {NAME} TEMPLATE {MIGRATED}")
            return mutmut("run", "--max-children=1", *names)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1


def mutmut(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "mutmut", *arguments], cwd=ROOT, check=False).returncode


def install(folder: Path) -> Path:
    """Apart from the site's packages: what it brings along changes how gunicorn calls its processes."""
    if not (folder / "mutmut").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), MUTMUT]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Problem(
                f"mutmut could not be installed: {(done.stderr.strip() or 'pip says nothing').splitlines()[-1]}"
            )
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
