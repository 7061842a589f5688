"""Write every file of the drawings: `python -m content.figures.draw`.

A template for each drawing, which is there with the first words of its page and waits for no other file; and a file for
each figure, which stands alone, with literal colours, for feeds and PDF. The same input always gives the same bytes.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from clinic.figures import FIGURES, Figure

from .drawings import DRAWINGS
from .motion import style_sheet
from .scene import COLOURS, Drawing, written

ROOT = Path(__file__).resolve().parents[2]
NAMED = {drawing.name: drawing for drawing in DRAWINGS}
GAP = 30
LETTERS = 21  # units high: 8 pt where both views of the lying person stand side by side on a page of a PDF


def template(drawing: Drawing) -> str:
    """The drawing on the page, in groups that the style sheet moves."""
    box = " ".join(map(str, drawing.box))
    return (
        f'<svg class="figure__drawing figure__drawing--{drawing.name}" viewBox="{box}" '
        '{% if alt %}role="img" aria-label="{{ alt }}"{% else %}aria-hidden="true"{% endif %}>\n'
        f"{written(drawing.children)}\n</svg>\n"
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
        inside, below = (written(nodes, COLOURS) for nodes in (drawing.children, drawing.below))
        parts.append(f'{clip}<g transform="{move}"><g clip-path="url(#{drawing.name})">{inside}</g>{below}</g>')
        left += width + GAP
    width, height = left, depth + 2 * GAP
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" fill="none" stroke-linecap="round" stroke-linejoin="round" '
        f'font-family="Atkinson Hyperlegible Next, sans-serif" font-size="{LETTERS}" font-weight="700">\n'
        f"<title>{escape(figure.alt)}</title>\n"
        f'<path fill="{COLOURS["plate"]}" d="M0 0h{width}v{height}H0z"/>\n{inside}\n</svg>\n'
    )


def files() -> Iterator[tuple[Path, str]]:
    """Yield each file's path and its whole text."""
    yield ROOT / "static/css/figure-motion.css", style_sheet()
    for drawing in DRAWINGS:
        yield ROOT / f"templates/figures/drawings/{drawing.name}.html", template(drawing)
    for figure in FIGURES.values():
        yield ROOT / f"static/img/figures/{figure.name}.svg", standalone(figure)


if __name__ == "__main__":
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
