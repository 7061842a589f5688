"""What stands in the links of mails: the number of a row and a signature, nothing about a person.

Keys that were in use before (`SECRET_KEY_FALLBACKS`) still open old links.
"""

from datetime import timedelta

from django.core.signing import BadSignature, Signer, TimestampSigner

CONFIRM = "leads.confirm"
UNSUBSCRIBE = "leads.unsubscribe"
PREFERENCES = "leads.preferences"
REQUEST = "leads.request"
WORKSHOP = "leads.workshop"
# In a form, not in a mail: of which page it is.
GUIDE_FORM = "leads.form.guide"
WORKSHOP_FORM = "leads.form.workshop"

# An unsubscribe link works for as long as there is mail; the others end, and a fresh one is a mail away.
LIFETIMES = {
    CONFIRM: timedelta(days=30),
    PREFERENCES: timedelta(days=365),
    REQUEST: timedelta(days=180),
    WORKSHOP: timedelta(days=365),
}


def make_token(purpose: str, pk: int) -> str:
    signer = TimestampSigner(salt=purpose) if purpose in LIFETIMES else Signer(salt=purpose)
    return signer.sign(str(pk)).replace(":", "~")


def read_token(purpose: str, token: str) -> int | None:
    """The number in the token; None where it was made up, altered, cut, or is too old."""
    value = token.replace("~", ":")
    try:
        if purpose in LIFETIMES:
            return int(TimestampSigner(salt=purpose).unsign(value, max_age=LIFETIMES[purpose]))
        return int(Signer(salt=purpose).unsign(value))
    except (BadSignature, ValueError):
        return None
