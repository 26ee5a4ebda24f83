"""PDF with a text layer: the lines of its pages, without what repeats on them, and words whole again.

The structure relied on is PDF 32000-1: text is drawn at places (9.4.4), in no order that must be that of reading,
and knows neither paragraphs nor headers. Places are in points, 1/72 inch (8.3.2.3). Lines come in the order in
which they are drawn, which for newspapers is column by column; a gap wider than usual parts paragraphs.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import hypot
from statistics import median
from typing import Any

from framing.reading.archives import identify_bytes, note_mismatch
from framing.reading.docx import choose_title
from framing.reading.drafts import Draft, Source
from framing.reading.nexis import PAGE_BREAK, draft_document
from framing.reading.options import ReadingOptions
from framing.records import Problem

FEWEST_REPEATS = 3
"""Pages on which a line stands at the same height before it counts as a header or footer; on two it may be text."""

OUTER_LINES = 3
"""Lines at the top and at the bottom of a page that may be headers and footers."""

SAME_HEIGHT = 3.0
"""Points within which two lines are at the same height; a line of print is 8 to 14 high."""

WIDE_GAP = 1.25
DOUBLE_GAP = 1.8
"""A gap parts paragraphs from WIDE_GAP times the usual distance of lines in the file, and after the end of a
sentence from DOUBLE_GAP times the size of the letters, where all paragraphs are one line long. Print sets lines 1.1
to 1.5 sizes apart, and paragraphs half a line more."""

_USUAL_DISTANCES = (0.0, 40.0)
"""Points between lines that belong together, exclusive; negative ones lead to the next column."""

LARGEST_CONTENT = 20_000_000
"""Bytes of drawing on the pages of one file together; a page of print has below 100,000."""

_PAGE_NUMBER = re.compile(r"\W*(?:page|seite|p\.?|pg\.?)?\s*\d{1,5}(?:\s*(?:of|von|de|sur|/)\s*\d{1,5})?\W*", re.I)
_ENDING = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
_BROKEN = re.compile(r"(?P<begin>[^\W\d_]{2,40})(?P<hyphen>[-\u00ad\u2010])$")
_REST = re.compile(r"(?P<end>[^\W\d_]+)\S*")
_LETTERS = str.maketrans(
    {**dict.fromkeys([*range(9), *range(11, 32)], None), 0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi"}
)
"""Control characters away, and ligatures to the letters that they stand for."""

_COMPOUND = re.compile(r"\b[^\W\d_]{1,40}-[^\W\d_]{1,40}")
_FIRST_PARTS = frozenset(
    re.findall(
        r"\w+",
        "well ill self long short high low full half part all cross far first second third mid multi non ex anti pro "
        "so much two three four five six seven eight nine ten one old new hard soft fast slow open close on off vice "
        "north south east west co would then right left top big small large good best better time round year",
    )
)
"""Words that English writes before a hyphen more often than a word is broken after them (chosen by hand)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page; height of its baseline above the foot of the page and size of its letters in points."""

    text: str
    height: float
    size: float


def read_pdf(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read the articles of an export in PDF, or the one article that any other file with a text layer is."""
    data = source.file.read_bytes()
    found = identify_bytes(data)
    if found != "PDF":
        yield note_mismatch(source, found, "PDF")
        return
    try:
        document = _open_document(data)
        title = str(document.metadata.title or "") if document and document.metadata else ""
        pages = _read_pages(document) if document else []
    except Exception as error:  # whatever a broken file makes the parser raise, the other files are to be read
        yield _note_damage(source, str(error) or type(error).__name__)
        return
    if document is None:
        message = f"{source.path}: the file needs a password; print it to a PDF that needs none"
        yield Problem(source.path, "password-protected", message)
        return
    yield from _draft_pages(pages, source, options, title)


def drop_repeated(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return `pages` without headers and footers: outer lines that say the same at the same height on several pages.

    Page numbers say the same whatever the number. The pages of an archive export (with a line "Body") keep all
    their lines, for there outlets and labels repeat by right.
    """
    if any(line.text == "Body" for lines in pages for line in lines):
        return [list(lines) for lines in pages]
    places = [_place_outer(lines) for lines in pages]
    counts = Counter(place for placed in places for place in set(placed.values()))
    repeated = {
        (form, step)
        for form, step in counts
        if sum(counts[form, near] for near in (step - 1, step, step + 1)) >= FEWEST_REPEATS
    }
    return [
        [line for index, line in enumerate(lines) if placed.get(index) not in repeated]
        for lines, placed in zip(pages, places, strict=True)
    ]


def mend_words(lines: Sequence[str]) -> list[str]:
    """Return `lines` with the words whole that were broken at their ends, hyphens of compounds kept.

    The text itself decides where it can: a compound or a word that it has elsewhere is taken for the same here.
    """
    text = "\n".join(lines).casefold()
    compounds, words = frozenset(_COMPOUND.findall(text)), frozenset(re.findall(r"[^\W\d_]+", text))
    mended: list[str | None] = list(lines)
    for index in range(len(mended) - 1):
        line = mended[index] or ""
        following = index + 2 if mended[index + 1] == PAGE_BREAK else index + 1
        broken, rest = _BROKEN.search(line), _REST.match((mended[following] if following < len(mended) else "") or "")
        if not (broken and rest and rest["end"].islower()):
            continue
        begin, end = broken["begin"].casefold(), rest["end"].casefold()
        compound = rest[0].startswith(f"{rest['end']}-") or begin in _FIRST_PARTS
        kept = f"{begin}-{end}" in compounds or (f"{begin}{end}" not in words and compound)
        mended[index] = (line if kept and broken["hyphen"] != "\u00ad" else line[:-1]) + rest[0]
        mended[following] = rest.string[rest.end() :].lstrip() or None
    return [line for line in mended if line is not None]


def _draft_pages(
    pages: list[list[Line] | None], source: Source, options: ReadingOptions, title: str
) -> Iterator[Draft | Problem]:
    lost = [number for number, lines in enumerate(pages, 1) if lines is None]
    if lost and len(lost) == len(pages):
        yield _note_damage(source, "none of its pages can be read")
        return
    if lost:
        listed = ", ".join(map(str, lost[:20]))
        message = f"{source.path}: page {listed} cannot be read (damaged or too large); print the file to a new PDF"
        yield Problem(source.path, "damaged page", message, skipped=False)
    read = [lines or [] for lines in pages]
    if not any(read):
        message = (
            f"{source.path}: no text layer in its {len(pages)} pages (they are pictures); "
            "run text recognition (OCR) on it and save it as a searchable PDF"
        )
        yield Problem(source.path, "no text", message)
        return
    lines = mend_words(list(_lay_out(drop_repeated(read))))
    yield from draft_document(lines, source, options, choose_title(title, lines))


def _open_document(data: bytes) -> Any:
    """Return the document, or None where it opens with a password only."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    logger = logging.getLogger("pypdf")
    if not logger.handlers:
        # its complaints come back as problems
        logger.addHandler(logging.NullHandler())
    try:
        document = PdfReader(io.BytesIO(data))
        return document if not document.is_encrypted or document.decrypt("") else None
    except DependencyError:
        return None


def _read_pages(document: Any) -> list[list[Line] | None]:
    """Return the lines of each page, None for pages that cannot be read."""
    pages: list[list[Line] | None] = []
    left = LARGEST_CONTENT
    for number in range(len(document.pages)):
        try:
            page = document.pages[number]
            contents = page.get_contents()
            left -= len(contents.get_data()) if contents is not None else 0
            pages.append(_read_page(page) if left > 0 else None)
        except Exception:  # a page that trips the parser must not cost the others
            pages.append(None)
    return pages


def _read_page(page: Any) -> list[Line]:
    pieces: list[Line] = []

    def note(text: str, matrix: Sequence[float], text_matrix: Sequence[float], _: object, size: float) -> None:
        height = text_matrix[4] * matrix[1] + text_matrix[5] * matrix[3] + matrix[5]
        scale = hypot(*text_matrix[2:4]) * hypot(*matrix[2:4])
        pieces.extend(Line(part, height, size * scale) for part in re.split(r"(\n)", text) if part)

    page.extract_text(visitor_text=note)
    lines: list[Line] = []
    for is_end, group in groupby(pieces, lambda piece: piece.text == "\n"):
        parts = list(group)
        text = " ".join("".join(part.text for part in parts).translate(_LETTERS).split())
        if text and not is_end:
            first = next(part for part in parts if part.text.strip())
            lines.append(replace(first, text=text))
    return lines


def _place_outer(lines: Sequence[Line]) -> dict[int, tuple[str, int]]:
    """Return what the outermost lines of a page say and how high they stand, in steps, by their index."""
    order = sorted(range(len(lines)), key=lambda index: lines[index].height)
    return {
        index: (
            "#" if _PAGE_NUMBER.fullmatch(lines[index].text) else lines[index].text,
            round(lines[index].height / SAME_HEIGHT),
        )
        for index in {*order[:OUTER_LINES], *order[-OUTER_LINES:]}
    }


def _lay_out(pages: Sequence[Sequence[Line]]) -> Iterator[str]:
    """Yield the lines of all pages, a blank one where a paragraph ends, and `PAGE_BREAK` between pages."""
    low, high = _USUAL_DISTANCES
    distances = [a.height - b.height for lines in pages for a, b in pairwise(lines)]
    usual = median([distance for distance in distances if low < distance < high] or [high])
    before: Line | None = None
    for lines in pages:
        for index, line in enumerate(lines):
            if before and _parts_paragraphs(before, line, usual, new_page=not index):
                yield ""
            if before and not index:
                yield PAGE_BREAK
            yield line.text
            before = line


def _parts_paragraphs(before: Line, line: Line, usual: float, *, new_page: bool) -> bool:
    distance, ended = before.height - line.height, bool(_ENDING.search(before.text))
    if new_page or distance < 0:
        return ended
    return distance > WIDE_GAP * usual or (ended and distance > DOUBLE_GAP * before.size > 0)


def _note_damage(source: Source, found: str) -> Problem:
    message = f"{source.path}: the file is damaged ({found[:200]}); download it again or print it to a new PDF"
    return Problem(source.path, "corrupt file", message)
