"""Exports of Factiva: HTML, XML and RTF, with one article after another in a file.

Structure relied on, as Factiva's field codes name it and as its exports look in the test files of the R package
tm.plugin.factiva (R.TeMiS):

* HTML: `<div class="article enArticle">` (two letters for the language) for each article; in the display with
  indexing a table, whose rows hold a code (HD, PD, SN ...) and its value, paragraphs as `p.articleParagraph`; in
  the display without, a `.enHeadline` and lines for number of words, date, time, outlet, source code, page,
  language and copyright, then the paragraphs, then "Document" and the accession number.
* XML: `ppsArticleResponse//article` with `accessionNo`, `headline`, `byline`, `publicationDate`, `sourceName`,
  `leadParagraph`, `tailParagraphs`, `sectionName`, `pages`, `wordCount`, `baseLanguage`.
* RTF: the same as lines, a code in a table cell or before "|", a tab or a fixed space; or the lines without codes.

Codes: HD headline, BY byline, SE section, WC words, PD date, ET time, SN outlet, SC its code, ED edition, PG
page, LA language, CY copyright, LP lead paragraphs, TD the further text, CX correction, AN accession number.
Without indexing the headline cannot be told from the section above it in RTF and stays empty where there are both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from framing.reading.columns import match_columns
from framing.reading.drafts import Details, Draft, Source, Value
from framing.reading.encodings import UnreadableTextError, decode_html
from framing.reading.exports import list_paragraphs, load_export, parse_xml, read_language
from framing.reading.html import parse_page
from framing.reading.options import ReadingOptions
from framing.reading.rtf import extract_rtf
from framing.records import Problem

Fields = dict[str, str]
"""Values by code; those of LP and TD are paragraphs between blank lines."""

_VALUES = {"outlet": "SN", "date": "PD", "title": "HD", "language": "LA"}
_KEPT = {"byline": "BY", "section": "SE", "page": "PG", "length": "WC", "edition": "ED", "correction": "CX"}
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
_TEXTS = ("LP", "TD")
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
_DIVISION = re.compile(r"""class=["']article [a-z]{2}Article["']""")
_TITLE = re.compile(r"<title>\s*(?:Dow Jones )?Factiva\s*</title>", re.I)
_RTF_CODE = re.compile(r"(?<![A-Za-z0-9\\])(HD|PD|SN)(?=[\s}]*(?:\\~|\\cell|\\tab|\\'a0|\\u160|\|))")
_CODED_LINE = re.compile(r"\s*([A-Z]{2,3})(?:[ \xa0]*\||\t| {2,}|[ \xa0]*\xa0|[ \xa0]*$)(.*)", re.S)
_WORDS = re.compile(r"\d[\d,. \xa0]{0,10} ?(?:words|mots|Wörter|palabras|parole|palavras|woorden|字|語)")
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?(?: GMT| UTC)?")
_COPYRIGHT = re.compile(r"\(c\)|©|copyright\b", re.I)
_SOURCE_CODE = re.compile(r"[A-Z0-9]{1,8}")
_PAGE = re.compile(r"(?:p\. ?)?[A-Z]{0,3}\d{1,3}(?:[-,; ]{1,2}[A-Z]{0,3}\d{1,3}){0,9}")
_DOCUMENT = re.compile(r"(?:Document|Documento|Dokument|Документ|文件|文書)\s*:?\s+([A-Za-z]\w{14,39})\s*")


def is_factiva_html(head: str | bytes) -> bool:
    """Whether a page that begins with `head` is an export; some 90 KB of styles may stand before its articles."""
    text = _decode_head(head)
    return bool(_DIVISION.search(text) or _TITLE.search(text[:5000]))


def is_factiva_xml(head: str | bytes) -> bool:
    """Whether an XML file that begins with `head` is an export."""
    return bool(re.search(r"<(?:\w{1,20}:)?ppsArticleResponse\b", _decode_head(head), re.I))


def is_factiva_rtf(head: str | bytes) -> bool:
    """Whether an RTF file that begins with `head` is an export: by its title or by the codes of its first article."""
    text = _decode_head(head)
    if not text.lstrip().startswith("{\\rtf"):
        return False
    return "Factiva RTF Display Format" in text or set(_RTF_CODE.findall(text)) == {"HD", "PD", "SN"}


def read_factiva_html(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read each article of an export in HTML.

    Raises:
        UnreadableTextError: for a file that is too large or no text.
    """
    tree = parse_page(decode_html(load_export(source)))
    divisions = [] if tree is None else tree.xpath('//div[contains(concat(" ", @class, " "), " article ")]')
    yield from _make_drafts((_read_division(each) for each in divisions), source, options)


def read_factiva_xml(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read each article of an export in XML.

    Raises:
        UnreadableTextError: for a file that is too large, is no XML or declares entities of its own.
    """
    root, fault = parse_xml(load_export(source))
    yield from _make_drafts((_read_element(each) for each in root.iter("{*}article")), source, options)
    if fault:
        message = f"{source.path}: {fault}; what follows may be lost, export it again"
        yield Problem(source.path, "damaged XML", message, skipped=False)


def read_factiva_rtf(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read each article of an export in RTF.

    Raises:
        UnreadableTextError: for a file that is too large or no RTF.
    """
    data = load_export(source)
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableTextError("broken RTF", "found no {\\rtf at its beginning; export it again")
    text, whole = extract_rtf(data)
    lines = text.split("\n")
    coded = sum(1 for line in lines if _match_code(line) in ("HD", "PD", "SN"))
    yield from _make_drafts(_split_coded(lines) if coded >= 2 else _split_plain(lines), source, options)
    if not whole:
        message = f"{source.path}: the document ends within a group, so its end may be missing; export it again"
        yield Problem(source.path, "truncated file", message, skipped=False)


def _make_drafts(articles: Iterable[Fields], source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    number = 0
    for number, fields in enumerate(articles, 1):
        text = "\n\n".join(fields[code] for code in _TEXTS if fields.get(code))
        article_id = _find_accession(fields.get("AN", "")) or f"{source.path}#{number}"
        if text:
            yield Draft(article_id, text, _describe(fields, options))
        else:
            message = f'{source.path}#{number}: no text under "{fields.get("HD", article_id)}"; export the full article'
            yield Problem(source.path, "no text", message)
    if not number:
        message = f"{source.path}: no article found in this Factiva file; export it again with full text and indexing"
        yield Problem(source.path, "no text", message)


def _describe(fields: Fields, options: ReadingOptions) -> Details:
    values = {name: Value(fields[code], f"factiva {code}") for name, code in _VALUES.items() if fields.get(code)}
    row = fields | {name: fields.get(code, "") for name, code in _KEPT.items()}
    columns = match_columns(list(row), ReadingOptions(keep=options.keep, today=options.today))
    language = read_language(fields.get("LA"))
    values.pop("language", None)
    if language:
        values["language"] = Value(language, "factiva LA")
    return Details(values, columns.read_details(row).kept)


def _find_accession(text: str) -> str | None:
    """Return the accession number, the last word of "Document ABC0000020190529ef5t0000a"."""
    words = text.split()
    return words[-1] if words else None


def _read_division(division: Any) -> Fields:
    fields: Fields = {}
    for row in division.iter("tr"):
        cells = row.xpath("./td | ./th")
        code = " ".join(cells[0].text_content().split()) if len(cells) > 1 else ""
        # rows of a table within a value belong to that value
        if code in _CODES and _is_outer(row, division):
            parts = [part for cell in cells[1:] for part in list_paragraphs(cell)]
            fields.setdefault(code, ("\n\n" if code in _TEXTS else " ").join(parts))
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


def _read_element(article: Any) -> Fields:
    fields: Fields = {}
    for child in article.iterchildren():
        code = _XML_NAMES.get(str(child.tag).rpartition("}")[2])
        if code in _TEXTS:
            paragraphs = child.xpath('.//*[local-name() = "paragraph"]') or [child]
            fields[code] = "\n\n".join(filter(None, map(_join_text, paragraphs)))
        elif code:
            # a date has further elements, such as the day of the week, after the first
            fields.setdefault(code, _join_text(child[0] if code == "PD" and len(child) else child))
    return fields


def _join_text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def _split_coded(lines: Iterable[str]) -> Iterator[Fields]:
    """Yield the articles of lines with codes; AN ends an article, or, where it lacks, the next one's first code."""
    values: dict[str, list[str]] = {}
    code = ""
    for line in lines:
        found = _match_code(line)
        if found and values and (code == "AN" or ("HD" in values and found in ("HD", "SE"))):
            yield _join_values(values)
            values = {}
        code = found or code
        # below the last article stands what belongs to none, such as the search summary
        if code and (found or code != "AN" or not any(values["AN"])):
            values.setdefault(code, []).append(_CODED_LINE.sub(r"\2", line) if found else line)
    if values:
        yield _join_values(values)


def _match_code(line: str) -> str:
    found = _CODED_LINE.fullmatch(line)
    return found[1] if found and found[1] in _CODES else ""


def _join_values(values: dict[str, list[str]]) -> Fields:
    parts = {code: [" ".join(line.strip("| \t\xa0").split()) for line in lines] for code, lines in values.items()}
    return {code: ("\n\n" if code in _TEXTS else " ").join(filter(None, lines)) for code, lines in parts.items()}


def _split_plain(lines: Iterable[str]) -> Iterator[Fields]:
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


def _decode_head(head: str | bytes) -> str:
    return head if isinstance(head, str) else head.replace(b"\0", b"").decode("latin-1")
