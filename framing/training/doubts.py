"""Finds codes that are likely wrong, and writes the sheet in which a person reads those paragraphs again."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framing.classify.protocol import Progress, ignore_progress
from framing.codebook import Codebook
from framing.codes import iterate_lines, open_sheet
from framing.records import SENTIMENTS, hash_text
from framing.report.tables import format_value, write_table
from framing.training.codings import NOT_CODED, Codings, read_codings
from framing.training.crossval import Recipe, cross_validate
from framing.training.evaluation import Predictions

SHEET = ("article", "paragraph", "text_sha1", "field", "coded", "suggested", "probability", "text", "now", "reason")
"""Columns of the sheet; the last two are for the person who reads the paragraph again."""

_SHEETS = (".csv", ".tsv")
_NUMBER = re.compile(r"\d+([:.,eE]\d+)*")
"""Ids and hashes that a spreadsheet would turn into a number or a time of day."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which paragraph was coded: its article, its number there, "" where nobody says, and the hash of its text."""

    article: str
    paragraph: str
    text_sha1: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A code that is likely wrong: `coded` and `suggested` are yes or no, or names.

    `probability`, 0..1, is that of the code given, by heads that have not seen the article.
    """

    place: Place
    field: str
    coded: str
    suggested: str
    probability: float
    text: str


@dataclass(frozen=True, slots=True)
class FieldDoubts:
    """How many paragraphs are coded for a field, and how many of the codes are doubted.

    `doubted` is None where too few are coded to fit heads in every fold.
    """

    field: str
    coded: int
    doubted: int | None


@dataclass(frozen=True, slots=True)
class Doubts:
    """The doubtful codes, the least probable first, and how many there are of each field."""

    doubts: tuple[Doubt, ...]
    fields: tuple[FieldDoubts, ...]


def doubt_codings(
    path: Path,
    recipe: Recipe,
    *,
    texts: Path | None = None,
    folds: int = 5,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress = ignore_progress,
) -> Doubts:
    """Return the codes in a file that heads fitted on the other articles contradict: see `find_doubts`.

    Args:
        path: codings, as `read_codings` takes them.
        recipe: what to fit; its encoder should not have been tuned on these very codings, or it
            has learnt their errors too.
        texts: where codings without text find theirs.
        folds: parts that the articles are shared out to, each judged by heads fitted on the others.
        seed: of the sharing out.
        device: "cpu", "cuda" or "mps".
        progress: hears of texts as they are encoded.

    Raises:
        FramingError: as `read_codings` and `cross_validate` do.
    """
    codings = read_codings(path, recipe.codebook, texts=texts)
    predictions = cross_validate(recipe, codings, folds=folds, seed=seed, device=device, progress=progress)
    return find_doubts(codings, predictions, locate_codings(path, codings, recipe.codebook))


def find_doubts(codings: Codings, predictions: Predictions, places: Sequence[Place]) -> Doubts:
    """Return the codes that confident learning takes for errors (Northcutt, Jiang & Chuang 2021, JAIR 70:1373-1411).

    Each label, and boilerplate, is a question of yes or no by itself; sentiment and voice are one of
    several names each. What was not coded is left out. Codes are pruned by the noise rate of each
    pair of classes, cleanlab's default, and ranked by self-confidence, the probability of the code given.

    Args:
        codings: n coded paragraphs.
        predictions: what models say of them that have not seen their articles.
        places: n places, those of the paragraphs.
    """
    doubts: list[Doubt] = []
    fields = []
    for cells in _list_cells(codings, predictions):
        found = [] if cells.probabilities is None else _find_in(cells, cells.probabilities, codings, places)
        doubts += found
        doubted = None if cells.probabilities is None else len(found)
        fields.append(FieldDoubts(cells.field, int((cells.codes != NOT_CODED).sum()), doubted))
    return Doubts(tuple(sorted(doubts, key=lambda doubt: doubt.probability)), tuple(fields))


def locate_codings(path: Path, codings: Codings, codebook: Codebook) -> list[Place]:
    """Return the place of each of `codings`, which were read from `path`, JSON lines or a sheet.

    Where an article has a text twice, the places go by the order of the lines that code for anything.
    """
    fields = (*list_fields(codebook), "frames", "labels")
    lines = (line for line in _iterate_coded(path) if any(line.get(name) not in (None, "") for name in fields))
    numbers: defaultdict[tuple[str, str], deque[Place]] = defaultdict(deque)
    for place in dict.fromkeys(name_place(line) for line in lines):
        numbers[place.article, place.text_sha1].append(place)
    keys = zip(map(str, codings.articles), map(hash_text, codings.texts), strict=True)
    return [numbers[key].popleft() if numbers[key] else Place(key[0], "", key[1]) for key in keys]


def name_place(cells: Mapping[str, Any]) -> Place:
    """Return which paragraph a line of codings, or of a sheet, is about; "" for what it does not say."""
    article, _, paragraph = str(cells.get("paragraph_id") or "").strip().rpartition(":")
    number, text = cells.get("paragraph"), str(cells.get("text") or "")
    return Place(
        article=str(cells.get("article") or "").strip() or article,
        paragraph=paragraph if number in (None, "") else str(number).strip(),
        text_sha1=hash_text(text) if text.strip() else str(cells.get("text_sha1") or "").strip(),
    )


def list_choices(field: str, codebook: Codebook) -> tuple[str, ...]:
    """Return what a paragraph can be coded in `field`; nothing where the codebook does not have it."""
    named = {"sentiment": SENTIMENTS, "voice": codebook.voice_keys}
    return named.get(field, ("no", "yes") if field in (*codebook.label_keys, "boilerplate") else ())


def list_fields(codebook: Codebook) -> tuple[str, ...]:
    """Return what a paragraph can be coded for: keys of labels, then sentiment, voice, boilerplate."""
    fields = (*codebook.label_keys, "sentiment", "voice", "boilerplate")
    return tuple(field for field in fields if list_choices(field, codebook))


def write_doubts(doubts: Sequence[Doubt], path: Path) -> Path:
    """Write the sheet to read the doubtful paragraphs again with, a CSV; return `path`.

    Cells that a spreadsheet would run or turn into a number begin with an apostrophe, which
    `read_corrections` takes off again.

    Raises:
        FramingError: where the file cannot be written.
    """
    return write_table(path, SHEET, map(_list_row, doubts))


def pick_doubts(doubts: Doubts, limit: int | None) -> tuple[Doubt, ...]:
    """Return the `limit` most doubtful codes of each field, all where it is None; the least probable come first.

    The limit is each field's own, as those of several classes have lower probabilities than yes or no.
    """
    ranks: Counter[str] = Counter()
    picked = []
    for doubt in doubts.doubts:
        ranks[doubt.field] += 1
        if limit is None or ranks[doubt.field] <= limit:
            picked.append(doubt)
    return tuple(picked)


def describe_doubts(doubts: Doubts) -> Iterator[str]:
    """Yield a line per field: how many paragraphs are coded for it, and how many of the codes are doubted."""
    yield f"{'field':<16}{'coded':>8}{'doubted':>12}"
    for one in doubts.fields:
        yield f"{one.field:<16}{one.coded:>8}{'not judged' if one.doubted is None else one.doubted:>12}"


@dataclass(frozen=True, slots=True)
class _Cells:
    """The codes of one field: an index into `names` per paragraph, -1 where not coded, and what was predicted.

    `probabilities`: shape (n, names), rows that add up to 1; None where there is no prediction.
    """

    field: str
    names: tuple[str, ...]
    codes: NDArray[np.int8]
    probabilities: NDArray[np.float64] | None


def _list_cells(codings: Codings, predictions: Predictions) -> Iterator[_Cells]:
    codebook = predictions.codebook
    columns: dict[str, tuple[NDArray[np.int8], NDArray[Any] | None]] = {
        key: (codings.labels[:, column], predictions.probabilities[:, column])
        for column, key in enumerate(codebook.label_keys)
    }
    columns["sentiment"] = codings.sentiment, predictions.sentiment
    columns["voice"] = codings.voice, predictions.voice
    columns["boilerplate"] = codings.boilerplate, predictions.boilerplate
    for field, (codes, said) in columns.items():
        if (codes != NOT_CODED).any():
            yield _Cells(field, list_choices(field, codebook), codes, None if said is None else _spread(said))


def _spread(said: NDArray[Any]) -> NDArray[np.float64]:
    """Return probabilities of every class, (n, classes), from those or from the probability of yes, (n,)."""
    whole = said.astype(np.float64)
    return whole if whole.ndim == 2 else np.stack([1 - whole, whole], axis=1)


def _find_in(
    cells: _Cells, probabilities: NDArray[np.float64], codings: Codings, places: Sequence[Place]
) -> list[Doubt]:
    """Return the doubtful codes of one field."""
    found = []
    for row in _find_rows(cells.codes, probabilities):
        said, coded = probabilities[row], int(cells.codes[row])
        suggested = int(np.where(np.arange(len(said)) == coded, -1.0, said).argmax())
        doubt = (cells.field, cells.names[coded], cells.names[suggested], float(said[coded]))
        found.append(Doubt(places[row], *doubt, codings.texts[row]))
    return found


def _find_rows(codes: NDArray[np.int8], probabilities: NDArray[np.float64]) -> list[int]:
    """Return the rows whose code is likely wrong; none where all are coded the same, which says nothing of errors."""
    from cleanlab.filter import find_label_issues

    coded = np.flatnonzero(codes != NOT_CODED)
    if len(np.unique(codes[coded])) < 2:
        return []
    wrong = find_label_issues(
        codes[coded].astype(np.int64),
        probabilities[coded],
        return_indices_ranked_by="self_confidence",
        filter_by="prune_by_noise_rate",
        n_jobs=1,
    )
    return [int(row) for row in coded[wrong]]


def _iterate_coded(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a file of codings, which was read before and found sound."""
    from framing.reading.encodings import decode_bytes

    text = decode_bytes(path.read_bytes())
    if path.suffix.lower() not in _SHEETS:
        yield from (row for _, row in iterate_lines(path, text))
        return
    for cells in open_sheet(text)[0]:
        yield {name.strip(): cell.strip() for name, cell in cells.items() if name}


def _list_row(doubt: Doubt) -> tuple[object, ...]:
    place = (_mark(doubt.place.article), doubt.place.paragraph, _mark(doubt.place.text_sha1))
    return (*place, doubt.field, doubt.coded, doubt.suggested, doubt.probability, doubt.text, "", "")


def _mark(cell: str) -> str:
    """Return an id with an apostrophe before what a spreadsheet would change; formulas are marked by the table."""
    mistaken = _NUMBER.fullmatch(cell) is not None or cell.startswith("'")
    return f"'{cell}" if mistaken and format_value(cell) == cell else cell
