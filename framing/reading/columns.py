"""Which column of a table holds what, by the user's word or by its usual names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from framing.reading.drafts import Details, Value
from framing.reading.options import ReadingOptions

SYNONYMS = {
    "text": ("text", "body", "content", "full_text", "article", "story", "story_text", "article_text"),
    "outlet": ("outlet", "source", "publication", "publisher", "media_name", "newspaper"),
    "date": (
        "date",
        "published",
        "published_date",
        "publish_date",
        "publication_date",
        "pubdate",
        "published_at",
    ),
    "updated": ("updated", "modified", "updated_at"),
    "title": ("title", "headline"),
    "url": ("url", "link"),
    "id": ("id", "article_id", "guid", "stories_id"),
    "language": ("language", "lang"),
}
"""Usual names, first choice first, as Media Cloud, news APIs and public corpora have them."""

_MISSING = frozenset(("nan", "none", "null", "n/a", "na", "<na>", "nat"))
"""How spreadsheets and data frames write "no value" into text."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one table: by field, kept ones by the name asked for, and those that it lacks."""

    fields: Mapping[str, str]
    kept: Mapping[str, str]
    missing: tuple[str, ...]

    @property
    def used(self) -> list[str]:
        """Names of the columns to read, each once."""
        return list(dict.fromkeys([*self.fields.values(), *self.kept.values()]))

    def read_details(self, row: Mapping[str, object], source: str | None = None) -> Details:
        """Return what `row` says beside its id and text; values come from `source`, else "column NAME"."""
        values = {
            field: Value(row[column], source or f"column {column}")
            for field, column in self.fields.items()
            if field not in ("id", "text") and not _is_missing(row.get(column))
        }
        texts = {name: as_text(row.get(column)) for name, column in self.kept.items()}
        return Details(values, {name: text for name, text in texts.items() if text is not None})


def match_columns(available: Sequence[str], options: ReadingOptions) -> Columns:
    """Return which of the `available` columns hold what; names are compared without regard to case."""
    missing = tuple(column for column in options.columns.values() if _find_name(column, available) is None)
    fields = {field: found for field, column in options.columns.items() if (found := _find_name(column, available))}
    for field, names in SYNONYMS.items():
        if field in options.columns:
            continue
        usual = (_find_name(name, available) for name in names)
        if found := next((name for name in usual if name and name not in fields.values()), None):
            fields[field] = found
    if "text" not in fields and "text" not in options.columns:
        missing += ("text",)
    kept = {name: found for name in options.keep if (found := _find_name(name, available))}
    return Columns(fields, kept, missing)


def as_text(value: object) -> str | None:
    """Return a single value as text, dates in ISO 8601; None for blanks, NaN, lists and mappings."""
    if value is None or isinstance(value, Mapping | list | tuple) or value != value:
        return None
    return (value.isoformat() if isinstance(value, date) else str(value)).strip() or None


def list_columns(names: Iterable[str]) -> str:
    """Return column names for a message, at most thirty of them."""
    listed = [f'"{name}"' for name in names]
    more = f" and {len(listed) - 30} more" if len(listed) > 30 else ""
    return (", ".join(listed[:30]) + more) if listed else "none"


def _is_missing(value: object) -> bool:
    """Whether `value` is no single value: None, NaN, blank, a list, or a word such as "null" for it."""
    text = as_text(value)
    return text is None or text.lower() in _MISSING


def _find_name(name: str, available: Sequence[str]) -> str | None:
    if name in available:
        return name
    plain = _simplify(name)
    return next((column for column in available if _simplify(column) == plain), None)


def _simplify(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")
