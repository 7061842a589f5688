"""What a member of staff holds in their hand: an authenticator app."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PERIOD = 30  # seconds


def code_now(secret: str = SECRET, *, later: int = 0) -> str:
    """What the app shows, or shows so many codes later."""
    return format_hotp_value(hotp_value(secret.replace(" ", ""), int(time.time()) // PERIOD + later))


def give_app(user) -> Authenticator:
    return TOTP.activate(user, SECRET).instance
