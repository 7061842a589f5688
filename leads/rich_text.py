"""Rich text taken apart for programs that set type and know no HTML."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from wagtail.rich_text import expand_db_html

MARKS = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic"}
LISTS = {"ul": "points", "ol": "steps"}
PARAGRAPHS = {"p", "h3", "h4"}


class Paragraphs(HTMLParser):
    """Collects `{"kind": "text" | "points" | "steps", "items": [[run, …], …]}` for each paragraph or list.

    A run is a stretch of text in one style: `{"text", "bold", "italic", "link"}`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self.style: dict[str, Any] = {"bold": False, "italic": False, "link": ""}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in MARKS:
            self.style[MARKS[tag]] = True
        elif tag == "a":
            self.style["link"] = urljoin(settings.SITE_URL, dict(attributes).get("href") or "")
        elif tag in LISTS:
            self.found.append({"kind": LISTS[tag], "items": []})
        elif tag == "li":
            self.found[-1]["items"].append([])
        elif tag == "br":
            self.handle_data(" ")
        elif tag in PARAGRAPHS:
            self.found.append({"kind": "text", "items": [[]]})

    def handle_endtag(self, tag: str) -> None:
        if tag in MARKS:
            self.style[MARKS[tag]] = False
        elif tag == "a":
            self.style["link"] = ""

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1]["items"]:
            self.found[-1]["items"][-1].append({"text": data, **self.style})


def paragraphs(html: str) -> list[dict[str, Any]]:
    """What an editor wrote, as rows for JSON; links lead to full addresses."""
    parser = Paragraphs()
    parser.feed(expand_db_html(html))
    parser.close()
    return parser.found
