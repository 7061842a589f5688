"""Brings the database up to the code: tables, roles, health tips, and the pages for faults. `python -m deploy.prepare`.

One process, because Wagtail takes a second or two to load. It runs before each start, and is safe to run again.
"""

import os

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


if __name__ == "__main__":
    main()
