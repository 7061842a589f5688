"""The guide that a new site begins with: its page, and its PDF."""

import re

import pikepdf
import pytest

from clinic.figures import FIGURES
from clinic.models import ClinicSettings
from leads.models import GuideEdition, GuidePage
from tests.leads.test_guide_pdf import bookmarks, opened

pytestmark = pytest.mark.usefixtures("first_content", "db")

TITLES = [
    "Move a little, often",
    "Find your easy direction",
    "Walk every day",
    "Change how you sit",
    "Bend from the hips",
    "Rest on your side, knees supported",
    "Know when to ask for help",
]


def elements(node):
    """The elements of the tree that screen readers follow."""
    children = node.get("/K", [])
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child
            yield from elements(child)


@pytest.fixture
def first_pdf():
    with opened(GuideEdition.objects.get()) as pdf:
        yield pdf


def test_the_first_guide_has_its_seven_tips_in_order(client):
    guide = GuidePage.objects.get()
    assert guide.url == "/guides/7-easy-ways/"
    assert guide.title == "7 Incredibly Easy Ways to Get Rid of Back Pain…Without Medication or Surgery"
    assert [tip.value["title"] for tip in guide.tips] == TITLES
    assert all(tip.value["safety"] for tip in guide.tips)
    assert guide.review_state == "none"
    html = client.get(guide.url).content.decode()
    assert re.findall(r'tip-list__item">([^<]+)<', html) == TITLES
    assert "Clinical review: <b" in html
    assert "none yet" in html


def test_the_first_guide_is_tagged_titled_and_in_english(first_pdf):
    assert first_pdf.Root.MarkInfo.Marked
    assert str(first_pdf.Root.Lang).startswith("en")
    assert first_pdf.Root.ViewerPreferences.DisplayDocTitle
    with first_pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == GuidePage.objects.get().title


def test_the_first_guide_has_a_bookmark_for_each_part(first_pdf):
    tips = [f"{number} {block.value['title']}" for number, block in enumerate(GuidePage.objects.get().tips, 1)]
    clinic = ClinicSettings.load()
    last = [clinic.red_flags_heading, "Who we are", clinic.offers[0].value["heading"]]
    assert bookmarks(first_pdf) == ["Before you start", *tips, *last]


def test_the_drawings_of_the_first_guide_are_told_in_words(first_pdf):
    figures = [element for element in elements(first_pdf.Root.StructTreeRoot) if element.S == "/Figure"]
    names = [block.value["figure"] for block in GuidePage.objects.get().tips if block.value["figure"]]
    assert [str(figure.Alt) for figure in figures] == [FIGURES[name].alt for name in names]


def test_the_headings_and_lists_of_the_first_guide_are_tagged_as_such(first_pdf):
    kinds = [str(element.S) for element in elements(first_pdf.Root.StructTreeRoot)]
    assert kinds.count("/H1") == 11
    assert {"/L", "/LI", "/P", "/Link", "/Strong"} <= set(kinds)


def test_the_text_of_the_first_guide_can_be_copied_out(first_pdf):
    fonts = [font for page in first_pdf.pages for font in page.resources.get("/Font", {}).values()]
    assert fonts
    assert all("/ToUnicode" in font for font in fonts)


def test_the_first_guide_has_links_to_call_and_to_the_site(first_pdf):
    links = [
        str(note.A.URI) for page in first_pdf.pages for note in page.get("/Annots", []) if "/URI" in note.get("/A", {})
    ]
    assert "tel:+14256584944" in links
    assert "http://testserver/guides/7-easy-ways/" in links


def test_the_first_guide_fits_a_mail(first_pdf):
    assert len(GuideEdition.objects.get().pdf) < 500_000
    assert len(first_pdf.pages) <= 12
