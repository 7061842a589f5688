"""The accounts of staff, and what the admin refuses to take in."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image as Picture
from wagtail.documents.models import Document
from wagtail.images.models import Image

from blog.models import BlogPage
from clinic.models import Role, User

from .factories import BlogPageFactory, UserFactory
from .staff import answer_review, edit, member, signed_in

pytestmark = pytest.mark.django_db


def account_form(user, **changes):
    groups = [str(pk) for pk in user.groups.values_list("pk", flat=True)]
    form = {
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name or "Amy",
        "last_name": user.last_name or "Rivers",
        "credentials": user.credentials,
        "groups": groups,
        "is_active": "on",
    }
    return form | changes


def change_account(by, user, **changes):
    address = reverse("wagtailusers_users:edit", args=[user.pk])
    return signed_in(by).post(address, account_form(user, **changes), follow=True)


def group_ids(*roles):
    return [str(pk) for pk in Role.objects.filter(key__in=roles).values_list("group_id", flat=True)]


# --- Accounts


def test_an_owner_lets_a_clinician_in():
    owner = member("owner")
    form = {
        "username": "amy",
        "email": "amy@example.com",
        "first_name": "Amy",
        "last_name": "Rivers",
        "credentials": "Orthopedic Clinical Specialist",
        "password1": "a-long-walk-every-day",
        "password2": "a-long-walk-every-day",
        "groups": group_ids("clinician"),
    }

    signed_in(owner).post(reverse("wagtailusers_users:add"), form)

    amy = User.objects.get(username="amy")
    assert amy.credentials == "Orthopedic Clinical Specialist"
    assert amy.groups.get().role.key == "clinician"
    assert not amy.is_superuser


def test_an_owner_changes_somebodys_roles():
    owner, other = member("owner"), member("editor")

    change_account(owner, other, groups=group_ids("editor", "clinician"))

    assert set(other.groups.values_list("role__key", flat=True)) == {"editor", "clinician"}


def test_an_owner_makes_nobody_an_administrator():
    owner, other = member("owner"), member("editor")

    change_account(owner, other, is_superuser="on")
    change_account(owner, owner, is_superuser="on")

    assert not User.objects.filter(is_superuser=True).exists()


def test_an_owner_cannot_touch_the_account_of_an_administrator():
    owner, administrator = member("owner"), UserFactory(is_superuser=True, email="ada@example.com")

    change_account(owner, administrator, password1="a-long-walk-every-day", password2="a-long-walk-every-day")

    assert User.objects.get(pk=administrator.pk).password == administrator.password


def test_an_administrator_makes_an_administrator():
    administrator, other = UserFactory(is_superuser=True), member("editor")

    change_account(administrator, other, is_superuser="on")

    assert User.objects.get(pk=other.pk).is_superuser


def test_the_last_owner_cannot_give_the_role_away():
    owner = member("owner")

    response = change_account(owner, owner, groups=group_ids("editor"))

    assert "Name another owner first" in response.content.decode()
    assert owner.groups.get().role.key == "owner"


def test_one_of_two_owners_may_give_the_role_away():
    owner = member("owner")
    member("owner")

    change_account(owner, owner, groups=group_ids("editor"))

    assert owner.groups.get().role.key == "editor"


def deletions_of(user):
    """The page that an owner sees after each of the two ways to delete an account."""
    client = signed_in(member("owner"))
    one = client.post(reverse("wagtailusers_users:delete", args=[user.pk]), follow=True)
    several = client.post(f"/admin/bulk/clinic/user/delete/?id={user.pk}", follow=True)
    return one.content.decode(), several.content.decode()


def test_who_signed_a_page_is_not_deleted():
    clinician, page = member("clinician"), BlogPageFactory(body=[("text", "<p>Walk.</p>")])
    edit(member("editor"), page, "submit")
    answer_review(clinician, BlogPage.objects.get(pk=page.pk))

    one, _ = deletions_of(clinician)

    assert "a signature stays" in one
    assert User.objects.filter(pk=clinician.pk).exists()


def test_who_signed_words_that_were_changed_since_is_not_deleted_either():
    clinician, page = member("clinician"), BlogPageFactory(body=[("text", "<p>Walk.</p>")])
    edit(member("editor"), page, "submit")
    answer_review(clinician, BlogPage.objects.get(pk=page.pk))
    edit(member("editor"), page, "publish", text="<p>Run.</p>")

    one, several = deletions_of(clinician)

    assert "a signature stays" in one
    assert "a signature stays" in several
    assert User.objects.filter(pk=clinician.pk).exists()


def test_who_signed_nothing_may_be_deleted():
    owner, other = member("owner"), member("clinician")

    signed_in(owner).post(reverse("wagtailusers_users:delete", args=[other.pk]))

    assert not User.objects.filter(pk=other.pk).exists()


# --- What the admin shows


def test_the_pages_api_of_the_admin_gives_no_words_of_a_draft():
    BlogPageFactory(title="Not out yet", live=False, body=[("text", "<p>Marker-word in a draft.</p>")])
    client = signed_in(member("editor"))

    answer = client.get("/admin/api/main/pages/?fields=*")

    assert "Marker-word" not in answer.content.decode()
    assert all(not set(item) & {"body", "plain_text", "listing_summary"} for item in answer.json()["items"])


def test_the_admin_is_kept_by_no_cache():
    answer = signed_in(member("editor")).get("/admin/")

    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


# --- Files


def picture(width=10, height=10, kind="PNG"):
    file = io.BytesIO()
    Picture.new("1" if kind == "PNG" else "RGB", (width, height)).save(file, kind)
    return file.getvalue()


def upload_picture(name, content, kind="image/png"):
    form = {"title": "A picture", "file": SimpleUploadedFile(name, content, kind), "collection": "1"}
    return signed_in(member("editor")).post(reverse("wagtailimages:add"), form)


def test_a_picture_is_taken_in():
    upload_picture("walk.png", picture())

    assert Image.objects.get().title == "A picture"


def test_a_picture_of_too_many_pixels_is_refused():
    answer = upload_picture("flood.png", picture(9000, 9000))

    assert answer.status_code == 200
    assert "too many pixels" in answer.content.decode()
    assert not Image.objects.exists()


def test_what_only_calls_itself_a_picture_is_refused():
    answer = upload_picture("walk.gif", b"GIF89a/*<script>alert(1)</script>*/=1;")

    assert answer.status_code == 200
    assert not Image.objects.exists()


@pytest.mark.parametrize("name", ["walk.svg", "walk.html", "polyglot.gif.js"])
def test_a_file_of_another_kind_is_no_picture(name):
    answer = upload_picture(name, picture())

    assert answer.status_code == 200
    assert not Image.objects.exists()


def test_the_name_of_a_picture_leads_nowhere_else():
    upload_picture("../../x.jpg", picture(kind="JPEG"), "image/jpeg")

    assert Image.objects.get().file.name == "original_images/x.jpg"


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.exe", "x.js"])
def test_a_document_that_could_run_is_refused(name):
    form = {"title": "A document", "files[]": SimpleUploadedFile(name, b"<script>alert(1)</script>", "text/html")}

    answer = signed_in(member("editor")).post(
        reverse("wagtaildocs:add_multiple"), form, headers={"X-Requested-With": "XMLHttpRequest"}
    )

    assert answer.json()["success"] is False
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:6379/", "http://[::1]/", "https://youtube.com.evil.example/x", "https://youtu.be/abc"]
)
def test_no_address_that_staff_type_is_fetched(url, monkeypatch):
    def refuse(*args):
        raise AssertionError(f"a connection to {args}")

    client = signed_in(member("editor"))
    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)

    answer = client.post(reverse("wagtailembeds:chooser_upload"), {"embed-chooser-url": url})

    assert answer.status_code == 200
    assert "Cannot find an embed for this URL." in answer.json()["html"]


def test_a_picture_that_breaks_off_is_refused():
    answer = upload_picture("walk.png", picture(400, 400)[:-30])

    assert "corrupted" in answer.content.decode()
    assert not Image.objects.exists()


def test_staff_are_asked_to_say_what_a_picture_shows():
    answer = signed_in(member("editor")).get(reverse("wagtailimages:add"))

    assert "for those who cannot see it" in answer.content.decode()
