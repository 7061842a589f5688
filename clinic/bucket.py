"""Pictures, documents and films in a bucket that several machines share, of any service that speaks S3.

Visitors get them through us: no page asks another host, and what is private stays so.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import File
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

CONFIG = Config(
    s3={"addressing_style": "path"},
    signature_version="s3v4",
    connect_timeout=3,  # seconds
    read_timeout=10,
    retries={"max_attempts": 2},
)


class BucketStorage(S3Storage):
    """Private as a whole: what may be seen, and by whom, is for the site to say. Trouble with it is an `OSError`."""

    def __init__(self, **options: Any):
        super().__init__(**{"client_config": CONFIG, "default_acl": None, "file_overwrite": False, **options})

    def url(self, name: str, *_: Any, **__: Any) -> str:
        return settings.MEDIA_URL + filepath_to_uri(name)

    def _save(self, name: str, content: File) -> str:
        with trouble():
            return super()._save(name, content)

    def _open(self, name: str, mode: str = "rb") -> File:
        with trouble():
            return super()._open(name, mode)

    def exists(self, name: str) -> bool:
        with trouble():
            return super().exists(name)

    def delete(self, name: str) -> None:
        with trouble():
            super().delete(name)

    def open_for_pieces(self, name: str) -> File:
        with trouble():
            return Pieces(self.bucket.Object(name))


@contextmanager
def trouble() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise OSError(errno.EIO, "the bucket does not answer as it should") from error


class Pieces(File):
    """A file of a bucket, of which only what is read is fetched: a film is a gigabyte, and a player wants a part."""

    def __init__(self, stored: Any):
        self.stored = stored
        self.size = stored.content_length
        self.first = 0
        self.body: IO[bytes] | None = None
        super().__init__(None, name=stored.key)

    @property
    def closed(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.first = offset + (self.size if whence == os.SEEK_END else 0)
        return self.first

    def tell(self) -> int:
        return self.first

    def read(self, size: int = -1) -> bytes:
        if self.body is None:
            self.body = self.stored.get(Range=f"bytes={self.first}-")["Body"]
        return self.body.read(None if size < 0 else size)

    def close(self) -> None:
        if self.body is not None:
            self.body.close()
