"""Tables for a spreadsheet, a piece at a time: whatever their length, no more than a piece is held in memory."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

Row = Iterable[str]

PIECE = 64 * 1024  # bytes, about
XLSX_ROWS = 1_048_576  # that a sheet can have
# A cell that begins like this would be worked out as a formula, and could then read or send what is beside it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def harmless(text: str) -> str:
    """The text with a quote before it, which spreadsheets take for "this is text", where it begins like a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_pieces(rows: Iterable[Row]) -> Iterator[bytes]:
    """UTF-8, with the mark by which Excel knows it; RFC 4180."""
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
        if text.tell() > PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


class Pipe(io.RawIOBase):
    """What is written to it is taken from it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.waiting += data
        return len(data)

    def take(self) -> bytes:
        data, self.waiting = bytes(self.waiting), bytearray()
        return data


def xlsx_pieces(rows: Iterable[Row]) -> Iterator[bytes]:
    """A workbook with one sheet of text, whose first row stays in sight (ECMA-376). It is zipped as it is made."""
    pipe = Pipe()
    with ZipFile(pipe, "w", ZIP_DEFLATED) as book:
        for name, content in PARTS.items():
            book.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{content}')
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(SHEET_BEGINS.encode())
            for row in rows:
                sheet.write(f"<row>{''.join(map(xml_cell, row))}</row>".encode())
                if len(pipe.waiting) > PIECE:
                    yield pipe.take()
            sheet.write(SHEET_ENDS.encode())
    yield pipe.take()


def xml_cell(text: str) -> str:
    text = NOT_IN_XML.sub("", text)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(harmless(text))}</t></is></c>' if text else "<c/>"


OFFICE = "http://schemas.openxmlformats.org"
MAIN = f"{OFFICE}/spreadsheetml/2006/main"
RELATIONS = f"{OFFICE}/officeDocument/2006/relationships"
PACKAGE = f"{OFFICE}/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XLSX_TYPE = f"{KIND}.sheet"
PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        '<sheets><sheet name="Leads" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
SHEET_BEGINS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="14" width="20" customWidth="1"/></cols><sheetData>'
)
SHEET_ENDS = "</sheetData></worksheet>"
