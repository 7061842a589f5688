from django import template

from blog.models import BlogPage

register = template.Library()


@register.simple_tag
def latest_posts(count: int = 3) -> list[BlogPage]:
    return list(BlogPage.objects.published().for_list()[:count])
