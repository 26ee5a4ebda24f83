"""Do the tables of a report come out of the run again?"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from framing.errors import FramingError
from framing.records import hash_file
from framing.report.numbers import Settings, compute_report
from framing.report.tables import format_value
from framing.verify.checks import Check, Findings

STEP = 0.0001
"""Tables have four decimals; numbers that differ by one in the last are the same but for rounding."""
_SETTINGS = "report.json"
_REMEDY = "write the report again with `framing report`"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it is printed: its header and its rows, all texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def check_tables(run: Path, report: Path) -> Check:
    """Add `run` up again with the settings of `report`, and compare every table that is there as CSV.

    Reports of versions that left no report.json may lack tables; other reports may not.
    """
    if not (report / "shares.csv").is_file():
        return Check("tables", "failed", f"{report}: no shares.csv; name a folder that `framing report` wrote")
    findings = Findings()
    asked = _read_settings(run, report, findings)
    defaults = asdict(Settings())
    if unknown := [name for name in asked if name not in defaults]:
        return Check("tables", "not possible", f"made with settings this version lacks: {', '.join(unknown)}")
    if wrong := [name for name, value in asked.items() if not _is_setting(value, defaults[name])]:
        found = json.dumps(asked[wrong[0]], default=str)
        return Check("tables", "failed", f'{report / _SETTINGS}: "{wrong[0]}" is {found}; {_REMEDY}')
    try:
        tables = compute_report(run, Settings(**asked)).tables
    except FramingError as error:
        return Check("tables", "not possible", f"they cannot be computed again: {error}")
    compared = 0
    for table in tables:
        rows = tuple(tuple(map(format_value, row)) for row in table.rows)
        again = Sheet(tuple(map(format_value, table.columns)), rows)
        if (path := report / f"{table.name}.csv").is_file() or (report / _SETTINGS).is_file():
            _compare_sheets(path, again, findings)
            compared += 1
    said = ", ".join(f"{name} {_say(value)}" for name, value in asked.items())
    return findings.as_check("tables", f"{compared} tables in {report} ({said})", _REMEDY)


def _read_settings(run: Path, report: Path, findings: Findings) -> dict[str, Any]:
    """Return the fields of `Settings` that made the report: from its report.json, else read off a table."""
    path = report / _SETTINGS
    if not path.is_file():
        return _guess_settings(_read_table(report / "shares.csv"))
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, Mapping) or not isinstance(content.get("settings"), Mapping):
        raise FramingError(f'{path}: no "settings"; write the report again with `framing report`')
    if (said := content.get("run_sha256")) and said != hash_file(run / "run.json"):
        findings.add(f"{path}: the report was made from another run, or run.json was changed since")
    asked = {name: tuple(value) if isinstance(value, list) else value for name, value in content["settings"].items()}
    if isinstance(coded := asked.get("coded"), str):
        asked["coded"] = Path(coded)
    return asked


def _is_setting(value: object, default: object) -> bool:
    """Whether `value` is of the kind that the setting with this default takes."""
    if default is None:
        return value is None or isinstance(value, Path)
    words = not isinstance(value, tuple) or all(isinstance(each, str) for each in value)
    return type(value) is type(default) and words


def _guess_settings(shares: Sheet) -> dict[str, Any]:
    """Return what a table without report.json tells: grouping from its header, weighting from `method`."""
    by = shares.columns[: shares.columns.index("label")] if "label" in shares.columns else ("outlet", "year")
    place = shares.columns.index("method") if "method" in shares.columns else None
    methods = [] if place is None else [row[place] for row in shares.rows]
    by_article = any("article-weighted" in method for method in methods)
    return {"by": by, "weighting": "article" if by_article else "paragraph"}


def _compare_sheets(found: Path, new: Sheet, findings: Findings) -> None:
    """Compare the columns that both tables have, row by row."""
    if not found.is_file():
        findings.add(f"{found.name}: no such file")
        return
    old = _read_table(found)
    if missing := [name for name in new.columns if name not in old.columns]:
        findings.add(f"{found.name}: no column {', '.join(missing)}")
    if len(old.rows) != len(new.rows):
        findings.add(f"{found.name}: {len(old.rows)} rows, computed again {len(new.rows)}")
    shared = [(name, old.columns.index(name), new.columns.index(name)) for name in new.columns if name in old.columns]
    for line, (here, there) in enumerate(zip(old.rows, new.rows, strict=False), start=2):
        for name, at, place in shared:
            if not _is_same(here[at], there[place]):
                findings.add(
                    f"{found.name}:{line}: {name} is {here[at] or 'empty'}, computed again {there[place] or 'empty'}"
                )


def _read_table(path: Path) -> Sheet:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    width = len(header)
    return Sheet(tuple(header), tuple(_fit(row, width) for row in rows))


def _fit(row: Sequence[str], width: int) -> tuple[str, ...]:
    """Return `row` with as many values as the header has, so that a broken line differs and trips nothing."""
    return (*row, *[""] * width)[:width]


def _is_same(found: str, again: str) -> bool:
    if found == again:
        return True
    try:
        return abs(float(found) - float(again)) <= STEP * 1.01
    except ValueError:
        return False


def _say(value: object) -> str:
    return (", ".join(map(str, value)) or "nothing") if isinstance(value, tuple) else str(value)
