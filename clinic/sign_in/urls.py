"""Django-allauth's pages under addresses of the admin. What is left out, such as signing up, the site does not have."""

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import authenticate, index
from allauth.mfa.recovery_codes.views import generate_recovery_codes, view_recovery_codes
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from allauth.mfa.webauthn.views import add_webauthn, login_webauthn, remove_webauthn
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from .views import NewPasswordView, SignInView, session

PAGES = {
    "login/": (SignInView.as_view(), "account_login"),
    "login/second-factor/": (authenticate, "mfa_authenticate"),
    "login/passkey/": (login_webauthn, "mfa_login_webauthn"),
    "session/": (session, "session"),
    "password_reset/confirm/<uidb64>/<token>/": (NewPasswordView.as_view(), "wagtailadmin_password_reset_confirm"),
    "second-factor/": (index, "mfa_index"),
    "second-factor/confirm/": (ReauthenticateView.as_view(), "account_reauthenticate"),
    "second-factor/app/": (activate_totp, "mfa_activate_totp"),
    "second-factor/app/remove/": (deactivate_totp, "mfa_deactivate_totp"),
    "second-factor/passkeys/": (RedirectView.as_view(pattern_name="mfa_index"), "mfa_list_webauthn"),
    "second-factor/passkeys/add/": (add_webauthn, "mfa_add_webauthn"),
    "second-factor/passkeys/<int:pk>/remove/": (remove_webauthn, "mfa_remove_webauthn"),
    "second-factor/codes/": (view_recovery_codes, "mfa_view_recovery_codes"),
    "second-factor/codes/new/": (generate_recovery_codes, "mfa_generate_recovery_codes"),
}

urlpatterns = [path(route, never_cache(view), name=name) for route, (view, name) in PAGES.items()]
