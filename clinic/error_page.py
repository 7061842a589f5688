"""The page that a reader sees when the site has a fault: with the clinic's phone number, and with no database.

It is drawn while all is well, at each start and whenever the clinic's settings are saved, and kept as a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string

if TYPE_CHECKING:
    from .models import ClinicSettings

# Shown only where no page was drawn yet, on a site that never had a clinic.
BARE = "<!doctype html><title>Error</title><h1>Sorry, something went wrong</h1><p>Please try again in a few minutes."


def error_page_path() -> Path:
    return settings.VAR_DIR / "error" / "500.html"


def write_error_page(clinic: ClinicSettings) -> None:
    path = error_page_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(render_to_string("500.html", {"clinic": clinic}))
    draft.replace(path)  # a fault in this very moment finds the old page or the new one


def read_error_page() -> str:
    try:
        return error_page_path().read_text()
    except OSError:
        return BARE
