from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from leads.models import Sender


class Command(BaseCommand):
    help = (
        "Stop all mail, or let it leave again. What is due in the meantime waits; nothing is lost, nothing sent twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["stop", "start", "status"])

    def handle(self, *, action: str, **_: Any) -> None:
        """Safe to run again. It acts before the next mail."""
        sender, _created = Sender.objects.get_or_create(pk=1)
        if action != "status":
            sender.is_stopped = action == "stop"
            sender.reason = "stopped by hand" if sender.is_stopped else ""
            sender.save(update_fields=["is_stopped", "reason"])
        self.stdout.write(f"{sender}: {sender.reason}" if sender.reason else str(sender))
