from django import template
from django.conf import settings

from clinic.sign_in.second_factor import codes_left

register = template.Library()
register.filter("codes_left", codes_left)


@register.simple_tag
def has_passkeys() -> bool:
    """Whether a browser would make a passkey for this site."""
    return settings.STAFF_PASSKEYS


@register.filter
def in_fours(secret: str) -> str:
    """A long secret as one reads it aloud."""
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
