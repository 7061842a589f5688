"""Brings the database and the collected files up to date with the code: `python -m dev.prepare [database] [static]`.

Wagtail takes a second or two to load, so one process does all of it, and a start that finds nothing changed since the
last one leaves it out. Safe to run again.
"""

import os
import sys

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command

from deploy import prepare
from dev.environment import OWNER


def main() -> int:
    django.setup()
    if "static" in sys.argv:  # first, because the page for errors names the collected files
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    if "database" in sys.argv:
        prepare.main()
        call_command("load_content", verbosity=0)
        users = get_user_model()._default_manager
        if not users.filter(username=OWNER).exists():
            users.create_superuser(OWNER, password=os.environ["OWNER_PASSWORD"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
