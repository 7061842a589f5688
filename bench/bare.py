"""A Django site of one view and nothing else: how fast this machine answers before our code has done anything."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], MIDDLEWARE=[], ROOT_URLCONF=__name__)

urlpatterns = [path("", lambda request: HttpResponse("ok\n", content_type="text/plain"))]
application = get_wsgi_application()
