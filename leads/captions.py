"""WebVTT (https://www.w3.org/TR/webvtt1/), as far as captions and chapters need it: cues with a time and plain text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

TIME = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
TIMING = re.compile(rf"{TIME}[ \t]+-->[ \t]+{TIME}(?:[ \t].*)?")
NO_CUES = ("NOTE", "STYLE", "REGION")


@dataclass(frozen=True)
class Cue:
    """Words that are shown from one moment to another, in seconds."""

    starts: float
    ends: float
    text: str


def read_captions(text: str) -> list[Cue]:
    """The cues in their order. Errors: `ValueError`, which says to an editor what is wrong and where."""
    blocks = re.split(r"\n[ \t]*\n+", text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip())
    if not re.match(r"WEBVTT([ \t\n]|$)", blocks[0]):
        raise ValueError("The first line of the captions has to be WEBVTT.")
    cues = [read_cue(block) for block in blocks[1:] if not block.startswith(NO_CUES)]
    for before, after in pairwise(cues):
        if after.starts < before.starts:
            raise ValueError(f"“{first_words(after)}” starts earlier than what stands before it.")
    return cues


def read_cue(block: str) -> Cue:
    lines = block.strip().split("\n")
    if "-->" not in lines[0]:
        lines = lines[1:]  # a name or a number that some programs give each cue
    timing = TIMING.fullmatch(lines[0].strip()) if lines else None
    if timing is None:
        raise ValueError(f"“{block.strip()[:40]}” has no times like 00:04.000 --> 00:07.500.")
    starts, ends = moment(timing.groups()[:4]), moment(timing.groups()[4:])
    cue = Cue(starts, ends, re.sub(r"<[^>]*>", "", "\n".join(lines[1:])))
    if ends <= starts or not cue.text.strip():
        raise ValueError(f"What is shown at {clock(starts)} has no words, or ends before it starts.")
    return cue


def moment(parts: tuple[str | None, ...]) -> float:
    hours, minutes, whole, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + whole + thousandths / 1000


def write_cues(cues: Iterable[Cue]) -> str:
    blocks = [f"{stamp(cue.starts)} --> {stamp(cue.ends)}\n{escape(cue.text)}" for cue in cues]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def stamp(value: float) -> str:
    minutes, rest = divmod(round(value * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def seconds(text: str) -> float:
    """Of a moment written as minutes and seconds, such as 1:05."""
    minutes, _, rest = text.partition(":")
    return int(minutes) * 60.0 + int(rest)


def clock(value: float) -> str:
    return f"{int(value) // 60}:{int(value) % 60:02}"


def first_words(cue: Cue) -> str:
    return cue.text.split("\n")[0][:40]
