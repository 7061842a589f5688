"""The pages that a reader sees when the site has a fault or is asked too much: with the clinic's phone number.

They are drawn while all is well, at each start and whenever the clinic's settings are saved, and kept as files: the
application shows the one for its own faults without a database, the edge the others without the application.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string

if TYPE_CHECKING:
    from .models import ClinicSettings

FAULT = "500.html"
PAGES = (FAULT, "503.html", "429.html", "refused.html")

# Shown only where no page was drawn yet, on a site that never had a clinic.
BARE = "<!doctype html><title>Error</title><h1>Sorry, something went wrong</h1><p>Please try again in a few minutes."


def error_page_path(name: str = FAULT) -> Path:
    return settings.VAR_DIR / "error" / name


def write_error_pages(clinic: ClinicSettings) -> None:
    error_page_path().parent.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        path = error_page_path(name)
        draft = path.with_suffix(".new")
        draft.write_text(render_to_string(name, {"clinic": clinic}))
        draft.replace(path)  # a fault in this very moment finds the old page or the new one


def read_error_page(name: str = FAULT) -> str:
    try:
        return error_page_path(name).read_text()
    except OSError:
        return BARE
