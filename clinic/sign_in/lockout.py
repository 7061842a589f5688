"""Who guesses too often waits. django-axes counts, in the database, so that all workers count as one.

Each count is forgotten `AXES_COOLOFF_TIME` after its last failure, and counted on its own:

- a name from one address: `AXES_FAILURE_LIMIT` failures;
- an address, whatever the names: `ADDRESS_SHARE` times as many, because a practice has one address for everybody;
- the second factor of an account, from anywhere: twice as many, because only who has the password gets so far.

A name that nobody has is counted like any other. What was typed is stored as a hash: it might be a password.
"""

import hmac
from hashlib import sha256
from ipaddress import IPv6Address, ip_network

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db.models import Sum
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from clinic.client import nearest_address
from clinic.models import User

ADDRESS_SHARE = 6
SECOND_FACTOR_SHARE = 2
SECOND_FACTOR = "second_factor"
UNKNOWN = "::"  # a client whose address nobody tells


class Lockout(AxesDatabaseHandler):
    """Kept are a hash of the name, the address and the moment: no browser, no query, nothing else that was sent."""

    def user_login_failed(self, sender, credentials, request=None, **kwargs):
        if request is not None:
            request.axes_user_agent = request.axes_http_accept = ""
        super().user_login_failed(sender, credentials, request, **kwargs)
        AccessAttempt.objects.exclude(get_data="", post_data="").update(get_data="", post_data="")

    def get_failures(self, request, credentials=None):
        """Of the count that is nearest to its limit, as if it were the one of a name from one address."""
        recent = AccessAttempt.objects.filter(attempt_time__gte=timezone.now() - get_cool_off(request))
        name = hashed_name(request, credentials)
        share = SECOND_FACTOR_SHARE if is_second_factor(credentials) else 1
        of_name = recent.filter(username=name)
        if share == 1:
            of_name = of_name.filter(ip_address=request.axes_ip_address)
        of_address = recent.filter(ip_address=request.axes_ip_address)
        return max(failures(of_name) // share, failures(of_address) // ADDRESS_SHARE)


def failures(attempts):
    return attempts.aggregate(total=Sum("failures_since_start", default=0))["total"]


def hashed_name(request, credentials=None):
    """32 hexadecimal digits. Capitals do not matter to signing in, so they make no new name here either."""
    credentials = credentials or {"username": request.POST.get("login", "")}
    kind = SECOND_FACTOR if is_second_factor(credentials) else "username"
    text = f"{kind} {str(credentials[kind]).strip().casefold()}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), sha256).hexdigest()[:32]


def known_address(request):
    """Of an IPv6 line its network: it has as many addresses as it likes."""
    address = nearest_address(request)
    if isinstance(address, IPv6Address):
        address = ip_network((address, 64), strict=False).network_address
    return str(address or UNKNOWN)


def nobody(*args):
    """What axes writes into the log in place of the name and the address."""
    return "somebody"


# --- The second factor


def second_factor_of(user):
    """What stands for the name, where codes are counted."""
    return {SECOND_FACTOR: user.pk}


def is_second_factor(credentials):
    return SECOND_FACTOR in (credentials or {})


def is_locked_out(request, user):
    """Whether no more codes are taken for this account. The answer to this request is then the page that says so."""
    credentials = second_factor_of(user)
    request.axes_locked_out = not AxesProxyHandler.is_allowed(request, credentials)
    request.axes_credentials = credentials
    return request.axes_locked_out


def note_failure(request, user):
    user_login_failed.send(sender="clinic.sign_in", credentials=second_factor_of(user), request=request)


# --- Letting somebody in again


def counts_of(user):
    names = [hashed_name(None, credentials) for credentials in ({"username": user.username}, second_factor_of(user))]
    return AccessAttempt.objects.filter(username__in=names)


def is_counted(user) -> bool:
    """Whether somebody failed under this name lately."""
    return counts_of(user).filter(attempt_time__gte=timezone.now() - get_cool_off(None)).exists()


def unlock(*, user: User) -> int:
    """Forget every failure under this name, from wherever it came; how many counts there were."""
    return counts_of(user).delete()[0]


def purge() -> int:
    """Delete the counts whose time is over."""
    return AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - get_cool_off(None)).delete()[0]


def locked_out(request, original_response=None, credentials=None):
    """The page for somebody who has to wait. It is the same whether or not the account exists."""
    minutes = int(get_cool_off(request).total_seconds() // 60)
    page = render(request, "clinic/sign_in/locked.html", {"minutes": minutes}, status=429)
    add_never_cache_headers(page)
    return page
