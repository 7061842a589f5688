from django.db.models import Max

from clinic.sitemaps import SiteSitemap

from .models import BlogPage


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
