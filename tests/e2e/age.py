"""Lets so many minutes pass for every session of the site of the browser tests (`python -m tests.e2e.age 31`)."""

import sys

from clinic.wsgi import application  # noqa: F401  the first import of ours sets Django up  # isort: skip
from django.contrib.sessions.models import Session

if __name__ == "__main__":
    for row in Session.objects.all():
        store = Session.get_session_store_class()(row.pk)
        for name in ("seen_at", "began_at"):
            if name in store:
                store[name] -= float(sys.argv[1]) * 60
        store.save()
