"""What the markup of a web page says: Open Graph and other meta elements, JSON-LD, <time>, headings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from framing.reading.dates import parse_date
from framing.reading.drafts import Details, Value
from framing.reading.titles import strip_site_name

_ARTICLE_TYPES = ("Article", "BlogPosting", "LiveBlogPosting", "Report", "Review", "SocialMediaPosting")
"""Last parts of the schema.org types of an article; NewsArticle, OpinionNewsArticle ... end in Article."""

_META_PUBLISHED = (
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "date.published",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "article.published",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publication_date",
    "citation_publication_date",
    "cxenseparse:recs:publishtime",
)
_META_UPDATED = (
    "article:modified_time",
    "og:updated_time",
    "og:article:modified_time",
    "datemodified",
    "dcterms.modified",
    "dc.date.modified",
    "article.updated",
    "last-modified",
    "lastmod",
)
_META_OUTLET = (
    "og:site_name",
    "publisher",
    "dc.publisher",
    "dcterms.publisher",
    "citation_journal_title",
    "application-name",
)
_META_TITLE = (
    "og:title",
    "twitter:title",
    "dc.title",
    "dcterms.title",
    "citation_title",
    "parsely-title",
)
_META_URL = ("og:url",)
_PUBLISHED_CLASSES = (
    "published",
    "pubdate",
    "pub-date",
    "publish-date",
    "entry-date",
    "post-date",
    "dateline",
)
_UPDATED_CLASSES = ("updated", "modified")
_LONGEST_DATE_LINE = 60
"""Characters around a lone <time>: with more, it stands in running text and dates an event."""


def read_markup(tree: Any, *, day_first: bool, today: date) -> Details:
    """Return what the page below the root element `tree` says of outlet, date, updated, title and URL.

    Of several dates the first that is one and not after `today` counts; the source names the element.
    """
    meta, linked = _collect_meta(tree), _find_article(tree)
    outlets = [*_from_meta(meta, _META_OUTLET), *_from_publisher(linked)]
    published = [*_from_meta(meta, _META_PUBLISHED), *_from_linked(linked, "datePublished")]
    updated = [*_from_meta(meta, _META_UPDATED), *_from_linked(linked, "dateModified")]
    published += _from_time(tree, "datepublished", _PUBLISHED_CLASSES) + _from_lone_time(tree)
    updated += _from_time(tree, "datemodified", _UPDATED_CLASSES)
    values = {
        "outlet": next(iter(outlets), None),
        "date": _choose_date(published, day_first, today),
        "updated": _choose_date(updated, day_first, today),
        "title": _choose_title(tree, meta, linked, [str(value.content) for value in outlets]),
        "url": next(iter(_from_canonical(tree) + _from_meta(meta, _META_URL)), None),
    }
    return Details({name: value for name, value in values.items() if value})


def _collect_meta(tree: Any) -> dict[str, str]:
    """Return the content of each named meta element, the first of a name, by the name in small letters."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        content = " ".join((element.get("content") or "").split())
        for attribute in ("property", "name"):
            name = (element.get(attribute) or "").strip().lower()
            if name and content:
                found.setdefault(name, content)
    return found


def _from_meta(meta: Mapping[str, str], names: Sequence[str]) -> list[Value]:
    return [Value(meta[name], f"html {name}") for name in names if name in meta]


def _find_article(tree: Any) -> Mapping[str, Any]:
    """Return the one article of the page's JSON-LD; of several none, for they may be teasers."""
    found = [node for node in _iterate_linked(tree) if _is_article(node)]
    return found[0] if len(found) == 1 else {}


def _iterate_linked(tree: Any) -> Iterator[Mapping[str, Any]]:
    for element in tree.xpath('//script[contains(@type, "ld+json")]'):
        try:
            content = json.loads(element.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for node in content if isinstance(content, list) else [content]:
            if isinstance(node, dict):
                graph = node.get("@graph")
                nodes = graph if isinstance(graph, list) else [node.get("mainEntity"), node]
                yield from (each for each in nodes if isinstance(each, dict))


def _is_article(node: Mapping[str, Any]) -> bool:
    types = node.get("@type")
    return any(str(kind).endswith(_ARTICLE_TYPES) for kind in (types if isinstance(types, list) else [types]))


def _from_linked(linked: Mapping[str, Any], name: str) -> list[Value]:
    value = linked.get(name)
    return [Value(value.strip(), f"html JSON-LD {name}")] if isinstance(value, str) and value.strip() else []


def _from_publisher(linked: Mapping[str, Any]) -> list[Value]:
    publisher = linked.get("publisher")
    if isinstance(publisher, list) and len(publisher) == 1:
        publisher = publisher[0]
    name = publisher.get("name") if isinstance(publisher, dict) else None
    return [Value(name.strip(), "html JSON-LD publisher")] if isinstance(name, str) and name.strip() else []


def _from_time(tree: Any, itemprop: str, classes: Sequence[str]) -> list[Value]:
    """Return the dates of elements that say in an attribute what they date."""
    found = []
    for element in tree.xpath("//time | //*[@itemprop]"):
        named = (element.get("itemprop") or "").lower() == itemprop
        names = (element.get("class") or "").lower().split() if element.tag == "time" else []
        marked = element.get("pubdate") is not None and itemprop == "datepublished"
        stated = element.get("datetime") or element.get("content") or element.text_content()
        if stated.strip() and (named or marked or any(name.endswith(tuple(classes)) for name in names)):
            found.append(Value(stated.strip(), f"html {element.tag}"))
    # more than one different date is one for each teaser of a list
    return found if len({str(value.content)[:10] for value in found}) == 1 else []


def _from_lone_time(tree: Any) -> list[Value]:
    """Return the date of the page's only <time>, where it stands by itself and not in running text."""
    times = tree.xpath("//time[@datetime]")
    if len(times) != 1:
        return []
    line = f"{times[0].get('class') or ''} {_find_line(times[0])}".lower()
    if len(line) > _LONGEST_DATE_LINE or any(name in line for name in _UPDATED_CLASSES):
        return []
    return [Value(times[0].get("datetime").strip(), "html time")]


def _find_line(element: Any) -> str:
    """Return the text that `element` stands in: its paragraph's, else what its parent holds beside other elements."""
    paragraphs = element.xpath("ancestor::*[self::p or self::li or self::td or self::blockquote][1]")
    pieces = [each.text_content() for each in paragraphs] or element.xpath("../text()")
    return " ".join(" ".join(pieces).split())


def _from_canonical(tree: Any) -> list[Value]:
    links = [link.get("href") or "" for link in tree.xpath('//link[@rel="canonical"]')]
    return [Value(link, "html canonical") for link in links[:1] if link.startswith(("http://", "https://"))]


def _choose_date(candidates: Sequence[Value], day_first: bool, today: date) -> Value | None:
    for value in candidates:
        parsed = parse_date(value.content, day_first=day_first, today=today)
        if parsed and not parsed.fault:
            return value
    return candidates[0] if candidates else None


def _choose_title(tree: Any, meta: Mapping[str, str], linked: Mapping[str, Any], outlets: list[str]) -> Value | None:
    """Return the first title, without the site's name where a shorter title shows that it is one."""
    headings = [" ".join(heading.text_content().split()) for heading in tree.iter("h1")]
    documents = [" ".join(title.text_content().split()) for title in tree.xpath("//head/title")]
    titles = [*_from_meta(meta, _META_TITLE), *_from_linked(linked, "headline")]
    titles += [Value(heading, "html h1") for heading in headings if heading and len(headings) == 1]
    titles += [Value(title, "html title") for title in documents[:1] if title]
    if not titles:
        return None
    first = str(titles[0].content)
    shown = {str(title.content).casefold() for title in titles} | {heading.casefold() for heading in headings}
    return Value(_strip_shown(strip_site_name(first, outlets), shown), titles[0].source)


def _strip_shown(title: str, shown: set[str]) -> str:
    """Return the beginning of `title` that is a title of the page by itself, else all of it."""
    for separator in (" | ", " - ", " – ", " — ", " · ", " » ", " :: "):
        beginning, _, rest = title.rpartition(separator)
        if rest and beginning.casefold() in shown:
            return beginning
    return title
