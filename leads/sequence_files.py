"""The first sequences of mails, one file each: `content/README.md` says how they are written."""

import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from clinic.content.sources import ContentError
from clinic.models import LoadedContent
from leads.mail.prose import unfilled
from leads.models import Sequence, Step
from leads.services.sequence import draft_of, publish_steps

KEYS = ["key", "delay_hours", "window_opens", "window_closes", "subject", "preheader", "body"]


def load_file(path: Path) -> str:
    """What became of it. A sequence that staff changed or deleted stays as they left it. Errors: `ContentError`."""
    name = f"sequences/{path.name}"
    steps = read_steps(name, values := read_values(name, path))
    loaded = LoadedContent.objects.filter(source=name).first()
    sequence = Sequence.objects.filter(key=path.stem).first()
    digest = sha256(path.read_bytes()).hexdigest()
    if loaded is not None:
        if sequence is None:
            return "kept: deleted by staff"
        if loaded.digests["file"] == digest:
            return "unchanged"
        if loaded.digests["version"] != str(sequence.version) or draft_of(sequence).exists():
            return "kept: changed by staff"
    elif sequence is not None:
        return "kept: staff made one of this key"
    sequence = sequence or Sequence.objects.create(key=path.stem, name=values["name"])
    sequence = publish_steps(sequence=sequence, steps=steps)
    digests = {"file": digest, "version": str(sequence.version)}
    LoadedContent.objects.update_or_create(source=name, defaults={"object_id": sequence.pk, "digests": digests})
    return "updated" if loaded else "created"


def read_values(name: str, path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(name, "", f"This is not TOML. {error}") from None
    if not isinstance(values.get("name"), str):
        raise ContentError(name, "name", "This key is missing.")
    return values


def read_steps(name: str, values: dict[str, Any]) -> list[Step]:
    rows = values.get("steps")
    if not isinstance(rows, list) or not rows:
        raise ContentError(name, "steps", "A sequence needs at least one step.")
    return [read_step(name, number, row) for number, row in enumerate(rows, 1)]


def read_step(name: str, number: int, row: dict[str, Any]) -> Step:
    where = f"steps[{number}]"
    if unknown := next((key for key in row if key not in KEYS), None):
        raise ContentError(name, f"{where}.{unknown}", f"There is no such key here. There are: {', '.join(KEYS)}.")
    step = Step(**row | {"body": unfilled(str(row.get("body", "")))})
    try:
        step.clean_fields(exclude=["sequence", "version", "position"])
    except ValidationError as error:
        key, messages = next(iter(error.message_dict.items()))
        raise ContentError(name, f"{where}.{key}", " ".join(messages)) from None
    return step
