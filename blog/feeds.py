"""The feed: the newest posts, whole, for people who read them in a program of their own choice."""

import re
from dataclasses import dataclass
from datetime import datetime, time

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.template.loader import render_to_string
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.xmlutils import SimplerXMLGenerator
from wagtail.rich_text import expand_db_html

from clinic.models import ClinicSettings

from .models import BlogPage

POSTS = 20
BETWEEN_POSTS = "<!-- next post -->"
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 has no way to write these
OWN_ADDRESS = re.compile(r'(\s(?:href|src)=")/(?!/)')


class FullTextRss(Rss201rev2Feed):
    """RSS 2.0 with the whole text (content:encoded) and with an author who needs no e-mail address (dc:creator)."""

    def rss_attributes(self):
        return super().rss_attributes() | {
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
        }

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("dc:creator", item["creator"])
        handler.addQuickElement("content:encoded", item["html"])


@dataclass(frozen=True)
class Entry:
    post: BlogPage
    url: str
    html: str
    published_at: datetime
    updated_at: datetime


class PostsFeed(Feed):
    feed_type = FullTextRss
    feed_url = f"{settings.SITE_URL}/blog/feed/"
    link = f"{settings.SITE_URL}/blog/"
    item_guid_is_permalink = False

    def get_object(self, request):
        return ClinicSettings.current()

    def title(self, clinic: ClinicSettings) -> str:
        return printable(clinic.practice_name)

    def description(self, clinic: ClinicSettings) -> str:
        return printable(clinic.tagline or clinic.practice_name)

    def items(self, clinic: ClinicSettings) -> list[Entry]:
        posts = BlogPage.objects.published().select_related("topic", "author").defer("plain_text")
        return read_entries(posts.newest_first()[:POSTS], clinic)

    def item_title(self, entry: Entry) -> str:
        return printable(entry.post.title)

    def item_description(self, entry: Entry) -> str:
        return printable(entry.post.listing_summary)

    def item_link(self, entry: Entry) -> str:
        return entry.url

    def item_guid(self, entry: Entry) -> str:
        """The same for good: a post that moves to another address is not shown to its readers again."""
        return f"urn:uuid:{entry.post.translation_key}"

    def item_pubdate(self, entry: Entry) -> datetime:
        return entry.published_at

    def item_updateddate(self, entry: Entry) -> datetime:
        return entry.updated_at

    def item_categories(self, entry: Entry) -> list[str]:
        return [printable(entry.post.topic.name)]

    def item_extra_kwargs(self, entry: Entry) -> dict[str, str]:
        return {"creator": printable(entry.post.author.name), "html": printable(entry.html)}


def read_entries(posts, clinic: ClinicSettings) -> list[Entry]:
    """The links of all posts are looked up together: as many queries for twenty posts as for one."""
    posts = list(posts)
    bodies = BETWEEN_POSTS.join(
        render_to_string("blog/feed_body.html", {"post": post, "clinic": clinic}) for post in posts
    )
    html = expand_db_html(bodies).split(BETWEEN_POSTS)
    return [read_entry(post, body, clinic) for post, body in zip(posts, html, strict=False)]


def read_entry(post: BlogPage, html: str, clinic: ClinicSettings) -> Entry:
    url = settings.SITE_URL + (post.url or "/")
    published_at = datetime.combine(post.date, time(), clinic.zone)
    updated_at = (post.last_published_at or published_at).astimezone(clinic.zone)
    return Entry(post, url, with_addresses(html, url), published_at, max(published_at, updated_at))


def with_addresses(html: str, url: str) -> str:
    """A reader's program does not know on which site a text was: each address in it names the site."""
    html = re.sub(r"\s*\n\s*", "\n", html)
    return OWN_ADDRESS.sub(rf"\1{settings.SITE_URL}/", html).replace(' href="#', f' href="{url}#')


def printable(text: str) -> str:
    return NOT_IN_XML.sub("", text)
