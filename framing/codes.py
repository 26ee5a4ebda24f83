"""Reads the lines of a file of codes, CSV or JSON lines, and settles what several coders said."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framing.errors import InputError
from framing.records import SENTIMENTS, hash_text

KEYS = ("paragraph_id", "text_sha1", "inclusion", "stratum", "design", "copies", "coder")
"""Columns of a sheet that say which paragraph was coded, how it was drawn, and by whom."""

CONTEXT = ("outlet", "year", "title", "url", "text", "note")
"""Columns of a sheet for the coder alone."""

YES, NO = ("1", "yes", "y", "x", "true", "1.0"), ("0", "no", "n", "false", "0.0")
"""What stands for a label that holds and for one that does not, in upper or lower case."""

Answers = Mapping[str, int | str]
"""What a paragraph is coded for: label key to 1 or 0; "sentiment" and "voice" to a name."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One paragraph as one coder coded it; texts are "" where the file does not say.

    `inclusion` is the probability with which it was drawn, 0 (exclusive) to 1, None where unknown.
    """

    place: str
    paragraph_id: str
    article: str
    text_sha1: str
    inclusion: float | None
    stratum: str
    design: str
    copies: str
    coder: str
    answers: Answers


@dataclass(frozen=True, slots=True)
class Codable:
    """What a paragraph of a run can be coded for: keys of its labels and voices."""

    labels: tuple[str, ...]
    voices: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the columns to fill in."""
        return (*self.labels, "sentiment", *(("voice",) if self.voices else ()))

    def choices(self, field: str) -> tuple[str, ...]:
        """Return the names that a sentiment or voice may have."""
        return SENTIMENTS if field == "sentiment" else self.voices


def is_record(column: str) -> bool:
    """Whether a sheet keeps something for the record in `column`: the codebook it was coded by, a retired label."""
    return column == "codebook" or column.startswith("retired_")


def read_codes(path: Path, codable: Codable) -> list[Coded]:
    """Return the lines of a file that are coded for anything: JSON lines by their suffix, else CSV.

    Raises:
        InputError: naming file and line, what was found and what is expected.
    """
    from framing.reading.encodings import decode_bytes

    try:
        text = decode_bytes(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: the codes cannot be read ({error.strerror}); check the path") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    read = _read_lines if path.suffix.lower() in (".jsonl", ".ndjson") else _read_sheet
    found = [coded for coded in read(path, text, codable) if coded.answers]
    if not found:
        raise InputError(f"{path}: nothing is coded; fill in yes or no for at least one label of one paragraph")
    return found


def iterate_lines(path: Path, text: str, expected: str = "a JSON object") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of JSON lines, each after its place, `path`:line; blank lines are passed over.

    Raises:
        InputError: naming a line that is not JSON, or not what is `expected`.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{place}: not JSON ({error}); expected one JSON object a line") from error
        if not isinstance(row, dict):
            raise InputError(f"{place}: found {type(row).__name__}, expected {expected}")
        yield place, row


def open_sheet(text: str) -> tuple[csv.DictReader[str], str]:
    """Return a reader of delimited text and its delimiter, the one that the first line has most of.

    Cells beyond the columns come under "", cells that are missing as "".
    """
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="", restval=""), delimiter


def settle(codings: Sequence[Coded]) -> tuple[Answers, int]:
    """Return what the coders of one paragraph agree on, and on how many codes they differ.

    The majority counts; a tie is not coded. Lines without a coder must not contradict each other.

    Raises:
        InputError: where they do.
    """
    settled: dict[str, int | str] = {}
    differing = 0
    for field in dict.fromkeys(field for coded in codings for field in coded.answers):
        said = {
            (coded.coder or coded.place, coded.answers[field]): coded for coded in codings if field in coded.answers
        }
        votes = Counter(answer for _, answer in said).most_common(2)
        if len(votes) > 1:
            differing += 1
            _check_coders(field, list(said.values()))
        if len(votes) == 1 or votes[0][1] > votes[1][1]:
            settled[field] = votes[0][0]
    return settled, differing


def _check_coders(field: str, codings: Sequence[Coded]) -> None:
    """Raise where codes that differ are not those of as many coders."""
    coders = [coded.coder for coded in codings]
    if all(coders) and len(set(coders)) == len(coders):
        return
    first = codings[0]
    other = next(coded for coded in codings if coded.answers[field] != first.answers[field])
    raise InputError(
        f'{other.place}: "{field}" is {other.answers[field]}, but {first.answers[field]} at {first.place} for the same '
        "paragraph; remove one or, where several people coded it, name each in a column coder: the majority counts"
    )


def _read_sheet(path: Path, text: str, codable: Codable) -> Iterator[Coded]:
    reader, _ = open_sheet(text)
    _check_columns(path, [name.strip() for name in reader.fieldnames or ()], codable)
    for row in reader:
        place = f"{path}:{reader.line_num}"
        if "" in row and any(row[""]):
            raise InputError(f"{place}: more cells than columns; check its quotes and delimiters")
        cells = {name.strip(): _unmark(value.strip()) for name, value in row.items() if name}
        answers = {field: cells[field] for field in codable.fields if cells.get(field)}
        yield _make(place, cells, {name: _read_cell(place, name, cell, codable) for name, cell in answers.items()})


def _check_columns(path: Path, names: Sequence[str], codable: Codable) -> None:
    if "paragraph_id" not in names and "text_sha1" not in names:
        raise InputError(
            f"{path}:1: no column paragraph_id or text_sha1 among {', '.join(names) or 'none'}; "
            "fill in a sheet that `framing sample` wrote"
        )
    allowed = (*KEYS, *CONTEXT, *codable.fields, "voice")
    if unknown := [name for name in names if name and name not in allowed and not is_record(name)]:
        raise InputError(
            f"{path}:1: unknown column {', '.join(unknown)}; the run can be coded for {', '.join(codable.fields)}; "
            f"for remarks there is note"
        )


def _unmark(cell: str) -> str:
    """Return the cell without the apostrophe that keeps spreadsheets from changing it."""
    return cell.removeprefix("'")


def _read_cell(place: str, field: str, cell: str, codable: Codable) -> int | str:
    value = cell.casefold()
    if field not in codable.labels:
        return _read_choice(place, field, value, codable)
    if value not in YES + NO:
        raise InputError(f'{place}: "{field}" is "{cell}", expected yes (1, x) or no (0), or nothing where not coded')
    return int(value in YES)


def _read_choice(place: str, field: str, value: Any, codable: Codable) -> str:
    known = {name.casefold(): name for name in codable.choices(field)}
    if not isinstance(value, str) or value.casefold() not in known:
        raise InputError(f'{place}: "{field}" is "{value}", expected one of {", ".join(known.values())}, or nothing')
    return known[value.casefold()]


def _read_lines(path: Path, text: str, codable: Codable) -> Iterator[Coded]:
    for place, row in iterate_lines(path, text, "a JSON object with text and frames"):
        fields = [field for field in ("sentiment", "voice") if row.get(field) and codable.choices(field)]
        choices: dict[str, int | str] = {field: _read_choice(place, field, row[field], codable) for field in fields}
        cells = {name: "" if row.get(name) is None else str(row[name]) for name in (*KEYS, "article", "text")}
        yield _make(place, cells, _read_frames(place, row, codable) | choices)


def _read_frames(place: str, row: Mapping[str, Any], codable: Codable) -> dict[str, int | str]:
    """Return the labels that `frames` (or `labels`) lists as 1, the others but for `not_coded` as 0."""
    frames, skipped = row.get("frames", row.get("labels")), row.get("not_coded") or []
    if frames is None:
        return {}
    for name, found in (("frames", frames), ("not_coded", skipped)):
        if not isinstance(found, list):
            raise InputError(f'{place}: "{name}" is {found!r}, expected a list of labels')
        if unknown := [str(label) for label in found if label not in codable.labels]:
            raise InputError(
                f"{place}: unknown label {', '.join(unknown)}; the run has {', '.join(codable.labels)}; "
                "take it out, or use the codes with a run that was scored for it"
            )
    return {label: int(label in frames) for label in codable.labels if label in frames or label not in skipped}


def _make(place: str, cells: Mapping[str, str], answers: dict[str, int | str]) -> Coded:
    text_sha1 = cells.get("text_sha1") or (hash_text(cells["text"]) if cells.get("text") else "")
    paragraph_id = cells.get("paragraph_id", "")
    if answers and not text_sha1 and not paragraph_id:
        raise InputError(f"{place}: no paragraph_id, text_sha1 or text; a line must say which paragraph was coded")
    return Coded(
        place=place,
        paragraph_id=paragraph_id,
        article=cells.get("article", ""),
        text_sha1=text_sha1,
        inclusion=_read_inclusion(place, cells.get("inclusion", "")),
        stratum=cells.get("stratum", ""),
        design=cells.get("design", ""),
        copies=cells.get("copies", ""),
        coder=cells.get("coder", ""),
        answers=answers,
    )


def _read_inclusion(place: str, cell: str) -> float | None:
    if not cell:
        return None
    try:
        value = float(cell.replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise InputError(
            f'{place}: "inclusion" is "{cell}", expected the probability of being drawn, above 0 and at most 1'
        )
    return value
