import re

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from clinic.clock import clock_time
from clinic.menu import OFFERS, offer_page

register = template.Library()
register.filter("clock", clock_time, expects_localtime=True)

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


@register.filter
def callable_911(text: str) -> SafeString:
    """The text with its emergency number as a link that calls."""
    return mark_safe(re.sub(r"\b911\b", '<a href="tel:911">911</a>', conditional_escape(text)))  # noqa: S308  escaped
