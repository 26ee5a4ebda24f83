"""Exports of Nexis Uni, Lexis+ and the older LexisNexis: one article after another with labelled fields.

The structure relied on, as the readers that others published take it apart: LexisNexisTools by J. B. Gruber
(`lnt_parse_uni`, `lnt_parse_nexis` and the layout of its sample files) and tm.plugin.lexisnexis of R.TeMiS
(`readLexisNexisAdvance`):

- current layout: perhaps a cover ("User Name:", "Date and Time:", "Job Number:", "Documents (25)", the numbered
  titles), then for each article title, outlet, date with weekday, edition, "Copyright 2019 ...", the fields
  "Section:", "Length:", "Byline:", "Dateline:", "Highlight:", a line "Body", the text, perhaps "Graphic" with
  captions, "Load-Date:", "Classification" with fields such as "Subject:", and "End of Document";
- classic layout: perhaps a cover ("Download Request: Selected Items: 1-25"), then "1 of 25 DOCUMENTS", outlet,
  date, edition, title (or "HEADLINE:"), "SECTION:", "LENGTH:", "BYLINE:", the text, "LOAD-DATE:", "LANGUAGE:",
  "PUBLICATION-TYPE:" and a copyright notice.

The date of publication is the one line of the header that is a date and nothing else: never a date in a title
or in the text, nor that of a correction, nor "Load-Date", the day on which the archive took the article in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from framing.reading.columns import match_columns
from framing.reading.drafts import Details, Draft, Source, Value
from framing.reading.encodings import decode_bytes
from framing.reading.nexis_fields import (
    COPYRIGHT,
    HEADER_LINES,
    WORD_COUNT,
    find_body,
    is_header,
    is_load_date,
    is_tail,
    join_text,
    read_date_line,
    read_document,
)
from framing.reading.nexis_fields import PAGE_BREAK as PAGE_BREAK
from framing.reading.options import ReadingOptions
from framing.records import Problem

_SOURCES = {"outlet": "nexis publication", "updated": "nexis correction date"}
_HEAD = re.compile(
    r"(?P<number>\d+) of (?P<total>\d+) DOCUMENTS?|Dokument (\d+) von (\d+)|Document (\d+) (?:de|of) (\d+)"
)
_END = re.compile(r"(?i:end of document|ende des dokuments|fin du document)")
_PROMISE = re.compile(r"(?:Documents?|Dokumente?) \((\d+)\)|Number of (?:Documents|Results): ?(\d+)", re.I)
_BATCH = re.compile(r"Download Request:.*?\b(\d+)-(\d+)", re.I)
_COVER = re.compile(r"(?:User Name|Date and Time|Job Number|Client/Matter|Search Terms|Download Request) ?:", re.I)
_PAGE_NUMBER = re.compile(r"(?:Page|Seite) \d+ (?:of|von|de) \d+")


def is_nexis(lines: Sequence[str]) -> bool:
    """Whether `lines` are an export of Nexis: its cover, or two of its kinds of line, one of which is its own."""
    plain = _clean_lines(lines)
    cover = any(_PROMISE.fullmatch(line) for line in plain) and any(_COVER.match(line) for line in plain)
    own = (
        any(_HEAD.fullmatch(line) for line in plain),
        any(_END.fullmatch(line) for line in plain),
        any(WORD_COUNT.fullmatch(line) for line in plain),
        any(is_load_date(line) for line in plain),
    )
    shared = ("Body" in plain, any(COPYRIGHT.match(line) for line in plain))
    return cover or (any(own) and sum(own) + sum(shared) > 1)


def is_nexis_text(head: str | bytes) -> bool:
    """Whether a plain text that begins with `head` is an export, as the classic layout was mostly saved."""
    text = head if isinstance(head, str) else head.decode("utf-8", "replace")
    return is_nexis(text.splitlines())


def read_nexis_text(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read the articles of an export in plain text."""
    yield from parse_nexis(decode_bytes(source.file.read_bytes()).split("\n"), source, options)


def draft_document(
    lines: Sequence[str], source: Source, options: ReadingOptions, title: str | None = None
) -> Iterator[Draft | Problem]:
    """Yield the articles of an export, or else the one article that `lines` of a document are.

    Blank lines part paragraphs, `PAGE_BREAK` lines the pages. `title` is what the document's own properties
    say; only a document that is no export takes it.
    """
    if is_nexis(lines):
        yield from parse_nexis(lines, source, options)
        return
    text = join_text(line for line in lines if line != PAGE_BREAK)
    if text:
        details = Details({"title": Value(title, "document properties")} if title else {})
        yield Draft(source.path, text, details, searchable=True)
    else:
        yield Problem(source.path, "no text", f"{source.path}: the document holds no text; remove it or fill it")


def parse_nexis(lines: Sequence[str], source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Yield the articles of an export as PATH#1, PATH#2 ..., and a problem where they are not as many as promised."""
    plain = _clean_lines(lines)
    cover, documents = _split_documents(plain, options)
    classic = any(_HEAD.fullmatch(line) for line in plain)
    for number, document in enumerate(documents, 1):
        row, text = read_document(document, classic and "Body" not in document, options)
        identity = f"{source.path}#{number}"
        if text:
            yield Draft(identity, text, _read_details(row, options))
            continue
        message = f'{identity}: "{row.get("title", "untitled")}" has no text (a picture, perhaps); it was left out'
        yield Problem(source.path, "no text", message)
    promised = _count_promised(cover, plain)
    if promised not in (None, len(documents)):
        message = f"{source.path}: it promises {promised} documents, {len(documents)} were found; export it again"
        yield Problem(source.path, "document count differs", message, skipped=False)


def _clean_lines(lines: Iterable[str]) -> list[str]:
    """Return single lines without white space at their ends and without page numbers; page breaks stay."""
    single = (piece for line in lines for piece in ((line,) if line == PAGE_BREAK else line.split("\n")))
    plain = (line if line == PAGE_BREAK else " ".join(line.split()).strip("\ufeff\u200b") for line in single)
    return [line for line in plain if not _PAGE_NUMBER.fullmatch(line)]


def _count_promised(cover: Sequence[str], lines: Sequence[str]) -> int | None:
    """Return the number of documents by the cover, else by the counts "1 of 25 DOCUMENTS"; None for neither."""
    for line in cover:
        if found := _PROMISE.fullmatch(line):
            return int(found[1] or found[2])
        if found := _BATCH.match(line):
            return int(found[2]) - int(found[1]) + 1
    heads = [[int(digits) for digits in re.findall(r"\d+", line)] for line in lines if _HEAD.fullmatch(line)]
    if not heads:
        return None
    # the later parts of a large download go on counting: 501 of 2000, 502 of 2000 ...
    return heads[-1][1] if heads[0][0] == 1 else heads[-1][0] - heads[0][0] + 1


def _split_documents(lines: list[str], options: ReadingOptions) -> tuple[list[str], list[list[str]]]:
    """Return the lines of the cover, and those of each article."""
    heads = [index for index, line in enumerate(lines) if _HEAD.fullmatch(line)]
    heads = [next(same) for _, same in groupby(heads, key=lines.__getitem__)]
    if heads:
        parts = [lines[begin + 1 : end] for begin, end in pairwise([*heads, len(lines)])]
        return lines[: heads[0]], [[line for line in part if not _END.fullmatch(line)] for part in parts]
    ends = [index for index, line in enumerate(lines) if _END.fullmatch(line)]
    pieces = [lines[begin + 1 : end] for begin, end in pairwise([-1, *ends, len(lines)])]
    if ends and not any(is_header(line) for line in pieces[-1]):
        pieces.pop()
    parts = [part for piece in pieces for part in _split_piece(piece, options)]
    if not parts or not any(_COVER.match(line) or _PROMISE.fullmatch(line) for line in parts[0]):
        return [], parts
    if not any(is_header(line) for line in parts[0]):
        return (parts[0], parts[1:]) if any(_PROMISE.fullmatch(line) for line in parts[0]) else ([], parts)
    begin = _find_begin(parts[0], 0, find_body(parts[0]), options)
    return parts[0][:begin], [parts[0][begin:], *parts[1:]]


def _split_piece(piece: list[str], options: ReadingOptions) -> list[list[str]]:
    """Split what lies between two ends at the further articles in it, each with a header above its "Body"."""
    begins = [0]
    bodies = [index for index, line in enumerate(piece) if line == "Body"]
    for above, body in pairwise(bodies):
        if any(is_header(line) for line in piece[max(above, body - HEADER_LINES) : body]):
            begins.append(_find_begin(piece, above + 1, body, options))
    return [piece[begin:end] for begin, end in pairwise([*begins, len(piece)])]


def _find_begin(lines: list[str], low: int, high: int, options: ReadingOptions) -> int:
    """Return where the article begins whose header ends at `high`: at its page, else one line above the outlet."""
    window = range(max(low, high - HEADER_LINES), high)
    dates = [index for index in window if read_date_line(lines[index], options)]
    anchor = dates[-1] if dates else next((index for index in window if is_header(lines[index])), high)
    above = [index for index in range(max(low, anchor - HEADER_LINES), anchor) if lines[index]]
    begin = anchor
    for depth, index in enumerate(reversed(above)):
        if lines[index] == PAGE_BREAK or is_tail(lines[index]):
            return index + 1
        if depth < (2 if dates else 3):
            begin = index
    return begin


def _read_details(row: Mapping[str, str], options: ReadingOptions) -> Details:
    columns = match_columns(list(row), ReadingOptions(keep=options.keep, today=options.today))
    details = columns.read_details(row)
    values = {name: Value(value.content, _SOURCES.get(name, f"nexis {name}")) for name, value in details.values.items()}
    return Details(values, details.kept)
