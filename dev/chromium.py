"""Chromium, for the browser tests; as a command, installs it where there is none and root may."""

import sys

from dev.debian import Program

CHROMIUM = Program(
    need="The browser tests need Chromium",
    names=("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    packages="chromium",
)

if __name__ == "__main__":
    sys.exit(CHROMIUM.install())
