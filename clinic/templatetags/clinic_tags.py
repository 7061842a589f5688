from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()

# What each call to action leads to: the name of its address. A milestone that adds the page makes the link appear.
OFFER_ADDRESSES = {
    "assessment": "leads:assessment",
    "guide": "leads:guide",
    "newsletter": "leads:newsletter",
    "workshop": "leads:workshops",
}


@register.simple_tag
def offer_url(kind: str) -> str:
    """The address of an offer, or "" while this site has no page for it."""
    try:
        return reverse(OFFER_ADDRESSES[kind])
    except (KeyError, NoReverseMatch):
        return ""
