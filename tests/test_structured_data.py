import json
import re
from datetime import date, time
from pathlib import Path

import pytest
from django.utils import timezone

from clinic.models import OpeningHours
from tests.factories import (
    AuthorFactory,
    BlogIndexPageFactory,
    BlogPageFactory,
    ClinicSettingsFactory,
    HomePageFactory,
    StandardPageFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

CLASSES = json.loads(Path(__file__).with_name("schema_org.json").read_text())["classes"]
QUESTIONS = (
    "questions",
    {
        "heading": "",
        "questions": [
            {
                "question": "Is an office chair all right?",
                "answer": "<p>A <b>flat</b> seat is better.</p><p>Try it.</p>",
            }
        ],
    },
)


def read_graph(response):
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', response.text, re.DOTALL)
    return json.loads(block[1])["@graph"]


def read_node(response, kind):
    return next(node for node in read_graph(response) if node["@type"] == kind)


def properties(kind):
    """All that schema.org lets a node of this type have, from its own class and from those above it."""
    above = [properties(parent) for parent in CLASSES[kind]["parents"]]
    return {"@type", "@id", *CLASSES[kind]["properties"]}.union(*above)


def nodes_within(value):
    if isinstance(value, list):
        for each in value:
            yield from nodes_within(each)
    elif isinstance(value, dict):
        yield value
        yield from nodes_within(list(value.values()))


def fill_clinic(**facts):
    return ClinicSettingsFactory(
        tagline="Low back pain",
        phone="+14256584944",
        street="1 Main Street",
        locality="Maple Valley",
        region="WA",
        postal_code="98038",
        areas_served="Maple Valley\nCovington",
        facebook_url="https://facebook.example/clinic",
        **facts,
    )


def reviewed(post, reviewer):
    post.sign(user=reviewer, on=date(2026, 11, 20), until=date(2027, 11, 20))
    post.save()
    return post


def full_post():
    author = AuthorFactory(name="Amy", credentials="Physical Therapist", lead="She walks.")
    reviewer = UserFactory(first_name="Amy", last_name="Rivers", credentials="Physical Therapist")
    return reviewed(BlogPageFactory(title="Walk", author=author, body=[QUESTIONS]), reviewer)


def every_kind_of_page():
    post = full_post()
    contact = StandardPageFactory(title="Contact", body=[("contact_details", {"heading": ""}), QUESTIONS])
    pages = [HomePageFactory(), BlogIndexPageFactory(), StandardPageFactory(), contact, post]
    return [page.url for page in pages] + [post.author.get_absolute_url(), post.topic.get_absolute_url()]


def test_the_vocabulary_of_schema_org_allows_every_property(client):
    clinic = fill_clinic()
    OpeningHours.objects.create(clinic=clinic, weekday=0, opens=time(9), closes=time(17))
    clinic.holidays.create(date=date(2099, 12, 25))
    seen = set()
    for url in every_kind_of_page():
        for node in nodes_within(read_graph(client.get(url))):
            if kind := node.get("@type"):
                seen.add(kind)
                # "query-input" says what may be filled in for the property "query" (schema.org's page on actions)
                used = {name.removesuffix("-input") for name in node}
                assert used <= properties(kind), f"{kind} at {url}"
    assert {
        "BlogPosting",
        "MedicalWebPage",
        "FAQPage",
        "MedicalBusiness",
        "Person",
        "OpeningHoursSpecification",
    } <= seen


def test_every_reference_names_a_node_or_a_page_of_this_site(client):
    fill_clinic()
    for url in every_kind_of_page():
        graph = list(nodes_within(read_graph(client.get(url))))
        named = {node["@id"] for node in graph if "@type" in node and "@id" in node}
        assert {node["@id"] for node in graph if set(node) == {"@id"}} <= named


def test_no_page_states_a_rating_of_its_own(client):
    fill_clinic(rating_value="5.0", rating_count=30, rating_as_of=timezone.localdate())
    for url in every_kind_of_page():
        assert "ggregateRating" not in json.dumps(read_graph(client.get(url)))


def test_a_post_says_who_wrote_it_and_when(client):
    post = BlogPageFactory(
        title="W" * 200, date=date(2026, 11, 20), author=AuthorFactory(name="Amy"), topic=TopicFactory(name="Tips")
    )
    article = read_node(client.get(post.url), "BlogPosting")
    assert article["author"]["name"] == "Amy"
    assert article["datePublished"] == "2026-11-20T00:00:00-08:00"
    assert article["articleSection"] == "Tips"
    assert len(article["headline"]) == 110
    assert article["image"]["url"].startswith(f"http://testserver{post.url}share.png?v=")


def test_a_reviewed_post_says_who_reviewed_it_and_when(client):
    page = read_node(client.get(full_post().url), "MedicalWebPage")
    assert page["lastReviewed"] == "2026-11-20"
    assert page["reviewedBy"]["name"] == "Amy Rivers"
    assert page["reviewedBy"]["hasCredential"]["name"] == "Physical Therapist"


def test_a_post_that_nobody_reviewed_claims_no_review(client):
    page = read_node(client.get(BlogPageFactory().url), "MedicalWebPage")
    assert not {"lastReviewed", "reviewedBy"} & set(page)


def test_the_login_of_a_reviewer_is_never_told(client):
    response = client.get(reviewed(BlogPageFactory(), UserFactory(username="arivers")).url)
    assert read_node(response, "MedicalWebPage")["lastReviewed"] == "2026-11-20"
    assert "arivers" not in response.text


def test_breadcrumbs_lead_from_home_over_the_list_to_the_post(client):
    post = BlogPageFactory(title="Walk")
    steps = read_node(client.get(post.url), "BreadcrumbList")["itemListElement"]
    assert [step["name"] for step in steps] == ["Home", "Articles", "Walk"]
    assert [step["item"] for step in steps] == [f"http://testserver{url}" for url in ("/", "/blog/", post.url)]


def test_questions_and_answers_are_told_as_plain_text(client):
    faq = read_node(client.get(BlogPageFactory(body=[QUESTIONS]).url), "FAQPage")
    assert faq["mainEntity"][0]["name"] == "Is an office chair all right?"
    assert faq["mainEntity"][0]["acceptedAnswer"]["text"] == "A flat seat is better. Try it."


def test_a_page_without_questions_is_no_faq(client):
    assert "FAQPage" not in client.get(BlogPageFactory().url).text


def test_home_says_what_the_clinic_is(client):
    fill_clinic()
    clinic = read_node(client.get(HomePageFactory().url), "MedicalBusiness")
    assert clinic["telephone"] == "+14256584944"
    assert clinic["address"]["streetAddress"] == "1 Main Street"
    assert [town["name"] for town in clinic["areaServed"]] == ["Maple Valley", "Covington"]
    assert clinic["sameAs"] == ["https://facebook.example/clinic"]
    assert "openingHoursSpecification" not in clinic


def test_what_the_clinic_has_not_told_is_left_out(client):
    ClinicSettingsFactory(practice_name="Dr. Rivers", street="1 Main Street")
    clinic = read_node(client.get(HomePageFactory().url), "MedicalBusiness")
    assert set(clinic) == {"@type", "@id", "url", "name"}


@pytest.mark.parametrize("make_page", [HomePageFactory, lambda: StandardPageFactory(body=[("contact_details", {})])])
def test_home_and_contact_tell_the_opening_hours(client, make_page):
    OpeningHours.objects.create(clinic=ClinicSettingsFactory(), weekday=1, opens=time(9), closes=time(17))
    hours = read_node(client.get(make_page().url), "MedicalBusiness")["openingHoursSpecification"]
    assert hours == [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": "https://schema.org/Tuesday",
            "opens": "09:00",
            "closes": "17:00",
        }
    ]


def test_the_site_tells_how_to_search_it(client):
    action = read_node(client.get(HomePageFactory().url), "WebSite")["potentialAction"]
    assert action["target"]["urlTemplate"] == "http://testserver/search/?q={search_term_string}"


def test_an_author_has_a_profile_page(client):
    post = full_post()
    profile = read_node(client.get(post.author.get_absolute_url()), "ProfilePage")
    assert profile["mainEntity"]["name"] == "Amy"
    assert profile["mainEntity"]["description"] == "She walks."


@pytest.mark.parametrize("title", ["</script><script>alert(1)</script>", "<!-- & -->", "a \u2028 b"])
def test_a_title_cannot_end_the_script_around_it(client, title):
    post = BlogPageFactory(title=title, slug="title")
    html = client.get(post.url).text
    assert "<script>alert" not in html
    assert read_node(client.get(post.url), "BlogPosting")["headline"] == title
