from django.urls import reverse

from clinic.sitemaps import SiteSitemap


class FormsSitemap(SiteSitemap):
    """The forms that have a page of their own and are no page of staff's."""

    def items(self) -> list[str]:
        return ["leads:assessment", "leads:newsletter"]

    def location(self, item: str) -> str:
        return reverse(item)
