from collections.abc import Iterable

from django import template

from leads.admin.handling import HEALTH
from leads.models import Lead, Merge
from leads.services import merge

register = template.Library()


@register.simple_tag
def merges_of(lead: Lead) -> Iterable[Merge]:
    """The merges that made a card what it is and that stand, the last one first."""
    return merge.merges_of(lead)


@register.filter
def question(key: str) -> str:
    """What a form asked for under this key."""
    return HEALTH.get(key, key)
