"""Writes cells and problems as tidy CSV: UTF-8, one header line, the same bytes for the same run."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from framing.errors import FramingError
from framing.shares import AnyCell, list_values

PROBLEM_COLUMNS = ("path", "line", "reason", "message", "skipped")

_DECIMALS = 4
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""Beginnings that a spreadsheet would run as a formula (OWASP, "CSV Injection"), also once defused."""


def write_cells(path: Path, cells: Iterable[AnyCell], by: Sequence[str], kind: type[AnyCell]) -> Path:
    """Write one line per cell: the columns of `by`, then those of the cells' `kind`; return `path`."""
    return write_table(path, [*by, *kind.COLUMNS], (list_values(cell) for cell in cells))


def write_problems(path: Path, problems: Iterable[Mapping[str, Any]]) -> Path:
    """Write one line per problem of a run's manifest: inputs skipped and values set aside; return `path`."""
    rows = ([problem.get(name) for name in PROBLEM_COLUMNS] for problem in problems)
    return write_table(path, PROBLEM_COLUMNS, rows)


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write `rows` as CSV to `path`, whole or not at all, and return `path`.

    Raises:
        FramingError: where the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([format_value(name) for name in header])
    writer.writerows([format_value(value) for value in row] for row in rows)
    return write_text(path, text.getvalue())


def format_value(value: object) -> str:
    """Return a value as it stands in a table.

    None is empty. Fractions have 4 decimals; 0, 1 and -1 are printed only where they are true, so
    0.00001 becomes 0.0001. A text that a spreadsheet would run as a formula gets a leading
    apostrophe; so does a text that looks like one already defused, so that two never become one.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{round_inward(value):.{_DECIMALS}f}"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def round_inward(value: float) -> float:
    """Round to 4 decimals, but to 0, 1 or -1 only where the value is just that; keeps the order of values."""
    rounded = round(value, _DECIMALS)
    if rounded in (-1, 0, 1) and rounded != value:
        rounded += 10**-_DECIMALS if value > rounded else -(10**-_DECIMALS)
    return rounded + 0.0


def write_text(path: Path, text: str) -> Path:
    """Write `text` to `path` in UTF-8 through a file beside it, so that `path` is never half written.

    Raises:
        FramingError: where the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(text.encode("utf-8", "backslashreplace"))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FramingError(
            f"{path}: cannot be written ({error.strerror}); choose a folder that can be written"
        ) from error
    return path
