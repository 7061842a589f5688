"""Pictures, documents and films in a folder of this machine, and how visitors get the first from wherever they lie."""

import mimetypes
import posixpath
from contextlib import suppress

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.views.decorators.http import require_safe

from .error_page import read_error_page

DAY = 24 * 3600  # seconds
LONGEST_NAME = 255  # bytes: neither a folder nor our tables take a longer one, and a bucket would call it a fault
SHOWN = ("image/avif", "image/gif", "image/jpeg", "image/png", "image/webp")


class FolderStorage(FileSystemStorage):
    """A file is there as a whole or not at all, even where the disk has no room for the rest of it."""

    def _save(self, name: str, content: File) -> str:
        was_there = self.exists(name)
        try:
            return super()._save(name, content)
        except OSError:
            if not was_there:
                with suppress(OSError):
                    self.delete(name)
            raise


def open_for_pieces(file: FieldFile) -> File:
    """For whoever reads a part of it: from a bucket, no more than that is fetched."""
    fetch = getattr(file.storage, "open_for_pieces", None)
    return fetch(file.name) if fetch else file.open()


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """What Wagtail cut for pages, and nothing else: not originals, nor documents, nor films."""
    if name.startswith(("/", "..")) or posixpath.normpath(name) != name:
        raise Http404
    if "\0" in name or len(name.encode()) > LONGEST_NAME:
        raise Http404
    try:
        file = default_storage.open(f"images/{name}")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise Http404
    except OSError:
        return unreadable()
    request.META["HTTP_ACCEPT_ENCODING"] = "identity"  # a picture is packed already
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = FileResponse(file, as_attachment=content_type not in SHOWN, content_type=content_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"  # it may not act as a page of ours
    patch_cache_control(response, public=True, max_age=DAY)
    return response


def unreadable() -> HttpResponse:
    """The disk or the bucket does not answer as it should."""
    response = HttpResponse(read_error_page("503.html"), status=503)
    response["Retry-After"] = "60"
    add_never_cache_headers(response)
    return response
