"""A Django site of one view and nothing else: how fast this machine answers before our code has done anything."""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

django.setup()  # with the settings as they are: gunicorn's configuration calls upon the site's commands
settings.MIDDLEWARE, settings.ROOT_URLCONF = [], __name__
application = get_wsgi_application()

urlpatterns = [path("", lambda request: HttpResponse("ok\n", content_type="text/plain"))]
