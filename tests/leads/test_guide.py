"""A guide on the site: the page that offers it, and its edition on the web."""

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext

from clinic.memory import forget_all
from leads.models import GuideIndexPage, GuidePage
from tests.factories import ClinicSettingsFactory, GuideIndexPageFactory, GuidePageFactory, make_private

pytestmark = pytest.mark.django_db


@pytest.fixture
def queries(client, settings):
    """How many queries a page takes in a process that has to read the clinic's facts and the menu again."""
    settings.REMEMBER_SECONDS = 60.0

    def count(url):
        client.get(url)
        forget_all()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    return count


def tips(number):
    return [("tip", {"title": f"Tip {index}", "text": "<p>Gently.</p>"}) for index in range(number)]


def offer(kind):
    return Template("{% load clinic_tags %}{% offer_url kind %}").render(Context({"kind": kind}))


def test_the_page_of_a_guide_asks_where_to_send_it(client):
    guide = GuidePageFactory()
    html = client.get(guide.url).content.decode()
    assert 'action="/guides/request/"' in html
    assert "/read/" not in html
    assert "/download/" not in html


def test_the_list_sends_readers_on_to_the_only_guide(client):
    guide = GuidePageFactory()
    assert client.get("/guides/")["Location"] == guide.url


def test_the_list_shows_guides_where_there_are_several(client):
    guides = [GuidePageFactory(), GuidePageFactory()]
    GuidePageFactory(title="Not out yet", live=False)
    html = client.get("/guides/").content.decode()
    assert all(f'href="{guide.url}"' in html for guide in guides)
    assert "Not out yet" not in html


def test_a_list_without_guides_says_so(client):
    GuideIndexPageFactory()
    assert "There is no guide here yet." in client.get("/guides/").content.decode()


def test_the_edition_on_the_web_has_all_that_the_guide_says(client):
    ClinicSettingsFactory(red_flags_heading="Get care if", red_flags="Numb between your legs")
    value = {
        "title": "Find your easy direction",
        "text": "<p>Lie <b>down</b>.</p>",
        "figure": "supine-rotation",
        "dose": [{"label": "At first", "value": "1 inch"}],
        "steps": ["Sway."],
        "safety": "Never into pain.",
    }
    guide = GuidePageFactory(opening="<p>Read this first.</p>", about="<p>We listen.</p>", tips=[("tip", value)])
    html = client.get(guide.url + "read/").content.decode()
    told = ["Read this first.", 'id="tip-1"', "Lie <b>down</b>.", "1 inch", "Sway.", "Never into pain."]
    places = [html.index(words) for words in [*told, "Numb between your legs", "We listen."]]
    assert places == sorted(places)
    assert "Seen from the side" in html
    assert html.count("<h1") == 1


def test_the_edition_is_for_readers_of_the_mail_and_not_for_search_engines(client):
    guide = GuidePageFactory()
    response = client.get(guide.url + "read/")
    assert response["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in response.content.decode()
    sitemap = client.get("/sitemap.xml").content.decode()
    assert guide.url in sitemap
    assert "/read/" not in sitemap
    assert ">http://testserver/guides/<" not in sitemap


def test_a_guide_that_moves_takes_the_links_of_sent_mail_with_it(client, django_capture_on_commit_callbacks):
    guide = GuidePageFactory(slug="old")
    guide.slug = "new"
    with django_capture_on_commit_callbacks(execute=True):
        guide.save_revision().publish()
    for route in ("", "read/", "download/"):
        assert client.get(f"/guides/old/{route}", follow=True).redirect_chain[0][0] == f"/guides/new/{route}"


def test_the_offer_leads_to_the_guide_while_there_is_one():
    assert offer("guide") == ""
    guide = GuidePageFactory(slug="seven")
    assert offer("guide") == "/guides/seven/"
    guide.slug = "eight"
    guide.save_revision().publish()
    assert offer("guide") == "/guides/eight/"
    GuidePage.objects.get().unpublish()
    assert offer("guide") == ""


def test_the_offer_does_not_lead_to_a_guide_behind_a_password():
    make_private(GuidePageFactory().get_parent())
    assert offer("guide") == ""


def test_a_guide_takes_the_same_few_queries_with_any_number_of_tips(queries):
    few, many = GuidePageFactory(tips=tips(1)), GuidePageFactory(tips=tips(15))
    for route in ("", "read/"):
        assert queries(few.url + route) == queries(many.url + route) <= 11  # eight of them find the page


def test_a_preview_shows_the_list_and_not_the_guide_behind_it():
    GuidePageFactory()
    response = GuideIndexPage.objects.get().make_preview_request()
    assert response.status_code == 200
