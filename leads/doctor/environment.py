"""What the settings say: the address, how staff get in, and how strong the secrets are."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings

from .finding import Finding, ok, wrong

LENGTH = 50  # characters of a random key
VARIETY = 10  # different ones among them


def address() -> Iterator[Finding]:
    if settings.DEBUG:
        yield wrong("errors", "visitors see how the site is made. Set DEBUG=0.")
    if not settings.IS_HTTPS:
        yield wrong("address", "visitors are not protected. SITE_URL must begin with https://.")
    elif urlsplit(settings.SITE_URL).hostname not in settings.ALLOWED_HOSTS:
        yield wrong("address", "the site refuses its own name. ALLOWED_HOSTS must list the one of SITE_URL.")
    else:
        yield ok("address", settings.SITE_URL)


def sign_in() -> Iterator[Finding]:
    if settings.STAFF_MFA_REQUIRED:
        yield ok("sign-in", "staff need a second factor")
    else:
        yield wrong("sign-in", "a password alone opens the admin. Set STAFF_MFA_REQUIRED=1.")


def secrets() -> Iterator[Finding]:
    for name in ("SECRET_KEY", "SUPPRESSION_KEY"):
        key = getattr(settings, name)
        if len(key) < LENGTH or len(set(key)) < VARIETY or key.startswith("django-insecure"):
            advice = f"Make one of {LENGTH} random characters; .env.example says how."
            if name == "SUPPRESSION_KEY":
                advice += " Only before the first mail: with another, the site forgets who asked to be left alone."
            yield wrong(name, f"too easy to guess. {advice}")
        else:
            yield ok(name, "strong")
    if settings.SECRET_KEY == settings.SUPPRESSION_KEY:
        yield wrong("SUPPRESSION_KEY", "the same as SECRET_KEY, which may have to change one day.")
    yield from encryption_keys()


def encryption_keys() -> Iterator[Finding]:
    name, keys = "FIELD_ENCRYPTION_KEYS", settings.FIELD_ENCRYPTION_KEYS
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            yield wrong(name, "one is no Fernet key; .env.example says how they are made.")
            return
    yield ok(name, f"{len(keys)} in use") if keys else wrong(name, "empty: no form can be stored.")
