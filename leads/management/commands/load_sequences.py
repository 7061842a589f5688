from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from clinic.content.sources import ContentError
from leads.sequence_files import load_file


class Command(BaseCommand):
    help = "Load the first sequences of mails: make what is missing, update what staff have not touched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        folder = settings.BASE_DIR / "content" / "sequences"
        parser.add_argument("folder", nargs="?", type=Path, default=folder, help="The folder of their files.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")

    def handle(self, *, folder: Path, dry_run: bool, **_: Any) -> None:
        """Safe to run again, at any time. It loads every file or, when one is wrong, none."""
        try:
            with transaction.atomic():
                outcomes = {path.name: load_file(path) for path in sorted(folder.glob("*.toml"))}
                if dry_run:
                    transaction.set_rollback(True)
        except ContentError as error:
            raise CommandError(str(error)) from None
        for name, outcome in outcomes.items():
            self.stdout.write(f"{name}: {outcome}")
        if dry_run:
            self.stdout.write("Nothing was changed: this was a dry run.")
