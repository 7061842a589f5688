"""`python -m bench.growth.posts 1000`: what the blog costs with so many posts, as JSON. Fills the site it runs in."""

import io
import json
import os
import sys
import uuid
from collections.abc import Iterator
from copy import copy
from dataclasses import asdict
from functools import partial
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from clinic.wsgi import application  # first of ours: it sets Django up  # isort: skip
from django.db import connection
from wagtail.models import Page

from bench.growth.cost import cost
from bench.site import POST
from blog.models import Author, BlogIndexPage, BlogPage, Topic


def pages() -> dict[str, str]:
    return {
        "Article": POST,
        "Home": "/",
        "Index": "/blog/",
        "Index, the last page": "/blog/?page=9999",
        "Topic": Topic.objects.get().get_absolute_url(),
        "Author": Author.objects.get().get_absolute_url(),
        "Find a common word": "/search/?q=stretch",
        "Find a mistyped word": "/search/?q=strecth",
        "Find an unknown word": "/search/?q=xyzzyx",
        "Feed": "/blog/feed/",
        "Sitemap": "/sitemap.xml",
    }


def request(path: str) -> None:
    """Ask the WSGI application, compression included; there is no page cache."""
    address = urlsplit(os.environ["SITE_URL"] + path)
    environ = {"PATH_INFO": address.path, "QUERY_STRING": address.query, "HTTP_HOST": address.netloc}
    environ |= {"HTTP_ACCEPT_ENCODING": "gzip", "wsgi.input": io.BytesIO()}
    setup_testing_defaults(environ)
    statuses = []
    answer = application(environ, lambda status, headers: statuses.append(status))
    for _ in answer:
        pass
    answer.close()
    if statuses != ["200 OK"]:
        raise RuntimeError(f"{path} answers {statuses}")


def fill(number: int) -> None:
    """Copy posts until there are so many, and what search knows of them. Saving each would take minutes."""
    index = BlogIndexPage.objects.get()
    originals = list(BlogPage.objects.exclude(slug__startswith="copy-").values_list("pk", flat=True))
    taken = index.get_children().count()
    columns = ", ".join(field.column for field in BlogPage._meta.local_concrete_fields if not field.primary_key)
    tables = [("blog_blogpage", "page_ptr_id", columns), ("blog_searchentry", "page_id", "head, whole")]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE blog_blogpage DISABLE TRIGGER USER")
        for turn, original in enumerate(originals):
            page, places = Page.objects.get(pk=original), range(taken + 1 + turn, number + 1, len(originals))
            copies = Page.objects.bulk_create(copies_of(page, index, places), batch_size=1000)
            for table, key, rest in tables:
                cursor.execute(
                    f"INSERT INTO {table} ({key}, {rest}) "  # noqa: S608  our own names
                    f"SELECT copy, {rest} FROM {table}, unnest(%s::int[]) AS copy WHERE {key} = %s",
                    [[copy.pk for copy in copies], original],
                )
        cursor.execute("ALTER TABLE blog_blogpage ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")


def copies_of(page: Page, index: BlogIndexPage, places: range) -> Iterator[Page]:
    page.pk = page.latest_revision = page.live_revision = None
    for place in places:
        other = copy(page)
        other.path = BlogIndexPage._get_path(index.path, index.depth + 1, place)
        other.slug = f"copy-{place}"
        other.url_path = f"{index.url_path}{other.slug}/"
        other.translation_key = uuid.uuid4()
        yield other


if __name__ == "__main__":
    fill(int(sys.argv[1]))
    costs = {name: asdict(cost(partial(request, path))) for name, path in pages().items()}
    print(json.dumps(costs))
