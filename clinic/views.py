from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpResponse, HttpResponseServerError
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .error_page import read_error_page
from .models import ClinicSettings
from .share_picture import clinic_picture


@require_safe
@never_cache
def healthz(request):
    """Whether this process answers. Says nothing about the machine."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request):
    """Whether the database answers and every migration is applied: 200, or 503 with the reason."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    if waiting:
        return HttpResponse("migrations are waiting\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def robots(request):
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /search/",
        "",
        f"Sitemap: {settings.SITE_URL}/sitemap.xml",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain")


@require_safe
def share_picture(request):
    """The picture that goes with a link to a page that has none of its own."""
    return clinic_picture(ClinicSettings.current()).respond(request)


@require_safe
def security_txt(request):
    """Whom to tell about a weakness (RFC 9116)."""
    clinic = ClinicSettings.load(request_or_site=request)
    contacts = [contact for contact in (settings.SECURITY_CONTACT, clinic.phone and clinic.phone_uri) if contact]
    if not contacts:
        raise Http404
    expires = datetime.now(UTC) + timedelta(days=30)  # counted anew each time, so it never lies in the past
    lines = [
        *(f"Contact: {contact}" for contact in contacts),
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def server_error(request):
    """The page for a fault: a file written beforehand, so that it needs no database."""
    return HttpResponseServerError(read_error_page())
