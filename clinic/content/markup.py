"""Rich text as it is written in the files: paragraphs, lists, **bold**, *emphasis* and [links](/about/)."""

import html
import re
from collections.abc import Callable

Link = Callable[[str], str]  # gives the opening tag for an address, or "" to leave only the words


def to_html(text: str, link: Link) -> str:
    """The HTML that Wagtail's editor would have stored."""
    return "".join(paragraph(lines, link) for lines in re.split(r"\n\s*\n", text.strip()) if lines)


def paragraph(lines: str, link: Link) -> str:
    if not lines.startswith("- "):
        return f"<p>{inline(lines, link)}</p>"
    points = re.split(r"^- ", lines, flags=re.MULTILINE)[1:]
    return f"<ul>{''.join(f'<li>{inline(point, link)}</li>' for point in points)}</ul>"


def inline(text: str, link: Link) -> str:
    def anchor(match: re.Match) -> str:
        words, address = match.groups()
        opening = link(html.unescape(address))
        return f"{opening}{words}</a>" if opening else words

    text = html.escape(" ".join(text.split()), quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"\*(.+?)\*", r"<i>\1</i>", text)
    return re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", anchor, text)
