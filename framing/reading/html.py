"""Web pages: the main text, and what their markup says of outlet, dates and title."""

from __future__ import annotations

import logging
from collections.abc import Iterator
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
    """Return the main text below the root element `tree`, "" for none; blank lines part its paragraphs."""
    import trafilatura

    _silence_extraction()
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


def _silence_extraction() -> None:
    """Keep the extractor's complaints from standard error, for they come back as problems."""
    logger = logging.getLogger("trafilatura")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
