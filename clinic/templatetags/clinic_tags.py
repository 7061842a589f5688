from django import template
from django.urls import NoReverseMatch, reverse

from clinic.menu import OFFERS, offer_page

register = template.Library()

# What a call to action leads to, where that is no page of staff's: the name of its address.
OFFER_ADDRESSES = {"assessment": "leads:assessment", "newsletter": "leads:newsletter"}


@register.simple_tag
def offer_url(kind: str) -> str:
    """The address of an offer, or "" while this site has no page for it."""
    if kind in OFFERS:
        return offer_page(kind)
    try:
        return reverse(OFFER_ADDRESSES[kind])
    except (KeyError, NoReverseMatch):
        return ""
