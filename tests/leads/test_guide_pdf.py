"""A guide as PDF: what is in it, when it is made anew, and what readers get while it cannot be."""

from datetime import date
from io import BytesIO

import pikepdf
import pytest
from django.urls import reverse

from clinic.models import ClinicSettings
from leads.guide_pdf import manuscript
from leads.models import GuideFault, GuidePage
from leads.tasks import set_guides
from tests.factories import ClinicSettingsFactory, GuidePageFactory, UserFactory
from tests.staff import signed_in

pytestmark = pytest.mark.django_db

IN_NO_FACE = "腰"  # a letter that the faces of the PDF do not have


def publish(guide, **changes):
    for name, value in changes.items():
        setattr(guide, name, value)
    guide.save_revision().publish()
    return guide


def tip(**value):
    return [("tip", {"title": "Walk", "text": "<p>A little.</p>", **value})]


def download(client, guide):
    return client.get(guide.url + "download/")


def opened(edition):
    return pikepdf.open(BytesIO(edition.pdf))


def bookmarks(pdf):
    with pdf.open_outline() as outline:
        return [item.title for item in outline.root]


def test_readers_get_the_newest_edition_under_the_name_of_the_guide(client):
    guide = publish(GuidePageFactory(slug="seven"), title="Seven ways")
    response = download(client, guide)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'inline; filename="seven.pdf"'
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Cache-Control"] == "public, max-age=300"
    assert not response.cookies
    assert response.content.startswith(b"%PDF-")
    publish(guide, title="Eight ways")
    newer = download(client, guide)
    with pikepdf.open(BytesIO(newer.content)) as pdf, pdf.open_metadata() as metadata:
        assert metadata["dc:title"] == "Eight ways"


def test_whoever_has_the_newest_edition_is_told_so(client):
    guide = publish(GuidePageFactory())
    etag = download(client, guide)["ETag"]
    assert client.get(guide.url + "download/", headers={"If-None-Match": etag}).status_code == 304


def test_publishing_without_a_change_makes_no_new_edition():
    guide = publish(publish(GuidePageFactory()))
    assert guide.editions.count() == 1


def test_a_clinical_review_makes_a_new_edition_that_names_it():
    guide = publish(GuidePageFactory())
    reviewer = UserFactory(first_name="Erika", last_name="Lang", credentials="DC")
    guide.sign(user=reviewer, on=date(2026, 11, 2), until=date(2027, 11, 2))
    publish(guide)
    assert guide.editions.count() == 2
    review = manuscript(GuidePage.objects.get(), ClinicSettings.load())["review"]
    assert review == "Clinical review: by Erika Lang, DC on November 2, 2026"


def test_a_draft_makes_no_new_edition():
    guide = publish(GuidePageFactory())
    guide.title = "Not yet"
    guide.save_revision()
    set_guides()
    assert guide.editions.count() == 1


def test_a_new_phone_number_makes_a_new_edition_within_the_minute():
    ClinicSettingsFactory(phone="+14255550100")
    guide = publish(GuidePageFactory())
    ClinicSettingsFactory(phone="+14255550111")
    set_guides()
    set_guides()
    assert [edition.number for edition in guide.editions.order_by("number")] == [1, 2]


def test_the_edition_before_stays_while_a_new_one_cannot_be_set(client):
    guide = publish(GuidePageFactory())
    before = download(client, guide).content
    publish(guide, tips=tip(text=f"<p>{IN_NO_FACE}</p>"))
    set_guides()
    assert download(client, guide).content == before
    assert guide.editions.count() == 1
    assert IN_NO_FACE in client.get(guide.url + "read/").content.decode()


def test_a_mistake_that_is_taken_back_leaves_no_trace():
    guide = publish(GuidePageFactory())
    publish(guide, title=IN_NO_FACE)
    assert GuideFault.objects.get().guide == guide
    publish(guide, title="Seven ways")
    assert not GuideFault.objects.exists()
    assert guide.newest_edition.number == 2


def test_staff_see_why_the_pdf_could_not_be_set():
    guide = publish(GuidePageFactory())
    publish(guide, tips=tip(steps=[IN_NO_FACE]))
    staff = signed_in(UserFactory(is_superuser=True))
    html = staff.get(reverse("wagtailadmin_pages:edit", args=[guide.pk])).content.decode()
    assert "The PDF could not be set as the guide is now." in html
    assert GuideFault.objects.get().reason.split("”")[0] in html.replace("&quot;", '"').replace("&#x27;", "'")
    assert "Readers get edition 1" in html


def test_a_guide_that_was_never_set_is_read_on_the_web(client):
    guide = publish(GuidePageFactory(title=IN_NO_FACE))
    assert download(client, guide)["Location"] == guide.url + "read/"


def test_a_guide_that_is_withdrawn_cannot_be_downloaded(client):
    guide = publish(GuidePageFactory())
    GuidePage.objects.get().unpublish()
    assert download(client, guide).status_code == 404


def test_asking_for_the_pdf_changes_nothing(client):
    guide = publish(GuidePageFactory())
    ClinicSettingsFactory(phone="+14255550111")
    client.get(guide.url + "download/")
    client.head(guide.url + "download/")
    assert guide.editions.count() == 1


def test_whatever_an_editor_types_is_text_and_no_code():
    words = '#panic("x") \\ $ * _ ` <b> "quotes" [a] @label'
    guide = publish(GuidePageFactory(), tips=tip(title=words[:80], steps=[words], safety=words))
    assert not GuideFault.objects.exists()
    with opened(guide.newest_edition) as pdf:
        assert bookmarks(pdf)[1] == f"1 {words[:80]}"


def test_a_long_tip_goes_on_to_the_next_page():
    text = "<p>Walk a little, every day.</p>" * 120
    guide = publish(GuidePageFactory(), tips=tip(text=text, figure="walking"))
    with opened(guide.newest_edition) as pdf:
        assert len(pdf.pages) > 5
