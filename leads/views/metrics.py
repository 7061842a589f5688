from collections.abc import Iterator
from hmac import compare_digest
from ipaddress import ip_address

from django.conf import settings
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import traffic
from leads import metrics as figures


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, from inside. Without the database it still tells of requests, and that there is none."""
    if not may_read(request):
        raise Http404
    try:
        told = [*figures.lines(), *database(is_up=True)]
    except Error:
        told = [*database(is_up=False)]
    text = "\n".join([*told, *traffic.lines(), ""])
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def database(*, is_up: bool) -> Iterator[str]:
    return figures.gauge("clinic_database_up", "Whether the database answers.", {"": is_up})


def may_read(request: HttpRequest) -> bool:
    """From an address of METRICS_NETWORKS, or with METRICS_TOKEN; never through the edge, whose address is inside."""
    if "X-Forwarded-For" in request.headers:
        return False
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
            return True
    try:
        address = ip_address(request.META["REMOTE_ADDR"])
    except ValueError:  # a socket has none
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)
