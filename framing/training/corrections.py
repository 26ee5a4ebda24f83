"""Corrects codings by a sheet that says of each code what it was, what it is now, and why."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from framing.codebook import Codebook
from framing.codes import NO, YES, iterate_lines, open_sheet
from framing.errors import InputError
from framing.report.tables import write_whole
from framing.training.codings import name_closest
from framing.training.doubts import Place, list_choices, list_fields, name_place

_SHEETS = (".csv", ".tsv")
_COLUMNS = ("article", "paragraph", "text_sha1", "field", "now", "reason")
_WAS = ("was", "coded")
"""What the column may be called that says which code stood there: that of a record, and that of a sheet of doubts."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One code as a person decided it: `was` and `now` are yes or no, or a name; `was` is "" where not coded.

    `where` is the file and line that say so.
    """

    where: str
    place: Place
    field: str
    was: str
    now: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """What came of correcting codings.

    Attributes:
        out: the file written.
        lines: lines in it, of which `changed` differ from before.
        fields: each field that changed, with how many of its codes did.
        confirmed: codes that were read again and left as they were.
    """

    out: Path
    lines: int
    changed: int
    fields: tuple[tuple[str, int], ...]
    confirmed: int


def correct_codings(codings: Path, corrections: Path, out: Path, codebook: Codebook) -> Corrected:
    """Write `codings` to `out` as `corrections` change them; every other line stays byte for byte.

    A paragraph is known by its article, its number there and the hash of its text. What is coded as page
    furniture loses its other codes; what no longer is must be coded for all else by the same sheet.

    Args:
        codings: JSON lines, packed by gzip where the name ends in .gz; they need no texts.
        corrections: a sheet as `read_corrections` takes it.
        out: the file to write, packed where its name ends in .gz; the same input gives the same bytes.
        codebook: by which both were coded.

    Raises:
        InputError: naming file and line of what cannot be read, found, or corrected as it says.
    """
    _check_files(codings, corrections, out)
    asked = read_corrections(corrections, codebook)
    lines = _read_lines(codings, codebook)
    own = _assign(asked, lines, codings)
    coded = _list_coded(lines, codebook)
    new = [_correct_line(line, own[line.place], codebook, coded) if line.place in own else line for line in lines]
    _write_lines(new, out)
    counts = Counter(one.field for one in asked if one.now != one.was)
    return Corrected(
        out=out,
        lines=len(lines),
        changed=sum(one is not other for one, other in zip(lines, new, strict=True)),
        fields=tuple((field, counts[field]) for field in list_fields(codebook) if counts[field]),
        confirmed=len(asked) - counts.total(),
    )


def read_corrections(path: Path, codebook: Codebook) -> tuple[Correction, ...]:
    """Return the corrections in a CSV sheet: its lines that have `now` filled in.

    Columns: article, paragraph, text_sha1, field (a label's key, sentiment, voice, boilerplate), `was` or
    `coded` (the code that stands there, blank for none), `now`, and `reason`; others are for the reader.

    Raises:
        InputError: naming file and line, what was found and what is expected.
    """
    found: dict[tuple[Place, str], Correction] = {}
    for where, cells in _read_sheet(path):
        if not cells["now"]:
            continue
        correction = _read_correction(where, cells, codebook)
        before = found.setdefault((correction.place, correction.field), correction)
        if before is not correction:
            raise InputError(f"{where}: corrects the same code as {before.where}; take one of the two lines out")
    if not found:
        raise InputError(f"{path}: nothing to correct; fill in the column now, with the right code, and reason")
    return tuple(found.values())


def describe_corrected(corrected: Corrected) -> Iterator[str]:
    """Yield how many codes of which field were changed, and where they were written."""
    for field, changed in corrected.fields:
        yield f"{field:<16}{changed} changed"
    total = sum(changed for _, changed in corrected.fields)
    confirmed = f", {corrected.confirmed} confirmed" if corrected.confirmed else ""
    yield f"{corrected.out}: {total} codes changed in {corrected.changed} of {corrected.lines} lines{confirmed}"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of codings: its file and number, its text as it stands there, and what that says."""

    where: str
    text: str
    row: Mapping[str, Any]
    place: Place


def _check_files(codings: Path, corrections: Path, out: Path) -> None:
    if out.resolve() in (codings.resolve(), corrections.resolve()):
        raise InputError(f"{out}: holds what is to be corrected, or how, and is kept; name another file by --out")
    for path in (codings, out):
        if path.suffix.lower() in _SHEETS:
            raise InputError(
                f"{path}: a sheet, but corrections go from JSON lines to JSON lines, .jsonl or .jsonl.gz; "
                "correct a sheet in its own cells"
            )


def _read_sheet(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the lines of the sheet, each after file and number; what was coded is in `was`, whatever its column."""
    from framing.reading.encodings import decode_bytes

    try:
        reader, _ = open_sheet(decode_bytes(path.read_bytes()))
    except OSError as error:
        raise InputError(f"{path}: the corrections cannot be read ({error.strerror}); check the path") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
    was = _find_was(path, reader.fieldnames)
    try:
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if any(row.get("", ())):
                raise InputError(f"{where}: more cells than columns; check its quotes and delimiters")
            cells = {name: cell.strip().removeprefix("'") for name, cell in row.items() if name}
            yield where, cells | {"was": cells[was], "text": ""}
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: not a line of CSV ({error}); check its quotes") from error


def _find_was(path: Path, names: Sequence[str]) -> str:
    """Return the column that says which code stood there."""
    found = [name for name in _WAS if name in names]
    missing = [name for name in _COLUMNS if name not in names] + ([] if found else ["was"])
    if missing:
        raise InputError(
            f"{path}:1: no column {', '.join(missing)}; expected {', '.join(_COLUMNS[:4])}, was (or coded), now and "
            "reason, as in a sheet that `framing doubts` wrote"
        )
    if len(found) > 1:
        raise InputError(f"{path}:1: columns was and coded both say which code stood there; take one of them out")
    return found[0]


def _read_correction(where: str, cells: Mapping[str, str], codebook: Codebook) -> Correction:
    field, fields = cells["field"], list_fields(codebook)
    if field not in fields:
        raise InputError(
            f'{where}: unknown field "{name_closest(field, fields)}"; by the codebook {codebook.name} '
            f"{codebook.version} a paragraph is coded for {', '.join(fields)}"
        )
    place = name_place(cells)
    if not place.article or not place.text_sha1:
        raise InputError(f"{where}: no article or no text_sha1; a line must say which paragraph it corrects")
    if not cells["reason"]:
        raise InputError(f"{where}: no reason; say in a few words why {field} is {cells['now']}")
    was = cells["was"] and _read_value(where, "was", cells["was"], field, codebook)
    return Correction(
        where, place, field, was, _read_value(where, "now", cells["now"], field, codebook), cells["reason"]
    )


def _read_value(where: str, column: str, cell: str, field: str, codebook: Codebook) -> str:
    value, choices = cell.casefold(), list_choices(field, codebook)
    if choices == ("no", "yes"):
        value = "yes" if value in YES else "no" if value in NO else value
    if value not in choices:
        raise InputError(f'{where}: "{column}" is "{cell}", expected for {field} one of {", ".join(choices)}')
    return value


def _read_lines(path: Path, codebook: Codebook) -> list[_Line]:
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read as JSON lines in UTF-8, packed by gzip where it ends in .gz ({error}); check it"
        ) from error
    texts = [line for line in text.split("\n") if line.strip()]
    rows = list(iterate_lines(path, text))
    for where, row in rows:
        _check_row(where, row, codebook)
    return [_Line(where, line, row, name_place(row)) for line, (where, row) in zip(texts, rows, strict=True)]


def _check_row(where: str, row: Mapping[str, Any], codebook: Codebook) -> None:
    """Raise where a line holds codes that the codebook does not have, and that a correction could lose."""
    for name in ("frames", "labels", "coded", "not_coded"):
        found = row.get(name)
        if found is not None and not (isinstance(found, list) and set(map(str, found)) <= {*codebook.label_keys}):
            raise InputError(
                f'{where}: "{name}" is {found!r}, expected a list of labels of the codebook {codebook.name} '
                f"{codebook.version}: {', '.join(codebook.label_keys)}; name another codebook by --codebook"
            )
    if row.get("boilerplate") not in (True, False, None):
        raise InputError(f'{where}: "boilerplate" is {row["boilerplate"]!r}, expected true, false or null')


def _assign(asked: Sequence[Correction], lines: Sequence[_Line], codings: Path) -> dict[Place, list[Correction]]:
    """Return the corrections of each paragraph, which stands on exactly one line and is coded as they say."""
    known: dict[Place, list[_Line]] = {}
    for line in lines:
        known.setdefault(line.place, []).append(line)
    own: dict[Place, list[Correction]] = {}
    for correction in asked:
        found = known.get(correction.place, [])
        if not found:
            raise InputError(f"{correction.where}: {_explain_missing(correction.place, known, codings)}")
        if len(found) > 1:
            raise InputError(
                f"{correction.where}: the paragraph is coded on several lines, {found[0].where} and {found[1].where}; "
                "settle what its coders said on one line first"
            )
        _check_was(correction, found[0])
        own.setdefault(correction.place, []).append(correction)
    return own


def _explain_missing(place: Place, known: Mapping[Place, object], codings: Path) -> str:
    named = f'paragraph "{place.paragraph}" of the article {place.article}'
    there = {other.paragraph: other.text_sha1 for other in known if other.article == place.article}
    if place.paragraph in there:
        return f"{named} has text_sha1 {there[place.paragraph]} in {codings}, expected {place.text_sha1}; read it again"
    return f"{named} is not in {codings}; give the codings for which the sheet was made"


def _check_was(correction: Correction, line: _Line) -> None:
    found = _read_code(line.row, correction.field)
    if found == correction.was:
        return
    made = "the correction was made already: take the line out, or give the codings from before"
    remedy = made if found == correction.now else "the paragraph was coded anew since: read it again"
    raise InputError(
        f"{correction.where}: {correction.field} is {found or 'not coded'} at {line.where}, expected "
        f"{correction.was or 'not coded'}; {remedy}"
    )


def _list_coded(lines: Sequence[_Line], codebook: Codebook) -> tuple[str, ...]:
    """Return the fields but boilerplate that at least one paragraph is coded for."""
    fields = (field for field in list_fields(codebook) if field != "boilerplate")
    return tuple(field for field in fields if any(_read_code(line.row, field) for line in lines))


def _correct_line(line: _Line, own: Sequence[Correction], codebook: Codebook, coded: Sequence[str]) -> _Line:
    """Return the line with its corrections, boilerplate first; the same line where they all confirm it."""
    row, own = line.row, sorted(own, key=lambda one: one.field != "boilerplate")
    for correction in own:
        if correction.field != "boilerplate" and row.get("boilerplate"):
            raise InputError(
                f"{correction.where}: {correction.field} of a paragraph that is page furniture, which is coded for "
                "nothing else; take the line out, or code boilerplate no in the same sheet"
            )
        if correction.now != correction.was:
            row = _write_code(row, correction.field, correction.now, codebook)
    missing = [field for field in coded if not row.get("boilerplate") and not _read_code(row, field)]
    if line.row.get("boilerplate") and missing:
        raise InputError(
            f"{own[0].where}: no longer page furniture, but not coded for {', '.join(missing)}; add a line for each "
            "of these to the sheet, with was left blank"
        )
    return line if row is line.row else replace(line, text=json.dumps(row, ensure_ascii=False), row=row)


def _read_code(row: Mapping[str, Any], field: str) -> str:
    """Return what a line says of `field`: yes, no or a name; "" where it is not coded."""
    furniture = row.get("boilerplate")
    if field == "boilerplate":
        return "" if furniture is None else "yes" if furniture else "no"
    if furniture:
        return ""
    if field in ("sentiment", "voice"):
        return str(row.get(field) or "")
    if field not in _list_looked_for(row, [field]):
        return ""
    return "yes" if field in row[_name_frames(row)] else "no"


def _name_frames(row: Mapping[str, Any]) -> str:
    return "labels" if "labels" in row and "frames" not in row else "frames"


def _list_looked_for(row: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    """Return those of the labels `keys` that a line is coded for, yes or no."""
    if row.get(_name_frames(row)) is None:
        return []
    coded, skipped = row.get("coded"), row.get("not_coded") or ()
    return [key for key in keys if (coded is None or key in coded) and key not in skipped]


def _write_code(row: Mapping[str, Any], field: str, now: str, codebook: Codebook) -> dict[str, Any]:
    """Return the line coded `now` in `field`, and what follows from that; all else as it is."""
    if field == "boilerplate":
        others = [name for name in ("frames", "labels", "sentiment", "voice") if name in row]
        cleared = dict.fromkeys(others) if now == "yes" or row.get("boilerplate") else {}
        return {**row, **cleared, "boilerplate": now == "yes"}
    if field in ("sentiment", "voice"):
        return {**row, field: now}
    name, keys = _name_frames(row), codebook.label_keys
    looked = {*_list_looked_for(row, keys), field}
    said = {*(row.get(name) or ()), field} if now == "yes" else {*(row.get(name) or ())} - {field}
    lists = {name: [key for key in keys if key in said]}
    if row.get("coded") is not None:
        lists["coded"] = [key for key in keys if key in looked]
    if row.get("not_coded") or (row.get("coded") is None and len(looked) < len(keys)):
        lists["not_coded"] = [key for key in keys if key not in looked]
    return {**row, **lists}


def _write_lines(lines: Sequence[_Line], out: Path) -> None:
    content = "".join(f"{line.text}\n" for line in lines).encode("utf-8")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, gzip.compress(content, compresslevel=9, mtime=0) if out.suffix == ".gz" else content)
