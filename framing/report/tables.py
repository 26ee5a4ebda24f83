"""What a value looks like in a table, and tables as tidy CSV: one header line, the same bytes for the same run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from framing.errors import FramingError

PROBLEM_COLUMNS = ("path", "line", "reason", "message", "skipped")

_DECIMALS = 4
_QUOTED = re.compile(r'[",\r\n]')
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""Beginnings that a spreadsheet would run as a formula (OWASP, "CSV Injection"), also once defused."""


def write_problems(path: Path, problems: Iterable[Mapping[str, Any]]) -> Path:
    """Write one line per problem of a run's manifest: inputs skipped and values set aside; return `path`."""
    rows = ([problem.get(name) for name in PROBLEM_COLUMNS] for problem in problems)
    return write_table(path, PROBLEM_COLUMNS, rows)


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write `rows` as CSV to `path`, whole or not at all, and return `path`.

    Raises:
        FramingError: where the file cannot be written.
    """
    return write_text(path, render_csv(header, rows))


def render_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the table as CSV, its values as `format_value` gives them."""
    return "".join(_render_line(row) for row in (columns, *rows))


def _render_line(row: Sequence[object]) -> str:
    """Return a line as RFC 4180 has it but for its end, a line feed.

    The csv module of Python 3.11 leaves a lone carriage return unquoted before such an end, and
    readers take it for the end of the line.
    """
    texts = [format_value(value) for value in row]
    if texts == [""]:
        return '""\n'
    return ",".join(map(_quote, texts)) + "\n"


def _quote(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if _QUOTED.search(text) else text


def format_value(value: object) -> str:
    """Return a value as it stands in a CSV table: as `format_plain` gives it, and harmless to a spreadsheet.

    A text that a spreadsheet would run as a formula gets a leading apostrophe; so does a text that
    looks like one already defused, so that two never become one. Numbers stay as they are.
    """
    text = format_plain(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def format_plain(value: object) -> str:
    """Return a value as text.

    None and NaN are empty. Fractions have 4 decimals; 0, 1 and -1 are printed only where they are
    true, so 0.00001 becomes 0.0001.
    """
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{round_inward(value):.{_DECIMALS}f}" if isinstance(value, float) else str(value)


def round_inward(value: float) -> float:
    """Round to 4 decimals, but to 0, 1 or -1 only where the value is just that; keeps the order of values."""
    rounded = round(value, _DECIMALS)
    if rounded in (-1, 0, 1) and rounded != value:
        rounded += 10**-_DECIMALS if value > rounded else -(10**-_DECIMALS)
    return rounded + 0.0


def write_text(path: Path, text: str) -> Path:
    """Write `text` to `path` in UTF-8, as `write_whole` does; lone surrogates become escapes."""
    return write_whole(path, text.encode("utf-8", "backslashreplace"))


def write_whole(path: Path, content: bytes) -> Path:
    """Write `content` to `path` through a file beside it, so that `path` is never half written; return `path`.

    Raises:
        FramingError: where the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FramingError(
            f"{path}: cannot be written ({error.strerror}); choose a folder that can be written"
        ) from error
    return path
