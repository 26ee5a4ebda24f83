"""What archive exports and feeds share: XML read safely, HTML fragments as paragraphs, names of languages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5
from typing import Any

from framing.reading.drafts import Source
from framing.reading.encodings import UnreadableTextError, decode_html
from framing.reading.html import parse_page
from framing.records import Problem

LARGEST_EXPORT = 100_000_000
"""Bytes. A thousand articles of 1,000 words have some 6 MB; a parsed file takes several times its size in memory."""

SUMMARY_WORDS = 120
"""Fewer words in a single paragraph are named as perhaps a summary. Chosen, not measured: stories have paragraphs."""

_BLOCKS = re.compile(
    r"address|article|aside|blockquote|body|br|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form"
    r"|h[1-6]|header|hr|html|li|main|nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul"
)
_HIDDEN = ("script", "style", "template", "title")
_MARKUP = re.compile(r"<[a-zA-Z/!]")
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*>")
_INTERNAL_SUBSET = re.compile(r"<!DOCTYPE[^>\[]{0,2000}\[")
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_WORD = re.compile(r"[^\W\d_]+")
_XML_ENTITIES = ("lt", "gt", "amp", "quot", "apos")
_LANGUAGES = {
    "en": "english anglais englisch inglés inglese",
    "fr": "french français französisch francés francese",
    "de": "german deutsch allemand alemán tedesco",
    "es": "spanish español espagnol spanisch spagnolo",
    "it": "italian italiano italien italienisch",
    "pt": "portuguese português portugais portugiesisch",
    "nl": "dutch nederlands néerlandais niederländisch",
    "pl": "polish polski polonais polnisch",
    "sv": "swedish svenska",
    "da": "danish dansk",
    "no": "norwegian norsk",
    "ru": "russian русский russe russisch",
    "ar": "arabic العربية arabe arabisch",
    "zh": "chinese 中文 chinois",
    "ja": "japanese 日本語 japonais",
    "cy": "welsh cymraeg",
    "ga": "irish gaeilge",
}


def load_export(source: Source) -> bytes:
    """Return the bytes of an export.

    Raises:
        UnreadableTextError: for more than `LARGEST_EXPORT` bytes.
    """
    size = source.file.stat().st_size
    if size > LARGEST_EXPORT:
        message = f"{size} bytes, expected at most {LARGEST_EXPORT}; export the articles in smaller parts"
        raise UnreadableTextError("file too large", message)
    return source.file.read_bytes()


def parse_xml(data: bytes) -> tuple[Any, str | None]:
    """Return the root element (of lxml) of an XML file, and the first fault that it was read in spite of.

    Nothing outside the file is loaded.

    Raises:
        UnreadableTextError: for entities declared in the file, which can blow up to gigabytes, for what
            is no XML, and as `decode_html`.
    """
    from lxml import etree

    text = _DECLARATION.sub("", decode_html(data), count=1)
    if "<!ENTITY" in text and _INTERNAL_SUBSET.search(text):
        raise UnreadableTextError("entities refused", "the file declares entities of its own; remove its <!DOCTYPE>")
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(_NAMED_ENTITY.sub(_replace_entity, text).encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        root = None
    faults = [f"line {each.line}: {each.message.strip()}" for each in parser.error_log if each.level_name == "FATAL"]
    if root is None:
        raise UnreadableTextError("broken XML", f"{'; '.join(faults[:1]) or 'no element'}; save the file again")
    return root, faults[0] if faults else None


def list_paragraphs(element: Any) -> list[str]:
    """Return the text of each block below `element`; line breaks part blocks too, hidden elements are left out."""
    from lxml import etree

    pieces: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        name = node.tag.rpartition("}")[2].lower() if isinstance(node.tag, str) else ""
        if _BLOCKS.fullmatch(name):
            pieces.append("\n")
        if event == "start" and name not in _HIDDEN:
            pieces.append(_flatten(node.text))
        elif event != "start" and node is not element:
            pieces.append(_flatten(node.tail))
    return [line for line in (" ".join(line.split()) for line in "".join(pieces).split("\n")) if line]


def strip_markup(text: str) -> list[str]:
    """Return the paragraphs of an HTML fragment, or of plain text with a paragraph on each line."""
    if not _MARKUP.search(text):
        return [line for line in (" ".join(line.split()) for line in html.unescape(text).splitlines()) if line]
    tree = parse_page(f"<div>{text}</div>")
    return [] if tree is None else list_paragraphs(tree)


def read_language(name: str | None) -> str | None:
    """Return the two letters (ISO 639-1) for a language as exports name it: "en", "EN-GB", "English", "Anglais"."""
    found = _WORD.search((name or "").lower())
    word = found[0] if found else ""
    if len(word) == 2 and word.isascii():
        return word
    return next((code for code, names in _LANGUAGES.items() if word in names.split()), None)


def note_summary(text: str, article_id: str, path: str, field: str) -> Iterator[Problem]:
    """Yield a problem where `text`, found in the summary `field`, is so short that it may not be the article."""
    words = len(text.split())
    if words < SUMMARY_WORDS and "\n\n" not in text:
        message = f'{article_id}: {words} words in "{field}", perhaps a summary; save the full text too'
        yield Problem(path, "perhaps a summary", message, skipped=False)


def _replace_entity(found: re.Match[str]) -> str:
    """Return the sign that an HTML entity stands for, which XML does not know of."""
    return found[0] if found[1] in _XML_ENTITIES else html5.get(f"{found[1]};", found[0])


def _flatten(text: str | None) -> str:
    return (text or "").replace("\n", " ").replace("\r", " ")
