"""The metadata table: what the user knows of articles whose files do not say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from framing.errors import InputError
from framing.reading.columns import Columns, list_columns, match_columns
from framing.reading.drafts import Details
from framing.reading.encodings import UnreadableTextError, decode_lines
from framing.reading.options import ReadingOptions
from framing.reading.tables import BrokenTableError, iterate_csv
from framing.records import Problem


@dataclass(frozen=True, slots=True)
class MetadataTable:
    """Details by the path of the article, and the line of each path in the table."""

    name: str
    details: Mapping[str, Details]
    lines: Mapping[str, int]

    def find_path(self, *names: str) -> str | None:
        """Return the first of `names` (an id, a path, a path within its input) that the table has."""
        return next((name for name in names if name in self.details), None)

    def list_unused(self, used: set[str]) -> Iterator[Problem]:
        """Yield a problem for each row whose path no article had."""
        for path, line in self.lines.items():
            if path not in used:
                message = f'{self.name}:{line}: no article has the path "{path}"; write it as in the articles table'
                yield Problem(self.name, "metadata without article", message, line=line, skipped=False)


def load_metadata(path: Path, options: ReadingOptions) -> MetadataTable:
    """Read the metadata table at `path`, a CSV file with a column `path`.

    Raises:
        InputError: where it cannot be read, has no column `path` or the same path twice.
    """
    try:
        with path.open("rb") as stream:
            records = iterate_csv(decode_lines(stream))
            _, names = next(records, (1, []))
            return _collect_rows(path, names, records, options)
    except OSError as error:
        raise InputError(f"{path}: the metadata table cannot be read ({error.strerror}); check the path") from error
    except UnreadableTextError as error:
        raise InputError(f"{path}: the metadata table: {error}") from error
    except BrokenTableError as error:
        raise InputError(f"{path}:{error.line}: {error}") from error


def _collect_rows(
    path: Path, names: list[str], records: Iterator[tuple[int, list[str]]], options: ReadingOptions
) -> MetadataTable:
    path_column = next((name for name in names if name.strip().lower() == "path"), None)
    if path_column is None:
        raise InputError(
            f'{path}: no column "path"; the columns are {list_columns(names)}; a metadata table has '
            "path and any of outlet, date, updated, title, url, language"
        )
    columns: Columns = match_columns(names, ReadingOptions(keep=options.keep, today=options.today))
    details: dict[str, Details] = {}
    lines: dict[str, int] = {}
    for line, record in records:
        row = dict(zip(names, record, strict=False))
        name = row.get(path_column, "").strip().replace("\\", "/").removeprefix("./")
        if name in lines:
            raise InputError(f'{path}:{line}: the path "{name}" repeats line {lines[name]}; keep one of them')
        if name:
            details[name], lines[name] = columns.read_details(row, "metadata table"), line
    return MetadataTable(path.name, details, lines)
