"""Django's own checks as `make lint` asks them: of the settings of production, and of an empty database."""

import os
import sys
import tempfile

import django
from django.core.management import CommandError, call_command
from django.db.migrations.loader import MigrationLoader

from dev.expansion import complaints
from dev.processes import Group, Problem
from dev.services import throwaway


def main() -> int:
    try:
        with tempfile.TemporaryDirectory() as var_dir, Group() as servers, throwaway(servers) as addresses:
            os.environ |= addresses | {"VAR_DIR": var_dir, "DJANGO_SETTINGS_MODULE": "dev.checked_settings"}
            django.setup()
            call_command("check", deploy=True, fail_level="WARNING")
            call_command("makemigrations", check_changes=True, dry_run=True)
            if lines := complaints(MigrationLoader(None)):
                raise CommandError("\n".join(lines))
            call_command("collectstatic", interactive=False, verbosity=0)
    except (Problem, CommandError, OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
