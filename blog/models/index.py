from django.core.paginator import Paginator
from django.db import models
from django.db.models import Exists, OuterRef
from wagtail.admin.panels import FieldPanel

from blog.structured_data import list_graph
from clinic.models import BasePage

from .post import BlogPage
from .topic import Topic

POSTS_A_PAGE = 10


class BlogIndexPage(BasePage):
    """All posts, newest first. The pages of topics and authors show the same list, cut down to theirs."""

    introduction = models.TextField(max_length=400, blank=True)

    max_count = 1
    parent_page_types = ["clinic.HomePage"]
    subpage_types = ["blog.BlogPage"]

    content_panels = [*BasePage.content_panels, FieldPanel("introduction")]

    class Meta:
        verbose_name = "list of posts"

    def get_context(self, request, *args, **kwargs):
        lists = list_context(request, BlogPage.objects.published())
        context = super().get_context(request, *args, **kwargs) | lists
        return context | {"canonical_url": numbered(context["canonical_url"], lists["posts"])}

    def structured_data(self, clinic, url, image):
        return list_graph(clinic, url, self.title, description=self.meta_description)


class PostPaginator(Paginator):
    """Reads the older half from the oldest on: to skip thousands of posts, PostgreSQL has to find each of them."""

    def page(self, number):
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        if first <= self.count / 2:
            return super().page(number)
        oldest_first = self.object_list.reverse()[max(self.count - first - self.per_page, 0) : self.count - first]
        return self._get_page(list(oldest_first)[::-1], number, self)


def list_context(request, posts) -> dict:
    """`posts` (one page of them; a page number that is none gives the nearest) and the `topics` that have any."""
    paginator = PostPaginator(posts.for_list(), POSTS_A_PAGE)
    return {
        "posts": paginator.get_page(request.GET.get("page")),
        "topics": topics_with_posts(),
    }


def topics_with_posts():
    return Topic.objects.filter(Exists(BlogPage.objects.published().filter(topic=OuterRef("pk"))))


def numbered(url: str, posts) -> str:
    """The address of this page of the list: each page stands for itself."""
    return f"{url}?page={posts.number}" if posts.number > 1 else url
