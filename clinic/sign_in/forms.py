"""The forms of the pages on which staff sign in, and prove who they are."""

import time
from contextlib import contextmanager

from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, LoginWebAuthnForm
from django import forms
from django.contrib.auth.forms import SetPasswordForm as DjangoSetPasswordForm
from django.contrib.auth.password_validation import password_validators_help_texts
from wagtail.admin.forms.auth import PasswordResetForm as WagtailPasswordResetForm

from clinic.encryption import DecryptionError
from clinic.forms import PageForm

from .adapters import UNKNOWN_PASSKEY
from .lockout import is_locked_out, note_failure
from .mail import write_to_staff
from .second_factor import use_code

ANSWER_SECONDS = 0.3  # longer than it takes to owe a mail


def draw(field, label, **attrs):
    field.label = label
    field.help_text = attrs.pop("help_text", "")
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs |= attrs


class SignInForm(PageForm, LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        draw(self.fields["login"], "User name", autocapitalize="none", spellcheck="false")
        self.fields["login"].error_messages["required"] = "Enter your user name"
        draw(self.fields["password"], "Password")
        self.fields["password"].error_messages["required"] = "Enter your password"


class ConfirmForm(PageForm, ReauthenticateForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        draw(self.fields["password"], "Password")
        self.fields["password"].error_messages["required"] = "Enter your password"


class CodeForm(PageForm):
    """A form with one code."""

    hint = "The six digits that the app shows now."

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        draw(self.fields["code"], "Code", autocapitalize="none", spellcheck="false", help_text=self.hint)
        self.fields["code"].widget.attrs["class"] += " input--short"
        self.fields["code"].error_messages["required"] = "Enter the code"


class SecondFactorForm(CodeForm, AuthenticateForm):
    """At signing in. Failures count towards a lock-out, and each code counts once."""

    hint = "Six digits from your authenticator app, or one of your recovery codes."

    def clean_code(self):
        if is_locked_out(context.request, self.user):
            raise get_adapter().validation_error("incorrect_code")
        try:
            code = super().clean_code()
            if self.authenticator.type == Authenticator.Type.TOTP and not use_code(self.authenticator, code):
                raise get_adapter().validation_error("incorrect_code")
        except forms.ValidationError:
            note_failure(context.request, self.user)
            raise
        except DecryptionError:  # the key is gone: an owner has to reset what it held
            raise get_adapter().validation_error("incorrect_code")
        return code


class AppForm(CodeForm, ActivateTOTPForm):
    pass


# --- Passkeys


@contextmanager
def readable():
    """Whatever is wrong with what was sent in place of a passkey, the answer is the same; allauth trips over some."""
    try:
        yield
    except (forms.ValidationError, AttributeError, KeyError, TypeError, ValueError):
        raise forms.ValidationError(UNKNOWN_PASSKEY, code="incorrect_code")


class PasskeySignInForm(LoginWebAuthnForm):
    def clean_credential(self):
        with readable():
            return super().clean_credential()


class PasskeySecondFactorForm(AuthenticateWebAuthnForm):
    def clean_credential(self):
        with readable():
            return super().clean_credential()


class PasskeyForm(PageForm, AddWebAuthnForm):
    """`passwordless` is always on: what is added here opens the account alone, so it has to be unlocked itself."""

    name = forms.CharField(required=False, max_length=60)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        draw(self.fields["name"], "Name", help_text="To tell it from others, such as “My phone”.")
        self.fields["credential"].error_messages["required"] = "The passkey was not made. Try again."
        self.fields["passwordless"].widget = forms.HiddenInput()
        self.initial["passwordless"] = "on"

    def clean(self):
        with readable():
            return super().clean()


# --- A forgotten password


class PasswordResetForm(PageForm, WagtailPasswordResetForm):
    """Answers alike, and as late, whether or not an account has the address."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": "Enter your e-mail address"},
    )

    def save(self, **options):
        begin = time.monotonic()
        for user in self.get_users(self.cleaned_data["email"]):
            write_to_staff(user=user, about="password")
        time.sleep(max(0.0, begin + ANSWER_SECONDS - time.monotonic()))


class NewPasswordForm(PageForm, DjangoSetPasswordForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        draw(self.fields["new_password1"], "New password")
        draw(self.fields["new_password2"], "The same again")

    @property
    def rules(self):
        return password_validators_help_texts()
