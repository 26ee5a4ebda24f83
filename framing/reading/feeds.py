"""Feeds saved to disk: RSS and Atom.

Structure relied on, by the formats' own specifications:

* RSS 2.0 (RSS Advisory Board, "RSS 2.0 Specification"): `rss/channel` with `title` and `language`; each `item`
  with `title`, `link`, `description`, `pubDate`, `author`, `category`, `guid` and `source`; beside them
  `content:encoded` (RSS 1.0 module Content) and `dc:creator`, `dc:date` (Dublin Core).
* RSS 1.0 (RSS-DEV, "RDF Site Summary 1.0"): the same names, with the items beside the `channel`.
* Atom (RFC 4287; 0.3 likewise): `feed` with `title`; each `entry` with `title`, `link rel="alternate"`,
  `published`, `updated`, `content`, `summary`, `author/name`, `category` and `source/title`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from framing.reading.columns import match_columns
from framing.reading.drafts import Draft, Source
from framing.reading.encodings import UnreadableTextError
from framing.reading.exports import list_paragraphs, load_export, note_summary, parse_xml, read_language, strip_markup
from framing.reading.options import ReadingOptions
from framing.records import Problem

MOST_DECLARATIONS = 50
"""Declarations and comments looked past for the first element; feeds have below ten."""

_NAMESPACES = {
    **dict.fromkeys(("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"), ""),
    **dict.fromkeys(("http://purl.org/rss/1.0/", "http://backend.userland.com/rss2"), ""),
    "http://purl.org/rss/1.0/modules/content/": "content:",
    **dict.fromkeys(("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"), "dc:"),
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf:",
}
_ROOTS = ("rss", "feed", "rdf:RDF")
_FULL_TEXT = ("content:encoded", "content")
_SUMMARIES = ("description", "summary")
_PUBLISHED = ("pubDate", "published", "issued", "dc:date", "dc:issued", "dc:created")
_UPDATED = ("updated", "modified", "dc:modified")


def is_feed(head: str | bytes) -> bool:
    """Whether a file that begins with `head` is RSS or Atom, by its root element and its namespace."""
    text = head if isinstance(head, str) else head.replace(b"\0", b"").decode("latin-1")
    name, attributes = _find_root(text)
    if name == "rss":
        return True
    return (name == "feed" and "/atom" in attributes.lower()) or (name.endswith("RDF") and "/rss/" in attributes)


def read_feed(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read each item of a feed: its full text where it has one, else its description.

    `updated` is never taken for the date of publication.

    Raises:
        UnreadableTextError: as `parse_xml`, and for XML that is no feed.
    """
    root, fault = parse_xml(load_export(source))
    if _name(root) not in _ROOTS:
        found = f"the root element is <{_name(root)}>"
        raise UnreadableTextError("no feed", f"{found}, expected <rss>, <feed> or <rdf:RDF>; remove the file")
    channel = _collect(next((each for each in root if _name(each) == "channel"), root))
    items = [each for each in root.iter() if _name(each) in ("item", "entry")]
    for number, item in enumerate(items, 1):
        yield from _read_item(_collect(item), channel, f"{source.path}#{number}", source.path, options)
    if not items:
        yield Problem(source.path, "no text", f"{source.path}: the feed holds no item; remove the file")
    if fault:
        message = f"{source.path}: {fault}; what follows may be lost, save the feed again"
        yield Problem(source.path, "damaged XML", message, skipped=False)


def _read_item(
    item: Mapping[str, list[Any]], channel: Mapping[str, list[Any]], article_id: str, path: str, options: ReadingOptions
) -> Iterator[Draft | Problem]:
    field = next((name for name in (*_FULL_TEXT, *_SUMMARIES) if any(map(_list_text, item.get(name, [])))), None)
    row = _describe(item, channel)
    if field is None:
        place = row["url"] or row["title"] or "an item without link and title"
        message = f"{article_id}: no text in the feed for {place}; save the page itself"
        yield Problem(path, "no text", message)
        return
    text = "\n\n".join(next(filter(None, map(_list_text, item[field]))))
    if field in _SUMMARIES:
        yield from note_summary(text, article_id, path, field)
    columns = match_columns(list(row), ReadingOptions(keep=options.keep, today=options.today))
    yield Draft(article_id, text, columns.read_details(row, "feed"))


def _describe(item: Mapping[str, list[Any]], channel: Mapping[str, list[Any]]) -> dict[str, str | None]:
    """Return what the feed says of one item, by the names of `framing.reading.options.FIELDS` and a few more."""
    return {
        "outlet": _read_part(item, "source", "title") or _read_first(channel, "title"),
        "date": _read_first(item, *_PUBLISHED),
        "updated": _read_first(item, *_UPDATED),
        "title": _read_first(item, "title", "dc:title"),
        "url": _find_link(item),
        "language": read_language(_read_first(item, "dc:language") or _read_first(channel, "language", "dc:language")),
        "byline": _read_first(item, "dc:creator") or _read_part(item, "author", "name"),
        "section": _read_first(item, "category", "dc:subject") or _find_term(item),
        "guid": _read_first(item, "guid"),
    }


def _find_link(item: Mapping[str, list[Any]]) -> str | None:
    links = [each.text or each.get("href") or "" for each in item.get("link", []) if _is_alternate(each)]
    permanent = [each.text or "" for each in item.get("guid", []) if each.get("isPermaLink") != "false"]
    return next((link.strip() for link in links + permanent if link.strip().startswith(("http://", "https://"))), None)


def _is_alternate(link: Any) -> bool:
    return (link.get("rel") or "alternate") == "alternate"


def _read_first(fields: Mapping[str, list[Any]], *names: str) -> str | None:
    found = (" ".join(_list_text(each)) for name in names for each in fields.get(name, []))
    return next(filter(None, found), None)


def _read_part(fields: Mapping[str, list[Any]], name: str, part: str) -> str | None:
    """Return what Atom has in the child `part` of `name`, or RSS in `name` itself."""
    element = next(iter(fields.get(name, [])), None)
    if element is None or not len(element):
        return _read_first(fields, name)
    return _read_first(_collect(element), part)


def _find_term(item: Mapping[str, list[Any]]) -> str | None:
    return next((str(each.get("term")) for each in item.get("category", []) if each.get("term")), None)


def _list_text(element: Any) -> list[str]:
    """Return the paragraphs of an element that holds elements (Atom's xhtml) or, as text, an HTML fragment."""
    return list_paragraphs(element) if len(element) else strip_markup(element.text or "")


def _collect(element: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for child in element:
        found.setdefault(_name(child), []).append(child)
    return found


def _name(element: Any) -> str:
    """Return the element's name, with the usual prefix of a namespace that feeds use and "other:" of any other."""
    if not isinstance(element.tag, str):
        return ""
    space, _, name = element.tag.rpartition("}")
    return f"{_NAMESPACES.get(space[1:], 'other:')}{name}" if space else name


def _find_root(text: str) -> tuple[str, str]:
    """Return name and attributes of the first element after declarations and comments, "" where there is none."""
    text = text.lstrip("\ufeff\u00ef\u00bb\u00bf\u00ff\u00fe \t\r\n")
    for _ in range(MOST_DECLARATIONS):
        if not text.startswith(("<?", "<!")):
            break
        subset = text.startswith("<!DOCTYPE") and "[" in text.partition(">")[0]
        ends = "-->" if text.startswith("<!--") else "]>" if subset else ">"
        text = text.partition(ends)[2].lstrip()
    found = re.match(r"<([A-Za-z][\w:.-]{0,40})\b([^>]{0,5000})>", text)
    return (found[1], found[2]) if found else ("", "")
