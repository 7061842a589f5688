"""Installs the locked packages into .venv, when the lock has changed. Needs nothing but Python and its venv module."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements/develop.txt"
INSTALLED = VENV / "installed.txt"  # a copy of the lock that was installed
OLDEST = (3, 11)


def main() -> int:
    if INSTALLED.exists() and INSTALLED.read_bytes() == LOCK.read_bytes():
        return 0
    if sys.version_info < OLDEST:
        return fail(f"Python {'.'.join(map(str, OLDEST))} or later is needed: make PYTHON=/path/to/it")
    print("Installing the packages into .venv (about a minute, this once)", flush=True)
    try:
        return install()
    except OSError as error:
        return fail(f"The packages could not be installed: {error.strerror}.")
    except KeyboardInterrupt:
        return fail("Stopped while installing; the next make goes on from there.")


def install() -> int:
    python = VENV / "bin/python"
    if not succeeds(python, "-m", "pip", "--version"):
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False
        )
        if made.returncode:
            return fail("Python cannot make a virtual environment here: on Debian, apt-get install python3-venv.")
    log = VENV / "pip.log"
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--require-hashes",
    ]
    with log.open("w") as output:
        done = subprocess.run(
            [*pip, "--requirement", LOCK], stdout=output, stderr=output, stdin=subprocess.DEVNULL, check=False
        )
    if done.returncode:
        text = log.read_text(errors="replace")
        if "No space left" in text:
            return fail(f"The disk with {VENV} is full: make room (1 GB) and run make again.")
        return fail(f"The packages could not be downloaded: check the network and run make again. Details: {log}")
    shutil.copyfile(LOCK, INSTALLED)
    return 0


def succeeds(*command: str | Path) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def fail(line: str) -> int:
    print(line, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
