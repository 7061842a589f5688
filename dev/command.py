"""Runs a command beside the site's own database: `python -m dev.command manage.py shell`.

It uses the servers of `make run` where that runs on the same VAR_DIR, and starts them for itself where not.
`--throwaway` gives it an empty database instead, which is dropped again.
"""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from dev import environment
from dev.processes import Group, Problem
from dev.services import claim, kept, throwaway


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.command", description=__doc__)
    parser.add_argument("--throwaway", action="store_true", help="use an empty database and drop it again")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a Python program and its arguments")
    options = parser.parse_args()
    # Ctrl-C is the command's. We end when it does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with contextlib.ExitStack() as stack:
            servers = stack.enter_context(Group())
            var_dir = environment.var_dir()
            if options.throwaway:
                var_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clinic-")))
                addresses = stack.enter_context(throwaway(servers))
            else:
                addresses = of_the_running_site(var_dir) or start_beside(var_dir, servers, stack)
            env = environment.load(var_dir) | addresses
            return subprocess.run(
                [sys.executable, *options.command], env=env, preexec_fn=listen, check=False
            ).returncode
    except (Problem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1


def of_the_running_site(var_dir: Path) -> dict[str, str] | None:
    try:
        with claim(var_dir):
            return None
    except Problem:
        return dict(json.loads((var_dir / "services.json").read_text()))


def start_beside(var_dir: Path, servers: Group, stack: contextlib.ExitStack) -> dict[str, str]:
    stack.enter_context(claim(var_dir))
    return stack.enter_context(kept(var_dir, servers))


def listen() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
