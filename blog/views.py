from django.conf import settings
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from wagtail.views import serve

from clinic.models import ClinicSettings, PublishedQuerySet
from clinic.structured_data import to_json

from .forms import SearchForm
from .models import Author, BlogIndexPage, BlogPage, Topic
from .models.index import list_context, numbered, topics_with_posts
from .search import find_pages
from .structured_data import author_graph, list_graph


@require_safe
def post(request, slug):
    """A post that everybody may read, found in one query; Wagtail's own way through the tree of pages takes eight.

    Whatever else has this address (a post behind a password, a redirect, nothing) goes Wagtail's way.
    """
    page = BlogPage.objects.published().filter(slug=slug).for_page().first()
    return page.serve(request) if page else serve(request, f"blog/{slug}/")


@require_safe
def topic(request, slug):
    topic = get_object_or_404(Topic, slug=slug)
    index, clinic, url = index_page(), ClinicSettings.current(), settings.SITE_URL + topic.get_absolute_url()
    above = (index.title, index.full_url)
    context = list_context(request, BlogPage.objects.published().filter(topic=topic)) | {
        "topic": topic,
        "page": index,
        "share_image_url": index.share_image_url(clinic),
        "structured_data_json": to_json(list_graph(clinic, url, topic.name, above, description=topic.description)),
    }
    return render(request, "blog/topic.html", {**context, "canonical_url": numbered(url, context["posts"])})


@require_safe
def author(request, slug):
    author = get_object_or_404(Author.objects.select_related("portrait"), slug=slug)
    index, clinic, url = index_page(), ClinicSettings.current(), settings.SITE_URL + author.get_absolute_url()
    context = list_context(request, BlogPage.objects.published().filter(author=author)) | {
        "author": author,
        "page": index,
        "share_image_url": index.share_image_url(clinic),
        "structured_data_json": to_json(author_graph(author, clinic, url, (index.title, index.full_url))),
    }
    return render(request, "blog/author.html", {**context, "canonical_url": numbered(url, context["posts"])})


@require_safe
def share_picture(request, slug):
    """The picture that goes with a link to a post."""
    post = get_object_or_404(BlogPage.objects.published().select_related("author", "topic"), slug=slug)
    return post.share_picture(ClinicSettings.current()).respond(request)


@require_safe
def search(request):
    """The search page: `query` as typed, and `error`, or `posts` (a page of `blog.search.Result`) and `suggestion`.

    With a `suggestion`, the `posts` are what was found for it, because nothing has the words as they were typed. Where
    nothing was found, there are `topics` and the `index` of all articles.
    """
    typed = request.GET.get("q", request.GET.get("query", ""))
    form = SearchForm({"q": typed})
    if not form.is_valid():
        context = {"query": typed, "error": form.errors["q"][0], "noindex": True}
        return render(request, "blog/search.html", context, status=400)
    query = form.cleaned_data["q"]
    found = find_pages(query)
    posts = found.get_page(request.GET.get("page"))
    context = {"query": query, "posts": posts, "suggestion": found.suggestion, "noindex": True}
    if not found.ids:  # where a reader goes on from there
        context |= {"topics": topics_with_posts(), "index": PublishedQuerySet(BlogIndexPage).published().first()}
    return render(request, "blog/search.html", context)


def index_page():
    return get_object_or_404(PublishedQuerySet(BlogIndexPage).published())
