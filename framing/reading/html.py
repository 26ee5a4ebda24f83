"""Web pages: the main text, and what their markup says of outlet, dates and title."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any

from framing.reading.drafts import Draft, Source
from framing.reading.encodings import decode_html
from framing.reading.markup import read_markup
from framing.reading.options import ReadingOptions
from framing.records import Problem

_NO_CONTENT = ["//nav", "//body/footer"]
"""Left to itself the extractor takes these for the text of a page that has no other."""

LARGEST_PAGE = 20_000_000
"""Characters. Pages of articles have below a million; a parsed page takes many times its size in memory."""

LAYOUT_CELL = 400
"""Characters from which a table's cell is a column of a page: cells of facts have a line or two."""

WRAPPED_LINE = 50
"""Characters that all but the last lines of a paragraph have where preformatted text is prose; verse has fewer."""

_TABLE_PARTS = ("table", "thead", "tbody", "tfoot", "tr", "td", "th")
_SENTENCE_END = re.compile(r"[.!?…:。！？][\"'”’»)]*\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


def read_html(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read one article from a web page: its main text as paragraphs between blank lines, and its markup."""
    page = decode_html(source.file.read_bytes())
    if len(page) > LARGEST_PAGE:
        message = f"{source.path}: {len(page)} characters, expected at most {LARGEST_PAGE}; save it as plain text"
        yield Problem(source.path, "page too large", message)
        return
    tree = parse_page(page)
    text = extract_text(tree, options) if tree is not None else ""
    if not text:
        message = f"{source.path}: no article text found in the page; if there is one, save it as plain text"
        yield Problem(source.path, "no text", message)
        return
    details = read_markup(tree, day_first=options.day_first, today=options.today)
    yield Draft(source.path, text, details, searchable=True)


def parse_page(page: str) -> Any:
    """Return the root element (of lxml) of `page`, or None where there is no markup at all."""
    from lxml import etree, html

    # bytes, since lxml refuses texts that declare an encoding; lone surrogates cannot be encoded
    data = page.encode("utf-8", "replace")
    try:
        return html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8", remove_comments=True))
    except (etree.LxmlError, ValueError, AssertionError):
        return None


def extract_text(tree: Any, options: ReadingOptions) -> str:
    """Return the main text below the root element `tree`, "" for none; blank lines part its paragraphs.

    Changes the tree: what the extractor would take for one line is put as it was meant.
    """
    import trafilatura

    _silence_extraction()
    _unfold_layout(tree)
    _unwrap_preformatted(tree)
    if options.extract != "recall":
        _remove_lone_links(tree)
    try:
        document = trafilatura.bare_extraction(
            tree,
            favor_precision=options.extract == "precision",
            favor_recall=options.extract == "recall",
            include_comments=False,
            prune_xpath=_NO_CONTENT,
        )
    except Exception:  # a page that trips the extractor must not stop the others
        return ""
    text = getattr(document, "text", None) or ""
    return "\n\n".join(line.strip() for line in text.split("\n") if line.strip())


def _unfold_layout(tree: Any) -> None:
    """Make divisions of the tables that only part a page into columns; tables of facts stay."""
    for table in [each for each in tree.iter("table") if _is_layout(each)]:
        for part in list(_iterate_parts(table)):
            part.tag = "div"


def _iterate_parts(table: Any) -> Iterator[Any]:
    """Yield `table` with its rows and cells, and nothing of the tables within it."""
    yield table
    for child in table.iterchildren(*_TABLE_PARTS[1:]):
        yield from _iterate_parts(child)


def _is_layout(table: Any) -> bool:
    cells = [part for part in _iterate_parts(table) if part.tag in ("td", "th")]
    return any(
        cell.find(".//table") is not None or len(cell.findall(".//p")) > 1 or len(_read_line(cell)) > LAYOUT_CELL
        for cell in cells
    )


def _unwrap_preformatted(tree: Any) -> None:
    """Make paragraphs of preformatted prose: blank lines part them, and their lines are joined."""
    for element in list(tree.iter("pre")):
        text = _CONTROL.sub(" ", element.text_content()).strip("\r\n")
        blocks = [block.split("\n") for block in _BLANK_LINE.split(text)]
        if any(len(block) > 1 for block in blocks) and all(_is_prose(block) for block in blocks):
            _replace_content(element, (" ".join(" ".join(block).split()) for block in blocks))


def _is_prose(lines: list[str]) -> bool:
    return all(len(line.strip()) >= WRAPPED_LINE for line in lines[:-1])


def _replace_content(element: Any, paragraphs: Iterable[str]) -> None:
    tail = element.tail
    element.clear()
    element.tag, element.tail = "div", tail
    for text in paragraphs:
        element.append(element.makeelement("p"))
        element[-1].text = text


def _remove_lone_links(tree: Any) -> None:
    """Remove paragraphs that are nothing but one link, and no sentence: headlines of other stories within a story."""
    headings = {_read_line(heading) for heading in tree.iter("h1")}
    for paragraph in list(tree.iter("p")):
        links = paragraph.findall(".//a")
        text = _read_line(paragraph) if len(links) == 1 else ""
        if text and text == _read_line(links[0]) and text not in headings and not _SENTENCE_END.search(text):
            paragraph.drop_tree()


def _read_line(element: Any) -> str:
    return " ".join(element.text_content().split())


def _silence_extraction() -> None:
    """Keep the extractor's complaints from standard error, for they come back as problems."""
    logger = logging.getLogger("trafilatura")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
