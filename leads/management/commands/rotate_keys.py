from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management import BaseCommand, CommandError
from django.db import models
from django.db.models.functions import Cast

from clinic.encryption import DecryptionError, current_key_id, decrypt
from clinic.sign_in import second_factor
from leads.encryption import EncryptedTextField

BATCH = 200


class Command(BaseCommand):
    """Encrypts with the newest key of FIELD_ENCRYPTION_KEYS what an older one holds; then the older one can go.

    Safe while the site runs, and to stop and start again: each row is done or not, and says so itself. A value that
    changes meanwhile is left as it is, for it was written with the newest key. Ends with an error when a value is left
    that no key opens. `--dry-run` only counts what each key holds.
    """

    help = "Encrypts health answers, and what staff sign in with, with the newest of FIELD_ENCRYPTION_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what each key holds, and change nothing")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        closed = 0
        for model, field in encrypted_fields():
            if dry_run:
                self.report(model, field)
            else:
                closed += self.rotate(model, field)
        if dry_run:
            for name, number in sorted(second_factor.secrets_by_key().items()):
                self.say_held("second factors", name, number)
        else:
            closed += self.rotate_second_factors()
        if closed:
            raise CommandError(f"{closed} values stay as they are: no key of FIELD_ENCRYPTION_KEYS opens them.")

    def report(self, model: type[models.Model], field: str) -> None:
        names = stored(model, field).values_list("stored", flat=True).iterator()
        held = Counter(value.partition(":")[0] for value in names)
        for name, number in sorted(held.items()):
            self.say_held(f"{model._meta.label}.{field}", name, number)

    def say_held(self, place: str, key: str, number: int) -> None:
        newest = " (the newest)" if key == current_key_id() else ""
        self.stdout.write(f"{place}: key {key}{newest} holds {number}")

    def rotate(self, model: type[models.Model], field: str) -> int:
        """Errors are counted: how many values no key opens."""
        old = stored(model, field).exclude(stored__startswith=f"{current_key_id()}:")
        total, done, closed, after = old.count(), 0, 0, 0
        while rows := list(old.filter(pk__gt=after).order_by("pk").values_list("pk", "stored")[:BATCH]):
            for pk, value in rows:
                try:
                    old.filter(pk=pk, stored=value).update(**{field: decrypt(value)})
                    done += 1
                except DecryptionError:
                    closed += 1
            after = rows[-1][0]
            self.stdout.write(f"{model._meta.label}.{field}: {done} of {total}")
        return closed

    def rotate_second_factors(self) -> int:
        """What staff sign in with. Errors are counted, as above."""
        done, closed = 0, 0
        for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
            try:
                second_factor.encrypt_anew(pk=pk)
                done += 1
            except DecryptionError:
                closed += 1
        if done:
            self.stdout.write(f"second factors: {done} of {done + closed}")
        return closed


def encrypted_fields() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field.name


def stored(model: type[models.Model], field: str) -> models.QuerySet[Any]:
    """The rows that hold something, with what stands in the database as `stored`."""
    return model._default_manager.annotate(stored=Cast(field, models.TextField())).exclude(stored="")
