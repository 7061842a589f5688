"""What a clinician signs: the words of a page, told apart from how they are stored."""

import calendar
import hashlib
import json
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import models
from wagtail.fields import StreamField

BLOCK_KEY = re.compile(r' data-block-key="[^"]*"')  # the editor's own mark on each paragraph


def words_digest(page: models.Model, names: Iterable[str]) -> str:
    """SHA-256 of what the named fields say.

    Marks that the editor sets by itself, and parts of a block that are empty, are left out: saving a page unchanged,
    or giving a block another optional part in a later version, is no change to what was signed.
    """
    words = {}
    for name in names:
        field = page._meta.get_field(name)
        text = field.value_to_string(page)
        words[name] = without_marks(json.loads(text) if isinstance(field, StreamField) else text)
    return hashlib.sha256(json.dumps(words, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def without_marks(value: Any) -> Any:
    if isinstance(value, str):
        return BLOCK_KEY.sub("", value)
    if isinstance(value, list):
        return [without_marks(item) for item in value]
    if isinstance(value, dict):
        is_stored_block = value.keys() >= {"type", "value"}
        parts = {key: without_marks(part) for key, part in value.items() if not (key == "id" and is_stored_block)}
        return {key: part for key, part in parts.items() if part not in (None, "", [], {}) and part is not False}
    return value


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
