"""The product's own settings; each line that differs says why."""

from clinic.settings import *

# A password is hashed for many a test, and none of them is about the strength of the hash.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# The hashed names and bundles have tests of their own, which name that storage; the others need no collectstatic.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A test changes the facts that it is about and looks at once.
REMEMBER_SECONDS = 0.0
