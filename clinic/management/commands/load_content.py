from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from clinic.content.loader import Loader
from clinic.content.sources import ContentError


class Command(BaseCommand):
    help = "Load the first content of the site: make what is missing, update what staff have not touched."

    def add_arguments(self, parser):
        parser.add_argument(
            "folder", nargs="?", type=Path, default=settings.BASE_DIR / "content", help="The folder of content."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")

    def handle(self, *args, folder, dry_run, **options):
        """Safe to run again, at any time. It loads everything or, when one file is wrong, nothing.

        What staff changed stays as they left it, and what they deleted stays deleted.
        """
        try:
            with transaction.atomic():
                outcomes = Loader(folder).load()
                if dry_run:
                    transaction.set_rollback(True)
        except ContentError as error:
            raise CommandError(str(error)) from None
        for name, outcome in outcomes.items():
            self.stdout.write(f"{name}: {outcome}")
        if dry_run:
            self.stdout.write("Nothing was changed: this was a dry run.")
