"""Builds small Word, RTF, PDF and ZIP files for the tests of what reads them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence

from docx import Document

TITLE = "Cameras return to the square"
FIRST = "The council in Ashdown has put cameras on the market square."
SECOND = "Residents were divided: some welcomed the vans, others did not."
NEXIS_ARTICLE = (
    *(TITLE, "The Ashdown Post(London)", "May 29, 2019 Wednesday", "Copyright 2019 Ashdown Newspapers Ltd."),
    *("Section: NEWS; Pg. 4", "Length: 512 words", "Byline: Ada Marsh", "Body", FIRST, SECOND),
    *("Load-Date: May 30, 2019", "End of Document"),
)
Placed = tuple[int, int, int, str]
"""Text on a page: x, y and size in points, and what it says."""


def make_docx(paragraphs: Sequence[str], title: str = "") -> bytes:
    document, stream = Document(), io.BytesIO()
    document.core_properties.title = title
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(stream)
    return stream.getvalue()


def make_rtf(paragraphs: Sequence[str]) -> bytes:
    return ("{\\rtf1\\ansi\\ansicpg1252\n" + "".join(f"{each}\\par\n" for each in paragraphs) + "}").encode("cp1252")


def make_pdf(pages: Sequence[Sequence[Placed]], title: str = "") -> bytes:
    """Return a PDF of one font whose pages hold the texts at their places."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", f"<< /Title {_quote(title)} >>"]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    numbers = []
    for page in pages:
        drawn = "\n".join(f"BT /F1 {size} Tf {x} {y} Td {_quote(text)} Tj ET" for x, y, size, text in page)
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
        box = "/MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} /Contents {len(objects)} 0 R >>")
        numbers.append(len(objects))
    objects[1] = f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{each} 0 R' for each in numbers)}] >>"
    return _number_objects(objects)


def _quote(text: str) -> str:
    return "(" + re.sub(r"([\\()])", r"\\\1", text) + ")"


def _number_objects(objects: Sequence[str]) -> bytes:
    file, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += f"{number} 0 obj\n{content}\nendobj\n".encode("cp1252")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer << /Size {count} /Root 1 0 R /Info 3 0 R >>\n"
    return file + end.encode() + f"startxref\n{len(file)}\n%%EOF\n".encode()


def set_lines(lines: Sequence[str], top: int = 760, gap: int = 28) -> list[Placed]:
    """Return `lines` set below one another, 14 points apart, and `gap` where one is blank."""
    placed, y = [], top
    for line in lines:
        if line:
            placed.append((72, y, 11, line))
        y -= 14 if line else gap - 14
    return placed


def make_zip(members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def make_ole(stream_name: str) -> bytes:
    """Return the beginning of an OLE file whose directory names a stream."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream_name.encode("utf-16-le") + bytes(400)
