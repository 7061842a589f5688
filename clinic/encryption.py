"""Secrets that the database only ever holds encrypted.

`FIELD_ENCRYPTION_KEYS` names Fernet keys, newest first. The newest encrypts; all of them decrypt. An encrypted value
begins with the id of its key, so that `manage.py rotate_keys` finds what an old key still holds.
"""

from functools import lru_cache
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


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
