from urllib.parse import urljoin

from django.conf import settings
from django.db import models
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils.encoding import iri_to_uri
from django.utils.functional import cached_property
from wagtail.admin.panels import (
    FieldPanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
)
from wagtail.fields import StreamField
from wagtail.models import Page, PageViewRestriction
from wagtail.query import PageQuerySet
from wagtail.search import index

from clinic.blocks import StoryBlock
from clinic.memory import Remembered
from clinic.share_picture import SharePicture, clinic_picture
from clinic.story import Story
from clinic.structured_data import page_graph, story_graph, to_json

from .settings import ClinicSettings


def address_at(url_path: str) -> str:
    """Of a page, without the site. There is one site and one home page: what follows it in the tree is the address."""
    return iri_to_uri("/" + "/".join(url_path.split("/")[2:]))


class PublishedQuerySet(PageQuerySet):
    def published(self):
        """What any reader may see: live, and neither itself nor below a page that asks for a password or a login."""
        pages = self.live()
        for path in private_paths():
            pages = pages.exclude(path__startswith=path)
        return pages


@Remembered
def private_paths() -> list[str]:
    """Where in the tree of pages those stand that ask for a password or a login.

    There are few, and each list of pages asks: naming them costs PostgreSQL less than looking for them page by page.
    """
    return list(PageViewRestriction.objects.values_list("page__path", flat=True).distinct())


@receiver([post_save, post_delete], sender=PageViewRestriction)
def forget_private_paths(**_):
    private_paths.forget()


class BasePage(Page):
    """What every page of the site carries: how it shows in lists, in search results and when it is shared."""

    listing_title = models.CharField(
        max_length=120,
        blank=True,
        help_text="Shown in lists of pages instead of the title.",
    )
    listing_summary = models.TextField(
        max_length=200,
        blank=True,
        help_text="One or two sentences for lists of pages and, without a search description, for search engines.",
    )
    listing_image = models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Shown beside the summary in lists of pages.",
    )
    social_image = models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Shown when the page is shared. Without one, a picture with the title is drawn.",
    )

    is_in_sitemap = True

    class Meta:
        abstract = True

    listing_panels = [
        FieldPanel("listing_title"),
        FieldPanel("listing_summary"),
        FieldPanel("listing_image"),
    ]
    promote_panels = [
        MultiFieldPanel(listing_panels, heading="In lists"),
        MultiFieldPanel(
            [
                FieldPanel("slug"),
                FieldPanel("seo_title"),
                FieldPanel("search_description"),
                FieldPanel("social_image"),
            ],
            heading="In search engines and when shared",
        ),
        MultiFieldPanel([FieldPanel("show_in_menus")], heading="In the site's menu"),
    ]
    settings_panels = [PublishingPanel()]

    def get_context(self, request, *args, **kwargs):
        clinic, url = ClinicSettings.current(), settings.SITE_URL + self.url
        image = self.share_image_url(clinic)
        return super().get_context(request, *args, **kwargs) | {
            "clinic": clinic,
            "canonical_url": url,
            "share_image_url": image,
            "structured_data_json": to_json(self.structured_data(clinic, url, image)),
        }

    def share_image_url(self, clinic) -> str:
        """The editor's picture, or the one that is drawn; always 1200 by 630 pixels."""
        if self.social_image:
            return urljoin(f"{settings.SITE_URL}/", self.social_image.get_rendition("fill-1200x630|format-jpeg").url)
        return self.share_picture(clinic).address(self.share_path)

    share_path = "/share.png"

    def share_picture(self, clinic) -> SharePicture:
        return clinic_picture(clinic)

    def structured_data(self, clinic, url: str, image: str) -> list[dict]:
        """The nodes that tell search engines what this page is; see `clinic.structured_data`."""
        return page_graph(self, clinic, url, image)

    def get_url(self, request=None, current_site=None):
        return address_at(self.url_path)

    def get_full_url(self, request=None):
        return settings.SITE_URL + self.get_url()

    url = property(get_url)
    full_url = property(get_full_url)

    @property
    def preview_sizes(self):
        return [
            {"name": "phone", "icon": "mobile-alt", "device_width": 360, "label": "Preview on a phone"},
            {"name": "tablet", "icon": "tablet-alt", "device_width": 768, "label": "Preview on a tablet"},
            {"name": "desktop", "icon": "desktop", "device_width": 1280, "label": "Preview on a desktop"},
        ]

    @property
    def list_title(self) -> str:
        return self.listing_title or self.title

    @property
    def meta_description(self) -> str:
        return self.search_description or self.listing_summary


class StoryPage(BasePage):
    """A page with a body of blocks that reads from top to bottom."""

    body = StreamField(StoryBlock(), blank=True)
    plain_text = models.TextField(editable=False, blank=True)  # what search reads and cuts its excerpts from
    reading_minutes = models.PositiveSmallIntegerField(editable=False, default=1)

    class Meta:
        abstract = True

    search_fields = [
        *BasePage.search_fields,
        index.SearchField("listing_summary", boost=2),
        index.SearchField("body"),
    ]

    def structured_data(self, clinic, url: str, image: str) -> list[dict]:
        return story_graph(self, clinic, url, image)

    @cached_property
    def story(self) -> Story:
        return Story(self.body)

    def save(self, *args, **kwargs):
        self.plain_text = self.story.plain_text
        self.reading_minutes = self.story.reading_minutes
        if (fields := kwargs.get("update_fields")) is not None and "body" in fields:
            kwargs["update_fields"] = {*fields, "plain_text", "reading_minutes"}
        return super().save(*args, **kwargs)


def tabs(page_class, *extra: ObjectList) -> TabbedInterface:
    """The three tabs that every page's form has, and those of its own between them."""
    return TabbedInterface(
        [
            ObjectList(page_class.content_panels, heading="Content"),
            *extra,
            ObjectList(page_class.promote_panels, heading="Lists and search"),
            ObjectList(page_class.settings_panels, heading="Publishing"),
        ]
    )
