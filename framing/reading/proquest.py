"""Exports of ProQuest: TXT with full text, and RIS.

Structure relied on, as the public parsers metaknowledge and pq_parser read it:

* TXT: lines of 60 underscores between the articles; "Document 1 of 25" in some; then lines "Name: value", of
  which "Title", "Author", "Publication title" ("Example Herald; London (UK)"), "Publication date", "Pages", "Section",
  "Language of publication", "ProQuest document ID", "Document URL" and "URL" are read; the title may stand alone
  above them. "Full text:" begins the text, a line for each paragraph, and the first further lines of names end it.
* RIS (the tags of Research Information Systems, as Reference Manager documented them): "TY  - NEWS" to "ER  - ",
  TI or T1 title, JF, T2 or JO outlet, DA, Y1 and PY date, AU byline, SP page, LA language, UR address, AN or ID number.
  The text is the longer of N2 and AB; RIS does not say of either whether it is the article or its abstract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from framing.reading.columns import match_columns
from framing.reading.drafts import Draft, Source
from framing.reading.encodings import decode_bytes
from framing.reading.exports import load_export, note_summary, read_language, strip_markup
from framing.reading.options import ReadingOptions
from framing.records import Problem

_SEPARATOR = re.compile(r"^[ \t]*_{30,}[ \t]*$", re.M)
_MARK = re.compile(
    r"^(?:Report Information from ProQuest|Publication (?:title|info):|ProQuest document (?:ID:|link))", re.M
)
_NAMES = (
    "Abstract|Accession number|Author|Classification|CODEN|Company / organization|Copyright|Correspondence author"
    "|Country of publication|Credit|Database|Dateline|Document feature|Document type|Document URL|DOI|Edition|e-ISSN"
    "|First page|Full text|Identifier / keyword|Illustration|ISBN|ISSN|Issue|Language of publication|Last updated"
    "|Links|Location|Number of pages|Pages|People|Place of publication|ProQuest document ID|Product name"
    "|Publication (?:date|info|status|subject|title|year)|Publisher|Section|Series/Report Name|Source attribution"
    "|Source type|Start page|Subject|Supplement|Title|URL|Volume|Word count|Year"
)
_FIELD = re.compile(rf"(?P<name>{_NAMES}): ?(?P<value>.*)", re.I)
_CERTAIN = re.compile(
    r"(?:Publication (?:title|date|year|subject)|ProQuest document ID|Document URL|Source type|Database|Last updated"
    r"|Language of publication|Document type): ?",
    re.I,
)
"""Names that no article has at the beginning of a line of its own, unlike "Title:", "Location:" and "Subject:"."""
_NUMBERED = re.compile(r"Document \d+ of \d+")
_EDITION = re.compile(r",[^,;]*\bedition\b.*$", re.I)
_NUMBER = re.compile(r"/docview/(\d+)")

_TAG = re.compile(r"([A-Z][A-Z0-9])  -(?: (.*))?$")
_RIS_TEXTS = ("N2", "AB")
_RIS_SHAPE = re.compile(r"[\s\ufeff]*TY  - ?[A-Z]{3,6}\s*$", re.M)

Record = Mapping[str, Sequence[str]]
"""Values by tag, each a text with its line breaks."""


def is_proquest_text(head: str | bytes) -> bool:
    """Whether a text file that begins with `head` is an export: by a line of underscores and a name of ProQuest's."""
    text = _decode_head(head)
    return bool(_SEPARATOR.search(text[:20_000]) and _MARK.search(text))


def is_ris(head: str | bytes) -> bool:
    """Whether a text file that begins with `head` is RIS, of ProQuest or any other."""
    return bool(_RIS_SHAPE.match(_decode_head(head)))


def read_proquest_text(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read each article of an export as text; what stands between separators without a field is passed over.

    Raises:
        UnreadableTextError: for a file that is too large or no text.
    """
    parts = _SEPARATOR.split(decode_bytes(load_export(source)))
    articles = [part for part in parts if _CERTAIN.search(part) or re.search(r"^Full text:", part, re.M | re.I)]
    for number, part in enumerate(articles, 1):
        fields, text = _read_block([" ".join(line.split()) for line in part.split("\n") if line.strip()])
        row = _describe_block(fields)
        yield _make_draft(row, text, f"{source.path}#{number}", source.path, options, "proquest")
    if not articles:
        message = f'{source.path}: no article between the lines of underscores; export it with "Full text" again'
        yield Problem(source.path, "no text", message)


def read_ris(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read each record of a RIS file that holds a text.

    Raises:
        UnreadableTextError: for a file that is too large or no text.
    """
    number = 0
    for number, record in enumerate(_split_records(decode_bytes(load_export(source)).split("\n")), 1):
        place = f"{source.path}#{number}"
        tag = max(_RIS_TEXTS, key=lambda tag: sum(map(len, record.get(tag, []))))
        text = "\n\n".join(line for value in record.get(tag, []) for line in strip_markup(value))
        if text:
            yield from note_summary(text, place, source.path, tag)
        yield _make_draft(_describe_record(record), text, place, source.path, options, "ris")
    if not number:
        yield Problem(source.path, "no text", f'{source.path}: no record from "TY  - " to "ER  - "; export it again')


def _make_draft(
    row: Mapping[str, str | None], text: str, place: str, path: str, options: ReadingOptions, label: str
) -> Draft | Problem:
    if not text:
        message = f'{place}: no full text under "{row["title"] or row["url"] or "no title"}"; export it with full text'
        return Problem(path, "no text", message)
    columns = match_columns(list(row), ReadingOptions(keep=options.keep, today=options.today))
    return Draft(row["document"] or place, text, columns.read_details(row, label))


def _read_block(lines: Sequence[str]) -> tuple[dict[str, str], str]:
    """Return the fields of one article by name in small letters, and its text with blank lines between paragraphs."""
    begins = next((number for number, line in enumerate(lines) if line.lower().startswith("full text:")), len(lines))
    ends = _find_end(lines, begins + 1)
    text = [lines[begins][len("full text:") :].strip(), *lines[begins + 1 : ends]] if begins < len(lines) else []
    above = [line for line in lines[:begins] if not _NUMBERED.fullmatch(line)]
    fields: dict[str, str] = {}
    for line in [*above, *lines[ends:]]:
        if found := _FIELD.fullmatch(line):
            fields.setdefault(found["name"].lower(), found["value"].strip())
    if above and not _FIELD.fullmatch(above[0]) and not above[0].startswith(("http", "Report Information")):
        fields.setdefault("title", above[0])
    return fields, "\n\n".join(filter(None, text))


def _find_end(lines: Sequence[str], begins: int) -> int:
    """Return where the text ends: at the first run of fields of which one is certain to be none of its lines."""
    run = None
    for number in range(begins, len(lines)):
        if not _FIELD.fullmatch(lines[number]):
            run = None
            continue
        run = number if run is None else run
        if _CERTAIN.match(lines[number]):
            return run
    return len(lines)


def _describe_block(fields: Mapping[str, str]) -> dict[str, str | None]:
    outlet = fields.get("publication title") or fields.get("publication info", "")
    document = fields.get("document url") or ""
    number = fields.get("proquest document id") or _find_number(document)
    own = fields.get("url", "")
    return {
        "outlet": _EDITION.sub("", outlet.partition(";")[0]).strip() or None,
        "date": fields.get("publication date") or fields.get("publication year") or None,
        "updated": None,
        "title": fields.get("title") or None,
        "url": own if own.startswith("http") else document or None,
        "language": read_language(fields.get("language of publication")),
        "byline": fields.get("author"),
        "section": fields.get("section"),
        "page": fields.get("pages") or fields.get("first page") or fields.get("start page"),
        "length": fields.get("word count"),
        "document": number or None,
    }


def _split_records(lines: Sequence[str]) -> Iterator[Record]:
    """Yield the records; a line without a tag goes on with the value above it."""
    record: dict[str, list[list[str]]] = {}
    tag = ""
    for line in lines:
        if found := _TAG.match(line):
            tag = found[1]
            if record and tag in ("TY", "ER"):
                yield _join_lines(record)
                record = {}
            if tag != "ER":
                record.setdefault(tag, []).append([found[2] or ""])
        elif tag in record:
            record[tag][-1].append(line)
    if record:
        yield _join_lines(record)


def _join_lines(record: Mapping[str, Sequence[Sequence[str]]]) -> Record:
    return {tag: ["\n".join(lines) for lines in values] for tag, values in record.items()}


def _describe_record(record: Record) -> dict[str, str | None]:
    links = [link for link in record.get("UR", []) if link.strip().startswith("http")]
    return {
        "outlet": _EDITION.sub("", (_take(record, "JF", "T2", "JO", "JA") or "").partition(";")[0]).strip() or None,
        "date": _find_date(record),
        "updated": None,
        "title": _take(record, "TI", "T1"),
        "url": links[0].strip() if links else None,
        "language": read_language(_take(record, "LA")),
        "byline": "; ".join(" ".join(each.split()) for each in record.get("AU", [])) or _take(record, "A1"),
        "section": _take(record, "SE"),
        "page": _take(record, "SP"),
        "document": _take(record, "AN") or next(filter(None, map(_find_number, links)), None) or _take(record, "ID"),
    }


def _find_date(record: Record) -> str | None:
    """Return the date of most precision; a day without a year, as some have in DA, gets the one of PY."""
    day, year = _take(record, "DA", "Y1"), _take(record, "PY", "Y1")
    dates = [day if re.search(r"\d{4}", day) else f"{day} {year or ''}"] if day else []
    # "2019/05/29/" and "2019/05//" are written with a slash for each part
    return next((date.strip("/ ") for date in [*dates, year or ""] if date.strip("/ ")), None)


def _take(record: Record, *tags: str) -> str | None:
    found = (" ".join(value.split()) for tag in tags for value in record.get(tag, []))
    return next(filter(None, found), None)


def _find_number(link: str) -> str | None:
    found = _NUMBER.search(link)
    return found[1] if found else None


def _decode_head(head: str | bytes) -> str:
    return head if isinstance(head, str) else head.replace(b"\0", b"").decode("latin-1").lstrip("ï»¿ÿþ")
