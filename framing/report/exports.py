"""Writes tables for pandas, R, Excel and papers: CSV, Parquet, LaTeX and Markdown behind one function."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from framing.errors import FramingError
from framing.records import hash_file, make_storable
from framing.report.numbers import Report
from framing.report.tables import format_plain, render_csv, write_text, write_whole

TableFormat = Literal["csv", "parquet", "latex", "markdown"]
Row = Sequence[object]

_SUFFIXES: Mapping[TableFormat, str] = {"csv": ".csv", "parquet": ".parquet", "latex": ".tex", "markdown": ".md"}
_COUNTS = frozenset(("articles", "paragraphs", "articles_with", "year", "line", "coded"))
_FRACTIONS = frozenset(
    (
        *("share", "low", "high", "sentiment", "sentiment_low", "sentiment_high"),
        *("negative", "neutral", "positive", "difference", "p_value", "p_adjusted"),
    )
)
"""Columns of the contract whose type is known though all of their values be missing."""
_LATEX = {
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}"},
    **{character: f"\\{character}" for character in "{}$&#_%"},
}
"""Characters that mean something to LaTeX, or that its default font lacks."""
_MARKDOWN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", **{each: f"\\{each}" for each in "\\`*_[]~|$"}}
"""Characters that mean something to GitHub's Markdown within a table, raw HTML included."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")


def write_tables(
    report: Report, out: Path, formats: Sequence[TableFormat] = ("csv",), *, bom: bool = False
) -> list[Path]:
    """Write every table of `report` to the folder `out`, and report.json, which says how they were made.

    `framing verify` computes the tables again from report.json. Comparisons and targets of an earlier
    report go where this one has none. Arguments and errors as for `write_table`.
    """
    paths = [
        path
        for table in report.tables
        for path in write_table(out / table.name, table.rows, table.columns, formats, bom=bom)
    ]
    for name in {"comparisons", "targets"} - {table.name for table in report.tables}:
        _remove_old(out / name)
    run = hash_file(report.folder.path / "run.json")
    content = json.dumps({"run_sha256": run, "settings": asdict(report.settings)}, indent=1, default=str)
    return [*paths, write_text(out / "report.json", content + "\n")]


def _remove_old(stem: Path) -> None:
    """Remove the table that an earlier report may have left there."""
    for suffix in _SUFFIXES.values():
        stem.with_name(stem.name + suffix).unlink(missing_ok=True)


def write_table(
    stem: Path,
    rows: Iterable[Row],
    columns: Sequence[str],
    formats: Sequence[TableFormat] = ("csv",),
    *,
    bom: bool = False,
) -> list[Path]:
    """Write a table once per format, to `stem` with the format's suffix; return the paths in the order of `formats`.

    Each file is written whole or not at all, and has the same bytes for the same rows.

    Args:
        stem: path of the files without a suffix; its folder is there.
        rows: each as long as `columns`, of None, bool, int, float or str.
        columns: names of the columns.
        formats: "csv" is tidy, with fractions of four decimals and texts that no spreadsheet runs as
            a formula; "parquet" holds types and full precision; "latex" (.tex) needs the package
            booktabs; "markdown" (.md) is a table as GitHub and pandoc read it.
        bom: open the CSV with a byte order mark, by which Excel knows UTF-8.

    Raises:
        FramingError: an unknown format, or a file that cannot be written.
    """
    known = get_args(TableFormat)
    if unknown := [name for name in formats if name not in known]:
        raise FramingError(f'format: found "{unknown[0]}", expected one of: {", ".join(known)}')
    table = [tuple(row) for row in rows]
    return [_write(stem, columns, table, name, bom) for name in formats]


def _write(stem: Path, columns: Sequence[str], rows: Sequence[Row], name: TableFormat, bom: bool) -> Path:
    path = stem.with_name(stem.name + _SUFFIXES[name])
    if name == "parquet":
        return write_whole(path, _render_parquet(columns, rows))
    if name == "csv":
        return write_text(path, ("\ufeff" if bom else "") + render_csv(columns, rows))
    render = _render_latex if name == "latex" else _render_markdown
    return write_text(path, render(columns, rows))


def _render_parquet(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    arrays = [_make_array(name, [row[place] for row in rows]) for place, name in enumerate(columns)]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=[make_storable(name) for name in columns]), buffer)
    return buffer.getvalue()


def _make_array(name: str, values: Sequence[object]) -> pa.Array:
    """Return a column in the narrowest type that holds all its values: bool, int64, float64, else text."""
    there = [value for value in values if value is not None]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in there)
    if (there and numbers and not all(isinstance(value, int) for value in there)) or (numbers and name in _FRACTIONS):
        return pa.array(values, pa.float64())
    if (there and numbers) or (not there and name in _COUNTS):
        return pa.array(values, pa.int64())
    if there and all(isinstance(value, bool) for value in there):
        return pa.array(values, pa.bool_())
    return pa.array([None if value is None else make_storable(str(value)) for value in values], pa.string())


def _render_latex(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a tabular in the style of booktabs, numbers to the right."""
    sides = ["r" if _is_numeric(rows, place) else "l" for place in range(len(columns))]
    lines = [" & ".join(_escape_latex(format_plain(value)) for value in row) + r" \\" for row in (columns, *rows)]
    head = [f"\\begin{{tabular}}{{{''.join(sides)}}}", r"\toprule", lines[0], r"\midrule"]
    return "\n".join(["% needs \\usepackage{booktabs}", *head, *lines[1:], r"\bottomrule", r"\end{tabular}", ""])


def _render_markdown(columns: Sequence[str], rows: Sequence[Row]) -> str:
    rules = ["---:" if _is_numeric(rows, place) else "---" for place in range(len(columns))]
    lines = [[_escape(format_plain(value), _MARKDOWN) for value in row] for row in (columns, *rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (lines[0], rules, *lines[1:]))


def _is_numeric(rows: Sequence[Row], place: int) -> bool:
    values = [row[place] for row in rows if row[place] is not None]
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _escape_latex(text: str) -> str:
    """Return `text` as LaTeX prints it as it is.

    A bracket or star at the start would be taken for an argument of the line break before it, and
    two hyphens would become a dash.
    """
    escaped = _escape(text, _LATEX).replace("--", "-{}-").replace("--", "-{}-")
    if escaped[:1] in ("[", "*"):
        return f"{{{escaped[0]}}}{escaped[1:]}"
    return re.sub(r"^-(?=\d)", "$-$", escaped)


def _escape(text: str, characters: Mapping[str, str]) -> str:
    flat = _CONTROLS.sub(" ", text)
    return "".join(characters.get(character, character) for character in flat)
