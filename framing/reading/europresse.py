"""Exports of Europresse in HTML, with one article after another in a page.

Structure relied on, as in exports since 2015 and as the parsers of R.TeMiS (tm.plugin.europresse), Gargantext,
Europarser (CERES, Sorbonne Université) and parscival (its Europresse specification) read it: `<article>` for each
article, in it

* `.DocPublicationName`: the outlet, often with ", no. 1234";
* `.DocHeader`: section, date, words and page in one line, such as "Société, mercredi 29 mai 2019 512 mots, p. 4" or
  "World, Friday, November 13, 2015"; where it lacks, the line after `.DocTitreSousSection`;
* `.titreArticle`, in it `.rdp__articletitle` or `.titreArticleVisu`: the title;
* `.docAuthors` or a `p.sm-margin-bottomNews` after the title: the byline;
* `.docOcurrContainer` or, without search terms, `.DocText`: the text;
* `.publiC-lblNodoc` or a line at the end: the document number, such as "news·20190529·LM·0123".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from framing.reading.columns import match_columns
from framing.reading.dates import parse_date
from framing.reading.drafts import Draft, Source
from framing.reading.encodings import decode_html
from framing.reading.exports import list_paragraphs, load_export
from framing.reading.html import parse_page
from framing.reading.options import ReadingOptions
from framing.records import Problem

_MARK = re.compile(r"""class=["'][^"']{0,80}\bDocPublicationName\b""")
_ISSUE = re.compile(r",? (?:vol|no|n°|nº|núm)\.? ?\d.*$", re.I)
_DATE = re.compile(
    r"\d{1,2}(?:er)?\.? (?:de )?[^\W\d]{3,12} (?:de )?\d{4}\b|[^\W\d]{3,12} \d{1,2}, \d{4}\b|\d{4}-\d{2}-\d{2}\b"
)
_WEEKDAY = re.compile(
    r"[\s,–-]*\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|(?:mon|tues|wednes|thurs|fri|satur|sun)day)?"
    r"[\s,–-]*$",
    re.I,
)
_PAGE = re.compile(r"\bpp?\. ?([\w()-]{1,20}(?:, ?[\w()-]{1,20}){0,9})")
_WORDS = re.compile(r"\b\d[\d \xa0,.]{0,9} ?(?:mots|words)\b")
_DOCUMENT = re.compile(r"\b(?:news|web|biblio|social)·\d{8}·\w{1,12}·[\w-]{1,60}")


def is_europresse(head: str | bytes) -> bool:
    """Whether a page that begins with `head` is an export of Europresse."""
    return bool(_MARK.search(head if isinstance(head, str) else head.replace(b"\0", b"").decode("latin-1")))


def read_europresse(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read each article of an export.

    Raises:
        UnreadableTextError: for a file that is too large or no text.
    """
    tree = parse_page(decode_html(load_export(source)))
    articles = [] if tree is None else tree.xpath("//article[not(ancestor::article)]")
    for number, article in enumerate(articles, 1):
        yield _read_article(article, number, source, options)
    if not articles:
        message = f"{source.path}: no <article> in this Europresse file; exports before 2015 have none, export it again"
        yield Problem(source.path, "no text", message)


def _read_article(article: Any, number: int, source: Source, options: ReadingOptions) -> Draft | Problem:
    row = _describe(article, options)
    bodies = _find_class(article, "docOcurrContainer") or _find_class(article, "DocText")
    text = "\n\n".join(line for body in bodies[:1] for line in list_paragraphs(body))
    article_id = row["document"] or f"{source.path}#{number}"
    if not text:
        message = f'{source.path}#{number}: no text under "{row["title"] or article_id}"; export the full article'
        return Problem(source.path, "no text", message)
    columns = match_columns(list(row), ReadingOptions(keep=options.keep, today=options.today))
    return Draft(article_id, text, columns.read_details(row, "europresse"))


def _describe(article: Any, options: ReadingOptions) -> dict[str, str | None]:
    titles = _find_class(article, "titreArticle") or [article]
    title = _read_first(titles[0], "rdp__articletitle", "titreArticleVisu") or _read_first(
        article, "titreArticle", "grandTitre"
    )
    header = _read_first(article, "DocHeader") or _read_subsection(article) or ""
    section, date, rest = _split_header(header, options)
    page, words = _PAGE.search(rest), _WORDS.search(rest)
    numbers = _DOCUMENT.findall(" ".join(article.itertext()))
    return {
        "outlet": _read_outlet(article),
        "date": date,
        "updated": None,
        "title": title,
        "url": _find_link(article),
        "language": None,
        "byline": _read_first(article, "docAuthors") or _read_line_below(titles[0]),
        "section": section,
        "page": page[1] if page else None,
        "length": words[0] if words else None,
        "document": numbers[-1] if numbers else None,
    }


def _split_header(header: str, options: ReadingOptions) -> tuple[str | None, str | None, str]:
    """Return section, date and what follows it; without a date no part of the line is certain."""
    for found in _DATE.finditer(header):
        if parse_date(found[0], day_first=options.day_first, today=options.today):
            section = _WEEKDAY.sub("", header[: found.start()]).strip()
            return section or None, found[0], header[found.end() :]
    return None, None, header


def _read_outlet(article: Any) -> str | None:
    lines = [line for each in _find_class(article, "DocPublicationName")[:1] for line in list_paragraphs(each)]
    return _ISSUE.sub("", lines[0]).strip() or None if lines else None


def _read_subsection(article: Any) -> str | None:
    spans = [
        each for mark in _find_class(article, "DocTitreSousSection") for each in mark.xpath("following-sibling::span")
    ]
    return " ".join(" ".join(spans[0].itertext()).split()) if spans else None


def _read_line_below(title: Any) -> str | None:
    below = title.xpath('following-sibling::p[contains(@class, "sm-margin-bottomNews")]')
    return " ".join(list_paragraphs(below[0])) or None if below else None


def _find_link(article: Any) -> str | None:
    """Return the address at which the article appeared, of the link that says so."""
    links = [each for each in article.iter("a") if "article est paru dans" in (each.text_content() or "")]
    return next((each.get("href") for each in links if (each.get("href") or "").startswith("http")), None)


def _read_first(element: Any, *names: str) -> str | None:
    found = (" ".join(list_paragraphs(each)) for name in names for each in _find_class(element, name))
    return next(filter(None, found), None)


def _find_class(element: Any, name: str) -> list[Any]:
    found: list[Any] = element.xpath(
        './/*[contains(concat(" ", normalize-space(@class), " "), $name)]', name=f" {name} "
    )
    return found
