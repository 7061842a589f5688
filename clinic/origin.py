"""Whether a form was sent from this site, told by what the browser says about the request and not by a cookie.

So the same cached page, with its forms in it, serves everyone. The admin keeps Django's own protection.
"""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponse]


def from_this_site(view: View) -> View:
    """Refuse, with 403, what another site's page sends. For views that anybody may post to."""

    @csrf_exempt
    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.method == "POST" and not is_from_this_site(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def is_from_this_site(request: HttpRequest) -> bool:
    """`Sec-Fetch-Site` and `Origin` are both beyond the reach of a page's own script. A client that sends neither is no
    browser, and holds nobody's cookies that could be abused."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin in (settings.SITE_URL, f"{request.scheme}://{request.get_host()}")
