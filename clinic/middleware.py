"""Which policy an answer carries: pages for readers are the same for everyone, the admin is for one person."""

import errno
import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from . import logs, traffic
from .postgresql.base import answer_within

# Seconds. The edge keeps a page for five, and gives the old one for three more while it fetches the new one. Together
# with settings.REMEMBER_SECONDS, what an editor changed is public within ten.
PUBLIC = {"public": True, "max_age": 60, "s_maxage": 5, "stale_while_revalidate": 3}
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"

ADMIN = "/admin/"
SIGN_IN = ("/admin/login/", "/admin/password_reset/", "/admin/second-factor/")  # ours, with no inline script or style
FILES = ("/static/", "/media/images/")  # nothing in there is a page
PICTURES = ("/static/img/", "/media/images/")  # feed readers in a browser show them too


# Why a file could not be stored, in words for staff.
NO_ROOM = "There is no room for it on the server’s disk."
NOT_WRITABLE = "The place where files are kept cannot be written to just now."
TROUBLE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), NO_ROOM),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO), NOT_WRITABLE),
}
logger = logging.getLogger(__name__)

PATIENCE = 5  # seconds that a visitor waits for the database; long before any server in front gives up
PATIENCE_OF_STAFF = 25


class TrafficMiddleware:
    """Counts every answer, and the seconds until it was there. Goes before all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begin = time.monotonic()
        response = self.get_response(request)
        traffic.count(response.status_code, time.monotonic() - begin)
        return response


class OccasionMiddleware:
    """Names each line of the log by the number that the edge gave the request; without an edge, by one of our own."""

    NUMBER = re.compile(r"[0-9a-f]{32}")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        logs.occasion.set({"request": given if self.NUMBER.fullmatch(given) else uuid.uuid4().hex})
        return self.get_response(request)


@receiver(request_finished)
def end_occasion(**_: object) -> None:
    """Not in the middleware: Django tells of an error after all of them."""
    logs.occasion.set({})


class DeadlineMiddleware:
    """Turns a database that hangs into one that is down, so that a form can say so and keep what was typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with answer_within(PATIENCE_OF_STAFF if request.path.startswith(ADMIN) else PATIENCE):
            return self.get_response(request)


class UploadMiddleware:
    """Tells staff when a file could not be stored, and why; what they can do is up to who looks after the server."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        trouble = TROUBLE.get(exception.errno or 0) if isinstance(exception, OSError) else None
        if trouble is None or request.method != "POST" or not request.path.startswith("/admin/"):
            return None
        logger.error("a file could not be stored: %s", errno.errorcode[exception.errno])  # type: ignore[attr-defined]
        return render(request, "clinic/admin/not_stored.html", {"trouble": trouble}, status=503)


class SitePolicyMiddleware:
    """Sets the cache rule of readers' pages, and the Content-Security-Policy of what is none of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_file = request.path.startswith(FILES) and response.status_code in (200, 206, 304)
        if not is_file:
            response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        policy = "cross-origin" if request.path.startswith(PICTURES) else "same-origin"
        response.headers.setdefault("Cross-Origin-Resource-Policy", policy)
        is_wagtail = request.path.startswith(ADMIN) and not request.path.startswith(SIGN_IN)
        if response.get("Content-Disposition", "").startswith("attachment"):
            response._csp_config = settings.FILE_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        elif is_file:
            response._csp_config = settings.STATIC_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        elif is_wagtail or getattr(request, "is_preview", False):
            response._csp_config = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        elif is_for_everyone(request, response):
            patch_cache_control(response, **PUBLIC)
        return response


def is_for_everyone(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        request.method in ("GET", "HEAD")
        and response.status_code in (200, 304)
        and not response.cookies
        and not response.has_header("Cache-Control")
        and "cookie" not in response.get("Vary", "").lower()
    )
