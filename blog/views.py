from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from wagtail.views import serve

from .models import Author, BlogIndexPage, BlogPage, Topic
from .models.index import list_context


@require_safe
def post(request, slug):
    """A post that everybody may read, found in one query; Wagtail's own way through the tree of pages takes eight.

    Whatever else has this address (a post behind a password, a redirect, nothing) goes Wagtail's way.
    """
    page = BlogPage.objects.published().filter(slug=slug).with_byline().first()
    return page.serve(request) if page else serve(request, f"blog/{slug}/")


@require_safe
def topic(request, slug):
    topic = get_object_or_404(Topic, slug=slug)
    context = list_context(request, BlogPage.objects.published().filter(topic=topic))
    return render(request, "blog/topic.html", {**context, "topic": topic, "page": index_page()})


@require_safe
def author(request, slug):
    author = get_object_or_404(Author.objects.select_related("portrait"), slug=slug)
    context = list_context(request, BlogPage.objects.published().filter(author=author))
    return render(request, "blog/author.html", {**context, "author": author, "page": index_page()})


def index_page():
    return get_object_or_404(BlogIndexPage.objects.live())
