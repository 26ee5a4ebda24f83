"""A user's copy of a public data set of articles: JSON files as it was published, or one table."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framing.errors import InputError
from framing.reading.encodings import UnreadableTextError, decode_lines
from framing.reading.tables import BrokenTableError, iterate_csv

_COLUMNS = {
    "article": ("id", "article_id", "article"),
    "text": ("content_original", "text", "content", "body"),
    "outlet": ("source", "outlet"),
    "date": ("date", "published"),
    "title": ("title", "headline"),
}
"""Names of the fields in lower case, the first that is there counts. Those of ramybaly/Article-Bias-Prediction
(Baly et al. 2020) are ID, source, date, title and content_original; its `content` is the same text cut into tokens,
whose hashes differ."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceArticle:
    """One article of the data set; what it does not say is None."""

    article: str
    text: str
    outlet: str | None
    date: str | None
    title: str | None


def find_articles(source: Path, wanted: Collection[str]) -> dict[str, SourceArticle]:
    """Return those of the `wanted` articles that `source` has, by their id.

    Args:
        source: a file or a folder of files: .json (one article a file, or a list), .jsonl, .csv, .tsv or
            .parquet, with an id and a text: see `_COLUMNS`. Files named by a wanted id are read
            first, and reading ends when all are found.
        wanted: ids of articles.

    Raises:
        InputError: where there is no such file, or one cannot be read.
    """
    found: dict[str, SourceArticle] = {}
    for path in _list_files(source, wanted):
        if len(found) == len(wanted):
            break
        for row in _READERS[path.suffix.lower()](path):
            article = _read_article(row, path)
            if article.article in wanted:
                found.setdefault(article.article, article)
    return found


def _list_files(source: Path, wanted: Collection[str]) -> Sequence[Path]:
    paths = [source] if source.is_file() else sorted(source.rglob("*"))
    files = [path for path in paths if path.suffix.lower() in _READERS and path.is_file()]
    if not files:
        raise InputError(
            f"{source}: no {', '.join(_READERS)} file; give the folder with the JSON files of the data set, or a table "
            "of it with the columns id and text"
        )
    return sorted(files, key=lambda path: path.stem not in wanted)


def _read_article(row: Row, path: Path) -> SourceArticle:
    names = {str(name).lower(): name for name in row}
    values = {
        field: next((row[names[name]] for name in candidates if name in names), None)
        for field, candidates in _COLUMNS.items()
    }
    for field in ("article", "text"):
        if values[field] is None:
            raise InputError(
                f"{path}: no {field} among {', '.join(map(str, row)) or 'no fields'}; expected one of "
                f"{', '.join(_COLUMNS[field])}"
            )
    return SourceArticle(
        article=str(values["article"]),
        text=str(values["text"]),
        outlet=_read_fact(values["outlet"]),
        date=_read_fact(values["date"]),
        title=_read_fact(values["title"]),
    )


def _read_fact(value: Any) -> str | None:
    return str(value) if value is not None and str(value) else None


def _read_json(path: Path) -> Iterator[Row]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); copy the data set again") from error
    for row in content if isinstance(content, list) else [content]:
        yield _check_row(row, str(path))


def _read_lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                try:
                    yield _check_row(json.loads(line), f"{path}:{number}")
                except ValueError as error:
                    raise InputError(f"{path}:{number}: not JSON ({error}); copy the data set again") from error


def _check_row(row: Any, place: str) -> Row:
    if not isinstance(row, dict):
        raise InputError(f"{place}: found {type(row).__name__}, expected a JSON object with an id and a text")
    return row


def _read_table(path: Path) -> Iterator[Row]:
    try:
        with path.open("rb") as stream:
            records = iterate_csv(decode_lines(stream))
            _, names = next(records, (1, []))
            for _, record in records:
                yield dict(zip(names, record, strict=False))
    except BrokenTableError as error:
        raise InputError(f"{path}:{error.line}: {error}") from error
    except UnreadableTextError as error:
        raise InputError(f"{path}: {error}") from error


def _read_parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            named = {name for names in _COLUMNS.values() for name in names}
            columns = [name for name in file.schema_arrow.names if name.lower() in named]
            for batch in file.iter_batches(columns=columns):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({error}); copy the data set again") from error


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".json": _read_json,
    ".jsonl": _read_lines,
    ".csv": _read_table,
    ".tsv": _read_table,
    ".parquet": _read_parquet,
}
