"""Mailboxes that are never written to again, known by a keyed hash alone: the list tells nobody's address."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from django.conf import settings

from leads.models import Suppression


def email_hash(email: str) -> str:
    """64 hexadecimal digits. Keyed with SUPPRESSION_KEY: who has only the table cannot test addresses against it."""
    return hmac.new(settings.SUPPRESSION_KEY.encode(), email.lower().encode(), sha256).hexdigest()


def suppress(email: str, reason: str) -> None:
    Suppression.objects.get_or_create(email_hash=email_hash(email), defaults={"reason": reason})


def suppressed_among(mailboxes: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Of these pairs of a number and an address, the numbers of those never written to, each with the reason.

    The hashes are made here and not in SQL: the key stays out of the database and of its logs.
    """
    reasons = dict(Suppression.objects.values_list("email_hash", "reason"))
    if not reasons:
        return {}
    hashes = ((number, email_hash(email)) for number, email in mailboxes)
    return {number: reasons[digest] for number, digest in hashes if digest in reasons}


def forgive_erasure(email: str) -> None:
    """Whoever was erased and confirms the address anew wants mail again. No other suppression ends that way."""
    Suppression.objects.filter(email_hash=email_hash(email), reason=Suppression.Reason.ERASED).delete()
