from dataclasses import dataclass

from django.db.models import F, Q
from django.utils.functional import cached_property
from wagtail.models import Page

from .models import PublishedQuerySet

DEPTH = 3  # of the pages right below the home page in Wagtail's tree


@dataclass(frozen=True)
class MenuItem:
    title: str
    url: str
    is_current: bool


class Menu:
    """The pages that the header and the footer lead to, read in one query when the first of the two is drawn."""

    def __init__(self, request):
        self.request = request

    @cached_property
    def pages(self) -> list[Page]:
        shown = Q(show_in_menus=True) | Q(standardpage__show_in_footer=True)
        pages = PublishedQuerySet(Page).published().filter(shown, depth=DEPTH)
        return list(pages.annotate(in_footer=F("standardpage__show_in_footer")).order_by("path"))

    def item(self, page: Page) -> MenuItem:
        url = page.get_url(self.request) or ""
        return MenuItem(page.title, url, self.request.path.startswith(url))

    @property
    def header(self) -> list[MenuItem]:
        return [self.item(page) for page in self.pages if page.show_in_menus]

    @property
    def footer(self) -> list[MenuItem]:
        return [self.item(page) for page in self.pages if page.in_footer]
