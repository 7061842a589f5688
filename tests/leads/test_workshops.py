"""Workshops: what everyone sees of them, and what opens to those who hold the link from the mail."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from leads import tokens
from leads.captions import read_captions
from leads.models import Submission, Video, WorkshopPage
from tests.factories import SubmissionFactory, WorkshopIndexPageFactory, WorkshopPageFactory, make_private
from tests.staff import member, signed_in

pytestmark = pytest.mark.django_db

FILM = bytes(range(256))
CAPTIONS = """WEBVTT

00:00.500 --> 00:04.000
Hello.

one
00:00:04.000 --> 00:00:09.000 line:90%
Lie down.
<i>Knees</i> bent.
"""
CHAPTERS = [("chapter", {"at": "0:00", "title": "Welcome"}), ("chapter", {"at": "0:04", "title": "Lying"})]


def link_of(page, route=""):
    """The address in the mail to somebody who asked for a workshop."""
    submission = SubmissionFactory(kind=Submission.Kind.WORKSHOP, subject_id=page.pk)
    return f"/workshops/watch/{tokens.make_token(tokens.WORKSHOP, submission.pk)}/{route}"


def body_of(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


# --- For everyone


def test_the_list_shows_the_workshops_that_are_out(client):
    shown = WorkshopPageFactory()
    WorkshopPageFactory(title="Not out yet", live=False)
    html = client.get("/workshops/").content.decode()
    assert f'href="{shown.url}"' in html
    assert "Not out yet" not in html


def test_a_list_without_workshops_says_so(client):
    WorkshopIndexPageFactory()
    assert "There is no workshop here yet." in client.get("/workshops/").content.decode()


def test_the_list_takes_as_many_queries_for_ten_workshops_as_for_one(client, django_assert_max_num_queries):
    WorkshopPageFactory()
    client.get("/workshops/")
    with django_assert_max_num_queries(20) as few:
        client.get("/workshops/")
    for _ in range(9):
        WorkshopPageFactory()
    with django_assert_max_num_queries(len(few)):
        client.get("/workshops/")


def test_the_page_of_a_workshop_asks_for_an_address_and_gives_the_film_to_nobody(client):
    page = WorkshopPageFactory(chapters=CHAPTERS, captions=CAPTIONS)
    html = client.get(page.url).content.decode()
    assert 'action="/workshops/request/"' in html
    assert "Lying" in html
    assert "<video" not in html
    assert "Knees" not in html
    assert page.video.file.name not in html
    assert client.get(f"/media/{page.video.file.name}").status_code == 404


# --- With the link


def test_the_link_opens_the_workshop(client):
    page = WorkshopPageFactory(captions=CAPTIONS, chapters=CHAPTERS)
    address = link_of(page)
    html = client.get(address).content.decode()
    assert f'<source src="{address}video.mp4" type="video/mp4">' in html
    assert f'<track kind="captions" src="{address}captions.vtt" srclang="en" label="English" default>' in html
    assert f'href="{address}video.mp4#t=4"' in html
    assert re.findall(r"<h3>(\w+)</h3>\s*<p>([^<]+)</p>", html) == [
        ("Welcome", "Hello."),
        ("Lying", "Lie down. Knees bent."),
    ]


@pytest.mark.parametrize("route", ["", "video.mp4", "captions.vtt", "chapters.vtt"])
def test_nothing_behind_the_link_is_cached_found_or_told_to_others(client, route):
    response = client.get(link_of(WorkshopPageFactory(captions=CAPTIONS, chapters=CHAPTERS), route))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("route", ["", "video.mp4", "captions.vtt", "chapters.vtt"])
def test_a_link_that_was_altered_opens_nothing(client, route):
    address = link_of(WorkshopPageFactory())
    changed = address[:-6] + "x" * 5 + "/"
    assert client.get(changed + route).status_code == 404


def test_a_link_to_something_else_opens_no_workshop(client):
    page = WorkshopPageFactory()
    guide = SubmissionFactory(kind=Submission.Kind.GUIDE, subject_id=page.pk)
    assert client.get(f"/workshops/watch/{tokens.make_token(tokens.WORKSHOP, guide.pk)}/").status_code == 404


def test_a_link_ends_with_the_person_who_asked_for_it(client):
    address = link_of(WorkshopPageFactory())
    Submission.objects.all().delete()
    assert client.get(address).status_code == 404
    assert client.get(address + "video.mp4").status_code == 404


def test_a_workshop_that_was_withdrawn_opens_no_more_and_says_so_kindly(client):
    page = WorkshopPageFactory()
    address = link_of(page)
    WorkshopPage.objects.get().unpublish()
    response = client.get(address)
    assert response.status_code == 404
    assert "This link does not work any more." in response.content.decode()


def test_a_workshop_behind_a_password_does_not_open_by_link(client):
    page = WorkshopPageFactory()
    address = link_of(page)
    make_private(page)
    assert client.get(address).status_code == 404


def test_a_workshop_without_its_film_is_not_there(client):
    page = WorkshopPageFactory()
    address = link_of(page, "video.mp4")
    default_storage.delete(page.video.file.name)
    assert client.get(address).status_code == 404
    Video.objects.all().delete()
    assert client.get(address).status_code == 404


def test_a_silent_film_says_that_it_is_silent(client):
    page = WorkshopPageFactory(video__has_sound=False)
    assert "This film has no sound." in client.get(link_of(page)).content.decode()


# --- The film in pieces


def test_a_player_gets_the_whole_film(client):
    response = client.get(link_of(WorkshopPageFactory(), "video.mp4"), headers={"Accept-Encoding": "gzip"})
    assert (response.status_code, response["Content-Type"], response["Accept-Ranges"]) == (200, "video/mp4", "bytes")
    assert "Content-Encoding" not in response
    assert body_of(response) == FILM


@pytest.mark.parametrize(
    ("wanted", "told", "part"),
    [
        ("bytes=0-", "bytes 0-255/256", FILM),
        ("bytes=10-19", "bytes 10-19/256", FILM[10:20]),
        ("bytes=250-9999", "bytes 250-255/256", FILM[250:]),
        ("bytes=-6", "bytes 250-255/256", FILM[250:]),
        ("bytes=-9999", "bytes 0-255/256", FILM),
    ],
)
def test_a_player_gets_the_part_that_it_asks_for(client, wanted, told, part):
    headers = {"Range": wanted, "Accept-Encoding": "gzip"}
    response = client.get(link_of(WorkshopPageFactory(), "video.mp4"), headers=headers)
    assert (response.status_code, response["Content-Range"]) == (206, told)
    assert body_of(response) == part
    assert int(response["Content-Length"]) == len(part)


@pytest.mark.parametrize("wanted", ["bytes=256-", "bytes=9-3", "bytes=-0"])
def test_a_part_that_the_film_does_not_have_is_refused(client, wanted):
    response = client.get(link_of(WorkshopPageFactory(), "video.mp4"), headers={"Range": wanted})
    assert (response.status_code, response["Content-Range"]) == (416, "bytes */256")


@pytest.mark.parametrize("wanted", ["bytes=-", "bytes=0-1,4-5", "lines=1-2", "bytes=" + "9" * 5000 + "-", "\x00"])
def test_a_wish_that_is_not_understood_gives_the_whole_film(client, wanted):
    response = client.get(link_of(WorkshopPageFactory(), "video.mp4"), headers={"Range": wanted})
    assert response.status_code == 200
    assert body_of(response) == FILM


# --- Captions


def test_captions_and_chapters_are_served_as_webvtt(client):
    page = WorkshopPageFactory(captions=CAPTIONS, chapters=CHAPTERS)
    captions = client.get(link_of(page, "captions.vtt"))
    assert captions["Content-Type"] == "text/vtt; charset=utf-8"
    assert captions.content.decode() == CAPTIONS
    chapters = read_captions(client.get(link_of(page, "chapters.vtt")).content.decode())
    assert [(chapter.starts, chapter.ends, chapter.text) for chapter in chapters] == [
        (0, 4, "Welcome"),
        (4, 9, "Lying"),
    ]


def test_what_is_said_before_the_first_chapter_is_in_the_transcript():
    page = WorkshopPageFactory(captions=CAPTIONS, chapters=CHAPTERS[1:])
    assert [(part.title, part.lines) for part in page.transcript] == [
        ("", ["Hello."]),
        ("Lying", ["Lie down. Knees bent."]),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Hello.", "The first line of the captions has to be WEBVTT."),
        ("WEBVTT\n\nHello.", "“Hello.” has no times like 00:04.000 --> 00:07.500."),
        ("WEBVTT\n\n00:04.000 --> 00:02.000\nHello.", "What is shown at 0:04 has no words, or ends before it starts."),
        ("WEBVTT\n\n00:04.000 --> 00:05.000", "What is shown at 0:04 has no words, or ends before it starts."),
        (
            "WEBVTT\n\n00:04.000 --> 00:05.000\nOne\n\n00:01.000 --> 00:02.000\nTwo",
            "“Two” starts earlier than what stands before it.",
        ),
    ],
)
def test_staff_are_told_what_is_wrong_with_captions(text, problem):
    page = WorkshopPageFactory()
    page.captions = text
    with pytest.raises(ValidationError, match=re.escape(problem)):
        page.full_clean()


# --- The first workshop


def test_the_first_workshop_is_complete(client, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        call_command("load_content", verbosity=0)
    page = WorkshopPage.objects.get()
    assert page.url == "/workshops/start-with-one-inch/"
    assert page.review_state == "none"
    assert not page.video.has_sound
    assert all(part.title and part.lines for part in page.transcript)
    film = body_of(client.get(link_of(page, "video.mp4")))
    assert film[4:8] == b"ftyp"
    assert len(film) < 600_000
    cues = read_captions(page.captions)
    assert 60 <= cues[-1].ends <= 120
    assert all(len(cue.text) <= 30 * (cue.ends - cue.starts) for cue in cues)  # slow enough to be read


def test_loading_again_leaves_the_film_as_it_is(django_capture_on_commit_callbacks):
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            call_command("load_content", verbosity=0)
    assert len(default_storage.listdir("videos")[1]) == len(set(default_storage.listdir("videos")[1]))
    assert default_storage.exists(Video.objects.get().file.name)


@pytest.mark.parametrize(
    ("head", "is_taken_in"), [(b"\x00\x00\x00\x20ftypisom", True), (b"<!doctype html>", False), (b"", False)]
)
def test_only_a_film_is_taken_in_as_one(head, is_taken_in):
    upload = SimpleUploadedFile("walk.mp4", head + bytes(100), "video/mp4")
    form = {"title": "A walk", "slug": "walk", "file": upload, "has_sound": "on"}

    answer = signed_in(member("editor")).post(reverse("wagtailsnippets_leads_video:add"), form)

    assert Video.objects.filter(slug="walk").exists() is is_taken_in
    assert is_taken_in or "This is not an MP4 file." in answer.text
    if is_taken_in:
        with Video.objects.get(slug="walk").file.open() as film:
            assert film.read() == head + bytes(100)
