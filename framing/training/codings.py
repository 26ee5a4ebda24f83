"""Codings: paragraphs that people coded by a codebook, read from JSON lines or from a sheet."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framing.codebook import Codebook
from framing.codes import CONTEXT, KEYS, Coded, is_record, iterate_lines, open_sheet, settle
from framing.codes import NO as NO_CELLS
from framing.codes import YES as YES_CELLS
from framing.errors import InputError
from framing.records import SENTIMENTS, hash_text

YES, NO, NOT_CODED = 1, 0, -1

_SHEETS = (".csv", ".tsv")
_PLACES = (*KEYS, *CONTEXT, "article", "paragraph", "dataset", "date", "codebook")
"""Columns of a sheet beside the codes: where the paragraph stands, how it was drawn, and remarks."""


@dataclass(frozen=True, slots=True)
class Codings:
    """Coded paragraphs, row i of every array belonging to text i.

    Attributes:
        texts: n texts.
        articles: the article each stands in; splits and resamples go by it.
        labels: shape (n, labels), int8: 1 coded yes, 0 coded no, -1 not coded.
        sentiment: shape (n,), int8: index into negative, neutral, positive; -1 not coded.
        voice: shape (n,), int8: index into the codebook's voices; -1 not coded.
        boilerplate: shape (n,), int8: 1 page furniture, 0 content, -1 not coded.
        digest: SHA-256 (hexadecimal) of the file's bytes.
    """

    texts: tuple[str, ...]
    articles: NDArray[np.str_]
    labels: NDArray[np.int8]
    sentiment: NDArray[np.int8]
    voice: NDArray[np.int8]
    boilerplate: NDArray[np.int8]
    digest: str

    @property
    def content(self) -> NDArray[np.bool_]:
        """Shape (n,): True where the paragraph was not coded as page furniture."""
        return np.not_equal(self.boilerplate, YES)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[np.intp]) -> Codings:
        """Return the paragraphs in `rows`, in that order."""
        return replace(
            self,
            texts=tuple(self.texts[row] for row in rows),
            articles=self.articles[rows],
            labels=self.labels[rows],
            sentiment=self.sentiment[rows],
            voice=self.voice[rows],
            boilerplate=self.boilerplate[rows],
        )

    def append(self, more: Codings) -> Codings:
        """Return these paragraphs and those of `more`, coded by the same codebook, under the digest of these."""
        return replace(
            self,
            texts=(*self.texts, *more.texts),
            articles=np.concatenate([self.articles, more.articles]),
            labels=np.concatenate([self.labels, more.labels]),
            sentiment=np.concatenate([self.sentiment, more.sentiment]),
            voice=np.concatenate([self.voice, more.voice]),
            boilerplate=np.concatenate([self.boilerplate, more.boilerplate]),
        )

    def select_labels(self, columns: Sequence[int]) -> Codings:
        """Return the same paragraphs with only those columns of `labels`, in that order."""
        return replace(self, labels=self.labels[:, list(columns)])


def read_codings(path: Path, codebook: Codebook, *, texts: Path | None = None) -> Codings:
    """Read coded paragraphs: a sheet where the file ends in .csv or .tsv, else JSON lines.

    A JSON line has `article`, `text` and any of `frames` (or `labels`), `sentiment`, `voice`,
    `boilerplate`. `frames` lists the labels coded yes; the codebook's others are coded no, unless
    `coded` lists those that were looked for, or `not_coded` those that were not. Without `frames`,
    or where it is null, no label is coded; likewise for the rest.

    A sheet has columns `article`, `text` and any of the labels and `boilerplate` (yes, 1, x, true;
    no, 0, false), `sentiment` and `voice` (a name); a blank cell is not coded.

    Lines of one paragraph are joined: where coders differ who are named in `coder`, the majority
    counts. Lines coded for nothing are left out, and page furniture is coded for nothing else.
    A line without `text` but with `text_sha1` takes it from `texts`, a run folder or JSON lines.

    Raises:
        InputError: naming file and line, what was found and what is expected.
    """
    content = _read_bytes(path, "codings")
    read = _read_sheet if path.suffix.lower() in _SHEETS else _read_lines
    rows = [row for row in read(path, _decode(path, content), codebook) if row.coded.answers]
    if not rows:
        raise InputError(
            f"{path}: no codings; expected a coded paragraph a line, with article, text and what it is coded for"
        )
    rows = _fill_texts(rows, texts)
    return _assemble(_join(rows), codebook, hashlib.sha256(content).hexdigest())


def name_closest(name: str, known: Collection[str]) -> str:
    """Return `name`, with the one of `known` that it may be a misspelling of, if any."""
    close = get_close_matches(name, known, n=1)
    return f"{name} (perhaps {close[0]})" if close else name


@dataclass(frozen=True, slots=True)
class _Row:
    """A line: its text, "" where the file has none, the paragraph's number if given, and the codes."""

    text: str
    paragraph: str
    coded: Coded


def _read_bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the {what} cannot be read ({error.strerror}); check the path") from error


def _decode(path: Path, content: bytes) -> str:
    from framing.reading.encodings import decode_bytes

    try:
        return decode_bytes(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _read_lines(path: Path, text: str, codebook: Codebook) -> Iterator[_Row]:
    for place, row in iterate_lines(path, text, "a JSON object with article, text and frames"):
        cells = {name: str(row[name]) for name in _PLACES if row.get(name) is not None}
        if not isinstance(row.get("text") or "", str):
            raise InputError(f'{place}: "text" is {row["text"]!r}, expected a text')
        yield _make_row(place, cells, _read_answers(place, row, codebook))


def _read_answers(place: str, row: Mapping[str, Any], codebook: Codebook) -> dict[str, int | str]:
    boilerplate = row.get("boilerplate")
    if boilerplate not in (True, False, None):
        raise InputError(f'{place}: "boilerplate" is {boilerplate!r}, expected true, false or null')
    answers: dict[str, int | str] = dict(_read_frames(place, row, codebook))
    for field, choices in _list_choices(codebook).items():
        if row.get(field) is None:
            continue
        if row[field] not in choices:
            raise InputError(f'{place}: "{field}" is {row[field]!r}, expected one of {", ".join(choices)} or null')
        answers[field] = row[field]
    return answers if boilerplate is None else answers | {"boilerplate": int(boilerplate)}


def _read_frames(place: str, row: Mapping[str, Any], codebook: Codebook) -> dict[str, int]:
    frames = row.get("frames", row.get("labels"))
    if frames is None:
        return {}
    lists = {"frames": frames, "coded": row.get("coded"), "not_coded": row.get("not_coded")}
    for name, found in lists.items():
        if found is not None:
            _check_labels(place, name, found, codebook)
    looked_for = set(lists["coded"] if lists["coded"] is not None else codebook.label_keys)
    looked_for -= set(lists["not_coded"] or ())
    if stray := [key for key in frames if key not in looked_for]:
        raise InputError(
            f'{place}: "frames" has {", ".join(stray)}, which by "coded" or "not_coded" was not looked for; '
            "mend one of them"
        )
    return {key: YES if key in frames else NO for key in codebook.label_keys if key in looked_for}


def _check_labels(place: str, name: str, found: Any, codebook: Codebook) -> None:
    if not isinstance(found, list):
        raise InputError(f'{place}: "{name}" is {found!r}, expected a list of labels')
    if unknown := [str(label) for label in found if label not in codebook.label_keys]:
        raise InputError(
            f"{place}: unknown label {', '.join(name_closest(label, codebook.label_keys) for label in unknown)}; "
            f"the codebook {codebook.name} {codebook.version} has {', '.join(codebook.label_keys)}"
        )


def _read_sheet(path: Path, text: str, codebook: Codebook) -> Iterator[_Row]:
    reader, _ = open_sheet(text)
    _check_columns(path, [name.strip() for name in reader.fieldnames or ()], codebook)
    try:
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if any(row.get("", ())):
                raise InputError(f"{place}: more cells than columns; check its quotes and delimiters")
            cells = {name.strip(): _unmark(value.strip()) for name, value in row.items() if name.strip()}
            yield _make_row(place, cells, _read_cells(place, cells, codebook))
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: not a line of CSV ({error}); check its quotes") from error


def _check_columns(path: Path, names: Sequence[str], codebook: Codebook) -> None:
    codable = (*codebook.label_keys, "sentiment", "voice", "boilerplate")
    strange = [name for name in names if name and name not in (*_PLACES, *codable) and not is_record(name)]
    if unknown := [name_closest(name, codable) for name in strange]:
        raise InputError(
            f"{path}:1: unknown column {', '.join(unknown)}; a paragraph can be coded for {', '.join(codable)}; "
            "for remarks there is note"
        )


def _unmark(cell: str) -> str:
    """Return the cell without the apostrophe that keeps a spreadsheet from reading it as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@") else cell


def _read_cells(place: str, cells: Mapping[str, str], codebook: Codebook) -> dict[str, int | str]:
    answers: dict[str, int | str] = {}
    for field in (*codebook.label_keys, "boilerplate"):
        if cell := cells.get(field, "").casefold():
            if cell not in YES_CELLS + NO_CELLS:
                raise InputError(
                    f'{place}: "{field}" is "{cell}", expected yes (1, x) or no (0), or nothing where not coded'
                )
            answers[field] = int(cell in YES_CELLS)
    for field, choices in _list_choices(codebook).items():
        if cell := cells.get(field, "").casefold():
            if cell not in choices:
                raise InputError(f'{place}: "{field}" is "{cell}", expected one of {", ".join(choices)}, or nothing')
            answers[field] = cell
    return answers


def _list_choices(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    """Return the names that sentiment and voice may have; a codebook without voices codes none."""
    return {"sentiment": SENTIMENTS} | ({"voice": codebook.voice_keys} if codebook.voices else {})


def _make_row(place: str, cells: Mapping[str, str], answers: Mapping[str, int | str]) -> _Row:
    text, paragraph_id = cells.get("text", ""), cells.get("paragraph_id", "")
    article = cells.get("article", "").strip() or paragraph_id.rpartition(":")[0]
    given = cells.get("text_sha1", "")
    for field, found in (("article", article), ("text", text.strip() or given)):
        if not found:
            raise InputError(
                f'{place}: no "{field}"; each line needs article, text (or text_sha1) and what it is coded for'
            )
    text_sha1 = hash_text(text) if text.strip() else given
    if given and text_sha1 != given:
        raise InputError(
            f"{place}: the text has changed since it was coded: text_sha1 is {given}, that of the text is {text_sha1}; "
            "restore the text, or leave it out and say where the texts are by --texts"
        )
    coded = Coded(place, paragraph_id, article, text_sha1, None, "", "", "", cells.get("coder", ""), answers)
    return _Row(text if text.strip() else "", cells.get("paragraph", ""), coded)


def _fill_texts(rows: Sequence[_Row], source: Path | None) -> list[_Row]:
    """Return `rows` with the texts that they lack taken from `source` by their hash."""
    wanted = {row.coded.text_sha1 for row in rows if not row.text}
    texts = find_texts(source, wanted) if source and wanted else {}
    if lost := [row.coded for row in rows if not row.text and row.coded.text_sha1 not in texts]:
        more = f" and {len(lost) - 1} more lines" if len(lost) > 1 else ""
        where = f"{source} has none" if source else "the line has none"
        raise InputError(
            f"{lost[0].place}{more}: no text for text_sha1 {lost[0].text_sha1}: {where}; give by --texts the "
            "run folder or the JSON lines that hold the coded paragraphs"
        )
    return [row if row.text else replace(row, text=texts[row.coded.text_sha1]) for row in rows]


def find_texts(source: Path, hashes: Collection[str]) -> dict[str, str]:
    """Return the texts of those of `hashes` that `source` has, a run folder or JSON lines with `text`.

    Raises:
        FramingError: where `source` is neither.
    """
    if source.is_dir():
        from framing.runfolder import open_run

        query = (
            "SELECT text_sha1, text FROM paragraphs WHERE text_sha1 IN (SELECT unnest($hashes)) AND text IS NOT NULL"
        )
        with open_run(source).connect() as database:
            return dict(database.execute(query, {"hashes": sorted(hashes)}).fetchall())
    lines = _decode(source, _read_bytes(source, "texts")).split("\n")
    try:
        texts = [json.loads(line)["text"] for line in lines if line.strip()]
        return {hash_text(text): text for text in texts if hash_text(text) in hashes}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f'{source}: expected a run folder, or JSON lines with "text" ({error!r})') from error


def _join(rows: Sequence[_Row]) -> list[tuple[_Row, Mapping[str, int | str]]]:
    """Return each paragraph once, with what its lines together say."""
    same: dict[tuple[str, str, str], list[_Row]] = {}
    for row in rows:
        same.setdefault((row.coded.article, row.paragraph, row.coded.text_sha1), []).append(row)
    joined = []
    for own in same.values():
        answers, _ = settle([row.coded for row in own])
        furniture = answers.get("boilerplate") == YES
        joined.append((own[0], {"boilerplate": YES} if furniture else answers))
    return joined


def _assemble(rows: Sequence[tuple[_Row, Mapping[str, int | str]]], codebook: Codebook, digest: str) -> Codings:
    def number(field: str, names: Sequence[str]) -> NDArray[np.int8]:
        said = [answers.get(field) for _, answers in rows]
        return np.array([NOT_CODED if name is None else names.index(str(name)) for name in said], dtype=np.int8)

    labels = [[answers.get(key, NOT_CODED) for key in codebook.label_keys] for _, answers in rows]
    return Codings(
        texts=tuple(row.text for row, _ in rows),
        articles=np.array([row.coded.article for row, _ in rows]),
        labels=np.array(labels, dtype=np.int8).reshape(len(rows), len(codebook.labels)),
        sentiment=number("sentiment", SENTIMENTS),
        voice=number("voice", codebook.voice_keys),
        boilerplate=np.array([answers.get("boilerplate", NOT_CODED) for _, answers in rows], dtype=np.int8),
        digest=digest,
    )
