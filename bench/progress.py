"""Where a long measurement is: a bar that is drawn over on a terminal, a line a section elsewhere."""

import sys
import time

WIDTH = 20


class Progress:
    def __init__(self) -> None:
        self.sections = 1
        self.number = 0
        self.section = ""
        self.start = time.monotonic()

    def begin(self, section: str) -> None:
        self.number += 1
        self.section = section
        self.show()
        if not sys.stderr.isatty():
            print(f"[{self.number}/{self.sections}, {self.elapsed}] {section}", file=sys.stderr, flush=True)

    def show(self, part: str = "") -> None:
        if sys.stderr.isatty():
            done = WIDTH * (self.number - 1) // self.sections
            bar = "█" * done + "░" * (WIDTH - done)
            words = " · ".join(filter(None, [self.section, part]))
            print(f"\r\033[K{bar} {self.number}/{self.sections} {self.elapsed} {words}", end="", file=sys.stderr)
            sys.stderr.flush()

    def end(self) -> None:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)

    @property
    def elapsed(self) -> str:
        seconds = int(time.monotonic() - self.start)
        return f"{seconds // 60}:{seconds % 60:02}"


progress = Progress()


def now(part: str) -> None:
    """Say which part of its section is being measured."""
    progress.show(part)
