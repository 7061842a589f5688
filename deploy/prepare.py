"""Brings the database up to the code, and gives the edge what it shows by itself. `python -m deploy.prepare`.

Tables, roles and health tips; pages for faults and static files. One process, because Wagtail takes a second or two to
load. It runs before each start, and is safe to run again.
"""

import filecmp
import os
import shutil
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    django.setup()
    (settings.VAR_DIR / "tmp").mkdir(parents=True, exist_ok=True)  # uploads on their way, where TMPDIR says so
    call_command("migrate", interactive=False, verbosity=0)
    call_command("set_up_roles")
    call_command("load_sequences", verbosity=0)
    call_command("write_error_pages")
    if settings.EDGE_STATIC_DIR:
        give_to_the_edge(settings.STATIC_ROOT, Path(settings.EDGE_STATIC_DIR))


def give_to_the_edge(collected: Path, shown: Path) -> None:
    """Add this version's static files to those of the version before, whose pages are still being read."""
    for file in sorted(path for path in collected.rglob("*") if path.is_file()):
        copy = shown / file.relative_to(collected)
        if copy.exists() and filecmp.cmp(file, copy, shallow=False):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        unfinished = copy.with_name(f"{copy.name}.unfinished")
        shutil.copyfile(file, unfinished)
        unfinished.replace(copy)


if __name__ == "__main__":
    main()
