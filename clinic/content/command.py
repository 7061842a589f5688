from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from .sources import ContentError


class ContentCommand(BaseCommand):
    """Loads a folder of files, every one or, when one is wrong, none. Safe to run again, at any time.

    What staff changed stays as they left it, and what they deleted stays deleted.
    """

    folder: Path

    def load(self, folder: Path) -> dict[str, str]:
        """What became of each file."""
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=self.folder, help="The folder of the files.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")

    def handle(self, *, folder: Path, dry_run: bool, **_: Any) -> None:
        try:
            with transaction.atomic():
                outcomes = self.load(folder)
                if dry_run:
                    transaction.set_rollback(True)
        except ContentError as error:
            raise CommandError(str(error)) from None
        for name, outcome in outcomes.items():
            self.stdout.write(f"{name}: {outcome}")
        if dry_run:
            self.stdout.write("Nothing was changed: this was a dry run.")
