"""Who gets into the admin: from which networks, for how long, and with what."""

import time

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpResponseForbidden
from django.shortcuts import redirect
from django.views.defaults import page_not_found

from clinic.client import nearest_address
from clinic.middleware import ADMIN, SIGN_IN

from .second_factor import has_second_factor

WITHOUT_SECOND_FACTOR = (*SIGN_IN, "/admin/logout/", "/admin/session/")
BACKGROUND = ("/admin/editing-sessions/", "/admin/session/")  # a page asks these by itself
STEP = 30  # seconds between two notes that somebody is there


class AdminNetworkMiddleware:
    """From any network but those of `ADMIN_NETWORKS`, there is no admin. Where none is named, all may come."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if settings.ADMIN_NETWORKS and request.path_info.startswith(ADMIN) and not is_near(request):
            return page_not_found(request, Http404())
        return self.get_response(request)


def is_near(request) -> bool:
    address = nearest_address(request)
    address = getattr(address, "ipv4_mapped", None) or address
    return address is not None and any(address in network for network in settings.ADMIN_NETWORKS)


class SessionLimitMiddleware:
    """Ends a session when nobody was there for a while, and after a working day in any case."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info.startswith(ADMIN) and request.user.is_authenticated:
            if seconds_left(request.session) <= 0:
                logout(request)
            elif is_activity(request):
                note_presence(request.session)
        return self.get_response(request)


def seconds_left(session) -> float:
    now = time.time()
    idle = session.get("seen_at", now) + settings.SESSION_IDLE_SECONDS - now
    return min(idle, session.get("began_at", now) + settings.SESSION_COOKIE_AGE - now)


def is_activity(request) -> bool:
    """What a page loads in the background says nothing about whether somebody sits before it."""
    if request.path_info.startswith(BACKGROUND):
        return False
    return request.method != "GET" or request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def note_presence(session) -> None:
    now = time.time()
    session.setdefault("began_at", now)
    if now - session.get("seen_at", 0) > STEP:
        session["seen_at"] = now


class SecondFactorMiddleware:
    """Leads staff without a second factor to where they set one up, from wherever in the admin they want to go."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if settings.STAFF_MFA_REQUIRED and is_closed(request):
            is_page = request.headers.get("X-Requested-With") != "XMLHttpRequest"
            return redirect("mfa_index") if is_page else HttpResponseForbidden()
        return self.get_response(request)


def is_closed(request) -> bool:
    path = request.path_info
    if not path.startswith(ADMIN) or path.startswith(WITHOUT_SECOND_FACTOR):
        return False
    return request.user.is_authenticated and not has_second_factor(request.user)
