"""The settings of a site in production, with made-up values, for what `make lint` checks."""

import os

os.environ.update(
    DEBUG="",
    SITE_URL="https://clinic.example.org",
    EMAIL_URL="smtp+tls://user:secret@mail.example.org:587",
    DEFAULT_FROM_EMAIL="clinic@example.org",
    SECRET_KEY="only-for-the-checks-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    SUPPRESSION_KEY="only-for-the-checks-0123456789",
    FIELD_ENCRYPTION_KEYS="b25seS1mb3ItdGhlLWNoZWNrcy0wMTIzNDU2Nzg5YWI=",
)
os.environ.setdefault("DATABASE_URL", "postgres://127.0.0.1/clinic")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1/0")

from clinic.settings import *
