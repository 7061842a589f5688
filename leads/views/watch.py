"""A workshop, for whoever holds the link from the mail. The address of its video is as secret as that of its page."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from clinic import media
from clinic.models import PublishedQuerySet
from leads import tokens
from leads.byte_ranges import ranged
from leads.models import Submission, WorkshopPage

from .answer import show
from .private import behind_token

VTT = "text/vtt; charset=utf-8"


def find_workshop(submission_id: int) -> WorkshopPage | None:
    """The workshop that a submission asked for; None once the person or the page is gone."""
    asked = Submission.objects.filter(pk=submission_id, kind=Submission.Kind.WORKSHOP).values("subject_id")
    pages = PublishedQuerySet(WorkshopPage).published().filter(pk__in=asked, video__isnull=False)
    page: WorkshopPage | None = pages.select_related("video", "reviewed_by").first()
    return page


def get_workshop(submission_id: int) -> WorkshopPage:
    page = find_workshop(submission_id)
    if page is None:
        raise Http404
    return page


@behind_token(tokens.WORKSHOP)
def watch(request: HttpRequest, pk: int) -> HttpResponse:
    page = find_workshop(pk)
    if page is None:
        return show(request, "leads/link_over.html", {}, status=404)
    token = request.token  # type: ignore[attr-defined]
    return show(request, "leads/workshop_watch.html", {"page": page, "token": token})


@behind_token(tokens.WORKSHOP)
def video(request: HttpRequest, pk: int) -> HttpResponseBase:
    film = get_workshop(pk).video
    if film is None or not film.file.name or not film.file.storage.exists(film.file.name):
        raise Http404
    return ranged(request, media.open_for_pieces(film.file), "video/mp4")


@behind_token(tokens.WORKSHOP)
def captions(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse(get_workshop(pk).captions, content_type=VTT)


@behind_token(tokens.WORKSHOP)
def chapters(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse(get_workshop(pk).chapter_track, content_type=VTT)
