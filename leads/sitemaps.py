from django.urls import reverse

from clinic.sitemaps import SiteSitemap


class FormsSitemap(SiteSitemap):
    """What has an address of its own and is no page of staff's: two forms, and the label of what is kept."""

    def items(self) -> list[str]:
        return ["leads:assessment", "leads:newsletter", "leads:data_label"]

    def location(self, item: str) -> str:
        return reverse(item)
