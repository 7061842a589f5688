"""Mail to staff about how they sign in. What it is about happens in `clinic.sign_in`."""

from django.utils import timezone

from clinic.models import User
from leads.mail import ledger
from leads.models import OutgoingMail

STEP = 600  # seconds: a link that is asked for again and again is sent once in so long


def owe_password_link(*, user: User) -> None:
    """Owe the mail with which this member of staff chooses a new password."""
    turn = int(timezone.now().timestamp()) // STEP
    ledger.owe([OutgoingMail(kind=OutgoingMail.Kind.PASSWORD, user=user, dedupe_key=f"password:{user.pk}:{turn}")])


def owe_factor_notice(*, user: User) -> None:
    """Owe the mail that says that the second factor of this member of staff changed."""
    if not user.email:
        return
    now = timezone.now().timestamp()
    ledger.owe([OutgoingMail(kind=OutgoingMail.Kind.FACTOR, user=user, dedupe_key=f"factor:{user.pk}:{now}")])
