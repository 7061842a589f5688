"""Text that the database only ever holds encrypted."""

from typing import Any

from django.db import models

from clinic.encryption import decrypt, encrypt


class EncryptedTextField(models.TextField):
    """Text that is encrypted on its way into the database. Empty text stays empty. Cannot be searched or ordered by."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in ("isnull", "exact"):
            raise TypeError("an encrypted field cannot be searched")
        return super().get_lookup(lookup_name)
