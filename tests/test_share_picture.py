import io
import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from clinic.models import ClinicSettings
from clinic.share_picture import SharePicture
from tests.factories import (
    AuthorFactory,
    BlogPageFactory,
    ClinicSettingsFactory,
    HomePageFactory,
    ImageFactory,
    StandardPageFactory,
    make_private,
)

PAPER = (251, 248, 241)


def read(picture):
    return Image.open(io.BytesIO(picture)).convert("RGB")


def address_of(client, url):
    return re.search(r'property="og:image" content="http://testserver([^"]+)"', client.get(url).text)[1]


@pytest.mark.parametrize(
    "title",
    [
        "Walk",
        "Lower Back Stretches To Reduce Stiffness And Pain",
        "What’s the Best Way to Sit? " * 9,
        "a" * 255,
        "W" * 255,
        "#panic() *x* $x$ \\ <b> [",
        "Łódź, Ağrı, 背中, 🧘, \x07",
        "",
    ],
)
def test_any_title_fits_the_picture(title):
    picture = read(SharePicture(title=title, kicker="Tips", name="Dr. Rivers", line="Low back pain").draw())
    assert picture.size == (1200, 630)
    beside = picture.crop((889, 110, 925, 400))  # between the words and the curve
    below = picture.crop((0, 447, 880, 486))  # between the title and the line under it
    assert PAPER not in {colour for _, colour in beside.getcolors(10**6)}
    assert PAPER not in {colour for _, colour in below.getcolors(10**6)}


@pytest.mark.parametrize("name", ["name", "line", "kicker"])
def test_long_names_stay_on_the_picture(name):
    picture = read(SharePicture(title="Walk", **{name: "Dr. Rivers von und zu " * 8}).draw())
    beside = picture.crop((889, 40, 920, 620))
    assert len(beside.getcolors(10**6)) < 60  # the ground, the floor, and the edge of the curve


def test_the_picture_shows_its_title():
    one, other = (read(SharePicture(title=title).draw()) for title in ("Walk", "Sit"))
    assert one.tobytes() != other.tobytes()


@pytest.mark.django_db
def test_a_post_names_a_picture_that_may_be_kept_for_good(client):
    post = BlogPageFactory()
    response = client.get(address_of(client, post.url))
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert read(response.content).size == (1200, 630)
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.django_db
def test_an_address_without_its_mark_is_asked_for_again_soon(client):
    post = BlogPageFactory()
    for url in (f"{post.url}share.png", f"{post.url}share.png?v=old"):
        assert "max-age=60" in client.get(url)["Cache-Control"]


@pytest.mark.django_db
def test_a_picture_that_a_browser_has_is_not_sent_again(client):
    url = f"{BlogPageFactory().url}share.png"
    etag = client.get(url)["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.django_db
def test_a_picture_is_drawn_once(client):
    post = BlogPageFactory(title="Drawn once")
    name = f"share/{post.share_picture(ClinicSettings.current()).digest}.png"
    client.get(f"{post.url}share.png")
    default_storage.delete(name)
    default_storage.save(name, ContentFile(b"kept"))
    assert client.get(f"{post.url}share.png").content == b"kept"


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"title": "Sit"}, {"author": "Ada"}, {"clinic": "Dr. Ada"}])
def test_a_change_of_what_it_shows_makes_another_picture(client, change):
    post = BlogPageFactory(title="Walk", author=AuthorFactory(name="Amy"))
    before = address_of(client, post.url)
    post.title = change.get("title", post.title)
    post.author.name = change.get("author", post.author.name)
    post.author.save()
    post.save()
    ClinicSettingsFactory(practice_name=change.get("clinic", ""))
    assert address_of(client, post.url) != before


@pytest.mark.django_db
def test_only_a_published_post_has_a_picture(client):
    draft, private = BlogPageFactory(live=False), make_private(BlogPageFactory())
    for url in (draft.url, private.url, "/blog/none/"):
        assert client.get(f"{url}share.png").status_code == 404


@pytest.mark.django_db
def test_pages_without_a_picture_of_their_own_share_the_clinics(client):
    ClinicSettingsFactory(tagline="Low back pain")
    for page in (HomePageFactory(), StandardPageFactory()):
        url = address_of(client, page.url)
        assert url.startswith("/share.png?v=")
        assert read(client.get(url).content).size == (1200, 630)


@pytest.mark.django_db
def test_an_editors_picture_goes_first(client):
    post = BlogPageFactory(social_image=ImageFactory())
    assert address_of(client, post.url).startswith("/media/images/")


@pytest.mark.django_db
def test_another_site_may_show_the_picture(client):
    assert client.get(f"{BlogPageFactory().url}share.png")["Cross-Origin-Resource-Policy"] == "cross-origin"
