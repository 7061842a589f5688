"""The help for staff: it says what is there, and is found where the question arises."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import wagtail
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import get_resolver, resolve, reverse
from wagtail import hooks

from clinic.help import DOCUMENTS, Document
from tests.factories import HomePageFactory, LeadFactory
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

OURS = [settings.BASE_DIR / folder for folder in ("templates", "clinic", "blog", "leads")]
# Wagtail makes these of a pattern and a name: of the workflow's, of a kind of page, of a setting.
MADE_BY_WAGTAIL = {"Submit to Clinical review", "Sign off and Publish", "Add post", "Add a user", "Clinic", "Videos"}


class Links(HTMLParser):
    """The links and pictures of a page, and the places in it."""

    def __init__(self, html: str):
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[dict] = []
        self.places: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "img":
            self.pictures.append(found)
        if "id" in found:
            self.places.add(found["id"])


@pytest.fixture(autouse=True)
def home():
    return HomePageFactory()


@pytest.fixture
def desk():
    return signed_in(member("front_desk"))


def text_of(name: str) -> str:
    return (settings.BASE_DIR / f"docs/{name}.md").read_text()


def sources() -> str:
    folders = [*OURS, Path(wagtail.__file__).parent]
    files = [file for folder in folders for kind in ("*.html", "*.py") for file in folder.rglob(kind)]
    return "\n".join(file.read_text() for file in files if "/tests/" not in str(file) and "/locale/" not in str(file))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_whoever_is_on_the_staff_reads_each_document(desk, name):
    response = desk.get(reverse("help", args=[name]))
    assert response.status_code == 200
    assert DOCUMENTS[name].lower() in response.text
    for question in Document(name).questions:
        assert f'id="{question.anchor}"' in response.text


def test_nobody_else_reads_the_help(client):
    response = client.get(reverse("help", args=["staff"]))
    assert response.status_code == 302
    assert "/login/" in response["Location"]


def test_a_document_that_there_is_not_is_not_found(desk):
    assert desk.get(reverse("help", args=["nothing"])).status_code == 404


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_two_questions_share_a_place(name):
    anchors = [question.anchor for question in Document(name).questions]
    assert len(anchors) == len(set(anchors))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_link_of_the_help_leads_to_a_place_that_is_there(desk, name):
    links = Links(desk.get(reverse("help", args=[name])).text)
    to_help = [link for link in links.links if "#" in link and (link.startswith(("#", "/admin/help/")))]
    assert to_help
    for link in to_help:
        address, _, anchor = link.partition("#")
        places = Links(desk.get(address).text).places if address else links.places
        assert anchor in places, link


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_picture_is_described_small_and_there(desk, name):
    pictures = [
        picture
        for picture in Links(desk.get(reverse("help", args=[name])).text).pictures
        if "/help/" in picture.get("src", "")
    ]
    assert len(pictures) == text_of(name).count("](img/")
    for picture in pictures:
        file = finders.find(picture["src"].removeprefix(settings.STATIC_URL))
        assert picture["alt"], picture
        assert file, picture
        assert Path(file).stat().st_size < 80_000, picture


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_help_names_no_button_that_there_is_not(name):
    text = re.sub(r"`[^`]*`", "", text_of(name))
    everything = sources()
    missing = []
    for label in set(re.findall(r"\*\*(.+?)\*\*", text)) - MADE_BY_WAGTAIL - {"+"}:
        parts = [part.strip() for part in label.split("…") if part.strip()]
        if not all(re.search(rf"[\"'>}}(]\s*{re.escape(part)}…?\s*[\"'<{{)]", everything) for part in parts):
            missing.append(label)
    assert missing == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_help_names_no_address_that_there_is_not(name):
    for address in re.findall(r"`(/admin/[^`]*)`", text_of(name)):
        resolve(address)


def test_each_page_with_a_help_link_and_each_place_that_it_leads_to_is_there():
    questions = {name: {question.anchor for question in Document(name).questions} for name in DOCUMENTS}
    places = [place for register in hooks.get_hooks("register_help") for place in register().items()]
    assert places
    for view_name, (name, anchor) in places:
        assert anchor in questions[name], view_name
        assert is_a_view(view_name), view_name


def is_a_view(name: str) -> bool:
    *namespaces, last = name.split(":")
    resolver = get_resolver()
    for namespace in namespaces:
        resolver = resolver.namespace_dict[namespace][1]
    return last in resolver.reverse_dict


PAGES = {
    "leads_inbox": "who-do-i-call-first",
    "spam": "it-is-spam-or-not",
    "leads_all": "how-do-i-find-somebody",
    "mail": "did-our-mail-arrive",
    "mail_health": "nothing-was-sent-for-10-minutes",
    "erasures": "somebody-wants-their-data-or-to-be-erased",
    "issues": "how-do-i-write-a-newsletter",
    "sequences": "how-do-i-change-the-health-tips",
    "what_works": "what-works",
}


@pytest.mark.parametrize(("view_name", "anchor"), PAGES.items())
def test_help_is_linked_where_the_question_arises(view_name, anchor):
    page = signed_in(member("owner")).get(reverse(view_name)).text
    assert [link for link in Links(page).links if link.endswith(f"#{anchor}")]


@pytest.mark.parametrize("view_name", ["lead", "merge_choice", "lead_erase"])
def test_each_page_about_a_person_has_help(view_name):
    page = signed_in(member("owner")).get(reverse(view_name, args=[LeadFactory().pk])).text
    assert [link for link in Links(page).links if link.startswith("/admin/help/staff/#")]


def test_a_page_without_a_question_has_no_help_link(desk):
    page = desk.get(reverse("wagtailadmin_account")).text
    assert "clinic-help-link" not in page


def test_the_menu_leads_to_both_documents(desk):
    page = desk.get(reverse("wagtailadmin_home")).text
    for name in DOCUMENTS:
        assert reverse("help", args=[name]) in page
