"""The form with which staff add a document. `WAGTAILDOCS_DOCUMENT_FORM_BASE` names it.

Wagtail goes by the ending of a name. Here a file is also looked into, so that none is taken for what it is not.
"""

import codecs
from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import IO
from zipfile import BadZipFile, ZipFile

from django.core.exceptions import ValidationError
from wagtail.documents.forms import BaseDocumentForm

TAIL = 1024  # bytes, where a PDF says that it is whole
PIECE = 64 * 1024  # bytes read at once
LARGEST_UNPACKED = 200 * 1024 * 1024  # bytes of an office document, which is a ZIP file
MOST_PARTS = 5000
# Macros, and controls that run outside of the document.
PROGRAMS = ("vbaproject.bin", "/activex/")
CONTROL_CHARACTERS = frozenset(range(32)) - set(b"\t\n\f\r")


def is_pdf(file: IO[bytes]) -> bool:
    if file.read(5) != b"%PDF-":
        return False
    file.seek(max(0, file.seek(0, 2) - TAIL))
    return b"%%EOF" in file.read()


def is_office(file: IO[bytes], main_part: str) -> bool:
    """Whether it is an office document without programs; told from its list of contents, and nothing is unpacked."""
    try:
        with ZipFile(file) as parts:
            content = parts.infolist()
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    names = {part.filename.lower() for part in content}
    return (
        {"[content_types].xml", main_part} <= names
        and not any(program in f"/{name}" for name in names for program in PROGRAMS)
        and len(content) <= MOST_PARTS
        and sum(part.file_size for part in content) <= LARGEST_UNPACKED
    )


def is_text(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
            if not CONTROL_CHARACTERS.isdisjoint(piece):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


# By the endings of settings.WAGTAILDOCS_EXTENSIONS.
KINDS: dict[str, Callable[[IO[bytes]], bool]] = {
    "pdf": is_pdf,
    "docx": partial(is_office, main_part="word/document.xml"),
    "xlsx": partial(is_office, main_part="xl/workbook.xml"),
    "txt": is_text,
    "csv": is_text,
}
ADVICE = {
    "pdf": "This is not a PDF, or not a whole one.",
    "docx": "This is not a Word document without macros.",
    "xlsx": "This is not an Excel workbook without macros.",
    "txt": "This is not plain text. Save it as UTF-8.",
    "csv": "This is not plain text. Save it as “CSV UTF-8”.",
}


class DocumentForm(BaseDocumentForm):
    def clean_file(self):
        file = self.cleaned_data["file"]
        ending = PurePath(file.name).suffix[1:].lower()
        if "file" in self.changed_data and ending in KINDS:  # Wagtail refuses every other ending
            file.seek(0)
            if not KINDS[ending](file):
                raise ValidationError(ADVICE[ending], code="invalid_document")
            file.seek(0)
        return file
