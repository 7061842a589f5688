from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from clinic.figures import FIGURES
from clinic.memory import Remembered

register = template.Library()


@register.simple_tag
def figure(name: str) -> SafeString:
    """Draw a figure of clinic/figures.py with its captions; a name that is gone from there draws nothing."""
    return drawn(name) if name in FIGURES else SafeString()


@Remembered
def drawn(name: str) -> SafeString:
    """A figure is the same on each page, and has up to a hundred parts."""
    return render_to_string("figures/figure.html", {"figure": FIGURES[name]})
