"""What django-allauth asks the site."""

import time

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse

from clinic import encryption
from clinic.models import ClinicSettings

from .lockout import known_address
from .mail import write_to_staff

JUST_NOW = 300  # seconds
UNKNOWN_PASSKEY = "This passkey does not open an account here."


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "The user name and the password do not go together.",
        "incorrect_password": "This is not your password.",
    }

    def is_open_for_signup(self, request):
        """An owner of the practice lets staff in, and nobody else does."""
        return False

    def authenticate(self, request, **credentials):
        """An account that is switched off is answered like one that never was."""
        user = super().authenticate(request, **credentials)
        return user if user and user.is_active else None

    def respond_user_inactive(self, request, user):
        messages.error(request, UNKNOWN_PASSKEY)
        return redirect("account_login")

    def get_client_ip(self, request):
        return known_address(request)

    def is_reauthentication_required(self, *, app, **kwargs):
        """Not of somebody who signed in a moment ago, such as for the first time."""
        records = get_authentication_records(self.request, self.request.user)
        return not any(time.time() - record["at"] < JUST_NOW for record in records)

    def get_reauthentication_methods(self, user):
        return [{"id": "reauthenticate", "url": reverse("account_reauthenticate")}] if user.is_authenticated else []

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        """A second factor was added or removed: its owner hears of it, whoever did it."""
        write_to_staff(user=user, about="factor")


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not right, or was used before. Check it, or wait for the next one.",
        "cannot_generate_recovery_codes": "Set up an authenticator app or a passkey first.",
    }

    def encrypt(self, text):
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text):
        return encryption.decrypt(encrypted_text)

    def get_totp_label(self, user):
        return user.get_username()

    def get_totp_issuer(self):
        return ClinicSettings.current().practice_name or settings.WAGTAIL_SITE_NAME

    def generate_authenticator_name(self, user, type):  # noqa: A002  allauth's name
        return "Passkey"

    def get_public_key_credential_rp_entity(self):
        """A passkey belongs to the address of the site, whatever name a request came by."""
        return {"id": settings.SITE_HOST, "name": self.get_totp_issuer()}

    def get_public_key_credential_user_entity(self, user):
        entity = super().get_public_key_credential_user_entity(user)
        return entity | {"name": user.get_username(), "display_name": user.get_full_name() or user.get_username()}
