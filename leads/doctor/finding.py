from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    LOOK = "look"  # somebody has to judge it, or to look where the site cannot
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line: a fact, and where it is not well what to do. No secret is in it, and nobody's name or address."""

    state: State
    subject: str
    words: str

    def __str__(self) -> str:
        return f"{self.state:<6} {self.subject}: {self.words}"


def ok(subject: str, words: str) -> Finding:
    return Finding(State.OK, subject, words)


def look(subject: str, words: str) -> Finding:
    return Finding(State.LOOK, subject, words)


def wrong(subject: str, words: str) -> Finding:
    return Finding(State.WRONG, subject, words)
