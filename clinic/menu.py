from dataclasses import dataclass

from django.db.models import F, Q
from wagtail.models import Page

from .memory import Remembered
from .models import PublishedQuerySet

DEPTH = 3  # of the pages right below the home page in Wagtail's tree


@dataclass(frozen=True)
class MenuItem:
    title: str
    url: str
    is_current: bool


@Remembered
def menu_pages() -> list[Page]:
    """The pages that the header or the footer leads to, in one query."""
    shown = Q(show_in_menus=True) | Q(standardpage__show_in_footer=True)
    pages = PublishedQuerySet(Page).published().filter(shown, depth=DEPTH)
    return list(pages.annotate(in_footer=F("standardpage__show_in_footer")).order_by("path"))


class Menu:
    """What the header and the footer of the page at `path` lead to."""

    def __init__(self, path: str):
        self.path = path

    def item(self, page: Page) -> MenuItem:
        url = f"/{page.slug}/"
        return MenuItem(page.title, url, is_current=self.path.startswith(url))

    @property
    def header(self) -> list[MenuItem]:
        return [self.item(page) for page in menu_pages() if page.show_in_menus]

    @property
    def footer(self) -> list[MenuItem]:
        return [self.item(page) for page in menu_pages() if page.in_footer]
