"""Text that the database only ever holds encrypted.

`FIELD_ENCRYPTION_KEYS` names Fernet keys, newest first. The newest encrypts; all of them decrypt. A stored value begins
with the id of its key, so that `manage.py rotate_keys` finds what an old key still holds.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models


class DecryptionError(Exception):
    """No key of `FIELD_ENCRYPTION_KEYS` opens this value."""


def key_id(key: str) -> str:
    """Eight hexadecimal digits that name a key without telling it."""
    return sha256(key.encode()).hexdigest()[:8]


@lru_cache
def fernets(keys: tuple[str, ...]) -> dict[str, Fernet]:
    return {key_id(key): Fernet(key) for key in keys}


def current_key_id() -> str:
    return key_id(settings.FIELD_ENCRYPTION_KEYS[0])


def encrypt(text: str) -> str:
    name = current_key_id()
    token = fernets(tuple(settings.FIELD_ENCRYPTION_KEYS))[name].encrypt(text.encode())
    return f"{name}:{token.decode()}"


def decrypt(value: str) -> str:
    name, _, token = value.partition(":")
    try:
        return fernets(tuple(settings.FIELD_ENCRYPTION_KEYS))[name].decrypt(token.encode()).decode()
    except (KeyError, InvalidToken) as error:
        raise DecryptionError(f"no key opens a value of key {name}") from error


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
