"""How a form is answered, whatever happens: what was typed stays, and nobody is thanked for what is not stored."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from clinic.models import ClinicSettings
from leads.forms.base import PublicForm
from leads.services.intake import Flood

logger = logging.getLogger(__name__)

METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
FLOOD = "A great deal came from your connection in the last minutes."
FAULT = "Our system could not store this just now."


def show(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A page that no cache keeps. While the database does not answer, with what this process still knows."""
    context = {"canonical_url": settings.SITE_URL + request.path, **context}
    try:
        response = render(request, template, context, status=status)
    except Error:
        response = render(request, template, {**context, "menu": None, "clinic": known_clinic()}, status=503)
    add_never_cache_headers(response)
    return response


def known_clinic() -> ClinicSettings:
    try:
        return ClinicSettings.current()
    except Error:
        return ClinicSettings()


def take(
    request: HttpRequest,
    form: PublicForm,
    template: str,
    act: Callable[[], str],
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Do what a form asks for and lead to the address that `act` answers with, or show the form again.

    422 with what has to be changed, 429 in a flood, 503 while the database is away; each with everything still in it.
    """
    context = {"form": form}
    if not form.is_valid():
        return show(request, template, context, status=422)
    try:
        return HttpResponseRedirect(act())
    except Flood:
        form.trouble, status = FLOOD, 429
    except Error as error:
        logger.error("a form could not be stored: %s", type(error).__name__)  # its text would quote what was typed
        connection.close()
        form.trouble, status = FAULT, 503
    response = show(request, template, context, status=status)
    response["Retry-After"] = "60"
    return response
