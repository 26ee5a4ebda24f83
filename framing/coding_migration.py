"""Carries codings, in JSON lines or sheets, over a change of their codebook."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framing.codebook import Codebook
from framing.codebook_changes import Change, Rename, Retire, list_parts, name_version
from framing.codes import NO, YES, iterate_lines, open_sheet
from framing.errors import InputError

_SHEETS = (".csv", ".tsv")
_LISTS = ("frames", "labels", "coded", "not_coded")
"""Lists of label keys that a coding in JSON lines may have."""
RETIRED = "retired"
"""Where a coding keeps what it was coded for labels that are out of use: label key to true or false. In a sheet the
columns of such labels are called retired_<key>."""


@dataclass(frozen=True, slots=True)
class CodingsMigration:
    """What became of a file of codings: of its `records`, how many say what of the changed label.

    `yes`, `no` and `not_coded` are the codes of the label as it is now called, or, for a retired
    label, those set aside. `before` records were of the new version already and stay as they were.
    """

    path: Path
    records: int
    yes: int
    no: int
    not_coded: int
    before: int


def migrate_codings(path: Path, change: Change, before: Codebook, after: Codebook, out: Path) -> CodingsMigration:
    """Write the codings in `path`, by `before`, to `out` as they are by `after`, each with its name and version.

    Raises:
        InputError: naming a line that cannot be read, or is coded by another codebook.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}); check the path and the file") from error
    step = _Step(change, before, name_version(after))
    migrate = _migrate_sheet if path.suffix.lower() in _SHEETS else _migrate_lines
    out.write_text("".join(migrate(path, text, step)), encoding="utf-8", newline="")
    return CodingsMigration(
        path=out,
        records=step.counts.total(),
        yes=step.counts["yes"],
        no=step.counts["no"],
        not_coded=step.counts["not coded"],
        before=step.counts["before"],
    )


class _Step:
    """One change on its way through records, counting what they say of the changed label."""

    def __init__(self, change: Change, before: Codebook, version: str) -> None:
        self.change = change
        self.parts = list_parts(change)
        self.known = before.label_keys
        self.old, self.version = name_version(before), version
        self.counts: Counter[str] = Counter()

    def is_done(self, place: str, codebook: str) -> bool:
        """Return whether a record said to be coded by `codebook` has been migrated already.

        Raises:
            InputError: where that is neither the old version nor the new one.
        """
        if codebook not in ("", self.old, self.version):
            raise InputError(
                f'{place}: coded by "{codebook}", expected "{self.old}"; migrate these codings from that version, '
                "or leave them out"
            )
        done = codebook == self.version
        self.counts["before"] += done
        return done

    def combine(self, codes: Mapping[str, bool | None]) -> bool | None:
        """Return the code of the changed label from those of its parts, None for not coded; count it."""
        said = [codes[key] for key in self.parts]
        code = True if any(said) else False if all(one is False for one in said) else None
        self.counts["not coded" if code is None else "yes" if code else "no"] += 1
        return code


def _migrate_lines(path: Path, text: str, step: _Step) -> Iterator[str]:
    for place, row in iterate_lines(path, text):
        if not step.is_done(place, str(row.get("codebook") or "")):
            row = _migrate_row(place, row, step)
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _migrate_row(place: str, row: dict[str, Any], step: _Step) -> dict[str, Any]:
    lists = {name: row[name] for name in _LISTS if row.get(name) is not None}
    for name, found in lists.items():
        unknown = [str(key) for key in found if key not in step.known] if isinstance(found, list) else [str(found)]
        if unknown:
            raise InputError(f'{place}: "{name}" has {", ".join(unknown)}; the codebook has {", ".join(step.known)}')
    furniture = row.get("boilerplate") is True
    codes = dict.fromkeys(step.parts) if furniture else _read_codes(lists, step)
    code = step.combine(codes)
    new = {**row, **{name: [key for key in found if key not in step.parts] for name, found in lists.items()}}
    if not isinstance(step.change, Retire) and not furniture:
        _say_code(new, lists, step.change.new, code)
    if not isinstance(step.change, Rename) and (kept := {key: said for key, said in codes.items() if said is not None}):
        new[RETIRED] = {**(row.get(RETIRED) or {}), **kept}
    return new | {"codebook": step.version}


def _read_codes(lists: Mapping[str, Sequence[str]], step: _Step) -> dict[str, bool | None]:
    """Return what a line says of each part: yes, no, or None for not coded."""
    yes = lists.get("frames", lists.get("labels"))
    if yes is None:
        return dict.fromkeys(step.parts)
    looked = lists.get("coded", [key for key in step.known if key not in lists.get("not_coded", ())])
    return {key: True if key in yes else False if key in looked else None for key in step.parts}


def _say_code(row: dict[str, Any], lists: Mapping[str, Sequence[str]], key: str, code: bool | None) -> None:
    """Write the `code` of label `key` into the lists of a line."""
    name = "frames" if "frames" in lists else "labels"
    if name not in lists:
        return
    if code:
        row[name] = [*row[name], key]
    if code is not None and "coded" in lists:
        row["coded"] = [*row["coded"], key]
    if code is None and "coded" not in lists:
        row["not_coded"] = [*row.get("not_coded", ()), key]


def _migrate_sheet(path: Path, text: str, step: _Step) -> Iterator[str]:
    reader, delimiter = open_sheet(text)
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    columns = list(dict.fromkeys(_name_columns(names, step)))
    yield _write_row(dict(zip(columns, columns, strict=True)), columns, delimiter)
    for row in reader:
        place = f"{path}:{reader.line_num}"
        if row.get(""):
            raise InputError(f"{place}: more cells than columns; check its quotes and delimiters")
        done = step.is_done(place, row.get("codebook") or "")
        yield _write_row(row if done else _migrate_cells(place, row, step), columns, delimiter)


def _name_columns(names: Sequence[str], step: _Step) -> Iterator[str]:
    """Yield the columns of the sheet after the change, a merged label where its first part stood."""
    new = None if isinstance(step.change, Retire) else step.change.new
    for name in names:
        if name not in step.parts:
            yield name
            continue
        if new:
            yield new
        if not isinstance(step.change, Rename):
            yield f"{RETIRED}_{name}"
    yield "codebook"


def _migrate_cells(place: str, row: Mapping[str, str], step: _Step) -> dict[str, str]:
    codes = {key: _read_cell(place, key, row.get(key) or "") for key in step.parts}
    code = step.combine(codes)
    new = {name: cell for name, cell in row.items() if name not in step.parts}
    if not isinstance(step.change, Retire):
        new[step.change.new] = "" if code is None else str(int(code))
    if not isinstance(step.change, Rename):
        new |= {f"{RETIRED}_{key}": row.get(key) or "" for key in step.parts}
    return new | {"codebook": step.version}


def _read_cell(place: str, key: str, cell: str) -> bool | None:
    value = cell.strip().removeprefix("'").casefold()
    if value and value not in YES + NO:
        raise InputError(f'{place}: "{key}" is "{cell}", expected yes (1, x) or no (0), or nothing where not coded')
    return value in YES if value else None


def _write_row(row: Mapping[str, str], columns: Sequence[str], delimiter: str) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerow([row.get(name) or "" for name in columns])
    return buffer.getvalue()
