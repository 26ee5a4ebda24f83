"""Tables of articles: CSV, JSON lines, JSON, Parquet and folders saved by Hugging Face `datasets`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from framing.errors import InputError
from framing.reading.columns import Columns, as_text, list_columns, match_columns
from framing.reading.drafts import Draft, Kind, Source
from framing.reading.encodings import decode_bytes, decode_lines
from framing.reading.mediacloud import is_media_cloud, list_without_text
from framing.reading.options import ReadingOptions
from framing.records import Problem

DELIMITERS = (",", "\t", ";", "|")
BATCH_ROWS = 256
"""Rows of a Parquet file in memory at once: a few megabytes of ordinary articles."""

_ENDING = "\x1e\x1fend"
"""Fed to the CSV reader after the last line: a record of its own, unless an unclosed quote swallows it."""

Row = Mapping[str, Any]


class BrokenTableError(InputError):
    """A table that cannot be read on from `line`, which counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        """Keep the `line` beside the sentence about it."""
        super().__init__(message)
        self.line = line


def read_csv(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read a table of delimited text with one header line; the delimiter is the one that splits it most."""
    with source.file.open("rb") as stream:
        yield from _read_csv_lines(decode_lines(stream), source, options)


def read_lines(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read a file of JSON objects, one per line."""
    with source.file.open("rb") as stream:
        yield from read_line_stream(stream, source.path, options)


def read_line_stream(stream: BinaryIO, path: str, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read JSON objects, one per line, from an open `stream`; a broken line costs only itself."""
    yield from _read_json_lines(decode_lines(stream), path, options)


def read_json(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read a JSON file that holds a list of objects or a single one (or, misnamed, one per line)."""
    text = decode_bytes(source.file.read_bytes())
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            yield from _read_json_lines(text.split("\n"), source.path, options)
        else:
            yield _broken_json(source.path, error, error.lineno)
        return
    except (ValueError, RecursionError) as error:
        yield _broken_json(source.path, error, None)
        return
    rows = content if isinstance(content, list) else [content]
    yield from _read_objects(((row, number, None) for number, row in enumerate(rows, 1)), source.path, options)


def read_parquet(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read a Parquet file in batches, of which only the columns that are needed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(source.file, memory_map=True) as table:
            columns = match_columns(table.schema_arrow.names, options)
            if columns.missing:
                yield _missing_column(source.path, columns.missing, table.schema_arrow.names)
                return
            batches = table.iter_batches(batch_size=BATCH_ROWS, columns=columns.used)
            rows = (row for batch in batches for row in batch.to_pylist())
            yield from _read_rows(rows, columns, source.path)
    except (pa.ArrowException, ValueError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        yield Problem(source.path, "broken table", f"{source.path}: not a whole Parquet file ({first}); save it again")


def read_dataset(source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    """Read a folder that `datasets` saved to disk, every split of it, in batches."""
    import datasets

    try:
        loaded = datasets.load_from_disk(str(source.file))
    except Exception as error:  # what it raises for a damaged folder depends on the damage
        message = f"{source.path}: the datasets folder cannot be loaded ({type(error).__name__}); save it again"
        yield Problem(source.path, "broken table", message)
        return
    splits = loaded if isinstance(loaded, datasets.DatasetDict) else {"": loaded}
    for name, split in splits.items():
        path = f"{source.path}/{name}" if name else source.path
        columns = match_columns(split.column_names, options)
        if columns.missing:
            yield _missing_column(path, columns.missing, split.column_names)
            continue
        batches = split.select_columns(columns.used).with_format("arrow").iter(BATCH_ROWS)
        yield from _read_rows((row for batch in batches for row in batch.to_pylist()), columns, path)


def find_delimiter(header: str) -> str:
    """Return the delimiter that splits the line `header` into most columns; a comma where none does."""
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def iterate_csv(lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of delimited text with the line each begins on, from 1; blank lines are left out.

    Raises:
        BrokenTableError: where a quote is opened and not closed until the end.
    """
    # the module's limit of 128 KB per cell is global; no smaller one serves anybody here
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    header = next(lines, "")
    reader = csv.reader(chain((header,), lines, (_ENDING,)), delimiter=find_delimiter(header))
    begins = 1
    try:
        for row in reader:
            if row and row != [_ENDING]:
                if row[-1].endswith(_ENDING):
                    raise BrokenTableError(begins, "a quoted cell begins here and never ends; close the quote")
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BrokenTableError(begins, f"{error}; mend the row") from error


def _read_csv_lines(lines: Iterator[str], source: Source, options: ReadingOptions) -> Iterator[Draft | Problem]:
    records = iterate_csv(lines)
    try:
        _, names = next(records, (1, []))
        columns = match_columns(names, options)
        if columns.missing and is_media_cloud(names):
            yield from list_without_text(names, records, source.path)
            return
        if columns.missing:
            yield _missing_column(source.path, columns.missing, names)
            return
        for number, (begins, record) in enumerate(records, 1):
            row = dict(zip(names, record, strict=False))
            yield _read_row(row, columns, source.path, number, begins)
    except BrokenTableError as error:
        yield Problem(source.path, "broken table", f"{source.path}:{error.line}: {error}", line=error.line)


def _read_json_lines(lines: Iterable[str], path: str, options: ReadingOptions) -> Iterator[Draft | Problem]:
    def parse() -> Iterator[tuple[Any, int, int | None]]:
        number = 0
        for line_number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            number += 1
            try:
                yield json.loads(line), number, line_number
            except (ValueError, RecursionError) as error:
                yield _broken_json(path, error, line_number), number, line_number

    yield from _read_objects(parse(), path, options)


def _read_objects(
    rows: Iterable[tuple[Any, int, int | None]], path: str, options: ReadingOptions
) -> Iterator[Draft | Problem]:
    """Read objects that may each have other keys; a mapped key that none has is one problem at the end."""
    match = lru_cache(maxsize=64)(lambda names: match_columns(names, options))
    unseen = set(options.columns.values())
    seen: dict[str, None] = {}
    for row, number, line in rows:
        if isinstance(row, Problem):
            yield row
            continue
        if not isinstance(row, dict):
            yield _broken_json(path, f"entry {number} is not an object", line)
            continue
        columns = match(tuple(row))
        seen.update(dict.fromkeys(row))
        unseen.intersection_update(columns.missing)
        yield _read_row(row, columns, path, number, line)
    if unseen and seen:
        yield _missing_column(path, sorted(unseen), seen, skipped=False)


def _read_rows(rows: Iterable[Row], columns: Columns, path: str) -> Iterator[Draft | Problem]:
    for number, row in enumerate(rows, 1):
        yield _read_row(row, columns, path, number, None)


def _read_row(row: Row, columns: Columns, path: str, number: int, line: int | None) -> Draft | Problem:
    place = f"{path}:{line}" if line else f"{path}#{number}"
    if "text" not in columns.fields:
        return _missing_column(path, columns.missing, row, line=line)
    text = _read_text(row.get(columns.fields["text"]))
    if not text.strip():
        message = f'{place}: nothing in "{columns.fields["text"]}"; the row was left out'
        return Problem(path, "no text", message, line=line)
    identity = as_text(row.get(columns.fields["id"])) if "id" in columns.fields else None
    return Draft(identity or f"{path}#{number}", text, columns.read_details(row), line)


def _read_text(value: object) -> str:
    """Return the text of a cell; a list of paragraphs is joined by blank lines."""
    if isinstance(value, list):
        return "\n\n".join(part for part in value if isinstance(part, str))
    text = value if isinstance(value, str) else as_text(value) or ""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _missing_column(
    path: str,
    wanted: Iterable[str],
    available: Iterable[str],
    *,
    line: int | None = None,
    skipped: bool = True,
) -> Problem:
    place = f"{path}:{line}" if line else path
    message = (
        f"{place}: no column {list_columns(wanted)}; the columns are {list_columns(available)}; "
        "name the right one with --map, such as --map text=COLUMN"
    )
    return Problem(path, "missing column", message, line=line, skipped=skipped)


def _broken_json(path: str, error: object, line: int | None) -> Problem:
    found = error.msg if isinstance(error, json.JSONDecodeError) else str(error) or type(error).__name__
    place = f"{path}:{line}" if line else path
    return Problem(path, "broken JSON", f"{place}: {found} (expected one JSON object); mend it there", line=line)


TABLE_READERS: Mapping[Kind, Callable[[Source, ReadingOptions], Iterator[Draft | Problem]]] = {
    "csv": read_csv,
    "lines": read_lines,
    "json": read_json,
    "parquet": read_parquet,
    "dataset": read_dataset,
}


def list_dataset_files(folder: Path) -> list[Path]:
    """Return the data files of a folder that `datasets` saved, in a stable order."""
    return sorted(folder.rglob("*.arrow"))
