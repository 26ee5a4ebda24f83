"""Word documents: DOCX, and what is called .doc.

The structure relied on is Office Open XML (ECMA-376, part 1): paragraphs `w:p` hold their text in `w:t` (17.3.3.31),
text that was deleted or moved away stands in `w:del` and `w:moveFrom` (17.13.5), `w:sectPr` in a paragraph ends
a section (17.6.17), and `mc:Fallback` repeats what `mc:Choice` holds (part 3, 9.3). Word encrypts documents by
putting the package into an OLE file (MS-OFFCRYPTO 2.3.4.4), as the binary format of Word 97 is one too (MS-DOC).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from framing.reading.archives import LARGEST_MEMBER, Allowance, find_excess, identify_bytes, note_mismatch
from framing.reading.drafts import Draft, Source
from framing.reading.nexis import PAGE_BREAK, draft_document
from framing.reading.options import ReadingOptions
from framing.reading.rtf import read_rtf
from framing.records import Problem

_SECTION_END = "\v"
_SIGNS = {"tab": "\t", "cr": "\n", "noBreakHyphen": "-", "sectPr": _SECTION_END}
"""Elements of a run that stand for a character, by local name."""

_REPEATED = frozenset(("Fallback", "moveFrom", "del"))
"""Elements that hold text which is no part of the document as it stands."""

_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_WORD = "Word (.docx)"
_NO_TITLE = re.compile(
    r"\.(?:docx?|pdf|rtf|indd|qxp|qxd|pages|odt|txt|html?)$|^microsoft word\b|^untitled\b|[/\\]", re.I
)
_FEWEST_TITLE_WORDS = 3
_OPENING = 3_000
"""Characters at the top of a document in which the words of its title are to be found."""


def read_docx(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read the articles of an export in DOCX, or the one article that any other document is."""
    data = source.file.read_bytes()
    found = identify_bytes(data)
    if found != "ZIP":
        yield _explain_ole(source, data) if found == "OLE" else note_mismatch(source, found, _WORD)
        return
    try:
        excess = _find_excess(data)
        document = None if excess else _open_document(data)
        lines = list(iterate_lines(document.element.body)) if document else []
        title = str(document.core_properties.title or "") if document else ""
    except Exception as error:  # whatever a broken package makes the parser raise, the other files are to be read
        yield _note_damage(source, error)
        return
    if excess:
        message = f"{source.path}: {excess}; open it in Word and save it without its pictures, or as plain text"
        yield Problem(source.path, "archive too large", message)
        return
    yield from draft_document(lines, source, options, choose_title(title, lines))


def read_doc(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read a file called .doc, which may be RTF or DOCX; the binary format of old is a problem with its remedy."""
    with source.file.open("rb") as stream:
        found = identify_bytes(stream.read(2048))
    yield from read_rtf(source, options) if found == "RTF" else read_docx(source, options)


def iterate_lines(body: Any) -> Iterator[str]:
    """Yield the paragraphs below an element of lxml, each followed by a blank line; page and section ends between."""
    from lxml import etree

    open_paragraphs: list[list[str]] = []
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if event == "start" and name in _REPEATED:
            walk.skip_subtree()
        elif name == "p" and event == "start":
            open_paragraphs.append([])
        elif name == "p" and open_paragraphs:
            yield from _end_paragraph("".join(open_paragraphs.pop()))
        elif event == "start" and open_paragraphs:
            open_paragraphs[-1].append(_read_element(element, name))


def choose_title(title: str, lines: list[str]) -> str | None:
    """Return the title of a document's properties where it is one, not a file name or a template's: its words recur."""
    words = re.findall(r"\w+", title.casefold())
    opening = set(re.findall(r"\w+", "\n".join(lines[:200])[:_OPENING].casefold()))
    if len(words) < _FEWEST_TITLE_WORDS or _NO_TITLE.search(title.strip()):
        return None
    # the name of the site may follow the headline
    return " ".join(title.split()) if 2 * sum(word in opening for word in words) > len(words) else None


def _end_paragraph(text: str) -> Iterator[str]:
    """Yield the lines of one paragraph; a page break in it ends it, and the end of a section follows it."""
    first, *others = text.replace(_SECTION_END, "").split(PAGE_BREAK)
    yield from (first, "")
    for part in others:
        yield from (PAGE_BREAK, part, "")
    if _SECTION_END in text:
        yield PAGE_BREAK


def _read_element(element: Any, name: str) -> str:
    if name == "t":
        return element.text or ""
    if name == "br":
        return PAGE_BREAK if "page" in element.attrib.values() else "\n"
    return _SIGNS.get(name, "")


def _find_excess(data: bytes) -> str | None:
    members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    whole = Allowance(size=LARGEST_MEMBER).take(members)
    return whole or next((excess for member in members if (excess := find_excess(member))), None)


def _open_document(data: bytes) -> Any:
    from docx import Document

    return Document(io.BytesIO(data))


def _explain_ole(source: Source, data: bytes) -> Problem:
    if _ENCRYPTED_STREAM in data:
        message = f"{source.path}: the document needs a password; open it in Word and save it without one"
        return Problem(source.path, "password-protected", message)
    message = f"{source.path}: a legacy Word file (Word 97 to 2003); open it in Word and save as .docx"
    return Problem(source.path, "legacy Word file", message)


def _note_damage(source: Source, error: Exception) -> Problem:
    found = (str(error) or type(error).__name__)[:200]
    message = f"{source.path}: the document is damaged ({found}); open it in Word and save it again"
    return Problem(source.path, "corrupt file", message)
