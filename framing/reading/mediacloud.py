"""Lists of stories from Media Cloud: where they appeared and when, but not their text.

Structure relied on: CSV files with the columns id, indexed_date, language, media_name, media_url, publish_date, title
and url, as Media Cloud's search offers them, in whatever order; those of its former interface have stories_id for id
and collect_date (medialab/minet, `mediacloud/constants.py`). When a story was indexed or collected is never taken for
its publication. Tables to which a researcher has added a column of text are read as any other table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from framing.reading.columns import as_text
from framing.records import Problem

_OWN_COLUMNS = ("media_name", "publish_date", "url")


def is_media_cloud(columns: Iterable[str]) -> bool:
    """Whether a table with these `columns` is a list of stories from Media Cloud, with or without their text."""
    return set(_OWN_COLUMNS) <= set(map(_simplify, columns))


def list_without_text(
    columns: Sequence[str], records: Iterable[tuple[int, Sequence[str]]], path: str
) -> Iterator[Problem]:
    """Yield a problem for each record, a line number and its cells, that names outlet, date, title and address."""
    names = [_simplify(column) for column in columns]
    for line, record in records:
        row = dict(zip(names, record, strict=False))
        reason = "no text, only a URL" if as_text(row.get("url")) else "no text"
        message = f"{path}:{line}: {reason}: {_describe(row)}; expected the text too, save the page and read that"
        yield Problem(path, reason, message, line=line)


def _describe(row: Mapping[str, str]) -> str:
    """Return outlet, date, title and address as a list; what the row lacks is named."""
    title = as_text(row.get("title"))
    parts = {
        "outlet": as_text(row.get("media_name")),
        "date": as_text(row.get("publish_date")),
        "title": f'"{title}"' if title else None,
        "URL": as_text(row.get("url")),
    }
    return ", ".join(text or f"no {name}" for name, text in parts.items())


def _simplify(column: str) -> str:
    return column.strip().lstrip("\ufeff").casefold().replace(" ", "_")
