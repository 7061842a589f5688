"""What the pages behind links in mails have in common: the token in the address is the key, so it goes nowhere else."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from leads import tokens

from .answer import METHODS, show

View = Callable[..., HttpResponseBase]


def behind_token(purpose: str) -> Callable[[View], View]:
    """Give a view the number in the token, and the rest of the address; 404 for a token that is made up, or too old.

    No check of the origin: another site cannot know the token, and RFC 8058 has mail providers post it.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @require_http_methods(METHODS)
        @wraps(view)
        def private(request: HttpRequest, token: str, **others: str) -> HttpResponseBase:
            pk = tokens.read_token(purpose, token)
            response: HttpResponseBase
            if pk is None:
                response = show(request, "leads/link_over.html", {}, status=404)
            else:
                request.token = token  # type: ignore[attr-defined]
                response = view(request, pk, **others)
            add_never_cache_headers(response)
            response["Referrer-Policy"] = "no-referrer"
            response["X-Robots-Tag"] = "noindex"
            response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log the address, token and all
            return response

        return private

    return decorate
