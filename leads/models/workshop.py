import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import PageManager
from wagtail.search import index
from wagtail.snippets.models import register_snippet

from clinic.blocks import PLAIN_PROSE, figure_choices
from clinic.figures import FIGURES, Figure
from clinic.models import BasePage, ClinicallyReviewed, PublishedQuerySet
from leads.blocks import ChapterBlock
from leads.captions import Cue, clock, read_captions, seconds, write_cues


def place_of_video(video: "Video | None", name: str) -> str:
    return f"videos/{Path(name).name}"


@register_snippet
class Video(models.Model):
    """A video that this site plays itself. It is given only to those who have the link of a workshop."""

    title = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    file = models.FileField(
        upload_to=place_of_video,
        validators=[FileExtensionValidator(["mp4"])],
        help_text="MP4 (H.264), which every browser plays.",
    )
    has_sound = models.BooleanField(default=True, help_text="Viewers are told when a video is silent.")

    panels = [FieldPanel("title"), FieldPanel("slug"), FieldPanel("file"), FieldPanel("has_sound")]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """An ending is a claim: an MP4 file begins with the size of a box and `ftyp` (ISO/IEC 14496-12)."""
        if self.file and not self.file._committed:  # type: ignore[attr-defined]
            upload = self.file.file
            upload.seek(0)
            head = upload.read(8)
            upload.seek(0)
            if head[4:] != b"ftyp":
                raise ValidationError({"file": "This is not an MP4 file."})


def validate_captions(text: str) -> None:
    try:
        read_captions(text)
    except ValueError as error:
        raise ValidationError(str(error))


@dataclass(frozen=True)
class Chapter:
    """A part of the video: where it starts, what it is called, and what is said in it."""

    starts: float  # seconds
    title: str
    lines: list[str]

    @property
    def clock(self) -> str:
        return clock(self.starts)


class WorkshopIndexPage(BasePage):
    """The workshops, in the order in which they stand in the tree of pages."""

    introduction = models.TextField(max_length=400, blank=True)

    max_count = 1
    parent_page_types = ["clinic.HomePage"]
    subpage_types = ["leads.WorkshopPage"]

    content_panels = [*BasePage.content_panels, FieldPanel("introduction")]

    class Meta:
        verbose_name = "list of workshops"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        workshops = PublishedQuerySet(WorkshopPage).published().child_of(self).order_by("path")
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context | {"workshops": workshops}


class WorkshopPage(ClinicallyReviewed, BasePage):
    """A workshop: what it is about, for everyone; its video, for those who gave an e-mail and got the link."""

    introduction = models.TextField(max_length=400)
    minutes = models.PositiveSmallIntegerField(help_text="How long it takes to watch.")
    figure = models.CharField(max_length=60, blank=True, choices=figure_choices, help_text="Stands for the video.")
    body = RichTextField("what it is about", features=PLAIN_PROSE, blank=True)
    video = models.ForeignKey(Video, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    captions = models.TextField(
        blank=True,
        validators=[validate_captions],
        help_text="What is said and when, as WebVTT. The transcript is made of it.",
    )
    chapters = StreamField([("chapter", ChapterBlock())], blank=True)

    objects: ClassVar[PageManager] = PageManager()

    parent_page_types = ["leads.WorkshopIndexPage"]
    subpage_types: list[str] = []
    reviewed_fields = ("title", "introduction", "body", "captions", "chapters")

    content_panels = [
        ClinicallyReviewed.review_panel,
        *BasePage.content_panels,
        FieldPanel("introduction"),
        FieldPanel("minutes"),
        FieldPanel("figure"),
        FieldPanel("body"),
        MultiFieldPanel([FieldPanel("video"), FieldPanel("captions"), FieldPanel("chapters")], heading="The video"),
    ]
    search_fields = [*BasePage.search_fields, index.SearchField("introduction"), index.SearchField("body")]

    class Meta:
        verbose_name = "workshop"

    @property
    def drawing(self) -> Figure | None:
        return FIGURES.get(self.figure)

    @cached_property
    def transcript(self) -> list[Chapter]:
        """What is said, by chapter. What is said before the first chapter has no title."""
        cues = read_captions(self.captions) if self.captions else []
        starts = [(seconds(block.value["at"]), block.value["title"]) for block in self.chapters]
        marks = sorted(starts) if starts and min(starts)[0] == 0 else [(0.0, ""), *sorted(starts)]
        ends = [start for start, _ in marks[1:]] + [float("inf")]
        parts = [
            Chapter(start, title, [re.sub(r"\s+", " ", cue.text) for cue in cues if start <= cue.starts < end])
            for (start, title), end in zip(marks, ends, strict=True)
        ]
        return [part for part in parts if part.title or part.lines]

    @property
    def chapter_track(self) -> str:
        """WebVTT. The last chapter ends with the last caption."""
        parts = [part for part in self.transcript if part.title]
        cues = read_captions(self.captions) if self.captions else []
        last = max([cue.ends for cue in cues] + [part.starts + 1 for part in parts], default=0)
        ends = [part.starts for part in parts[1:]] + [last]
        return write_cues(Cue(part.starts, end, part.title) for part, end in zip(parts, ends, strict=True))
