"""The picture that goes with a link when a page is shared: drawn with its title, once, and kept in the storage."""

import hashlib
import json
import logging
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import typst
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

logger = logging.getLogger(__name__)

TEMPLATE = settings.BASE_DIR / "templates" / "clinic" / "share_picture.typ"
FONTS = Path(__file__).parent / "fonts"
DRAWING = hashlib.sha256(TEMPLATE.read_bytes()).hexdigest()  # another way of drawing makes another picture
YEAR = 365 * 24 * 3600  # seconds
LONG_WORD = re.compile(r"(\w{18})(?=\w)")
LAST_WORD = re.compile(r"(?<=\w) (?=\S{1,8}$)")  # a short one does not stand in a line by itself
SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True)
class SharePicture:
    """1200 by 630 pixels with a title, above it what it is about, below it whose it is."""

    title: str
    kicker: str = ""
    name: str = ""
    line: str = ""

    @cached_property
    def digest(self) -> str:
        """Tells this picture from any other, and from the same one drawn another way."""
        shown = json.dumps([DRAWING, asdict(self)])
        return hashlib.sha256(shown.encode()).hexdigest()[:16]

    def address(self, path: str) -> str:
        """The address of this very picture, which another picture at the path never has."""
        return f"{settings.SITE_URL}{path}?v={self.digest}"

    def draw(self) -> bytes:
        """The picture as PNG. Takes some tenths of a second."""
        title = LAST_WORD.sub("\u00a0", self.title)
        words = asdict(self) | {"title": LONG_WORD.sub(rf"\1{SOFT_HYPHEN}", title)}
        return typst.compile(
            TEMPLATE, format="png", ppi=72, font_paths=[FONTS], ignore_system_fonts=True, sys_inputs=words
        )

    def read(self) -> bytes:
        """The picture from the storage, drawn now when nobody asked for it before."""
        name = f"share/{self.digest}.png"
        if not default_storage.exists(name):
            return self.keep(name)
        with default_storage.open(name) as file:
            return file.read()

    def keep(self, name: str) -> bytes:
        drawn = self.draw()
        try:
            default_storage.save(name, ContentFile(drawn))
        except OSError as error:
            logger.warning("a picture to share could not be kept: %s", error.strerror)
        return drawn

    def respond(self, request: HttpRequest) -> HttpResponse:
        """An answer that may be kept for good where its address names this very picture."""
        response = HttpResponse(self.read(), content_type="image/png")
        response["ETag"] = f'"{self.digest}"'
        response["Cross-Origin-Resource-Policy"] = "cross-origin"  # other sites show it beside the link
        if request.GET.get("v") == self.digest:
            patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
        return response


def clinic_picture(clinic) -> SharePicture:
    """The picture of every page that has no title of its own to show."""
    return SharePicture(
        title=clinic.tagline or clinic.practice_name, name=clinic.practice_name, line=", ".join(clinic.areas)
    )
