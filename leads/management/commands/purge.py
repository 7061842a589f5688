from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from leads.retention import NOTICE, RULES
from leads.services import retention


class Command(BaseCommand):
    """Lets go of what has met the end of its time, as beat has it done once a day.

    Safe while the site runs, and to stop and start again. `--dry-run` says how much goes within a week, as owners see
    it in the admin under Leads, Retention, and changes nothing.
    """

    help = "Delete, or forget, what is kept no longer: the periods are on the page /privacy/data/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what goes within a week, and change nothing")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        if dry_run:
            self.stdout.write(f"Within {NOTICE.days} days:")
            numbers = {line.rule.key: line.number for line in retention.forecast(retention.database_now())}
        else:
            numbers = retention.purge()
        for rule in RULES:
            self.stdout.write(f"{rule.what}: {numbers[rule.key]}")
