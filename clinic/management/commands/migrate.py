import time
from contextlib import contextmanager

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

# While a migration waits for a table, everyone who comes after waits behind it: much less than a visitor's patience.
LOCK_TIMEOUT = "2s"
PAUSE = 3  # seconds between two attempts: whoever waited behind the migration gets through
PATIENCE = 600  # seconds; a backup of everything holds its tables for as long as it takes


class Command(migrate.Command):
    """Django's own, safe while the site runs: a table in use makes it give up, let everyone through, and try again.

    A migration is one transaction, so what was given up has left nothing behind, and what was done is not done again.
    """

    def handle(self, *args, **options):
        give_up_at = time.monotonic() + PATIENCE
        while True:
            try:
                with short_waits(connections[options["database"]]):
                    return super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
            if time.monotonic() > give_up_at:
                raise CommandError(f"A table was in use for {PATIENCE // 60} minutes. Nothing is half done: try again.")
            self.stderr.write(f"A table is in use. Trying again in {PAUSE} seconds.")
            time.sleep(PAUSE)


@contextmanager
def short_waits(connection):
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
