"""Judges of what we write, from npm: html-validate for HTML, and what mail programs show by caniemail.com.

package-lock.json pins them by hash. `python -m dev.validators` installs them, once.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dev.debian import Program

FOLDER = Path(__file__).parent
LOCK = FOLDER / "package-lock.json"
INSTALLED = FOLDER / "node_modules/installed.json"  # a copy of the lock that was installed
NPM = Program(need="The validators of HTML and of mail need npm", names=("npm",), packages="nodejs npm")


def install() -> int:
    """The exit code for whoever needs them: 0 when they are there, now or already."""
    if INSTALLED.exists() and INSTALLED.read_bytes() == LOCK.read_bytes():
        return 0
    if code := NPM.install():
        return code
    print("Installing the validators of HTML and of mail", flush=True)
    command = [NPM.path() or "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        print(f"npm could not install the validators: {reason}", file=sys.stderr)
        return 1
    shutil.copyfile(LOCK, INSTALLED)
    return 0


def faults_of_pages(pages: Mapping[str, str]) -> dict[str, list[str]]:
    """By the page's name, one line for each place where its HTML is not valid."""
    return ask("pages.js", pages)


def faults_of_mails(mails: Mapping[str, str]) -> dict[str, list[str]]:
    """The same for the HTML of mails, in which some of what is out of date elsewhere has to be."""
    return ask("pages.js", mails, "mails")


def unsupported(mails: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    """By the mail's name: what is in its HTML, such as "border-radius", that these mail programs do not know."""
    return ask("programs.js", mails)


def ask(script: str, texts: Mapping[str, str], *arguments: str) -> dict:
    command = ["node", str(FOLDER / script), *arguments]
    done = subprocess.run(command, input=json.dumps(dict(texts)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict = json.loads(done.stdout)
    return found
