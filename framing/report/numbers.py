"""Computes everything a report holds: the tables that are written, and the cells of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypedDict

from framing.cells import Cell, SentimentCell, VoiceCell
from framing.coded import CodedSample, read_coded
from framing.compare import compute_comparisons
from framing.comparison import Comparison, Comparisons
from framing.report.speakers import SpeakerCell, compute_speakers
from framing.report.tables import PROBLEM_COLUMNS
from framing.report.targets import TargetCell, compute_targets
from framing.runfolder import RunFolder, open_run
from framing.shares import compute_sentiment, compute_shares, compute_voices
from framing.syndication import CopyRow, Syndication, count_syndication, list_copies
from framing.tally import Copies, Weighting
from framing.words import WordRow, compute_words

_PAGE: tuple[tuple[str, ...], ...] = ((), ("outlet",), ("year",), ("outlet", "year"))
"""Groups that the page shows, whatever the tables are grouped by."""


class _Kind(Protocol):
    COLUMNS: ClassVar[tuple[str, ...]]


class _Common(TypedDict):
    weighting: Weighting
    copies: Copies
    seed: int


class _Corrected(_Common):
    coded: CodedSample | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for.

    Attributes:
        by: columns that group the tables; the page always compares outlets and years.
        weighting: whether paragraphs or articles count once.
        copies: which copies of a story count.
        coded: file of coded paragraphs of this run, which correct the shares; None for none.
        seed: seed of the intervals and of the paragraphs drawn to read.
    """

    by: tuple[str, ...] = ("outlet", "year")
    weighting: Weighting = "paragraph"
    copies: Copies = "as-printed"
    coded: Path | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table to write: `name` without a suffix, such as "shares"; each of `rows` is as long as `columns`.

    Values are None, bool, int, float (full precision) or str.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class PageCells:
    """What the page shows, by outlet and year whatever the tables are grouped by.

    `shares` and `sentiment` are keyed by what groups their cells: () for the run as a whole,
    ("outlet",), ("year",) and ("outlet", "year"); `speakers` by () and ("outlet",).
    """

    shares: Mapping[tuple[str, ...], Sequence[Cell]]
    sentiment: Mapping[tuple[str, ...], Sequence[SentimentCell]]
    speakers: Mapping[tuple[str, ...], Sequence[SpeakerCell]]


@dataclass(frozen=True, slots=True)
class Report:
    """A run added up: its `tables` in the order in which they are written, and the cells of its page."""

    folder: RunFolder
    settings: Settings
    tables: tuple[Table, ...]
    page: PageCells
    comparisons: Comparisons
    words: tuple[WordRow, ...]
    syndication: tuple[Syndication, ...]


def compute_report(run: Path, settings: Settings | None = None) -> Report:
    """Add a run up. Where nothing could be compared there is no table of comparisons: its readers expect a row.

    Raises:
        FramingError: a column that cannot group, or settings out of range.
        RunError: a run folder that is missing, not finished, or does not tell copies though asked to.
    """
    folder, settings = open_run(run), settings or Settings()
    coded = read_coded(settings.coded, folder) if settings.coded else None
    common = _Common(weighting=settings.weighting, copies=settings.copies, seed=settings.seed)
    corrected = _Corrected(**common, coded=coded)
    groups = dict.fromkeys([settings.by, *_PAGE])
    shares = {by: compute_shares(run, by, **corrected) for by in groups}
    sentiment = {by: compute_sentiment(run, by, **corrected) for by in groups}
    page = PageCells(shares, sentiment, {by: compute_speakers(folder, by, **common) for by in _PAGE[:2]})
    comparisons = compute_comparisons(run, weighting=settings.weighting, copies=settings.copies, coded=coded)
    syndication = count_syndication(folder)
    words = compute_words(run, "outlet", [None, *(label.key for label in folder.labels)], copies=settings.copies)
    voices = compute_voices(run, settings.by, **corrected)
    targets = compute_targets(folder, settings.by, **common)
    tables = (
        make_table("shares", Cell, shares[settings.by], settings.by),
        make_table("sentiment", SentimentCell, sentiment[settings.by], settings.by),
        make_table("voices", VoiceCell, voices, settings.by),
        make_table("speakers", SpeakerCell, page.speakers["outlet",], ("outlet",)),
        *([make_table("targets", TargetCell, targets, settings.by)] if targets else []),
        *([make_table("comparisons", Comparison, comparisons)] if comparisons else []),
        make_table("words", WordRow, words),
        make_table("copies", CopyRow, list_copies(folder)),
        make_table("syndication", Syndication, syndication),
        _tabulate_problems(folder),
    )
    return Report(folder, settings, tables, page, comparisons, tuple(words), tuple(syndication))


def make_table(name: str, kind: type[_Kind], cells: Iterable[Any], by: Sequence[str] = ()) -> Table:
    """Return the table of `cells`, all of `kind`: the columns of `by`, from their groups, then COLUMNS."""
    rows = [(*(cell.group if by else ()), *(getattr(cell, column) for column in kind.COLUMNS)) for cell in cells]
    return Table(name, (*by, *kind.COLUMNS), tuple(rows))


def _tabulate_problems(folder: RunFolder) -> Table:
    """Return what went wrong while reading: inputs skipped and values set aside."""
    problems = folder.manifest.get("problems") or ()
    rows = [tuple(problem.get(column) for column in PROBLEM_COLUMNS) for problem in problems]
    return Table("skipped", PROBLEM_COLUMNS, tuple(rows))
