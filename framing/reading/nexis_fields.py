"""The fields and the text of one article in an export of Nexis: header, labelled lines, and the dates in them.

`framing.reading.nexis` describes the two layouts and finds where an article begins and ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import takewhile

from framing.reading.dates import parse_date
from framing.reading.options import ReadingOptions

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
_FIELD = re.compile(r"(?P<label>[^\W\d_][\w/-]*(?: \w+)?) ?: ?(?P<value>.*)")
COPYRIGHT = re.compile(
    r"(?:copyright|©|\(c\))\s*(?:©|\(c\))?\s*(?:\d{4}|.*all rights reserved)|all rights reserved", re.I
)
WORD_COUNT = re.compile(r"(?:length|länge|longueur) ?: ?(?P<words>\d[\d,.]*)(?: (?:words?|wörter|mots?))?", re.I)
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
HEADER_LINES = 60
"""Lines within which the parts of a header stand above "Body"; headers have about ten, and long highlights more."""

_CAPTION_LINES = 40
"""Lines of captions that "Graphic" may have above the last fields; farther up the word is no heading."""


def join_text(lines: Iterable[str]) -> str:
    """Return `lines` as one text, without blank lines at its ends or two in a row."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")


def find_body(document: list[str]) -> int:
    """Return the index of the line "Body", or where that is missing, of the first line below the header."""
    if "Body" in document:
        return document.index("Body")
    index = next((i for i, line in enumerate(document) if _read_label(line, _HEADER_LABELS)), None)
    if index is None:
        dates = [i for i, line in enumerate(document[:HEADER_LINES]) if _DATE_LINE.fullmatch(line)]
        return dates[0] + 1 if dates else 0
    inside = False
    while index < len(document) and (inside or not document[index] or is_header(document[index])):
        # a field may go on in the next line, but the number of words never does
        inside = bool(document[index]) and not WORD_COUNT.fullmatch(document[index])
        index += 1
    return index


def read_document(document: list[str], classic: bool, options: ReadingOptions) -> tuple[dict[str, str], str]:
    """Return the fields of one article by name, and its text."""
    body = find_body(document)
    below = document[body + 1 :] if document[body : body + 1] == ["Body"] else document[body:]
    cut = _find_tail(below)
    row = _read_header(document[:body], classic, options) | _read_fields(below[cut:], _TAIL_LABELS)
    text = join_text(_drop_echoes(below[:cut], row.get("title", "")))
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
    plain = [line for line in above if line and line != PAGE_BREAK and not COPYRIGHT.match(line)]
    names = _join_editions(line for line in plain if not _CORRECTED.fullmatch(line))
    dates = [index for index, line in enumerate(names) if read_date_line(line, options)]
    at = (dates[0] if classic else dates[-1]) if dates else (1 if classic else 2)
    before, line, after = names[:at], "".join(names[at : at + 1]), names[at + 1 :]
    day, edition = read_date_line(line, options) or (line, "")
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


def read_date_line(line: str, options: ReadingOptions) -> tuple[str, str] | None:
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
        elif line and not is_header(line) and not is_tail(line):
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


def is_header(line: str) -> bool:
    """Whether `line` is a copyright notice or a labelled line of a header."""
    return bool(COPYRIGHT.match(line)) or _read_label(line, _HEADER_LABELS) is not None


def is_tail(line: str) -> bool:
    """Whether `line` is a copyright notice or a labelled line below the text."""
    return line == "Classification" or bool(COPYRIGHT.match(line)) or _read_label(line, _TAIL_LABELS) is not None


def is_load_date(line: str) -> bool:
    """Whether `line` says on which day the archive took the article in."""
    field = _read_label(line, _TAIL_LABELS)
    return field is not None and field[0] == "load_date" and _DATE_LINE.fullmatch(field[1]) is not None


def _find_tail(lines: list[str]) -> int:
    """Return the index at which the text ends and the fields below it begin."""
    above = _walk_back(lines, len(lines))
    sure = any((field := _read_label(line, _TAIL_LABELS)) and field[0] in _SURE_FIELDS for line in lines[above:])
    cuts = [above] if sure else []
    for index, line in enumerate(lines):
        following = next((each for each in lines[index + 1 : index + 9] if each), "")
        if is_load_date(line) or (line == "Classification" and _read_label(following, _TAIL_LABELS)):
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
        while begin > 0 and lines[begin - 1] and not is_tail(lines[begin]):
            begin -= 1
        if begin < 0 or not is_tail(lines[begin]):
            return last + 1
        cut = begin
