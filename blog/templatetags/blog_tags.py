from django import template

from blog.models import BlogPage
from clinic.figures import FIGURES, Figure

register = template.Library()


@register.simple_tag
def latest_posts(count: int = 3) -> list[BlogPage]:
    return list(BlogPage.objects.published().for_list()[:count])


@register.filter
def figure(name: str | None) -> Figure | None:
    """The drawn figure of this name; None where an exercise has none."""
    return FIGURES.get(name or "")
