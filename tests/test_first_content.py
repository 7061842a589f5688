"""What the site says on its first day."""

import re

import pytest
from django.conf import settings
from wagtail.models import Page

from blog.models import Author, BlogPage
from clinic.models import ClinicSettings, HomePage, StandardPage

STRETCHES = "lower-back-stretches-to-reduce-stiffness-and-pain"
SITTING = "whats-the-best-way-to-sit-with-low-back-pain"
CAUSES = "3-things-that-cause-back-pain-that-you-didnt-know-until-now"
POSTS = [f"/blog/{slug}/" for slug in (STRETCHES, SITTING, CAUSES)]
PAGES = ["/", "/blog/", "/about/", "/contact/", "/privacy/", "/health-data-privacy/", "/accessibility/"]
GUIDE = "/guides/7-easy-ways/"
EDITION = "/guides/7-easy-ways/read/"
WORKSHOP = "/workshops/start-with-one-inch/"
PAGES += [GUIDE, EDITION, "/workshops/", WORKSHOP]

pytestmark = pytest.mark.usefixtures("first_content", "db")


def blocks(slug: str, kind: str) -> list:
    body = Page.objects.get(slug=slug).specific.body
    return [block.value for block in body if block.block_type == kind]


def test_every_page_is_live_at_its_address(client):
    assert {address: client.get(address).status_code for address in PAGES + POSTS} == dict.fromkeys(PAGES + POSTS, 200)


def test_the_topic_and_the_author_have_a_page_with_the_posts(client):
    for address in ("/blog/topics/health-tips/", "/blog/authors/amy-konvalin/"):
        html = client.get(address).content.decode()
        assert all(post in html for post in POSTS)


def test_every_fact_of_the_clinic_comes_from_settings(client):
    clinic = ClinicSettings.load()
    clinic.phone = "+14255550100"
    clinic.rating_count = 77
    clinic.red_flags = "Another sign"
    clinic.emergency_advice = "Another advice"
    clinic.areas_served = "Another town"
    clinic.save()
    for address in PAGES + POSTS:
        html = client.get(address).content.decode()
        assert "(425) 555-0100" in html
        assert not re.search(r"658.?4944|30 reviews|\b911\b|bladder", html)
    assert "Another town" in client.get("/contact/").content.decode()


def test_no_template_states_a_fact_of_the_clinic():
    facts = re.compile(r"Konvalin|Dr\. Amy|658.?4944|Maple Valley|Black Diamond|Covington|Bailey")
    templates = [path for path in (settings.BASE_DIR / "templates").rglob("*") if path.is_file()]
    assert templates
    assert [path.name for path in templates if facts.search(path.read_text())] == []


def test_every_page_with_advice_says_when_to_get_urgent_care(client):
    for address in [*POSTS, "/contact/", EDITION, WORKSHOP]:
        html = client.get(address).content.decode()
        assert ClinicSettings.load().red_flags_heading in html
        assert all(sign in html for sign in ClinicSettings.load().red_flag_list)


@pytest.mark.parametrize("path", ["/contact/", "/blog/", "/search/", "/guides/7-easy-ways/"])
def test_every_page_to_read_leads_to_the_assessment_at_any_width(client, path):
    """Beside the bar, which stands on phones only."""
    page = client.get(path).content.decode()
    without_bar = re.sub(r'<nav class="bar".*?</nav>', "", page, flags=re.DOTALL)
    assert 'href="/assessment/"' in without_bar


def test_no_post_claims_a_clinical_review():
    assert {post.review_state for post in BlogPage.objects.all()} == {"none"}


def test_every_page_with_advice_can_be_submitted_for_a_clinical_review():
    for post in BlogPage.objects.all():
        assert post.get_workflow().name == "Clinical review"


def test_no_opening_hours_are_made_up():
    assert not ClinicSettings.load().opening_hours.exists()


def test_the_article_gives_the_dose_and_the_limit_of_each_stretch():
    rotation, tilts = blocks(STRETCHES, "exercise")
    assert (rotation["number"], rotation["name"]) == (1, "Supine Caudal Rotation")
    assert [fact["value"] for fact in rotation["dose"]] == ["1 inch", "Up to 3 inches", "Very slow", "None"]
    assert rotation["limit"] == "Never more than 3 inches to either side."
    assert (tilts["number"], tilts["name"]) == (2, "Seated Pelvic Tilts")
    assert tilts["dose"][0] == {"label": "Chair", "value": "Flat"}


def test_the_article_explains_its_four_words():
    [terms] = blocks(STRETCHES, "terms")
    assert [term["term"] for term in terms["terms"]] == ["Gentle", "Pain-free", "Movement", "Every tissue"]


def test_the_article_is_the_newest_and_leads_to_the_other_two():
    newest = BlogPage.objects.order_by("-date").first()
    assert newest.slug == STRETCHES
    assert [post.slug for post in newest.related_posts] == [SITTING, CAUSES]


def test_the_three_calls_to_action_stand_first_among_the_offers():
    kinds = [offer.value["kind"] for offer in ClinicSettings.load().offers]
    assert kinds == ["assessment", "guide", "phone", "workshop"]


def test_the_author_has_her_name_and_credential_as_given():
    author = Author.objects.get()
    assert (author.name, author.credentials) == ("Dr. Amy Konvalin", "Orthopedic Clinical Specialist")


def test_every_page_has_a_description_that_fits_a_search_result():
    for page in Page.objects.filter(depth__gt=1).specific():
        assert 0 < len(page.search_description) <= 160
        assert len(page.listing_summary) <= 160


def test_the_menus_lead_to_the_right_pages():
    home = HomePage.objects.get()
    menu = home.get_children().in_menu().values_list("title", flat=True)
    footer = StandardPage.objects.child_of(home).filter(show_in_footer=True).values_list("title", flat=True)
    assert list(menu) == ["Articles", "Workshops", "Free guide", "About Dr. Amy", "Contact"]
    assert list(footer) == ["Privacy", "Health data privacy", "Accessibility"]


def test_all_pages_say_the_same_of_backups(client):
    for address in ("/privacy/", "/health-data-privacy/"):
        words = " ".join(client.get(address).text.split())
        assert "is gone from our backups after five months at most" in words
    label = " ".join(client.get("/privacy/data/").text.split())
    assert "<dt>Months after which what is erased is gone from our backups, at most</dt><dd>5</dd>" in label
