"""Builds content/videos/start-with-one-inch.mp4: `python -m content.workshop_video.build`.

Words and times come from the file of the workshop, so film, captions and chapters cannot drift apart. Needs ffmpeg on
the PATH; the film is kept in the repository, so only who changes it needs that.
"""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typst

from .scenes import SCENES

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WORKSHOP = HERE.parent / "workshops" / "start-with-one-inch.toml"
FILM = HERE.parent / "videos" / "start-with-one-inch.mp4"
FRAMES_A_SECOND = 12
AT_ONCE = 60  # frames in one run of typst
WIDEST, TALLEST = 500, 372  # of a drawing, in points
VIEW_BOX = re.compile(r'viewBox="([^"]*)"')
FLOOR = 10  # below the floor's upper edge there is this much of each drawing

ENCODE = ["-c:v", "libx264", "-preset", "veryslow", "-tune", "animation", "-crf", "28", "-pix_fmt", "yuv420p"]
SEEKABLE = ["-g", str(FRAMES_A_SECOND * 5), "-movflags", "+faststart"]


def seconds(text: str) -> float:
    minutes, rest = text.split(":")[-2:]
    return int(minutes) * 60 + float(rest)


def frames(workshop: dict[str, Any]) -> Iterator[dict[str, Any]]:
    starts = [seconds(chapter["at"]) for chapter in workshop["chapters"]]
    last = max(seconds(line.split(" --> ")[1]) for line in workshop["captions"] if " --> " in line)
    ends = [*starts[1:], last + 0.5]
    for chapter, (scene, note), start, end in zip(workshop["chapters"], SCENES, starts, ends, strict=True):
        is_opening = chapter is workshop["chapters"][0]
        for number in range(round((end - start) * FRAMES_A_SECOND)):
            yield {
                "heading": workshop["title"] if is_opening else chapter["title"],
                "note": note,
                **placed(scene(number / FRAMES_A_SECOND)),
            }


def placed(drawing: str) -> dict[str, Any]:
    """The drawing as large as there is room for, its floor on the floor of the film."""
    if not drawing:
        return {"drawing": "", "width": 0, "sunk": 0}
    _, _, width, height = (float(part) for part in VIEW_BOX.search(drawing)[1].split())
    scale = min(WIDEST / width, TALLEST / height)
    return {"drawing": drawing, "width": width * scale, "sunk": FLOOR * scale}


def pictures(workshop: dict[str, Any]) -> Iterator[bytes]:
    """Each frame as PNG. A frame like the one before is not drawn again."""
    batch: list[dict[str, Any]] = []
    counts: list[int] = []
    for frame in frames(workshop):
        if batch and frame == batch[-1]:
            counts[-1] += 1
            continue
        if len(batch) == AT_ONCE:
            yield from repeated(drawn(batch), counts)
            batch, counts = [], []
        batch.append(frame)
        counts.append(1)
    yield from repeated(drawn(batch), counts)


def repeated(images: list[bytes], counts: list[int]) -> Iterator[bytes]:
    for image, count in zip(images, counts, strict=True):
        yield from [image] * count


def drawn(batch: list[dict[str, Any]]) -> list[bytes]:
    images = typst.compile(
        HERE / "frame.typ",
        root=ROOT,
        format="png",
        ppi=72,
        font_paths=[ROOT / "clinic" / "fonts"],
        ignore_system_fonts=True,
        sys_inputs={"frames": json.dumps(batch)},
    )
    return images if isinstance(images, list) else [images]


def build() -> None:
    workshop = tomllib.loads(WORKSHOP.read_text(encoding="utf-8"))
    source = ["-f", "image2pipe", "-framerate", str(FRAMES_A_SECOND), "-c:v", "png", "-i", "-"]
    command = ["ffmpeg", "-loglevel", "error", "-y", *source, *ENCODE, *SEEKABLE, str(FILM)]
    encoder = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert encoder.stdin
    for image in pictures(workshop):
        encoder.stdin.write(image)
    encoder.stdin.close()
    if encoder.wait():
        raise SystemExit("ffmpeg could not make the film.")


if __name__ == "__main__":
    build()
