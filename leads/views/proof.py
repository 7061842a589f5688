from django.db import Error
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leads.proof import make_challenge
from leads.services.intake import is_flood_near


@require_safe
@never_cache
def proof(request: HttpRequest) -> JsonResponse:
    """The work that a form needs to be sent with: none, but in a flood."""
    try:
        return JsonResponse(make_challenge() if is_flood_near() else {})
    except Error:
        return JsonResponse({})  # no form can be stored either
