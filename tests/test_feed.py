from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone
from lxml import etree

from clinic.blocks import StoryBlock
from clinic.models import ClinicSettings
from tests.factories import (
    AuthorFactory,
    BlogPageFactory,
    ClinicSettingsFactory,
    ImageFactory,
    StandardPageFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
ATOM_LINK = "{http://www.w3.org/2005/Atom}link"


def read_channel(client):
    return ET.fromstring(client.get("/blog/feed/").content).find("channel")  # noqa: S314 - our own XML


def read_items(client):
    return read_channel(client).findall("item")


def read_body(client, *blocks):
    BlogPageFactory(body=list(blocks))
    return read_items(client)[0].find(CONTENT).text


def test_an_empty_blog_has_a_feed_without_items(client):
    assert client.get("/blog/feed/")["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert read_items(client) == []


def test_the_feed_says_whose_it_is_and_where(client):
    ClinicSettingsFactory(practice_name="Dr. Rivers", tagline="Low back pain")
    channel = read_channel(client)
    assert channel.findtext("title") == "Dr. Rivers"
    assert channel.findtext("description") == "Low back pain"
    assert channel.findtext("link") == "http://testserver/blog/"
    assert channel.find(ATOM_LINK).attrib == {"href": "http://testserver/blog/feed/", "rel": "self"}


def test_an_item_says_what_the_post_is(client):
    post = BlogPageFactory(
        title="Walk & sit",
        listing_summary="Why it helps.",
        author=AuthorFactory(name="Amy"),
        topic=TopicFactory(name="Tips"),
    )
    item = read_items(client)[0]
    assert item.findtext("title") == "Walk & sit"
    assert item.findtext("link") == f"http://testserver{post.url}"
    assert item.findtext("description") == "Why it helps."
    assert item.findtext(CREATOR) == "Amy"
    assert item.findtext("category") == "Tips"


def test_dates_are_those_of_the_clinics_clock(client):
    ClinicSettingsFactory(time_zone="America/Los_Angeles")
    BlogPageFactory(date=date(2026, 7, 1), last_published_at=datetime(2026, 11, 20, 3, 0, tzinfo=UTC))
    assert read_items(client)[0].findtext("pubDate") == "Wed, 01 Jul 2026 00:00:00 -0700"
    assert read_channel(client).findtext("lastBuildDate") == "Thu, 19 Nov 2026 19:00:00 -0800"


def test_a_post_that_moves_is_not_new_again(client):
    post = BlogPageFactory()
    before = read_items(client)[0].find("guid")
    post.slug = "moved"
    post.save()
    after = read_items(client)[0].find("guid")
    assert after.text == before.text
    assert after.attrib == {"isPermaLink": "false"}


def test_the_twenty_newest_posts_are_in_the_feed(client):
    today = timezone.localdate()
    for days in range(22):
        BlogPageFactory(title=f"{days} days old", date=today - timedelta(days=days))
    assert [item.findtext("title") for item in read_items(client)] == [f"{days} days old" for days in range(20)]


def test_the_text_is_whole(client):
    body = read_body(
        client, ("heading", {"text": "What to avoid"}), ("text", "<p>No <b>pain</b>.</p>"), ("text", "<p>The end.</p>")
    )
    assert "<h2>What to avoid</h2>" in body
    assert "<p>No <b>pain</b>.</p>" in body
    assert "<p>The end.</p>" in body


def test_every_kind_of_block_is_readable_outside_the_site(client):
    """What the previews show stands for the blocks: a new one has to be in the feed as well."""
    ClinicSettingsFactory(phone="+14256584944", red_flags="Numb between your legs", red_flags_heading="Get care now if")
    story = StoryBlock()
    blocks = [(name, block.get_preview_value()) for name, block in story.child_blocks.items() if name != "picture"]
    body = read_body(client, *blocks, ("picture", {"image": picture(), "caption": "At the beach"}))
    for words in (
        "What should you avoid?",
        "Go for a walk",
        "Keep it gentle",
        "feeling how your body answers",
        "A flat seat is better",
        "Within a few weeks the root cause was found",
        "Supine Caudal Rotation",
        "Never more than 3 inches",
        "If it still hurts, stop",
        "Numb between your legs",
        "At the beach",
        "https://vimeo.com/1",
        "(425) 658-4944",
    ):
        assert words in body
    for kind in ("<form", "<script", "<svg", "<iframe", "<details", "<button"):
        assert kind not in body


def picture():
    image = ImageFactory()
    image.contextual_alt_text, image.decorative = "A dog at the beach", False
    return image


def test_pictures_have_a_whole_address_and_their_words(client):
    body = read_body(
        client,
        ("picture", {"image": picture(), "caption": ""}),
        ("exercise", {"number": 1, "name": "Rotation", "figure": "supine-rotation", "steps": ["Lie down."]}),
    )
    assert 'src="http://testserver/media/images/' in body
    assert 'alt="A dog at the beach"' in body
    assert 'src="http://testserver/static/img/figures/supine-rotation.svg"' in body
    assert 'alt="A person lies on the back' in body


def test_links_have_a_whole_address(client):
    about = StandardPageFactory(title="About")
    body = read_body(
        client,
        ("text", f'<p><a linktype="page" id="{about.pk}">us</a> <a href="/contact/">or call</a></p>'),
        ("text", '<p><a href="https://example.org/">elsewhere</a></p>'),
    )
    assert '<a href="http://testserver/about/">us</a>' in body
    assert '<a href="http://testserver/contact/">or call</a>' in body
    assert '<a href="https://example.org/">elsewhere</a>' in body


def test_a_control_character_does_not_break_the_feed(client):
    BlogPageFactory(title="A\x0bB", listing_summary="C\x0cD", body=[("text", "<p>E\x1fF</p>")])
    item = read_items(client)[0]
    assert item.findtext("title") == "AB"
    assert "EF" in item.find(CONTENT).text


def test_a_feed_that_has_not_changed_is_not_sent_again(client):
    BlogPageFactory(last_published_at=datetime(2026, 11, 20, tzinfo=UTC), date=date(2026, 11, 1))
    response = client.get("/blog/feed/")
    assert response["Last-Modified"] == "Fri, 20 Nov 2026 00:00:00 GMT"
    for name, header in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        assert client.get("/blog/feed/", headers={name: response[header]}).status_code == 304


def test_a_feed_takes_the_same_number_of_queries_with_any_number_of_posts(client, settings, django_assert_num_queries):
    settings.REMEMBER_SECONDS = 60.0
    about = StandardPageFactory(title="About")
    ClinicSettings.current()
    for posts in (1, 9):
        for _ in range(posts):
            BlogPageFactory(body=[("text", f'<p><a linktype="page" id="{about.pk}">us</a></p>')])
        client.get("/blog/feed/")
        with django_assert_num_queries(3):  # the posts, and twice the pages that they link to
            client.get("/blog/feed/")


# --- As the standard has it

GRAMMAR = Path(__file__).with_name("rss.rng")


def full_feed(client):
    """Posts of every age with every block, and with what has to be escaped."""
    ClinicSettingsFactory(practice_name="Dr. Rivers & Co. <x>", tagline="Low back pain", phone="+14256584944")
    story = StoryBlock()
    blocks = [(name, block.get_preview_value()) for name, block in story.child_blocks.items() if name != "picture"]
    author, topic = AuthorFactory(name="A. & B."), TopicFactory(name="Tips & <tricks>")
    BlogPageFactory(title="Walk & <sit>", body=[*blocks, ("picture", {"image": picture()})], author=author, topic=topic)
    for days in (0, 30, 3000):
        BlogPageFactory(date=timezone.localdate() - timedelta(days=days), body=[("text", "<p>Walk.</p>")])
    return client.get("/blog/feed/").content


def empty_feed(client):
    ClinicSettingsFactory(practice_name="Dr. Rivers")
    return client.get("/blog/feed/").content


@pytest.mark.parametrize("feed", [full_feed, empty_feed])
def test_the_feed_is_rss_2_by_its_grammar(client, feed):
    grammar = etree.RelaxNG(etree.parse(GRAMMAR))
    assert grammar.validate(etree.fromstring(feed(client))), grammar.error_log


def test_the_feed_keeps_to_the_best_practices_of_the_rss_advisory_board(client):
    channel = ET.fromstring(full_feed(client)).find("channel")  # noqa: S314 - our own XML
    links = channel.findall(ATOM_LINK)
    assert [link.get("rel") for link in links] == ["self"]
    items = channel.findall("item")
    guids = [item.findtext("guid") for item in items]
    assert len(guids) == len(set(guids)) == 4
    moments = [parsedate_to_datetime(item.findtext("pubDate")) for item in items]
    assert moments == sorted(moments, reverse=True)
    assert max(moments) <= timezone.now()
    assert parsedate_to_datetime(channel.findtext("lastBuildDate")) >= max(moments)
    for item in items:
        assert item.findtext("description") != item.findtext(CONTENT)
        assert item.find("author") is None or "@" in item.findtext("author")
        html = etree.HTML(item.findtext(CONTENT))
        addresses = html.xpath("//@href | //@src")
        assert all(address.startswith(("http://", "https://", "tel:", "mailto:")) for address in addresses)
        assert not html.xpath("//script | //style | //iframe | //object | //embed | //form | //@style | //@onclick")


def test_what_no_feed_reader_can_date_or_address_is_no_rss(client):
    """The grammar is no formality: each of these breaks one of its rules."""
    grammar = etree.RelaxNG(etree.parse(GRAMMAR))
    feed = full_feed(client).decode()
    for old, new in [
        ("<pubDate>", "<pubDate>x"),
        ("<link>http://", "<link>/"),
        ("isPermaLink", "permaLink"),
        ("</channel>", "<item/></channel>"),
        ("<title>", "<title/><title>"),
    ]:
        assert not grammar.validate(etree.fromstring(feed.replace(old, new, 1).encode()))
