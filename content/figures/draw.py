"""Write every file of the drawings: `python -m content.figures.draw`.

The sprite holds the parts, once; a template for each drawing puts them in their places on the page, and where a page
has one drawing alone, another that holds them itself; a file for each figure stands alone, with literal colours, for
feeds, PDF and print. The same input always gives the same bytes.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from clinic.figures import FIGURES, Figure

from .drawings import DRAWINGS
from .motion import style_sheet
from .scene import COLOURS, Drawing, expanded, referred, sprite, written

ROOT = Path(__file__).resolve().parents[2]
NAMED = {drawing.name: drawing for drawing in DRAWINGS}
GAP = 30
LETTERS = 21  # units high: 8 pt where both views of the lying person stand side by side on a page of a PDF


def template(drawing: Drawing) -> str:
    """The drawing on the page: references to the sprite, in groups that the style sheet moves."""
    inside = "\n".join(referred(node, "{{ sprite }}") for node in drawing.children)
    return "{% load static %}{% static 'img/figures.svg' as sprite %}" + framed(drawing, inside)


def whole(drawing: Drawing) -> str:
    """The same with its parts, so that it is there with the first words and the page waits for no other file."""
    return framed(drawing, "\n".join(written(node) for node in drawing.children))


def framed(drawing: Drawing, inside: str) -> str:
    box = " ".join(map(str, drawing.box))
    return (
        f'<svg class="figure__drawing figure__drawing--{drawing.name}" viewBox="{box}" '
        '{% if alt %}role="img" aria-label="{{ alt }}"{% else %}aria-hidden="true"{% endif %}>\n'
        f"{inside}\n</svg>\n"
    )


def standalone(figure: Figure) -> str:
    """All views of a figure side by side on one floor line, on the ground of the plate."""
    drawings = [NAMED[view.drawing] for view in figure.views]
    depth = max(drawing.box[3] for drawing in drawings)
    left, parts = GAP, []
    for drawing in drawings:
        x, y, width, height = drawing.box
        move = f"translate({left - x} {GAP + depth - height - y})"
        clip = f'<clipPath id="{drawing.name}"><path d="M{x} {y}h{width}v{height}h{-width}z"/></clipPath>'
        inside = f'<g clip-path="url(#{drawing.name})">{expanded(drawing.children)}</g>{expanded(drawing.below)}'
        parts.append(f'{clip}<g transform="{move}">{inside}</g>')
        left += width + GAP
    width, height = left, depth + 2 * GAP
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="Atkinson Hyperlegible Next, sans-serif" font-size="{LETTERS}" '
        f'font-weight="700" fill="{COLOURS["heading"]}">\n<title>{escape(figure.alt)}</title>\n'
        f'<path fill="{COLOURS["plate"]}" d="M0 0h{width}v{height}H0z"/>\n{inside}\n</svg>\n'
    )


def files() -> Iterator[tuple[Path, str]]:
    """Yield each file's path and its whole text."""
    yield ROOT / "static/img/figures.svg", sprite(DRAWINGS)
    yield ROOT / "static/css/figure-motion.css", style_sheet()
    for drawing in DRAWINGS:
        yield ROOT / f"templates/figures/drawings/{drawing.name}.html", template(drawing)
    for figure in FIGURES.values():
        first = figure.views[0].drawing
        yield ROOT / f"templates/figures/whole/{first}.html", whole(NAMED[first])
        yield ROOT / f"static/img/figures/{figure.name}.svg", standalone(figure)


if __name__ == "__main__":
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
