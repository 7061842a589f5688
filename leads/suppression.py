"""Mailboxes that are never written to again, known by a keyed hash alone: the list tells nobody's address."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from django.conf import settings
from django.db.models.functions import Now

from leads.models import Suppression

ERASED = Suppression.Reason.ERASED


def email_hash(email: str) -> str:
    """64 hexadecimal digits. Keyed with SUPPRESSION_KEY: who has only the table cannot test addresses against it."""
    return hmac.new(settings.SUPPRESSION_KEY.encode(), email.lower().encode(), sha256).hexdigest()


def suppress(email: str, reason: str) -> None:
    """Whatever comes after an erasure counts more: who was erased may ask for mail again, and then complain."""
    digest = email_hash(email)
    _, is_new = Suppression.objects.get_or_create(email_hash=digest, defaults={"reason": reason})
    if not is_new and reason != ERASED:
        Suppression.objects.filter(email_hash=digest, reason=ERASED).update(reason=reason, created_at=Now())


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
    """Whoever was erased and confirms the address anew, or chooses what to get there, wants mail again.

    No other suppression ends that way.
    """
    Suppression.objects.filter(email_hash=email_hash(email), reason=ERASED).delete()
