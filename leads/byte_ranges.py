"""A file in the pieces that a player asks for (RFC 9110, section 14): without them, no browser can go to a chapter."""

import re
from collections.abc import Iterator
from typing import IO

from django.core.files.base import File
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
PIECE = 64 * 1024  # bytes read at once


def ranged(request: HttpRequest, file: File, content_type: str) -> HttpResponseBase:
    """The whole file, or the one range of it that is asked for; several ranges at once get the whole."""
    request.META["HTTP_ACCEPT_ENCODING"] = "identity"  # a video is packed already, and its lengths have to hold
    size = file.size
    wanted = RANGE.fullmatch(request.headers.get("Range", ""))
    response: HttpResponseBase
    if wanted is None or wanted.groups() == ("", ""):
        response = FileResponse(file, content_type=content_type)
    else:
        first, last = limits(*wanted.groups(), size=size)
        if first > last:
            file.close()
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        file.seek(first)
        response = StreamingHttpResponse(pieces(file, last - first + 1), status=206, content_type=content_type)
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
        response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    return response


def limits(first: str, last: str, *, size: int) -> tuple[int, int]:
    """The first byte and the last one. `-500` means the last 500 bytes."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)


def pieces(file: File | IO[bytes], left: int) -> Iterator[bytes]:
    with file:
        while left > 0 and (data := file.read(min(PIECE, left))):
            left -= len(data)
            yield data
