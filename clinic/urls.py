"""The addresses of the site. They are a contract: links in mail that was sent outlive versions."""

from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from . import media, views
from .sitemaps import sitemap

urlpatterns = [
    path("admin/", include("clinic.sign_in.urls")),  # before Wagtail's, which has a login/ of its own
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("robots.txt", views.robots),
    path("sitemap.xml", sitemap),
    path("share.png", views.share_picture),
    path(".well-known/security.txt", views.security_txt),
    path("healthz/", views.healthz),
    path("readyz/", views.readyz),
    path("", include("blog.urls")),
    path("", include("leads.urls")),
    # An edge that knows the folder answers before this line does.
    path("media/images/<path:name>", media.picture),
    path("", include(wagtail_urls)),
]

handler500 = views.server_error
