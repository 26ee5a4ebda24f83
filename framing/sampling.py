"""Draws the paragraphs to code by a stated design, and writes the sheet in which they are coded."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from framing.coded import list_codable, locate_articles
from framing.correction import Integers
from framing.errors import FramingError
from framing.intervals import Floats
from framing.runfolder import RunFolder, open_run, quote_name
from framing.tally import Copies, Group

Design = Literal["random", "stratified", "rare"]

EVEN_PART = 0.5
"""Part of the design "rare" that is drawn evenly, so that no paragraph counts more than twice what it
would in a random sample: errors of the model where it sees no label would else dominate. Our choice."""

LEAST_OF_STRATUM = 2
"""Paragraphs drawn from each stratum that has them, where the size allows: the variance within needs two."""

_ROUNDING = 1e-9
"""What sums of thousands of fractions may be off by, with room to spare."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"\d+([:.,eE]\d+)*")
"""Ids and hashes that a spreadsheet would turn into a number or a time of day."""


@dataclass(frozen=True, slots=True)
class SampledParagraph:
    """A paragraph to code; `inclusion` is the probability with which it was drawn, 0 (exclusive) to 1."""

    paragraph_id: str
    text_sha1: str
    inclusion: float
    stratum: str
    outlet: str | None
    year: int | None
    title: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Paragraphs drawn from a run, in random order, so that those coded so far are a sample too.

    Attributes:
        design, copies, seed: how they were drawn.
        population: kept paragraphs that could have been drawn.
        fields: what to code: keys of labels, "sentiment", "voice".
        not_coded: keys of the run's other labels.
    """

    design: Design
    copies: Copies
    seed: int
    population: int
    fields: tuple[str, ...]
    not_coded: tuple[str, ...]
    paragraphs: tuple[SampledParagraph, ...]


def draw_sample(
    run: Path,
    size: int,
    design: Design = "random",
    seed: int = 0,
    *,
    labels: Sequence[str] | None = None,
    by: Sequence[str] = ("outlet", "year"),
    copies: Copies = "as-printed",
) -> Sample:
    """Draw kept paragraphs to code; the same seed draws the same, whatever the order of the files.

    "random" gives each paragraph the same probability. "stratified" draws from each group of `by`
    in proportion to its paragraphs, but at least two (one where the size does not allow more). "rare"
    draws half evenly and half in proportion to the probabilities of the labels, each of which gets
    the same part, so that paragraphs with rare labels are found; every probability of being drawn
    is known exactly and written beside the paragraph, so that estimates can undo the choice.

    Args:
        run: a finished run folder.
        size: number of paragraphs.
        design: see above.
        seed: seed of the draw.
        labels: labels that "rare" looks for, and the only ones to code; None for all of the run.
        by: columns that make the strata, as for `compute_shares`.
        copies: which copies of a story can be drawn.

    Raises:
        FramingError: an unknown design or label, or a size that the run or its strata do not allow.
        RunError: a run folder that is missing or not finished.
    """
    folder = open_run(run)
    chosen = tuple(label.key for label in folder.choose_labels(labels))
    _check_design(design)
    population = _read_population(folder, chosen, by, copies, seed)
    if not 1 <= size <= len(population.ids):
        raise FramingError(
            f"{folder.path}: size is {size}, but there are {len(population.ids)} kept paragraphs to draw from; "
            "ask for 1 to as many"
        )
    if design == "stratified":
        drawn, inclusion = _draw_strata(population, size)
    elif design == "rare":
        inclusions = compute_inclusions(population.probabilities, size)
        drawn = draw_systematically(inclusions, float(np.random.default_rng(seed).random()))
        inclusion = inclusions[drawn]
    else:
        drawn, inclusion = np.arange(size), np.full(size, size / len(population.ids))
    stratum = population.strata if design == "stratified" else [""] * len(population.ids)
    paragraphs = _read_paragraphs(folder, population, drawn, inclusion, stratum)
    not_coded = tuple(label.key for label in folder.labels if label.key not in chosen)
    fields = tuple(name for name in list_codable(folder).fields if name not in not_coded)
    return Sample(design, copies, seed, len(population.ids), fields, not_coded, paragraphs)


def compute_inclusions(probabilities: Floats, size: int) -> Floats:
    """Return the probability with which the design "rare" draws each paragraph; they add up to `size`.

    Args:
        probabilities: shape (paragraphs, labels).
        size: paragraphs to draw, at most all.
    """
    totals = probabilities.sum(axis=0)
    spread = probabilities[:, totals > 0] / totals[totals > 0]
    chances = np.full(len(probabilities), 1 / len(probabilities))
    if spread.shape[1]:
        chances = EVEN_PART * chances + (1 - EVEN_PART) * spread.mean(axis=1)
    certain = np.zeros(len(chances), dtype=np.bool_)
    while True:
        scale = (size - certain.sum()) / max(float(chances[~certain].sum()), 1e-300)
        beyond = ~certain & (chances * scale >= 1)
        if not beyond.any():
            return np.where(certain, 1.0, chances * scale)
        certain |= beyond


def draw_systematically(inclusions: Floats, start: float) -> Integers:
    """Return the places of the paragraphs drawn, with exactly these probabilities.

    The probabilities are laid end to end, and what lies at start, start + 1, ... is drawn (Madow
    1949, Annals of Mathematical Statistics 20:333); with paragraphs in random order, pairs of them are
    drawn almost independently.

    Args:
        inclusions: shape (paragraphs,), 0..1, adding up to a whole number.
        start: drawn evenly from 0 (inclusive) to 1 (exclusive).
    """
    ends = np.cumsum(inclusions)
    marks = min(max(start, _ROUNDING), 1 - _ROUNDING) + np.arange(round(float(ends[-1])))
    places = np.searchsorted(ends, marks, side="right")
    return np.minimum(places, len(ends) - 1).astype(np.int64)


def allocate(sizes: Sequence[int], size: int) -> list[int]:
    """Return how many paragraphs to draw from strata of these sizes, in proportion, with a least number each.

    Fractions are rounded by largest remainder, the earlier stratum first.

    Raises:
        FramingError: where there are more strata than paragraphs to draw.
    """
    if size < len(sizes):
        raise FramingError(
            f"size is {size}, but there are {len(sizes)} strata, each of which needs a paragraph; "
            f"draw {len(sizes)} or more, or group by fewer columns"
        )
    there = np.asarray(sizes)
    base = np.minimum(there, LEAST_OF_STRATUM if size >= LEAST_OF_STRATUM * len(sizes) else 1)
    small = np.zeros(len(sizes), dtype=np.bool_)
    while True:
        rest = size - int(base[small].sum())
        wanted = np.where(small, base, there * rest / max(int(there[~small].sum()), 1))
        if not (below := ~small & (wanted < base)).any():
            break
        small |= below
    given = np.floor(wanted + _ROUNDING).astype(np.int64)
    first = np.argsort(given - wanted, kind="stable")[: size - given.sum()]
    given[first] += 1
    return [int(number) for number in given]


def write_sample(sample: Sample, path: Path, *, bom: bool = False) -> Path:
    """Write the sheet to fill in, a JSON line per paragraph for .jsonl and CSV else; return `path`.

    The model's scores are left out, so that they do not sway the coder. `bom` puts the mark before
    the CSV by which Excel knows UTF-8. Cells that a spreadsheet would run or turn into a number
    begin with an apostrophe, which `read_coded` takes off again.
    """
    lines = path.suffix.lower() in (".jsonl", ".ndjson")
    text = "".join(_format_lines(sample)) if lines else _format_sheet(sample)
    try:
        path.write_bytes(text.encode("utf-8-sig" if bom and not lines else "utf-8", "backslashreplace"))
    except OSError as error:
        raise FramingError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
    return path


@dataclass(frozen=True, slots=True)
class _Population:
    """The paragraphs that can be drawn, in an order that the seed and their ids alone decide."""

    ids: Sequence[str]
    strata: Sequence[str]
    probabilities: Floats


def _check_design(design: str) -> None:
    if design not in get_args(Design):
        raise FramingError(f'design: found "{design}", expected one of {", ".join(get_args(Design))}')


def _read_population(
    folder: RunFolder, labels: Sequence[str], by: Sequence[str], copies: Copies, seed: int
) -> _Population:
    located = locate_articles(folder, by, copies)
    strata = {article: name_stratum(group) for group, articles in located.items() for article in articles}
    columns = ", ".join(quote_name(f"p_{label}") for label in labels)
    query = f"""
        SELECT paragraph_id, article_id, {columns} FROM paragraphs WHERE dropped IS NULL
        ORDER BY md5($seed || ' ' || paragraph_id), paragraph_id"""  # noqa: S608
    with folder.connect() as database:
        ids, owners, *scores = database.execute(query, {"seed": str(seed)}).fetchnumpy().values()
    chosen = np.array([owner in strata for owner in owners], dtype=np.bool_)
    probabilities = np.column_stack([np.nan_to_num(np.ma.filled(column, 0.0)) for column in scores])
    return _Population(
        [str(name) for name in ids[chosen]],
        [strata[owner] for owner in owners[chosen]],
        probabilities[chosen].astype(np.float64),
    )


def name_stratum(group: Group) -> str:
    """Return the name of a stratum as it stands in the sheet."""
    return " · ".join("unknown" if value is None else str(value) for value in group)


def _draw_strata(population: _Population, size: int) -> tuple[Integers, Floats]:
    """Return the places drawn, in the order of the population, and their probabilities."""
    members: dict[str, list[int]] = {}
    for place, stratum in enumerate(population.strata):
        members.setdefault(stratum, []).append(place)
    names = sorted(members)
    numbers = allocate([len(members[name]) for name in names], size)
    chances = {
        place: number / len(members[name])
        for name, number in zip(names, numbers, strict=True)
        for place in members[name][:number]
    }
    places = sorted(chances)
    return np.array(places, dtype=np.int64), np.array([chances[place] for place in places])


def _read_paragraphs(
    folder: RunFolder, population: _Population, drawn: Integers, inclusion: Floats, strata: Sequence[str]
) -> tuple[SampledParagraph, ...]:
    ids = [population.ids[place] for place in drawn]
    query = """
        SELECT paragraph_id, text_sha1, outlet, year, title, text FROM paragraphs JOIN articles USING (article_id)
        WHERE list_contains($ids, paragraph_id)"""
    with folder.connect() as database:
        database.register("articles", folder.read_articles(("article_id", "outlet", "year", "title")))
        found = {row[0]: row for row in database.execute(query, {"ids": ids}).fetchall()}
    return tuple(
        SampledParagraph(found[name][0], found[name][1], float(chance), strata[place], *found[name][2:])
        for name, place, chance in zip(ids, drawn, inclusion, strict=True)
    )


def _describe(sample: Sample, paragraph: SampledParagraph) -> dict[str, Any]:
    drawn = {"inclusion": paragraph.inclusion, "stratum": paragraph.stratum}
    drawn |= {"design": sample.design, "copies": sample.copies}
    context = {"outlet": paragraph.outlet, "year": paragraph.year, "title": paragraph.title, "text": paragraph.text}
    return {"paragraph_id": paragraph.paragraph_id, "text_sha1": paragraph.text_sha1} | drawn | context


def _format_lines(sample: Sample) -> Iterator[str]:
    blank: dict[str, Any] = {"frames": None, "not_coded": sample.not_coded}
    blank |= {name: None for name in sample.fields if name in ("sentiment", "voice")}
    for paragraph in sample.paragraphs:
        yield json.dumps(_describe(sample, paragraph) | blank, ensure_ascii=False) + "\n"


def _format_sheet(sample: Sample) -> str:
    text = io.StringIO(newline="")
    keys = ("paragraph_id", "text_sha1", "inclusion", "stratum", "design", "copies")
    writer = csv.writer(text, lineterminator="\r\n")
    context = ("outlet", "year", "title", "text")
    writer.writerow([*context, *sample.fields, "note", *keys])
    for paragraph in sample.paragraphs:
        row = _describe(sample, paragraph)
        cells = [_defuse(name, row[name]) for name in (*context, *keys)]
        writer.writerow([*cells[: len(context)], *[""] * (len(sample.fields) + 1), *cells[len(context) :]])
    return text.getvalue()


def _defuse(name: str, value: object) -> str:
    cell = "" if value is None else str(value)
    mistaken = name in ("paragraph_id", "text_sha1", "stratum") and (_NUMBER.fullmatch(cell) or cell.startswith("'"))
    return f"'{cell}" if mistaken or _FORMULA.match(cell) else cell
