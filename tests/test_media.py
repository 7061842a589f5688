"""Pictures, documents and films: who gets what of them, wherever they lie; and what staff see when there is no room."""

import json
import os
import resource
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from moto.server import ThreadedMotoServer
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file

from clinic.bucket import BucketStorage
from clinic.media import FolderStorage
from dev.environment import ROOT
from leads import tokens
from leads.models import Video
from tests.factories import SubmissionFactory, WorkshopPageFactory
from tests.staff import member, signed_in

BUCKET = "clinic-media"
FILM = bytes(range(256)) * 800  # more than a piece


@pytest.fixture
def folder(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "clinic.media.FolderStorage", "OPTIONS": {"location": str(tmp_path)}}
    }
    return tmp_path


@contextmanager
def no_room():
    """For any file of more than a hundred bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files(folder):
    return [path.name for path in folder.rglob("*") if path.is_file()]


def upload(client):
    form = {"title": "A square", "description": "A square", "collection": "1"}
    picture = SimpleUploadedFile("square.png", get_test_image_file(size=(900, 700)).file.getvalue())
    return client.post(reverse("wagtailimages:add"), form | {"file": picture})


# --- In a folder


def test_a_file_that_does_not_fit_leaves_nothing_of_itself(tmp_path):
    storage = FolderStorage(location=tmp_path)
    storage.save("kept.txt", ContentFile(b"kept"))
    with no_room(), pytest.raises(OSError, match="too large"):
        storage.save("film.mp4", ContentFile(FILM))
    assert files(tmp_path) == ["kept.txt"]


@pytest.mark.django_db
def test_staff_are_told_that_there_is_no_room_for_a_picture(folder):
    client = signed_in(member("editor"))
    with no_room():
        answer = upload(client)
    assert answer.status_code == 503
    assert "There is no room for it" in answer.text
    assert not Image.objects.exists()
    assert files(folder) == []


@pytest.mark.django_db
def test_staff_are_told_that_a_picture_cannot_be_written(folder):
    client = signed_in(member("editor"))
    (folder / "original_images").touch()  # where a folder has to be made
    with pytest.raises(FileExistsError):
        upload(client)
    assert not Image.objects.exists()


@pytest.mark.django_db
def test_a_picture_to_share_is_shown_where_it_cannot_be_kept(client, folder):
    with no_room():
        answer = client.get("/share.png")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert files(folder) == []


@pytest.mark.django_db
def test_only_what_was_cut_for_pages_is_given_as_a_file(client, folder):
    for place in ("images", "documents", "videos"):
        (folder / place).mkdir()
        (folder / place / "file.webp").write_bytes(b"bytes")
    answer = client.get("/media/images/file.webp")
    assert (answer.status_code, answer.getvalue(), answer["Content-Type"]) == (200, b"bytes", "image/webp")
    assert "max-age=86400" in answer["Cache-Control"]
    for path in (
        "images/../documents/file.webp",
        "images//file.webp",
        "images/",
        "images/none.webp",
        "videos/file.webp",
    ):
        assert client.get(f"/media/{path}").status_code == 404, path


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["file.webp/x", "x%00", "x" * 300, "ä" * 200], ids=["below", "zero", "long", "bytes"])
def test_a_name_that_no_file_can_have_is_not_found(client, folder, name):
    (folder / "images").mkdir()
    (folder / "images/file.webp").write_bytes(b"bytes")
    assert client.get(f"/media/images/{name}").status_code == 404


def test_a_picture_that_cannot_be_read_just_now_is_to_be_asked_for_again(client, folder):
    (folder / "images").symlink_to("images")  # round and round: as root, a test may read any file
    answer = client.get("/media/images/file.webp")
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "no-store" in answer["Cache-Control"]


def test_a_file_among_the_pictures_cannot_act_as_a_page(client, folder):
    (folder / "images").mkdir()
    (folder / "images/page.html").write_text("<script>alert(1)</script>")
    answer = client.get("/media/images/page.html")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


# --- In a bucket


@pytest.fixture(scope="module")
def s3():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def storages(s3) -> dict:
    """What the settings make of the environment."""
    ours = {
        "MEDIA_S3_BUCKET": BUCKET,
        "MEDIA_S3_ENDPOINT": s3,
        "MEDIA_S3_REGION": "us-west-2",
        "MEDIA_S3_ACCESS_KEY": "only-for-the-tests",
        "MEDIA_S3_SECRET_KEY": "only-for-the-tests",
    }
    script = "import json; from clinic.settings import STORAGES; print(json.dumps(STORAGES))"
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | ours, cwd=ROOT, capture_output=True, check=True
    )
    return json.loads(done.stdout)


@pytest.fixture
def bucket(settings, storages):
    settings.STORAGES = settings.STORAGES | {"default": storages["default"]}
    bucket = default_storage.bucket
    bucket.create(CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    yield bucket
    bucket.objects.delete()
    bucket.delete()


def names(bucket):
    return [stored.key for stored in bucket.objects.all()]


@pytest.mark.django_db
def test_a_picture_that_staff_upload_is_shown_from_the_bucket_under_our_own_name(client, bucket):
    assert upload(signed_in(member("editor"))).status_code == 302
    rendition = Image.objects.get().get_rendition("width-640|format-webp")
    assert rendition.url.startswith("/media/images/square")
    assert f"images/{rendition.file.name.partition('/')[2]}" in names(bucket)
    answer = client.get(rendition.url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer.getvalue()[:4] == b"RIFF"
    original = Image.objects.get().file.url
    assert client.get(original).status_code == 404


@pytest.mark.django_db
def test_a_document_comes_from_the_bucket_through_the_site_alone(client, bucket):
    document = Document.objects.create(title="Form", file=SimpleUploadedFile("form.pdf", b"%PDF-1.7 form"))
    answer = client.get(document.url)
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, b"%PDF-1.7 form")
    assert client.get(f"/media/{document.file.name}").status_code == 404
    grants = bucket.Object(document.file.name).Acl().grants
    assert "AllUsers" not in str(grants)


@pytest.mark.django_db
def test_of_a_film_in_the_bucket_only_the_piece_that_a_player_asks_for_is_fetched(client, bucket):
    video = Video.objects.create(title="Film", slug="film", file=SimpleUploadedFile("film.mp4", FILM))
    page = WorkshopPageFactory(video=video)
    asked = SubmissionFactory(kind="workshop", subject_id=page.pk)
    address = f"/workshops/watch/{tokens.make_token(tokens.WORKSHOP, asked.pk)}/video.mp4"
    piece = client.get(address, headers={"range": "bytes=1000-1099"})
    assert (piece.status_code, piece.getvalue()) == (206, FILM[1000:1100])
    whole = client.get(address)
    assert (whole.getvalue(), int(whole["Content-Length"])) == (FILM, len(FILM))


@pytest.mark.django_db
def test_a_picture_to_share_is_drawn_once_for_all_machines(client, bucket):
    first = client.get("/share.png").content
    (kept,) = names(bucket)
    assert kept.startswith("share/")
    bucket.put_object(Key=kept, Body=b"kept")
    assert (first[:4], client.get("/share.png").content) == (b"\x89PNG", b"kept")


@pytest.mark.django_db
def test_staff_and_visitors_are_told_that_the_bucket_does_not_answer(client, settings, storages):
    options = storages["default"]["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:9"}
    settings.STORAGES = settings.STORAGES | {"default": storages["default"] | {"OPTIONS": options}}
    answer = upload(signed_in(member("editor")))
    assert answer.status_code == 503
    assert "cannot be written to" in answer.text
    assert not Image.objects.exists()
    assert client.get("/media/images/square.webp").status_code == 503


@pytest.mark.django_db
def test_a_picture_that_is_not_in_the_bucket_is_not_found(client, bucket):
    assert isinstance(default_storage._wrapped, BucketStorage)
    for name in ("none.webp", "x" * 1100, "x%00"):
        assert client.get(f"/media/images/{name}").status_code == 404
