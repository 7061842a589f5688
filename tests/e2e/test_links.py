"""Every address on this site that a page leads to or needs is there, and so is the place on the page that it names."""

from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from xml.etree import ElementTree as ET

import pytest

from tests.e2e.content import WORD
from tests.e2e.pages import PAGES
from tests.e2e.reading import Answer, Document, ask

LEAST = 50  # addresses; the first content alone has more
STARTS = [address for name, address in PAGES.items() if name not in ("not found", "fault", "search with an error")]
MADE_UP = f"/{WORD}/"  # the longest pages show with it how a long link is drawn


class Crawl:
    """Follows every address on this site from where it starts, and keeps what was wrong."""

    def __init__(self, site):
        self.site = site
        self.answers: dict[str, Answer] = {}
        self.documents: dict[str, Document] = {}
        self.broken: list[str] = []

    def follow(self, links: list[str]) -> "Crawl":
        waiting = [(link, "the start") for link in links]
        while waiting:
            link, page = waiting.pop()
            url, fragment = urldefrag(link)
            if urlsplit(url).path == MADE_UP:
                continue
            if url not in self.answers:
                waiting += [(each, url) for each in self.links_of(url, page)]
            if fragment and unquote(fragment) not in self.names_at(url):
                self.broken.append(f"{link} names nothing there ({page})")
        return self

    def links_of(self, url: str, page: str) -> list[str]:
        answer = self.answers[url] = ask(self.site, url)
        if answer.status >= 400:
            self.broken.append(f"{url} answers {answer.status} ({page})")
        if answer.location:
            return [urljoin(url, answer.location)]
        if answer.type not in ("text/html", "image/svg+xml"):
            return []
        document = self.documents[url] = Document(url, answer.text)
        return [link for link in document.links if link.startswith(f"{self.site.url}/")]

    def names_at(self, url: str) -> set[str]:
        return self.documents[url].names if url in self.documents else set()


@pytest.fixture(scope="module")
def crawl(site) -> Crawl:
    sitemap = ET.fromstring(ask(site, "/sitemap.xml").text)  # noqa: S314  our own XML
    listed = [place.text for place in sitemap.iter("{*}loc")]
    return Crawl(site).follow([*(site.url + start for start in STARTS), *listed])


def test_no_link_on_this_site_is_broken(crawl):
    assert crawl.broken == []


def test_the_crawl_came_to_every_kind_of_address(crawl):
    assert len(crawl.answers) > LEAST
    kinds = {answer.type for answer in crawl.answers.values()}
    assert {"text/html", "text/css", "font/woff2", "application/rss+xml", "application/pdf"} <= kinds
