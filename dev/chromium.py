"""Chromium; as a command, installs what the browser tests drive where it is missing and root may."""

import sys

from dev.debian import Program

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

CHROMIUM = Program(need="Measuring needs Chromium", names=NAMES, packages="chromium")

# The same engine without the window around it, which costs more than the pages of the tests do.
HEADLESS = Program(
    need="The browser tests need Chromium",
    names=("chromium-headless-shell", *NAMES),
    packages="chromium-headless-shell",
)

if __name__ == "__main__":
    sys.exit(HEADLESS.install())
