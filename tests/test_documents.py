"""Documents that staff add: what is taken in by what is in it, and how a browser gets it."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.documents.models import Document
from wagtail.models import Collection, CollectionViewRestriction

from .staff import member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """On a disk, as on a server: Wagtail hands out what lies there."""
    settings.MEDIA_ROOT = tmp_path
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES = settings.STORAGES | {"default": kept}


PAGE = b"<!doctype html><script>alert(1)</script>"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
WORD = ("[Content_Types].xml", "word/document.xml")
EXCEL = ("[Content_Types].xml", "xl/workbook.xml")


def office(*names, content=b"<x/>"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        for name in names:
            parts.writestr(name, content)
    return file.getvalue()


def add(name, content):
    """Add it as the page with many files does; answers with what it says is wrong."""
    collection = Collection.get_first_root_node().pk
    form = {"title": "A document", "files[]": SimpleUploadedFile(name, content), "collection": collection}
    headers = {"X-Requested-With": "XMLHttpRequest"}
    answer = signed_in(member("editor")).post(reverse("wagtaildocs:add_multiple"), form, headers=headers).json()
    return answer.get("error_message", "")


def stored():
    with Document.objects.get().file.open() as file:
        return file.read()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("walk.pdf", PDF),
        ("WALK.PDF", PDF),
        ("walk.docx", office(*WORD)),
        ("walk.xlsx", office(*EXCEL, "xl/printerSettings/printerSettings1.bin")),
        ("walk.txt", "Fünf Schritte\r\n".encode()),
        ("walk.csv", "\ufeffweek,steps\n1,-5\n".encode()),
        ("empty.txt", b" "),
    ],
)
def test_a_document_of_its_kind_is_taken_in(name, content):
    assert add(name, content) == ""
    assert stored() == content


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("page.pdf", PAGE, "not a PDF"),
        ("page.pdf", PAGE + PDF, "not a PDF"),
        ("cut.pdf", PDF[:40], "not a whole one"),
        ("page.docx", PAGE, "not a Word document"),
        ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not a Word document"),
        ("archive.docx", office("readme.txt"), "not a Word document"),
        ("workbook.docx", office(*EXCEL), "not a Word document"),
        ("macro.docx", office(*WORD, "word/vbaProject.bin"), "without macros"),
        ("macro.xlsx", office(*EXCEL, "xl/VBAPROJECT.BIN"), "without macros"),
        ("control.xlsx", office(*EXCEL, "xl/activeX/activeX1.xml"), "without macros"),
        ("parts.docx", office(*WORD, *(f"word/{number}.xml" for number in range(5001))), "not a Word document"),
        ("program.txt", b"MZ\x90\x00\x03\x00", "not plain text"),
        ("latin.csv", "Fünf".encode("latin-1"), "CSV UTF-8"),
    ],
)
def test_a_document_that_is_not_what_its_name_says_is_refused(name, content, advice):
    assert advice in add(name, content)
    assert not Document.objects.exists()


def test_a_document_that_would_fill_the_memory_is_refused():
    bomb = office(*WORD, *(f"word/media/{number}.png" for number in range(11)), content=bytes(20 * 1024 * 1024))

    assert len(bomb) < 1024 * 1024
    assert "not a Word document" in add("bomb.docx", bomb)


def test_a_document_that_is_too_large_is_refused():
    assert "too big" in add("long.txt", b"x" * (20 * 1024 * 1024 + 1))


def test_a_document_is_replaced_only_by_one_of_its_kind():
    add("walk.pdf", PDF)
    document = Document.objects.get()
    form = {"title": "Walk", "file": SimpleUploadedFile("walk.pdf", PAGE), "collection": "1", "tags": ""}

    answer = signed_in(member("editor")).post(reverse("wagtaildocs:edit", args=[document.pk]), form)

    assert "This is not a PDF" in answer.text
    assert stored() == PDF


def test_the_name_of_a_document_is_changed_without_a_new_file():
    add("walk.pdf", PDF)
    document = Document.objects.get()
    form = {"title": "Five walks", "collection": "1", "tags": ""}

    signed_in(member("editor")).post(reverse("wagtaildocs:edit", args=[document.pk]), form)

    assert Document.objects.get().title == "Five walks"


@pytest.mark.parametrize(
    ("name", "content", "kind"), [("walk.pdf", PDF, "application/pdf"), ("walk.txt", PAGE, "text/plain")]
)
def test_a_document_is_saved_and_never_acts_as_a_page(client, name, content, kind):
    add(name, content)

    answer = client.get(Document.objects.get().url)

    assert b"".join(answer) == content
    assert answer["Content-Type"].partition(";")[0] == kind
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    policy = {part.strip() for part in answer["Content-Security-Policy"].split(";")}
    assert {"sandbox", "default-src 'none'", "frame-ancestors 'none'"} <= policy


def test_a_private_document_is_for_those_who_may_see_its_collection(client):
    private = Collection.get_first_root_node().add_child(name="Private")
    CollectionViewRestriction.objects.create(collection=private, restriction_type="login")
    add("walk.pdf", PDF)
    Document.objects.update(collection=private)
    address = Document.objects.get().url

    assert client.get(address).status_code == 302
    assert client.get(f"/media/{Document.objects.get().file.name}").status_code == 404
    assert signed_in(member("editor")).get(address).status_code == 200
