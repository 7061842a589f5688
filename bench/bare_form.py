"""The rows of a form, put in by a view that does nothing else: what Django itself needs for them on this machine."""

import uuid

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

django.setup()  # with the settings as they are: some app insists on its middleware
settings.MIDDLEWARE, settings.ROOT_URLCONF = [], __name__
application = get_wsgi_application()

from leads.models import Lead, OutgoingMail, Submission  # noqa: E402  Django has to know its apps


def store(request: HttpRequest) -> HttpResponse:
    """A card, what was sent, and the mail that is owed."""
    with transaction.atomic():
        lead = Lead.objects.create(name=request.POST["name"], phone=request.POST["phone"], asked_for="assessment")
        submission = Submission.objects.create(
            kind="assessment", lead=lead, key=uuid.uuid4(), health_answers=request.POST["hopes"]
        )
        OutgoingMail.objects.create(kind="staff", dedupe_key=f"staff:{submission.pk}", submission=submission)
    return HttpResponse(status=302, headers={"Location": "/", "Content-Length": "0"})


urlpatterns = [
    path("readyz/", lambda request: HttpResponse("ok\n")),
    path("assessment/", store),
]
