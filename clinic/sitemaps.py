"""What search engines may list: published pages, and what each app adds by the hook `register_sitemaps`."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.http import HttpRequest, HttpResponse
from wagtail import hooks
from wagtail.models import Page, get_page_models

from .models import PublishedQuerySet
from .models.base import address_at

DEPTH_OF_HOME = 2


class SiteSitemap(Sitemap):
    """A sitemap whose addresses are those of SITE_URL, whatever host it was asked from."""

    protocol = urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site=None):
        return urlsplit(settings.SITE_URL).netloc


class PagesSitemap(SiteSitemap):
    """Rows and not pages: a site may have thousands, and of each no more than this is told."""

    def items(self):
        unlisted = [model for model in get_page_models() if not getattr(model, "is_in_sitemap", True)]
        pages = PublishedQuerySet(Page).published().filter(depth__gte=DEPTH_OF_HOME).not_exact_type(*unlisted)
        return pages.order_by("path").values_list("url_path", "last_published_at", named=True)

    def location(self, page):
        return address_at(page.url_path)

    def lastmod(self, page):
        return page.last_published_at


def sitemap(request: HttpRequest) -> HttpResponse:
    # Made anew for each request: Django's view keeps in them when their newest page changed.
    sections: dict[str, Any] = {"pages": PagesSitemap}
    for register in hooks.get_hooks("register_sitemaps"):
        sections |= register()
    return views.sitemap(request, sections, template_name="clinic/sitemap.xml")
