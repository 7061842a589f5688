"""The second factor of an account: an authenticator app or a passkey, and recovery codes for the day both are lost."""

import time

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from wagtail.log_actions import log

from clinic.encryption import current_key_id, decrypt, encrypt
from clinic.models import User

from .mail import write_to_staff

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
SECRETS = ("secret", "seed")  # of an app, of recovery codes
CODE_LIFE = 120  # seconds; longer than a code of an app is good for


def has_second_factor(user) -> bool:
    return is_mfa_enabled(user, FACTORS)


@transaction.atomic
def use_code(authenticator: Authenticator, code: str) -> bool:
    """Take a code of an app, once: False where it was taken before, by whichever worker.

    django-allauth remembers codes in a cache, and here each worker has one of its own.
    """
    row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    now, typed = time.time(), normalize_user_code(code)
    used = {earlier: at for earlier, at in row.data.get("used_codes", {}).items() if now - at < CODE_LIFE}
    if typed in used:
        return False
    row.data["used_codes"] = used | {typed: now}
    row.save(update_fields=["data"])
    return True


def codes_left(authenticator: Authenticator) -> int:
    """How many recovery codes were not used yet; told without their key, which may be lost."""
    return app_settings.RECOVERY_CODE_COUNT - authenticator.data["used_mask"].bit_count()


@transaction.atomic
def reset_second_factor(*, user: User, by: User | None) -> int:
    """Take away every app, passkey and recovery code of an account; how many there were.

    Its owner signs in with the password alone, gets a mail, and is asked to set up a new one. `by` is None for
    somebody at the server. Stands in the history of the site.
    """
    number, _ = Authenticator.objects.filter(user=user).delete()
    log(instance=user, action="clinic.reset_second_factor", user=by)
    write_to_staff(user=user, about="factor")
    return number


# --- Keys


def secrets_by_key() -> dict[str, int]:
    """How many secrets each key of `FIELD_ENCRYPTION_KEYS` holds, by the id of the key."""
    held: dict[str, int] = {}
    for data in Authenticator.objects.values_list("data", flat=True):
        for name in SECRETS:
            if name in data:
                key = data[name].partition(":")[0]
                held[key] = held.get(key, 0) + 1
    return held


@transaction.atomic
def encrypt_anew(*, pk: int) -> None:
    """Encrypt the secrets of one authenticator with the newest key. Errors: `DecryptionError`."""
    row = Authenticator.objects.select_for_update().get(pk=pk)
    old = [name for name in SECRETS if name in row.data and not row.data[name].startswith(f"{current_key_id()}:")]
    row.data |= {name: encrypt(decrypt(row.data[name])) for name in old}
    row.save(update_fields=["data"])
