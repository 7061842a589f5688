"""The text of mails: what staff wrote as HTML and as plain text, and any plain text in lines that fit a narrow window.

Running text is written as in the files of the first content: paragraphs, points that begin with `- `, **bold**,
*emphasis* and [links](/about/).
"""

import re
import textwrap
from collections.abc import Iterator
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
    text = LINK.sub(lambda match: f"{match[1]}\n{full_address(match[2])}\n", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    return re.sub(r"\*(.+?)\*", r"\1", text)


def filled(text: str) -> str:
    """Each paragraph and point in lines of at most `WIDTH`; an address stands whole on a line of its own."""
    rows = ("\n".join(row for line in lines for row in wrapped(line)) for lines in paragraphs(text))
    return "\n\n".join(rows) + "\n"


def unfilled(text: str) -> str:
    """Each paragraph and point in one line, as a field in the admin shows it best."""
    return "\n\n".join("\n".join(lines) for lines in paragraphs(text))


def paragraphs(text: str) -> Iterator[list[str]]:
    """Each as a list of its points, its addresses and what stands between them, in one line each."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines: list[str] = []
        for line in map(str.strip, paragraph.splitlines()):
            if lines and not (ITEM.match(line) or ADDRESS.fullmatch(line) or ADDRESS.fullmatch(lines[-1])):
                lines[-1] += f" {line}"
            else:
                lines.append(line)
        yield lines


def wrapped(line: str) -> list[str]:
    item = ITEM.match(line)
    indent = " " * len(item[0]) if item else ""
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
