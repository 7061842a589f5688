from django.db import models
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.search import index

from clinic.blocks import StepBlock
from clinic.structured_data import home_graph

from .base import BasePage, StoryPage


class HomePage(BasePage):
    """The front door: what we do, how it goes, what to read, whom you meet."""

    headline = models.CharField(max_length=80)
    introduction = models.TextField(max_length=400)
    steps_heading = models.CharField(max_length=80, blank=True)
    steps = StreamField([("step", StepBlock())], blank=True)
    articles_heading = models.CharField(max_length=80, blank=True, help_text="Above the newest articles.")
    about_heading = models.CharField(max_length=80, blank=True)
    about_text = RichTextField(blank=True)
    about_page = models.ForeignKey(
        "wagtailcore.Page",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Where “Read more” leads.",
    )

    max_count = 1
    parent_page_types = ["wagtailcore.Page"]

    content_panels = [
        *BasePage.content_panels,
        MultiFieldPanel([FieldPanel("headline"), FieldPanel("introduction")], heading="Opening"),
        MultiFieldPanel([FieldPanel("steps_heading"), FieldPanel("steps")], heading="How we work"),
        FieldPanel("articles_heading"),
        MultiFieldPanel(
            [
                FieldPanel("about_heading"),
                FieldPanel("about_text"),
                FieldPanel("about_page"),
            ],
            heading="Who we are",
        ),
    ]
    search_fields = [*BasePage.search_fields, index.SearchField("introduction")]

    def structured_data(self, clinic, url, image):
        return home_graph(self, clinic, url, image)


class StandardPage(StoryPage):
    """A page of its own: about, contact, privacy, accessibility."""

    introduction = models.TextField(max_length=400, blank=True)
    show_in_footer = models.BooleanField(
        default=False, help_text="List this page in the footer, under “The fine print”."
    )

    parent_page_types = ["clinic.HomePage"]
    subpage_types: list[str] = []

    content_panels = [
        *BasePage.content_panels,
        FieldPanel("introduction"),
        FieldPanel("body"),
    ]
    promote_panels = [*BasePage.promote_panels, FieldPanel("show_in_footer")]
    search_fields = [*StoryPage.search_fields, index.SearchField("introduction")]
