"""The fields of one article in an export of Factiva, from table rows, XML elements, coded lines or plain lines.

`framing.reading.factiva` describes the structure of the exports and the codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from framing.reading.exports import list_paragraphs, read_language

Fields = dict[str, str]
"""Values by code; those of LP and TD are paragraphs between blank lines."""

_CODES = (
    *(
        "HD",
        "CR",
        "BY",
        "SE",
        "WC",
        "PD",
        "ET",
        "SN",
        "SC",
        "ED",
        "PG",
        "VOL",
        "LA",
        "CY",
        "LP",
        "TD",
        "CX",
        "CT",
        "RF",
    ),
    *("ART", "CLM", "CO", "DE", "GC", "IN", "IPC", "IPD", "NS", "PUB", "RE", "RST", "AN"),
)
TEXTS = ("LP", "TD")
_XML_NAMES = {
    "accessionNo": "AN",
    "headline": "HD",
    "byline": "BY",
    "sectionName": "SE",
    "wordCount": "WC",
    "publicationDate": "PD",
    "sourceName": "SN",
    "sourceCode": "SC",
    "edition": "ED",
    "pages": "PG",
    "baseLanguage": "LA",
    "copyright": "CY",
    "leadParagraph": "LP",
    "tailParagraphs": "TD",
}
_CODED_LINE = re.compile(r"\s*([A-Z]{2,3})(?:[ \xa0]*\||\t| {2,}|[ \xa0]*\xa0|[ \xa0]*$)(.*)", re.S)
_WORDS = re.compile(r"\d[\d,. \xa0]{0,10} ?(?:words|mots|Wörter|palabras|parole|palavras|woorden|字|語)")
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?(?: GMT| UTC)?")
_COPYRIGHT = re.compile(r"\(c\)|©|copyright\b", re.I)
_SOURCE_CODE = re.compile(r"[A-Z0-9]{1,8}")
_PAGE = re.compile(r"(?:p\. ?)?[A-Z]{0,3}\d{1,3}(?:[-,; ]{1,2}[A-Z]{0,3}\d{1,3}){0,9}")
_DOCUMENT = re.compile(r"(?:Document|Documento|Dokument|Документ|文件|文書)\s*:?\s+([A-Za-z]\w{14,39})\s*")


def read_division(division: Any) -> Fields:
    """Return the fields of a `<div class="article ...">`, with indexing or without."""
    fields: Fields = {}
    for row in division.iter("tr"):
        cells = row.xpath("./td | ./th")
        code = " ".join(cells[0].text_content().split()) if len(cells) > 1 else ""
        # rows of a table within a value belong to that value
        if code in _CODES and _is_outer(row, division):
            parts = [part for cell in cells[1:] for part in list_paragraphs(cell)]
            fields.setdefault(code, ("\n\n" if code in TEXTS else " ").join(parts))
    return fields or _read_plain_division(division)


def _is_outer(row: Any, division: Any) -> bool:
    """Whether `row` is of a table that no other table of `division` holds, nor an article within it."""
    tables = 0
    for above in row.iterancestors():
        if above is division:
            return tables == 1
        tables += above.tag == "table"
        if above.tag == "div" and "article" in (above.get("class") or "").split():
            return False
    return False


def _read_plain_division(division: Any) -> Fields:
    paragraphs = division.xpath('.//p[contains(@class, "articleParagraph")]')
    above = [line for each in division.iterchildren("div") for line in list_paragraphs(each)]
    headlines = division.xpath('.//*[contains(@class, "Headline")]')
    body = [line for each in paragraphs for line in list_paragraphs(each)]
    lines = [*above, *body, *(line for each in division.iterchildren("p") for line in list_paragraphs(each))]
    fields = _read_header(above)
    if headlines:
        fields["HD"] = " ".join(headlines[0].text_content().split())
    found = [match for line in lines if (match := _DOCUMENT.fullmatch(line))]
    fields["AN"] = found[-1][1] if found else ""
    fields["TD"] = "\n\n".join(line for line in body if not _DOCUMENT.fullmatch(line))
    return fields


def read_element(article: Any) -> Fields:
    """Return the fields of an `article` element of the XML."""
    fields: Fields = {}
    for child in article.iterchildren():
        code = _XML_NAMES.get(str(child.tag).rpartition("}")[2])
        if code in TEXTS:
            paragraphs = child.xpath('.//*[local-name() = "paragraph"]') or [child]
            fields[code] = "\n\n".join(filter(None, map(_join_text, paragraphs)))
        elif code:
            # a date has further elements, such as the day of the week, after the first
            fields.setdefault(code, _join_text(child[0] if code == "PD" and len(child) else child))
    return fields


def _join_text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def split_coded(lines: Iterable[str]) -> Iterator[Fields]:
    """Yield the articles of lines with codes; AN ends an article, or, where it lacks, the next one's first code."""
    values: dict[str, list[str]] = {}
    code = ""
    for line in lines:
        found = match_code(line)
        if found and values and (code == "AN" or ("HD" in values and found in ("HD", "SE"))):
            yield _join_values(values)
            values = {}
        code = found or code
        # below the last article stands what belongs to none, such as the search summary
        if code and (found or code != "AN" or not any(values["AN"])):
            values.setdefault(code, []).append(_CODED_LINE.sub(r"\2", line) if found else line)
    if values:
        yield _join_values(values)


def match_code(line: str) -> str:
    """Return the code that `line` begins with, "" for none."""
    found = _CODED_LINE.fullmatch(line)
    return found[1] if found and found[1] in _CODES else ""


def _join_values(values: dict[str, list[str]]) -> Fields:
    parts = {code: [" ".join(line.strip("| \t\xa0").split()) for line in lines] for code, lines in values.items()}
    return {code: ("\n\n" if code in TEXTS else " ").join(filter(None, lines)) for code, lines in parts.items()}


def split_plain(lines: Iterable[str]) -> Iterator[Fields]:
    """Yield the articles of lines without codes, each of which ends with its accession number."""
    article: list[str] = []
    for line in (" ".join(line.strip("| \t\xa0").split()) for line in lines):
        if found := _DOCUMENT.fullmatch(line):
            yield _read_plain_lines(article) | {"AN": found[1]}
            article = []
        elif line:
            article.append(line)


def _read_plain_lines(lines: Sequence[str]) -> Fields:
    """Return the fields of one article; its text begins after the copyright or, where there is none, the language."""
    header = [number for number, line in enumerate(lines[:20]) if _COPYRIGHT.match(line)]
    header = header or [number for number, line in enumerate(lines[:20]) if _guess_code(line) == "LA"]
    begins = header[0] + 1 if header else 0
    fields = _read_header(lines[:begins])
    fields["TD"] = "\n\n".join(lines[begins:])
    return fields


def _read_header(lines: Sequence[str]) -> Fields:
    """Return what the lines around the number of words say; lines whose meaning is not certain are left out."""
    words = next((number for number, line in enumerate(lines) if _WORDS.fullmatch(line)), None)
    if words is None:
        return {}
    above, below = list(lines[:words]), list(lines[words + 1 :])
    fields = {"WC": lines[words]}
    if above and re.match(r"(?:by|von|par|por|di) ", above[-1], re.I):
        fields["BY"] = above.pop()
        above = above[-1:]
    if len(above) == 1:
        fields["HD"] = above[0]
    if len(below) > 1 and _TIME.fullmatch(below[1]):
        fields["ET"] = below.pop(1)
    fields |= dict(zip(("PD", "SN"), below, strict=False))
    for line in below[2:]:
        if code := _guess_code(line):
            fields.setdefault(code, line)
    return fields


def _guess_code(line: str) -> str | None:
    """Return what a line of the display without indexing holds, by its looks: "TAE" SC, "12" PG, "English" LA."""
    if _SOURCE_CODE.fullmatch(line) and not line.isdigit():
        return "PG" if _PAGE.fullmatch(line) and any(map(str.isdigit, line)) else "SC"
    if _PAGE.fullmatch(line):
        return "PG"
    return "LA" if " " not in line and read_language(line) else None
