from django import template

from clinic.figures import FIGURES

register = template.Library()


@register.inclusion_tag("figures/figure.html")
def figure(name: str) -> dict[str, object]:
    """Draw a figure of clinic/figures.py with its captions; a name that is gone from there draws nothing."""
    return {"figure": FIGURES.get(name)}
