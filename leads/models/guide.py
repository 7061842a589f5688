from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from wagtail.admin.panels import FieldPanel, HelpPanel, MultiFieldPanel
from wagtail.contrib.routable_page.models import RoutablePageMixin, path
from wagtail.fields import RichTextField, StreamField
from wagtail.models import PageManager
from wagtail.search import index

from clinic.blocks import PLAIN_PROSE
from clinic.models import BasePage, ClinicallyReviewed, PublishedQuerySet
from leads.blocks import TipBlock

PDF_SECONDS = 300  # how long a copy may be kept before the newest edition is asked for again


class GuideIndexPage(BasePage):
    """Above the guides. While there is one guide, it sends readers straight on to it."""

    introduction = models.TextField(max_length=400, blank=True)

    is_in_sitemap = False  # most of the time it only sends readers on
    max_count = 1
    parent_page_types = ["clinic.HomePage"]
    subpage_types = ["leads.GuidePage"]

    content_panels = [*BasePage.content_panels, FieldPanel("introduction")]

    class Meta:
        verbose_name = "list of guides"

    @property
    def guides(self) -> "list[GuidePage]":
        return list(PublishedQuerySet(GuidePage).published().child_of(self).order_by("path"))

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        guides = self.guides
        if len(guides) == 1 and not getattr(request, "is_preview", False):
            return redirect(guides[0].get_url())
        response: HttpResponse = super().serve(request, *args, **kwargs)
        return response

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context | {"guides": self.guides}


class GuidePage(RoutablePageMixin, ClinicallyReviewed, BasePage):
    """A guide that readers ask for by e-mail: its tips are set as a PDF, and there is an edition to read on the web.

    The mail leads to the addresses below the page, which name the guide and not a file.
    """

    introduction = models.TextField(max_length=300, help_text="On the page where the guide is asked for.")
    opening = RichTextField(
        "before you start", features=PLAIN_PROSE, blank=True, help_text="The first page of the guide."
    )
    tips = StreamField([("tip", TipBlock())], max_num=20)
    about = RichTextField("who we are", features=PLAIN_PROSE, blank=True, help_text="The last page of the guide.")

    objects: ClassVar[PageManager] = PageManager()

    parent_page_types = ["leads.GuideIndexPage"]
    subpage_types: list[str] = []
    reviewed_fields = ("title", "introduction", "opening", "tips")

    content_panels = [
        ClinicallyReviewed.review_panel,
        HelpPanel(heading="PDF", template="leads/admin/edition_panel.html"),
        *BasePage.content_panels,
        FieldPanel("introduction"),
        MultiFieldPanel([FieldPanel("opening"), FieldPanel("tips"), FieldPanel("about")], heading="The guide"),
    ]
    search_fields = [*BasePage.search_fields, index.SearchField("introduction"), index.SearchField("tips")]

    class Meta:
        verbose_name = "guide"

    @property
    def newest_edition(self) -> "GuideEdition | None":
        return self.editions.newest()

    @property
    def contents(self) -> list[tuple[str, str]]:
        """`(anchor, title)` of each part of the edition on the web."""
        tips = [(f"tip-{number}", tip.value["title"]) for number, tip in enumerate(self.tips, 1)]
        opening = [("before-you-start", "Before you start")] if self.opening else []
        return [*opening, *tips, *([("who-we-are", "Who we are")] if self.about else [])]

    def get_route_paths(self) -> list[str]:
        """When the page moves, links in mail that was sent move with it."""
        return [*super().get_route_paths(), "/read/", "/download/"]

    @path("read/", name="read")
    def read(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.render(
            request, context_overrides={"noindex": True}, template="leads/guide_edition.html"
        )
        response["X-Robots-Tag"] = "noindex"
        return response

    @path("download/", name="download")
    def download(self, request: HttpRequest) -> HttpResponse:
        """The newest edition as PDF; while none could be set yet, the edition on the web."""
        edition = self.newest_edition
        if edition is None:
            return redirect(self.get_url() + self.reverse_subpage("read"))
        response = HttpResponse(edition.pdf, content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{self.slug}.pdf"'
        response["ETag"] = f'"{edition.digest}"'
        response["X-Robots-Tag"] = "noindex"
        patch_cache_control(response, public=True, max_age=PDF_SECONDS)
        return response


class GuideEditionQuerySet(models.QuerySet["GuideEdition"]):
    def newest(self) -> "GuideEdition | None":
        return self.order_by("-number").first()


class GuideEdition(models.Model):
    """A guide as it was set in type once. A row is never changed: the newest one is what readers get.

    The file lies in the row. So it is there with the row or not at all, for every process and after every restore.
    """

    guide = models.ForeignKey(GuidePage, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of all that the PDF is made of
    pdf = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = GuideEditionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["guide", "number"], name="one_edition_a_number")]

    def __str__(self) -> str:
        return f"edition {self.number}"

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.pdf)


class GuideFault(models.Model):
    """Why the PDF of a guide could not be set as the guide is now. Until it can, readers get the edition before."""

    guide = models.OneToOneField(GuidePage, on_delete=models.CASCADE, related_name="fault")
    digest = models.CharField(max_length=64)  # of what could not be set
    reason = models.TextField()
    tried_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="a_fault_has_a_reason")]

    def __str__(self) -> str:
        return self.reason
