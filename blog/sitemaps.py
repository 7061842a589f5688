"""What search engines may list: published pages, and the topics and authors that have any post."""

from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import Max
from wagtail.models import Page, get_page_models

from clinic.models import PublishedQuerySet

from .models import Author, BlogPage, Topic

DEPTH_OF_HOME = 2


class SiteSitemap(Sitemap):
    """A sitemap whose addresses are those of SITE_URL, whatever host it was asked from."""

    protocol = urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site=None):
        return urlsplit(settings.SITE_URL).netloc


class PagesSitemap(SiteSitemap):
    def items(self):
        unlisted = [model for model in get_page_models() if not getattr(model, "is_in_sitemap", True)]
        pages = PublishedQuerySet(Page).published().filter(depth__gte=DEPTH_OF_HOME).not_exact_type(*unlisted)
        return pages.order_by("path")

    def location(self, page):
        return page.url or "/"

    def lastmod(self, page):
        return page.last_published_at


class ListsSitemap(SiteSitemap):
    """The pages that list the posts of something. They change when the newest of these does."""

    def __init__(self, model):
        self.model = model

    def items(self):
        posts = BlogPage.objects.published()
        lists = self.model.objects.filter(posts__in=posts).annotate(changed_at=Max("posts__last_published_at"))
        return lists.order_by("pk")

    def lastmod(self, item):
        return item.changed_at


# Made anew for each request: Django's view keeps in them when their newest page changed.
SITEMAPS = {"pages": PagesSitemap, "topics": partial(ListsSitemap, Topic), "authors": partial(ListsSitemap, Author)}
