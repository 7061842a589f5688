"""Prints as JSON what each page costs, with few posts and with many. Runs in the environment of the site it fills."""

import io
import json
import os
import statistics
import sys
import time
import uuid
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from clinic.wsgi import application  # first of ours: it sets Django up  # isort: skip
from django.db import connection
from wagtail.models import Page

from bench.site import PAGES
from blog.models import BlogIndexPage, BlogPage
from clinic.memory import forget_all

REPEATS = 200
SECONDS = 12  # for one page, whatever the number of requests by then


def costs() -> dict[str, dict[str, float]]:
    return {name: cost(path) for name, path in PAGES.items()}


def cost(path: str) -> dict[str, float]:
    """The most SQL queries that a request takes, and the median of its CPU time in milliseconds."""
    queries = 0

    def count(execute, *arguments):
        nonlocal queries
        queries += 1
        return execute(*arguments)

    for _ in range(10):  # to warm up
        request(path)
    forget_all()
    with connection.execute_wrapper(count):
        request(path)
    times = []
    deadline = time.monotonic() + SECONDS
    while len(times) < REPEATS and time.monotonic() < deadline:
        start = time.process_time()
        request(path)
        times.append(time.process_time() - start)
    return {"queries": queries, "cpu": 1000 * statistics.median(times)}


def request(path: str) -> None:
    address = urlsplit(os.environ["SITE_URL"] + path)
    environ = {"PATH_INFO": address.path, "QUERY_STRING": address.query, "HTTP_HOST": address.netloc}
    environ |= {"HTTP_ACCEPT_ENCODING": "gzip", "wsgi.input": io.BytesIO()}
    setup_testing_defaults(environ)
    statuses = []
    answer = application(environ, lambda status, headers: statuses.append(status))
    b"".join(answer)
    answer.close()
    if statuses != ["200 OK"]:
        raise RuntimeError(f"{path} answers {statuses}")


def fill_blog(number: int) -> None:
    """Copy posts until there are so many, and what search knows of them. Saving each would take minutes."""
    index = BlogIndexPage.objects.get()
    originals = list(BlogPage.objects.values_list("pk", flat=True))
    taken = index.get_children().count()
    columns = ", ".join(field.column for field in BlogPage._meta.local_concrete_fields if not field.primary_key)
    tables = [("blog_blogpage", "page_ptr_id", columns), ("blog_searchentry", "page_id", "head, whole")]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE blog_blogpage DISABLE TRIGGER USER")
        for turn, original in enumerate(originals):
            places = range(taken + 1 + turn, number + 1, len(originals))
            copies = [copy_page(Page.objects.get(pk=original), index, place) for place in places]
            Page.objects.bulk_create(copies, batch_size=1000)
            for table, key, rest in tables:
                cursor.execute(
                    f"INSERT INTO {table} ({key}, {rest}) "  # noqa: S608  our own names
                    f"SELECT copy, {rest} FROM {table}, unnest(%s) AS copy WHERE {key} = %s",
                    [[copy.pk for copy in copies], original],
                )
        cursor.execute("ALTER TABLE blog_blogpage ENABLE TRIGGER USER")
        cursor.execute("ANALYZE")


def copy_page(page: Page, index: BlogIndexPage, place: int) -> Page:
    page.pk = None
    page.path = BlogIndexPage._get_path(index.path, index.depth + 1, place)
    page.slug = f"copy-{place}"
    page.url_path = f"{index.url_path}{page.slug}/"
    page.translation_key = uuid.uuid4()
    page.latest_revision = page.live_revision = None
    return page


if __name__ == "__main__":
    few = costs()
    fill_blog(int(sys.argv[1]))
    print(json.dumps({"few": few, "many": costs(), "posts": BlogPage.objects.count()}))
