from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import Error

from clinic.postgresql.base import answer_within
from leads.doctor import environment, machine, mail, practice
from leads.doctor.finding import Finding, State, wrong

Examination = Callable[[], Iterator[Finding]]
EXAMINATIONS: list[Examination] = [
    *(environment.address, environment.sign_in, environment.secrets),
    *(mail.transport, mail.records),
    *(machine.database, machine.clock, machine.broker, machine.disk, machine.backups),
    *(practice.ledger, practice.facts, practice.accounts, practice.privacy),
]
PATIENCE = 5  # seconds for the database, each time


class Command(BaseCommand):
    """One line for each thing: ok, look or wrong, and what to do. Fails when something is wrong. Changes nothing.

    Each answer from the network is waited for a few seconds. No secret is printed, and nothing about any person.
    """

    help = "Examine what the site stands on: settings, mail and its DNS records, machine, ledger, the clinic's facts."
    requires_system_checks = []

    def handle(self, **_options: Any) -> None:
        styles = {State.OK: self.style.SUCCESS, State.LOOK: self.style.WARNING, State.WRONG: self.style.ERROR}
        states: Counter[State] = Counter()
        for finding in (finding for examine in EXAMINATIONS for finding in findings(examine)):
            self.stdout.write(str(finding), styles[finding.state])
            states[finding.state] += 1
        if states[State.WRONG]:
            raise CommandError(f"{states[State.WRONG]} wrong, {states[State.LOOK]} to look at.")


def findings(examine: Examination) -> Iterator[Finding]:
    try:
        with answer_within(PATIENCE):
            yield from examine()
    except Error as error:
        yield wrong(examine.__name__, f"cannot be known while the database does not answer ({type(error).__name__}).")
