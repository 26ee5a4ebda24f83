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
from collections.abc import Iterable, Iterator

from framing.reading.columns import match_columns
from framing.reading.drafts import Details, Draft, Source, Value
from framing.reading.encodings import UnreadableTextError, decode_html
from framing.reading.exports import load_export, parse_xml, read_language
from framing.reading.factiva_fields import (
    TEXTS,
    Fields,
    match_code,
    read_division,
    read_element,
    split_coded,
    split_plain,
)
from framing.reading.html import parse_page
from framing.reading.options import ReadingOptions
from framing.reading.rtf import extract_rtf
from framing.records import Problem

_VALUES = {"outlet": "SN", "date": "PD", "title": "HD", "language": "LA"}
_KEPT = {"byline": "BY", "section": "SE", "page": "PG", "length": "WC", "edition": "ED", "correction": "CX"}
_DIVISION = re.compile(r"""class=["']article [a-z]{2}Article["']""")
_TITLE = re.compile(r"<title>\s*(?:Dow Jones )?Factiva\s*</title>", re.I)
_RTF_CODE = re.compile(r"(?<![A-Za-z0-9\\])(HD|PD|SN)(?=[\s}]*(?:\\~|\\cell|\\tab|\\'a0|\\u160|\|))")


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
    yield from _make_drafts((read_division(each) for each in divisions), source, options)


def read_factiva_xml(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read each article of an export in XML.

    Raises:
        UnreadableTextError: for a file that is too large, is no XML or declares entities of its own.
    """
    root, fault = parse_xml(load_export(source))
    yield from _make_drafts((read_element(each) for each in root.iter("{*}article")), source, options)
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
    coded = sum(1 for line in lines if match_code(line) in ("HD", "PD", "SN"))
    yield from _make_drafts(split_coded(lines) if coded >= 2 else split_plain(lines), source, options)
    if not whole:
        message = f"{source.path}: the document ends within a group, so its end may be missing; export it again"
        yield Problem(source.path, "truncated file", message, skipped=False)


def _make_drafts(articles: Iterable[Fields], source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    number = 0
    for number, fields in enumerate(articles, 1):
        text = "\n\n".join(fields[code] for code in TEXTS if fields.get(code))
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


def _decode_head(head: str | bytes) -> str:
    return head if isinstance(head, str) else head.replace(b"\0", b"").decode("latin-1")
