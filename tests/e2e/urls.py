from django.urls import path

from clinic import urls
from clinic.urls import handler500

__all__ = ["handler500", "urlpatterns"]


def fail(request):
    raise RuntimeError("a fault, for the sake of its page")


urlpatterns = [path("fault/", fail), *urls.urlpatterns]
