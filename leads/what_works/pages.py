"""Which page a path is, or was: forms remember paths, and pages move, are renamed and go."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.urls import Resolver404, resolve
from wagtail.contrib.redirects.models import Redirect
from wagtail.contrib.routable_page.models import RoutablePageMixin
from wagtail.models import Page, Site

MOST = 500  # paths that are looked up


@dataclass(frozen=True)
class Place:
    """Where a form was sent. Two paths that lead to one page are one place."""

    name: str
    address: str = ""  # where it can be read now
    note: str = ""


NOT_KNOWN = Place("Not known")
OTHERS = Place("Other pages")
FROM_A_MAIL = Place("A page that a mail or a form led to")
OWN = {  # by the name of the address
    "assessment": Place("The assessment form, opened directly", "/assessment/"),
    "newsletter": Place("The newsletter’s own page", "/newsletter/"),
}
OF_PAGES = ("wagtail_serve", "post")  # what a page answers to, as long as it is there
SENT_TO = ("request_guide", "request_workshop")  # what stands for a page that the browser did not tell


def places(paths: Collection[str]) -> dict[str, Place]:
    """The first `MOST` of the paths, which are those that matter most. Three queries."""
    looked_up = list(paths)[:MOST]
    root = Site.objects.filter(is_default_site=True).values_list("root_page__url_path", flat=True).first() or "/"
    moved = redirects(looked_up)
    wanted = {path: root.rstrip("/") + with_slash(path) for path in looked_up if path}
    above = {path: place.rstrip("/").rpartition("/")[0] + "/" for path, place in wanted.items()}
    pages = {page.url_path: page for page in Page.objects.filter(url_path__in={*wanted.values(), *above.values()})}
    found = {}
    for path in looked_up:
        page = pages.get(wanted.get(path, "")) or moved.get(path.rstrip("/"))
        found[path] = place_of_page(page, root) if page else route_of(pages.get(above.get(path, "")), path, root)
    return found | dict.fromkeys(list(paths)[MOST:], OTHERS)


def redirects(paths: Iterable[str]) -> dict[str, Page]:
    old = Redirect.objects.filter(old_path__in={path.rstrip("/") for path in paths}, redirect_page__isnull=False)
    return {redirect.old_path: redirect.redirect_page for redirect in old.select_related("redirect_page")}


def place_of_page(page: Page, root: str, route: str = "") -> Place:
    title = "Home page" if page.url_path == root else page.title
    name = f"{title} ({route.strip('/')})" if route else title
    if not page.live:
        return Place(name, note="not published now")
    return Place(name, "/" + page.url_path.removeprefix(root) + route)


def route_of(page: Page | None, path: str, root: str) -> Place:
    """A part of the page above that has an address of its own, such as a guide's edition; else what the path says."""
    route = path.rstrip("/").rpartition("/")[2] + "/"
    if page is not None and issubclass(page.specific_class or Page, RoutablePageMixin):
        try:
            page.specific_deferred.resolve_subpage(f"/{route}")
        except Resolver404:
            return place_of_path(path)
        return place_of_page(page, root, route)
    return place_of_path(path)


def place_of_path(path: str) -> Place:
    """What is no page: a form's own address, which is known when nothing told of a page before it; or what is gone.

    The address of a person's own page is a key to it, and shown to nobody.
    """
    try:
        match = resolve(with_slash(path))
    except Resolver404:
        return gone(path)
    if match.url_name in OF_PAGES:
        return gone(path)
    if match.namespace == "leads":
        return NOT_KNOWN if match.url_name in SENT_TO else OWN.get(match.url_name or "", FROM_A_MAIL)
    return Place(path, path)


def gone(path: str) -> Place:
    return Place(path, note="no longer there") if path else NOT_KNOWN


def with_slash(path: str) -> str:
    return path if path.endswith("/") else f"{path}/"


def titles(ids: Iterable[int]) -> dict[int, str]:
    return dict(Page.objects.filter(pk__in=set(ids)).values_list("pk", "title"))
