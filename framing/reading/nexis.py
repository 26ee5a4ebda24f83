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
from datetime import date
from itertools import groupby, pairwise, takewhile

from framing.reading.columns import match_columns
from framing.reading.dates import parse_date
from framing.reading.drafts import Details, Draft, Source, Value
from framing.reading.encodings import decode_bytes
from framing.reading.options import ReadingOptions
from framing.records import Problem

PAGE_BREAK = "\f"
"""The line that readers of documents put where a page ends; titles stand at the top of one."""

_HEADER_LABELS = {
    **dict.fromkeys(("section", "rubrik", "rubrique"), "section"),
    **dict.fromkeys(("length", "länge", "longueur"), "length"),
    **dict.fromkeys(("byline", "author", "autor", "auteur"), "byline"),
    **{"headline": "title", "dateline": "dateline", "highlight": "highlight", "series": "series"},
}
_TAIL_LABELS = {
    **dict.fromkeys(("load-date", "update"), "load_date"),
    **dict.fromkeys(("language", "sprache", "langue"), "language"),
    **{"correction-date": "updated", "correction": "correction", "url": "url", "subject": "subject"},
    **{"publication-type": "publication_type", "graphic": "graphic", "grafik": "graphic"},
    **{"company": "company", "organization": "organization", "person": "person", "geographic": "geographic"},
    **{"country": "country", "state": "state", "city": "city", "industry": "industry", "ticker": "ticker"},
    **{"journal code": "journal_code", "journal-code": "journal_code", "notes": "notes", "acc-no": "acc_no"},
}
_SURE_FIELDS = ("language", "publication_type", "journal_code")
"""Fields that end an article; the others of the tail count as such only where one of these follows."""

_LANGUAGES = {
    **dict.fromkeys(("english", "anglais", "englisch"), "en"),
    **dict.fromkeys(("french", "français", "französisch"), "fr"),
    **dict.fromkeys(("german", "deutsch", "allemand"), "de"),
    **{"spanish": "es", "italian": "it", "dutch": "nl", "portuguese": "pt"},
}
_SOURCES = {"outlet": "nexis publication", "updated": "nexis correction date"}

_HEAD = re.compile(
    r"(?P<number>\d+) of (?P<total>\d+) DOCUMENTS?|Dokument (\d+) von (\d+)|Document (\d+) (?:de|of) (\d+)"
)
_END = re.compile(r"(?i:end of document|ende des dokuments|fin du document)")
_PROMISE = re.compile(r"(?:Documents?|Dokumente?) \((\d+)\)|Number of (?:Documents|Results): ?(\d+)", re.I)
_BATCH = re.compile(r"Download Request:.*?\b(\d+)-(\d+)", re.I)
_COVER = re.compile(r"(?:User Name|Date and Time|Job Number|Client/Matter|Search Terms|Download Request) ?:", re.I)
_PAGE_NUMBER = re.compile(r"(?:Page|Seite) \d+ (?:of|von|de) \d+")
_FIELD = re.compile(r"(?P<label>[^\W\d_][\w/-]*(?: \w+)?) ?: ?(?P<value>.*)")
_COPYRIGHT = re.compile(
    r"(?:copyright|©|\(c\))\s*(?:©|\(c\))?\s*(?:\d{4}|.*all rights reserved)|all rights reserved", re.I
)
_WORDS = re.compile(r"(?:length|länge|longueur) ?: ?(?P<words>\d[\d,.]*)(?: (?:words?|wörter|mots?))?", re.I)
_LINKS = ("Link to Image", "Link to PDF")
_PAGE = re.compile(r"(?:pgs?|pages?|pp?|s|seite|blz)\b\.? ?(?P<page>[\w ,&-]{0,20}\d[\w ,&-]{0,40})", re.I)
_EDITION = re.compile(
    r"(?:[\w&.'’/-]+[ ,]+){0,4}editions?(?:[ ,;:-]+(?:final|early|late|main|\d+)){0,2}(?:; ?[\w ,]{1,40})?"
    r"|(?:edition|version) ?:? ?\d+(?:; ?[\w ,]{1,40})?|(?:late|early|final|main) final",
    re.I,
)
_CORRECTED = re.compile(r"correction appended", re.I)
_VAGUE_DATE = re.compile(r"(?:[\w/-]+,? ){0,3}\d{4}")
"""What stands where a date belongs, such as "Spring 2019": reported, since it is none."""

_WEEKDAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|lundi|mardi|mercredi|jeudi|vendredi|samedi"
    r"|dimanche|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|lunes|martes|miércoles|jueves"
    r"|viernes|sábado|domingo|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|maandag|dinsdag|woensdag"
    r"|donderdag|vrijdag|zaterdag|zondag|(?:segunda|terça|quarta|quinta|sexta)-feira)\b[.,]?"
)
_DATE_LINE = re.compile(
    rf"(?:{_WEEKDAY} (?:(?:le|den|el|il|de) )?)?(?P<date>[^\W\d]{{3,12}}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}"
    r"|\d{1,2}(?:st|nd|rd|th|er|º)?\.? (?:de )?[^\W\d]{3,12}\.?,? (?:del? )?\d{4}"
    r"|\d{1,2}(?P<separator>[/.-])\d{1,2}(?P=separator)\d{4}|\d{4}-\d{2}-\d{2}|[^\W\d]{3,12},? (?:de )?\d{4})"
    rf"(?:[ ,]+{_WEEKDAY})?(?:[ ,]+\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?: ?[ap]\.?m\b\.?)?(?: [A-Z]{{2,5}}\b)?)?"
    r"(?:[ ,;-]+(?P<edition>\D.*))?",
    re.I,
)
_HEADER_LINES = 60
"""Lines within which the parts of a header stand above "Body"; headers have about ten, and long highlights more."""

_CAPTION_LINES = 40
"""Lines of captions that "Graphic" may have above the last fields; farther up the word is no heading."""


def is_nexis(lines: Sequence[str]) -> bool:
    """Whether `lines` are an export of Nexis: its cover, or two of its kinds of line, one of which is its own."""
    plain = _clean_lines(lines)
    cover = any(_PROMISE.fullmatch(line) for line in plain) and any(_COVER.match(line) for line in plain)
    own = (
        any(_HEAD.fullmatch(line) for line in plain),
        any(_END.fullmatch(line) for line in plain),
        any(_WORDS.fullmatch(line) for line in plain),
        any(_is_load_date(line) for line in plain),
    )
    shared = ("Body" in plain, any(_COPYRIGHT.match(line) for line in plain))
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
    text = _join_text(line for line in lines if line != PAGE_BREAK)
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
        row, text = _read_document(document, classic and "Body" not in document, options)
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


def _join_text(lines: Iterable[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")


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
    if ends and not any(_is_header(line) for line in pieces[-1]):
        pieces.pop()
    parts = [part for piece in pieces for part in _split_piece(piece, options)]
    if not parts or not any(_COVER.match(line) or _PROMISE.fullmatch(line) for line in parts[0]):
        return [], parts
    if not any(_is_header(line) for line in parts[0]):
        return (parts[0], parts[1:]) if any(_PROMISE.fullmatch(line) for line in parts[0]) else ([], parts)
    begin = _find_begin(parts[0], 0, _find_body(parts[0]), options)
    return parts[0][:begin], [parts[0][begin:], *parts[1:]]


def _split_piece(piece: list[str], options: ReadingOptions) -> list[list[str]]:
    """Split what lies between two ends at the further articles in it, each with a header above its "Body"."""
    begins = [0]
    bodies = [index for index, line in enumerate(piece) if line == "Body"]
    for above, body in pairwise(bodies):
        if any(_is_header(line) for line in piece[max(above, body - _HEADER_LINES) : body]):
            begins.append(_find_begin(piece, above + 1, body, options))
    return [piece[begin:end] for begin, end in pairwise([*begins, len(piece)])]


def _find_begin(lines: list[str], low: int, high: int, options: ReadingOptions) -> int:
    """Return where the article begins whose header ends at `high`: at its page, else one line above the outlet."""
    window = range(max(low, high - _HEADER_LINES), high)
    dates = [index for index in window if _read_date_line(lines[index], options)]
    anchor = dates[-1] if dates else next((index for index in window if _is_header(lines[index])), high)
    above = [index for index in range(max(low, anchor - _HEADER_LINES), anchor) if lines[index]]
    begin = anchor
    for depth, index in enumerate(reversed(above)):
        if lines[index] == PAGE_BREAK or _is_tail(lines[index]):
            return index + 1
        if depth < (2 if dates else 3):
            begin = index
    return begin


def _find_body(document: list[str]) -> int:
    """Return the index of the line "Body", or where that is missing, of the first line below the header."""
    if "Body" in document:
        return document.index("Body")
    index = next((i for i, line in enumerate(document) if _read_label(line, _HEADER_LABELS)), None)
    if index is None:
        dates = [i for i, line in enumerate(document[:_HEADER_LINES]) if _DATE_LINE.fullmatch(line)]
        return dates[0] + 1 if dates else 0
    inside = False
    while index < len(document) and (inside or not document[index] or _is_header(document[index])):
        # a field may go on in the next line, but the number of words never does
        inside = bool(document[index]) and not _WORDS.fullmatch(document[index])
        index += 1
    return index


def _read_document(document: list[str], classic: bool, options: ReadingOptions) -> tuple[dict[str, str], str]:
    """Return the fields of one article by name, and its text."""
    body = _find_body(document)
    below = document[body + 1 :] if document[body : body + 1] == ["Body"] else document[body:]
    cut = _find_tail(below)
    row = _read_header(document[:body], classic, options) | _read_fields(below[cut:], _TAIL_LABELS)
    text = _join_text(_drop_echoes(below[:cut], row.get("title", "")))
    return {name: value for name, value in row.items() if value}, text


def _drop_echoes(lines: Iterable[str], title: str) -> Iterator[str]:
    """Yield `lines` without page breaks, the title that PDF repeats below them, and links to pictures."""
    echo, at_top = "", False
    for line in lines:
        if line == PAGE_BREAK:
            echo, at_top = title, True
        elif line and echo.startswith(line):
            echo = echo[len(line) :].lstrip()
        elif line not in _LINKS and (line or not at_top):
            # the gap below a page's header ends no paragraph; where one ended, a blank line stands above the break
            echo, at_top = "", False
            yield line


def _read_header(header: list[str], classic: bool, options: ReadingOptions) -> dict[str, str]:
    """Return the fields of a header; those without a label are told by their place around the date."""
    above = takewhile(lambda line: not _read_label(line, _HEADER_LABELS), header)
    plain = [line for line in above if line and line != PAGE_BREAK and not _COPYRIGHT.match(line)]
    names = _join_editions(line for line in plain if not _CORRECTED.fullmatch(line))
    dates = [index for index, line in enumerate(names) if _read_date_line(line, options)]
    at = (dates[0] if classic else dates[-1]) if dates else (1 if classic else 2)
    before, line, after = names[:at], "".join(names[at : at + 1]), names[at + 1 :]
    day, edition = _read_date_line(line, options) or (line, "")
    if not dates and not _VAGUE_DATE.fullmatch(line):
        day, after = "", names[at:]
    outlet, outlet_edition = _split_outlet((before[0] if classic else before[-1]) if before else "")
    others = [*before[1:], *after] if classic else after
    titles = [line for line in others if not _EDITION.fullmatch(line)] if classic else before[:-1]
    half = len(titles) // 2
    row = {
        "title": " ".join(titles[half:] if titles[:half] == titles[half:] else titles),
        "outlet": outlet,
        "date": day,
        "edition": ", ".join(filter(None, [outlet_edition, edition, *filter(_EDITION.fullmatch, others)])),
    }
    if any(_CORRECTED.search(line) for line in plain):
        row["correction"] = "Correction Appended"
    return row | _read_fields(header, _HEADER_LABELS)


def _join_editions(lines: Iterable[str]) -> list[str]:
    """Return `lines` with "Edition 1;" and the place in the line below it as one."""
    joined: list[str] = []
    for line in lines:
        if joined and re.fullmatch(r"edition \d+;", joined[-1], re.I):
            joined[-1] += f" {line}"
        else:
            joined.append(line)
    return joined


def _split_outlet(line: str) -> tuple[str, str]:
    """Return outlet and edition of "The Ashdown Post(London) - Final Edition"."""
    outlet, _, edition = line.partition(" - ")
    if not _EDITION.fullmatch(edition):
        outlet, edition = line, ""
    return re.sub(r"(?<=\w)\(", " (", outlet), edition


def _read_date_line(line: str, options: ReadingOptions) -> tuple[str, str] | None:
    """Return date and edition of a line that holds a date, and beside it but weekday, time and edition."""
    found = _DATE_LINE.fullmatch(line)
    if found is None or parse_date(found["date"], day_first=options.day_first, today=options.today) is None:
        return None
    edition = (found["edition"] or "").strip(" ,;")
    corrected = _CORRECTED.sub("", edition).strip(" ,;")
    return (found["date"], corrected) if not corrected or _EDITION.fullmatch(corrected) else None


def _read_fields(lines: Sequence[str], labels: Mapping[str, str]) -> dict[str, str]:
    """Return the values of labelled lines by name, the first of each; one goes on up to a blank line or label."""
    fields: dict[str, list[str]] = {}
    parts: list[str] = []
    for line in lines:
        if field := _read_label(line, labels):
            parts = [field[1]]
            fields.setdefault(field[0], parts)
        elif line and not _is_header(line) and not _is_tail(line):
            parts.append(line)
        else:
            parts = []
    row = {name: " ".join(filter(None, values)) for name, values in fields.items()}
    return row | _read_parts(row)


def _read_parts(row: Mapping[str, str]) -> dict[str, str]:
    """Return what is said in the form that tables want: section and page apart, words as digits, "en", ISO dates."""
    parts = [part.strip() for part in row.get("section", "").split(";")]
    pages = [found["page"].strip() for part in parts if (found := _PAGE.fullmatch(part))]
    sections = [part for part in parts if not _PAGE.fullmatch(part) and not _EDITION.fullmatch(part)]
    words = re.match(r"\d[\d,.]*", row.get("length", ""))
    loaded = parse_date(row.get("load_date"), today=date.max)
    read = {
        "section": "; ".join(filter(None, sections)),
        "page": ", ".join(pages),
        "length": re.sub(r"\D", "", words[0]) if words else "",
        "language": _LANGUAGES.get(re.split(r"[;,\s]", row.get("language", "").casefold())[0], ""),
        "load_date": loaded.iso if loaded else row.get("load_date", ""),
    }
    return {name: value for name, value in read.items() if name in row or value}


def _read_label(line: str, labels: Mapping[str, str]) -> tuple[str, str] | None:
    """Return name and value where `line` begins with one of `labels` and a colon."""
    found = _FIELD.fullmatch(line)
    name = labels.get(found["label"].casefold()) if found else None
    return (name, found["value"].strip()) if found and name else None


def _is_header(line: str) -> bool:
    return bool(_COPYRIGHT.match(line)) or _read_label(line, _HEADER_LABELS) is not None


def _is_tail(line: str) -> bool:
    return line == "Classification" or bool(_COPYRIGHT.match(line)) or _read_label(line, _TAIL_LABELS) is not None


def _is_load_date(line: str) -> bool:
    field = _read_label(line, _TAIL_LABELS)
    return field is not None and field[0] == "load_date" and _DATE_LINE.fullmatch(field[1]) is not None


def _find_tail(lines: list[str]) -> int:
    """Return the index at which the text ends and the fields below it begin."""
    above = _walk_back(lines, len(lines))
    sure = any((field := _read_label(line, _TAIL_LABELS)) and field[0] in _SURE_FIELDS for line in lines[above:])
    cuts = [above] if sure else []
    for index, line in enumerate(lines):
        following = next((each for each in lines[index + 1 : index + 9] if each), "")
        if _is_load_date(line) or (line == "Classification" and _read_label(following, _TAIL_LABELS)):
            cuts.append(index)
    if not cuts:
        return len(lines)
    cut = _walk_back(lines, min(cuts))
    graphics = [index for index in range(max(0, cut - _CAPTION_LINES), cut) if lines[index] == "Graphic"]
    return graphics[0] if graphics else cut


def _walk_back(lines: list[str], cut: int) -> int:
    """Return where the run of labelled blocks begins that ends at `cut`; blank lines part blocks."""
    while True:
        begin = next((index for index in range(cut - 1, -1, -1) if lines[index] not in ("", PAGE_BREAK)), -1)
        last = begin
        while begin > 0 and lines[begin - 1] and not _is_tail(lines[begin]):
            begin -= 1
        if begin < 0 or not _is_tail(lines[begin]):
            return last + 1
        cut = begin


def _read_details(row: Mapping[str, str], options: ReadingOptions) -> Details:
    columns = match_columns(list(row), ReadingOptions(keep=options.keep, today=options.today))
    details = columns.read_details(row)
    values = {name: Value(value.content, _SOURCES.get(name, f"nexis {name}")) for name, value in details.values.items()}
    return Details(values, details.kept)
