"""What an editor meets: previews, checks, and what a page needs before it is published."""

import json
import re

import pytest
from django.urls import reverse
from wagtail.models import Collection
from wagtail.test.utils.form_data import nested_form_data, streamfield

from blog.models import BlogPage
from clinic.blocks import StepBlock, StoryBlock

from .factories import BlogPageFactory, ClinicSettingsFactory, ImageFactory
from .staff import edit, member, post_form, signed_in

pytestmark = pytest.mark.django_db

BLOCKS = {**StoryBlock().child_blocks, "step": StepBlock()}


def draft(**fields):
    return BlogPageFactory(body=[("text", "<p>Go for a walk.</p>")], live=False, **fields)


def preview(client, page):
    address = reverse("wagtailadmin_pages:preview_on_edit", args=[page.pk])
    client.post(address, post_form(page, title="A walk a day"))
    return client.get(address + "?in_preview_panel=true")


# --- Previews


def test_a_page_is_previewed_on_a_phone_a_tablet_and_a_desktop():
    page = draft()
    html = signed_in(member("editor")).get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()

    assert [size["device_width"] for size in page.preview_sizes] == [360, 768, 1280]
    assert all(size["label"] in html for size in page.preview_sizes)


def test_the_preview_shows_what_is_typed_and_is_allowed_into_the_editors_frame():
    answer = preview(signed_in(member("editor")), draft())

    assert "A walk a day" in answer.content.decode()
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "private" in answer["Cache-Control"]


def test_the_checks_run_in_the_preview_and_nowhere_else(client):
    page = draft()

    in_preview = preview(signed_in(member("editor")), page).content.decode()
    page.live = True
    page.save()
    public = signed_in(member("editor")).get(page.url).content.decode()

    assert "wagtailadmin/js/userbar.js" in in_preview
    assert "userbar" not in public


def test_the_checks_look_at_what_editors_write():
    html = signed_in(member("editor")).get(reverse("wagtailadmin_pages:edit", args=[draft().pk])).content.decode()

    assert '"include": ["main"]' in html


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_has_an_icon_a_label_a_description_and_a_preview(name):
    ClinicSettingsFactory(phone="+14256584944", red_flags="Numbness between the legs")
    block = BLOCKS[name]

    answer = signed_in(member("editor")).get(reverse("wagtailadmin_block_preview"), {"id": block.definition_prefix})

    html = answer.content.decode()
    shown = re.sub(r"<[^>]+>|\s", "", html.split("<main>")[1].split("</main>")[0])
    assert answer.status_code == 200
    assert len(shown) > 10, "the preview is empty"
    assert "css/site.css" in html
    assert block.meta.icon != "placeholder"
    assert block.meta.label
    assert block.meta.description
    assert block.is_previewable


# --- What a page needs


def test_a_draft_may_lack_its_summary_and_a_published_post_may_not():
    page, editor = draft(), member("editor")

    edit(editor, page, listing_summary="")
    assert BlogPage.objects.get(pk=page.pk).get_latest_revision_as_object().listing_summary == ""

    answer = edit(editor, page, "publish", listing_summary="")
    assert "This field is required" in answer.content.decode()
    assert not BlogPage.objects.get(pk=page.pk).live


def test_a_post_without_a_summary_is_not_submitted_for_review():
    page = draft()

    edit(member("editor"), page, "submit", listing_summary="")

    assert not BlogPage.objects.get(pk=page.pk).workflow_in_progress


@pytest.mark.parametrize(
    ("alt", "is_published"),
    [({"alt_text": ""}, False), ({"alt_text": "A path in a park"}, True), ({"alt_text": "", "decorative": "on"}, True)],
)
def test_a_picture_needs_an_alt_text_or_is_decorative(alt, is_published):
    page = draft()
    picture = {"image": {"image": str(ImageFactory().pk), **alt}, "caption": ""}

    answer = edit(member("editor"), page, "publish", body=streamfield([("picture", picture)]))

    assert BlogPage.objects.get(pk=page.pk).live is is_published
    assert ("Please add some alt text" in answer.content.decode()) is not is_published


@pytest.mark.parametrize(("description", "is_published"), [("", False), ("A path in a park", True)])
def test_a_picture_brings_its_description_as_the_alt_text_and_never_its_file_name(description, is_published):
    page = draft()
    image = ImageFactory(title="pic", description=description, collection=Collection.get_first_root_node())
    chosen = reverse("wagtailimages_chooser:chosen", args=[image.pk])

    suggested = signed_in(member("editor")).get(chosen).json()["result"]["default_alt_text"]
    picture = {"image": {"image": str(image.pk), "alt_text": suggested}, "caption": ""}
    edit(member("editor"), page, "publish", body=streamfield([("picture", picture)]))

    assert suggested == description
    assert BlogPage.objects.get(pk=page.pk).live is is_published


def test_a_video_comes_from_youtube_or_vimeo():
    page = draft()
    video = {
        "title": "A walk",
        "url": "https://videos.example/1",
        "poster": {"image": "", "alt_text": ""},
        "description": "",
    }

    answer = edit(member("editor"), page, "publish", body=streamfield([("video", video)]))

    assert "Give the address of a video on YouTube or Vimeo." in answer.content.decode()
    assert not BlogPage.objects.get(pk=page.pk).live


def test_rich_text_keeps_nothing_that_acts(client):
    """Sent as no editor would: the browser's own cleaning is left out."""
    block = {"key": "a", "type": "unstyled", "depth": 0, "inlineStyleRanges": [], "data": {}}
    block |= {"text": "Click <script>alert(1)</script>", "entityRanges": [{"key": 0, "offset": 0, "length": 5}]}
    link = {"type": "LINK", "mutability": "MUTABLE", "data": {"url": "javascript:alert(1)"}}
    typed = json.dumps({"blocks": [block], "entityMap": {"0": link}})
    page = draft()

    edit(member("editor"), page, "publish", body=streamfield([("text", typed)]))

    html = client.get(BlogPage.objects.get(pk=page.pk).url).text
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert(1)" not in html
    assert "javascript:" not in html


def test_an_editor_writes_a_post_and_publishes_it():
    page = draft()
    form = post_form(page, title="A new post", slug="a-new-post") | {"action-publish": "yes"}
    address = reverse("wagtailadmin_pages:add", args=["blog", "blogpage", page.get_parent().pk])

    signed_in(member("editor")).post(address, form)

    assert BlogPage.objects.get(slug="a-new-post").live


def test_an_owner_changes_the_facts_of_the_clinic():
    clinic = ClinicSettingsFactory(practice_name="Dr. Rivers")
    address = reverse("wagtailsettings:edit", args=["clinic", "clinicsettings", clinic.pk])
    client = signed_in(member("owner"))
    form = client.get(address).context["form"]
    data = {name: form[name].value() or "" for name in form.fields if name != "offers"}
    formsets = {
        f"{name}-{key}": value
        for name in form.formsets
        for key, value in {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000}.items()
    }

    client.post(address, data | formsets | nested_form_data({"offers": streamfield([])}) | {"street": "1 Main Street"})

    clinic.refresh_from_db()
    assert clinic.street == "1 Main Street"
