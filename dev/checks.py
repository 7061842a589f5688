"""Django's own checks as `make lint` asks them: of the settings of production, and of an empty database."""

import os
import sys
import tempfile

import django
from django.core.management import CommandError, call_command

from dev.processes import Group, Problem
from dev.services import throwaway

PRODUCTION = {
    "SITE_URL": "https://clinic.example.org",
    "EMAIL_URL": "smtp+tls://user:secret@mail.example.org:587",
    "DEFAULT_FROM_EMAIL": "clinic@example.org",
    "SECRET_KEY": "only-for-the-checks-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "FIELD_ENCRYPTION_KEYS": "b25seS1mb3ItdGhlLWNoZWNrcy0wMTIzNDU2Nzg5YWI=",
    "DJANGO_SETTINGS_MODULE": "clinic.settings",
}


def main() -> int:
    try:
        with tempfile.TemporaryDirectory() as var_dir, Group() as servers, throwaway(servers) as addresses:
            os.environ |= PRODUCTION | addresses | {"VAR_DIR": var_dir, "DEBUG": ""}
            django.setup()
            call_command("check", deploy=True, fail_level="WARNING")
            call_command("makemigrations", check_changes=True, dry_run=True)
            call_command("collectstatic", interactive=False, verbosity=0)
    except (Problem, CommandError, OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
