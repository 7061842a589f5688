"""Finds Chromium for the browser tests; as a command, installs Debian's package where there is none and root may."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "apt-get update && apt-get install --yes --no-install-recommends chromium"
MISSING = f"The browser tests need Chromium. As root, run: {INSTALL}"


def path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    if path():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Debian's Chromium for the browser tests", flush=True)
        command = ["sh", "-c", INSTALL]
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    if path():
        return 0
    print(MISSING, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
