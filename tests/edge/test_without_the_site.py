"""What visitors see when what is behind the edge is gone, part by part and all at once. Last: it breaks the site."""

import time

import pytest

from dev import run
from tests.edge.observatory import penalties
from tests.edge.site import BROWSER, READ_EARLY
from tests.smtp import wait_for

SECONDS_OF_A_PAGE = 8  # s-maxage and stale-while-revalidate


@pytest.fixture(scope="module")
def dark_site(site):
    """Some pages were read a while ago; then everything behind the edge ended."""
    for name in ("worker", "beat", "web", "web-2", "PostgreSQL", "Valkey"):
        site.kill(name)
    time.sleep(max(0, site.read_at + SECONDS_OF_A_PAGE + 1 - time.monotonic()))
    return site


def test_articles_that_somebody_has_read_can_still_be_read(dark_site):
    for path in READ_EARLY:
        answer = dark_site.ask(f"{path}?utm_source=letter", **BROWSER)
        assert (answer.status, answer.headers["x-cache"]) == (200, "STALE")


def test_for_any_other_page_there_is_the_phone_number(dark_site):
    for path in ("/no/such/page/", "/assessment/", "/admin/"):
        answer = dark_site.ask(path)
        assert answer.status == 503
        assert "tel:+1" in answer.text
        assert answer.headers["retry-after"] == "30"
        assert penalties(answer, "localhost") == {}


def test_whoever_sends_a_form_is_not_thanked(dark_site):
    answer = dark_site.ask("/newsletter/", form={"email": "late@example.com"})
    assert answer.status == 503
    assert "tel:+1" in answer.text


def test_an_application_without_its_database_leaves_articles_readable(dark_site):
    dark_site.start("web")
    wait_for(lambda: run.answer(dark_site.env) == 503, 60)
    assert dark_site.ask(READ_EARLY[0], **BROWSER).headers["x-cache"] == "STALE"
    fault = dark_site.ask("/search/?q=x")
    assert fault.status in (500, 503)
    assert penalties(fault, "localhost") == {}
