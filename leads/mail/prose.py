"""The text of mails: what staff wrote as HTML and as plain text, and any plain text in lines that fit a narrow window.

Running text is written as in the files of the first content: paragraphs, points that begin with `- `, **bold**,
*emphasis* and [links](/about/).
"""

import re
import textwrap
from urllib.parse import urljoin

from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from clinic.content.markup import to_html as markup_to_html

WIDTH = 72  # columns, of the 78 that RFC 5322 asks for: a reader who quotes the text adds some
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
ITEM = re.compile(r"- |\d+\. ")
ADDRESS = re.compile(r"[a-z]+://\S+")


def full_address(address: str) -> str:
    """With the site before it, as it has to be outside of the site."""
    return str(urljoin(f"{settings.SITE_URL}/", address))


def to_html(text: str) -> SafeString:
    return mark_safe(markup_to_html(text, lambda address: f'<a href="{escape(full_address(address))}">'))  # noqa: S308


def to_text(text: str) -> str:
    """Plain text; the address of a link stands on a line of its own below its words."""
    text = LINK.sub(lambda match: f"{match[1]}:\n{full_address(match[2])}\n", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    return re.sub(r"\*(.+?)\*", r"\1", text)


def filled(text: str) -> str:
    """Each paragraph and point in lines of at most `WIDTH`; an address stands whole on a line of its own."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join("\n".join(lines(paragraph)) for paragraph in paragraphs) + "\n"


def lines(paragraph: str) -> list[str]:
    parts: list[str] = []
    for line in map(str.strip, paragraph.splitlines()):
        starts = not parts or ITEM.match(line) or ADDRESS.fullmatch(line) or ADDRESS.fullmatch(parts[-1])
        parts = [*parts, line] if starts else [*parts[:-1], f"{parts[-1]} {line}"]
    return [row for part in parts for row in wrapped(part)]


def wrapped(part: str) -> list[str]:
    item = ITEM.match(part)
    indent = " " * len(item[0]) if item else ""
    return textwrap.wrap(part, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
