from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Q
from wagtail.models import Page, get_page_models

from .memory import Remembered
from .models import HomePage, PublishedQuerySet
from .models.base import address_at

DEPTH = 3  # of the pages right below the home page in Wagtail's tree
OFFERS = {"guide": "guidepage", "workshop": "workshopindexpage"}  # what leads to a page of staff's: the page's model


@dataclass(frozen=True)
class MenuItem:
    title: str
    url: str
    is_current: bool


@Remembered
def menu_pages() -> list[Page]:
    """The pages that the header, the footer or an offer leads to, in one query."""
    in_menu = Q(depth=DEPTH) & (Q(show_in_menus=True) | Q(standardpage__show_in_footer=True))
    pages = PublishedQuerySet(Page).published().filter(content_type__in=types())
    pages = pages.filter(in_menu | Q(content_type__model__in=OFFERS.values()))
    names = {"in_footer": F("standardpage__show_in_footer"), "model_name": F("content_type__model")}
    return list(pages.annotate(**names).order_by("path"))


def types() -> list[ContentType]:
    """Of these pages. By their types PostgreSQL finds them in an index, and need not look at every post."""
    below_home = HomePage.allowed_subpage_models()
    models = [model for model in get_page_models() if model in below_home or model._meta.model_name in OFFERS.values()]
    return list(ContentType.objects.get_for_models(*models).values())


def offer_page(kind: str) -> str:
    """The address of the first page for an offer; "" while there is none that a reader may see."""
    page = next((page for page in menu_pages() if page.model_name == OFFERS[kind]), None)
    return address_at(page.url_path) if page else ""


class Menu:
    """What the header and the footer of the page at `path` lead to."""

    def __init__(self, path: str):
        self.path = path

    def item(self, page: Page) -> MenuItem:
        url = f"/{page.slug}/"
        return MenuItem(page.title, url, is_current=self.path.startswith(url))

    @property
    def header(self) -> list[MenuItem]:
        return [self.item(page) for page in menu_pages() if page.show_in_menus and page.depth == DEPTH]

    @property
    def footer(self) -> list[MenuItem]:
        return [self.item(page) for page in menu_pages() if page.in_footer]
