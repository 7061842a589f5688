"""Help for staff: the documents in `docs/`, with a place to link to for each question that they answer."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.generic import TemplateView
from markdown_it import MarkdownIt
from markdown_it.token import Token
from wagtail import hooks
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

FOLDER = settings.BASE_DIR / "docs"
DOCUMENTS = {"staff": "For the desk and the clinic", "editors": "For those who write", "privacy": "For owners: privacy"}
# The documents hold no HTML of their own: whatever looks like some is shown as text.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Question:
    anchor: str  # as GitHub makes it of the heading, so that links between the documents lead there too
    text: str


class Document:
    """One of `DOCUMENTS`, drawn anew each time: it changes with the code only, and is seldom read."""

    def __init__(self, name: str):
        self.name = name
        self.title = DOCUMENTS[name]
        self.tokens = MARKDOWN.parse(Path(FOLDER, f"{name}.md").read_text())
        self.questions = list(self.mark_questions())
        for token in self.tokens:
            for child in token.children or []:
                lead_into_the_admin(child)

    def mark_questions(self):
        for place, token in enumerate(self.tokens):
            if token.type == "heading_open" and token.tag == "h2":
                text = self.tokens[place + 1].content
                token.attrSet("id", slugify(text))
                yield Question(slugify(text), text)

    @property
    def body(self) -> SafeString:
        """Without the heading of the document, which the admin shows by itself."""
        start = next((at + 1 for at, token in enumerate(self.tokens) if token.type == "heading_close"), 0)
        html = MARKDOWN.renderer.render(self.tokens[start:], MARKDOWN.options, {})
        return mark_safe(html)  # noqa: S308  our own files


def lead_into_the_admin(token: Token) -> None:
    """What is a file to those who read the documents in the repository has an address here."""
    if token.type == "image":
        file = FOLDER / str(token.attrs["src"])
        token.attrSet("src", static(f"help/{file.name}"))
        for name, pixels in zip(("width", "height"), size_of(file), strict=True):
            token.attrSet(name, str(pixels))
    elif token.type == "link_open":
        address = urlsplit(str(token.attrs["href"]))
        name = address.path.removesuffix(".md")
        if name in DOCUMENTS:
            token.attrSet("href", help_address(name, address.fragment))


def size_of(png: Path) -> tuple[int, int]:
    """Width and height, which a PNG says first: with them, nothing moves away from the place that a link led to."""
    with png.open("rb") as file:
        return struct.unpack(">II", file.read(24)[16:])


def help_address(name: str, anchor: str = "") -> str:
    address = reverse("help", args=[name])
    return f"{address}#{anchor}" if anchor else address


def help_about(view_name: str) -> str:
    """Where the question that a view of the admin raises is answered; "" where no app says so.

    The hook `register_help` gives `(document, anchor)` by the name of the view.
    """
    for register in hooks.get_hooks("register_help"):
        if place := register().get(view_name):
            return help_address(*place)
    return ""


class HelpView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "clinic/admin/help.html"
    header_icon = "help"

    def get_context_data(self, **kwargs) -> dict[str, Any]:
        name = self.kwargs["name"]
        if name not in DOCUMENTS:
            raise Http404
        document = Document(name)
        others = [(title, help_address(other)) for other, title in DOCUMENTS.items() if other != name]
        return super().get_context_data(document=document, others=others, **kwargs)

    def get_page_title(self) -> str:
        return f"Help: {DOCUMENTS.get(self.kwargs['name'], '').lower()}"

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]
