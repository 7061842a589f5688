"""Keeping a card beyond its time, for a dispute or because a law asks for it."""

from django.db import transaction

from clinic.models import User
from leads.models import Lead

from . import inbox


@transaction.atomic
def hold(*, lead: Lead, reason: str, user: User) -> Lead:
    """Neither the purge nor an erasure touches the card from now on. Errors: `Refused` where it was merged."""
    return note(inbox.locked(lead), "held", reason, user)


@transaction.atomic
def release(*, lead: Lead, user: User) -> Lead:
    """The card's time runs as if it had never been held: it may be over, and the next purge takes the card then."""
    return note(inbox.locked(lead), "released", "", user)


def note(lead: Lead, event: str, reason: str, user: User) -> Lead:
    """`changed_at` stays as it is: that the card was held is no word from the person."""
    if lead.held_because == reason:
        return lead
    lead.held_because = reason
    lead.save(update_fields=["held_because"])
    inbox.write(lead, event, user, reason)
    return lead
