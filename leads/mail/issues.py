"""What an issue says: as it is now, or as it was frozen when its audience was."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from wagtail.images.models import AbstractImage, SourceImageIOError
from wagtail.models import Page

from clinic.models import BasePage, PublishedQuerySet
from leads.models import Issue

from .prose import full_address

PICTURE_WIDTH = 1040  # pixels: twice the width of the column, for fine screens
PICTURE = "fill-1040x584|format-jpeg|jpegquality-75"


def words(issue: Issue) -> dict[str, Any]:
    """Subject, preheader and note, and of each post its title, summary, address and picture."""
    if issue.frozen is not None:
        frozen: dict[str, Any] = issue.frozen
        return frozen
    return {
        "subject": issue.subject,
        "preheader": issue.preheader,
        "note": issue.note,
        "posts": [told(page) for page in published(issue)],
    }


def published(issue: Issue) -> list[BasePage]:
    """The issue's posts that any reader may see, in their order."""
    chosen = list(issue.posts.values_list("page", flat=True)) if issue.pk else []
    return [page for page in public_pages(chosen) if isinstance(page, BasePage)]


def public_pages(pks: Iterable[int]) -> list[Page]:
    """Those of these pages that any reader may see, in the order of the numbers."""
    order = {pk: place for place, pk in enumerate(pks)}
    pages = PublishedQuerySet(Page).filter(pk__in=order).published().specific()
    return sorted(pages, key=lambda page: order[page.pk])


def told(page: BasePage) -> dict[str, Any]:
    return {
        "title": page.list_title,
        "summary": page.listing_summary,
        "url": full_address(page.get_url()),
        "picture": picture(page.listing_image),
    }


def picture(image: AbstractImage | None) -> dict[str, Any] | None:
    """None as well where it is too small to be shown large, or does not lie on this site: a mail asks no other host."""
    if image is None or image.width < PICTURE_WIDTH:
        return None
    try:
        url = full_address(image.get_rendition(PICTURE).url)
    except SourceImageIOError:
        return None
    if urlsplit(url).netloc != urlsplit(settings.SITE_URL).netloc:
        return None
    return {"url": url, "alt": image.description}
