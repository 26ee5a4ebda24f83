"""Adds the scores of a run up: the share of each label, sentiment and voice per group of articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from framing.errors import FramingError
from framing.intervals import Ratio, Resampling
from framing.runfolder import RunLabel, open_run, quote_name
from framing.tally import Group, GroupTally, Weighting, describe_method, tally_groups

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Cell:
    """How much of one group's coverage carries one label.

    Attributes:
        group: values of the columns grouped by, None where unknown.
        articles: articles with at least one kept paragraph.
        paragraphs: kept paragraphs.
        articles_with: articles with a kept paragraph that holds the label.
        presence: p_label summed over the kept paragraphs, over their number; weighted by article,
            each paragraph counts 1 / (kept paragraphs of its article) above and below the line.
        tone: p_positive - p_negative times p_label, over p_label, summed likewise over the kept
            paragraphs that have a sentiment.
        method: how share and interval were made.
        grade: reliability of the label, None where the model was not evaluated.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("label", "articles", "paragraphs", "share", "low", "high", "method", "articles_with"),
        *("sentiment", "sentiment_low", "sentiment_high", "grade"),
    )

    group: Group
    label: str
    articles: int
    paragraphs: int
    articles_with: int
    presence: Ratio
    tone: Ratio
    method: str
    grade: str | None

    @property
    def share(self) -> float | None:
        """Estimated share of paragraphs with the label, 0..1; None without a kept paragraph."""
        return self.presence.value

    @property
    def low(self) -> float | None:
        """Lower bound of the share, 0..1."""
        return self.presence.low

    @property
    def high(self) -> float | None:
        """Upper bound of the share, 0..1."""
        return self.presence.high

    @property
    def sentiment(self) -> float | None:
        """Mean of p_positive - p_negative weighted by p_label, -1..1; None without sentiment or weight."""
        return self.tone.value

    @property
    def sentiment_low(self) -> float | None:
        """Lower bound of the sentiment, -1..1."""
        return self.tone.low

    @property
    def sentiment_high(self) -> float | None:
        """Upper bound of the sentiment, -1..1."""
        return self.tone.high


@dataclass(frozen=True, slots=True)
class SentimentCell:
    """The sentiment of one group's coverage, whatever its labels.

    `articles` and `paragraphs` are as in `Cell`. `tone` is the mean of p_positive - p_negative
    over the kept paragraphs that have a sentiment, weighted as in `Cell`; `probabilities` are the
    means of p_negative, p_neutral and p_positive, in this order.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("articles", "paragraphs", "sentiment", "low", "high", "method"),
        *("negative", "neutral", "positive"),
    )

    group: Group
    articles: int
    paragraphs: int
    tone: Ratio
    probabilities: tuple[Ratio, Ratio, Ratio]
    method: str

    @property
    def sentiment(self) -> float | None:
        """Mean of p_positive - p_negative, -1..1; None where no paragraph has a sentiment."""
        return self.tone.value

    @property
    def low(self) -> float | None:
        """Lower bound of the sentiment, -1..1."""
        return self.tone.low

    @property
    def high(self) -> float | None:
        """Upper bound of the sentiment, -1..1."""
        return self.tone.high

    @property
    def negative(self) -> float | None:
        """Mean probability of negative sentiment, 0..1."""
        return self.probabilities[0].value

    @property
    def neutral(self) -> float | None:
        """Mean probability of neutral sentiment, 0..1."""
        return self.probabilities[1].value

    @property
    def positive(self) -> float | None:
        """Mean probability of positive sentiment, 0..1."""
        return self.probabilities[2].value


@dataclass(frozen=True, slots=True)
class VoiceCell:
    """How much of one group's coverage is spoken by one voice; counts and weights as in `Cell`."""

    COLUMNS: ClassVar[tuple[str, ...]] = ("voice", "articles", "paragraphs", "share", "low", "high", "method")

    group: Group
    voice: str
    articles: int
    paragraphs: int
    presence: Ratio
    method: str

    @property
    def share(self) -> float | None:
        """Estimated share of paragraphs in which the voice speaks, 0..1; None without voice scores."""
        return self.presence.value

    @property
    def low(self) -> float | None:
        """Lower bound of the share, 0..1."""
        return self.presence.low

    @property
    def high(self) -> float | None:
        """Upper bound of the share, 0..1."""
        return self.presence.high


AnyCell = Cell | SentimentCell | VoiceCell


def compute_shares(
    run: Path,
    by: Sequence[str] = ("outlet", "year"),
    *,
    weighting: Weighting = "paragraph",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> list[Cell]:
    """Return a cell per group and label: groups in order (unknown values last), labels as in the codebook.

    Args:
        run: a finished run folder.
        by: columns to group by: outlet, year, month ("2019-05", None where only the year is known),
            quarter ("2019Q2", likewise), language or any other column of articles.parquet; () gives
            one group of everything. Empty values count as unknown, None.
        weighting: "paragraph" for the mean over paragraphs, "article" for the mean over articles of
            their own means.
        resamples: how often the articles of a group are drawn again for its intervals.
        level: coverage of the intervals, 0..1 exclusive.
        seed: seed of the draws; a cell's draws depend on it and on the group only.

    Raises:
        FramingError: a column that is not there or that the table needs itself, or settings out of range.
        RunError: a run folder that is missing or not finished.
    """
    folder, resampling = open_run(run), _check_settings(weighting, resamples, level, seed)
    expressions = [sql for label in folder.labels for sql in _label_terms(label.key)]
    tallies = tally_groups(folder, by, Cell.COLUMNS, expressions)
    return [cell for tally in tallies for cell in _make_cells(tally, folder.labels, weighting, resampling)]


def compute_sentiment(
    run: Path,
    by: Sequence[str] = ("outlet", "year"),
    *,
    weighting: Weighting = "paragraph",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> list[SentimentCell]:
    """Return a sentiment cell per group; arguments and errors as in `compute_shares`."""
    folder, resampling = open_run(run), _check_settings(weighting, resamples, level, seed)
    parts = ("p_negative", "p_neutral", "p_positive")
    expressions = [f"{_TONE}", *parts, f"({_TONE} IS NOT NULL)::INTEGER"]
    cells = []
    for tally in tally_groups(folder, by, SentimentCell.COLUMNS, expressions):
        known = np.repeat(tally.sums[:, -1:], 4, axis=1)
        tone, *probabilities = tally.estimate(tally.sums[:, :4], known, (-1, 0, 0, 0), weighting, resampling)
        negative, neutral, positive = probabilities
        method = describe_method(weighting, tone.articles)
        cells.append(
            SentimentCell(tally.group, tally.articles, tally.paragraphs, tone, (negative, neutral, positive), method)
        )
    return cells


def compute_voices(
    run: Path,
    by: Sequence[str] = ("outlet", "year"),
    *,
    weighting: Weighting = "paragraph",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> list[VoiceCell]:
    """Return a cell per group and voice, none where the run has no voices; otherwise as `compute_shares`."""
    folder, resampling = open_run(run), _check_settings(weighting, resamples, level, seed)
    columns = [quote_name(f"voice_{voice.key}") for voice in folder.voices]
    expressions = columns + [f"({column} IS NOT NULL)::INTEGER" for column in columns]
    cells = []
    for tally in tally_groups(folder, by, VoiceCell.COLUMNS, expressions):
        spoken, known = np.hsplit(tally.sums, 2)
        ratios = tally.estimate(spoken, known, [0.0] * len(columns), weighting, resampling)
        for voice, ratio in zip(folder.voices, ratios, strict=True):
            method = describe_method(weighting, ratio.articles)
            cells.append(VoiceCell(tally.group, voice.key, tally.articles, tally.paragraphs, ratio, method))
    return cells


def to_frame(cells: Sequence[AnyCell], by: Sequence[str], kind: type[AnyCell] = Cell) -> pd.DataFrame:
    """Return the cells as a table: the columns grouped by, then the columns of their kind.

    Columns of whole numbers with gaps, such as year, have the type Int64; other gaps are NaN.
    `kind` says which columns an empty table has.
    """
    import pandas as pd

    columns = [*by, *(type(cells[0]) if cells else kind).COLUMNS]
    frame = pd.DataFrame([list_values(cell) for cell in cells], columns=columns)
    frame = frame.astype({name: float for name in _RATIOS if name in columns})
    for place, name in enumerate(by):
        values = [cell.group[place] for cell in cells]
        if all(value is None or type(value) is int for value in values):
            frame[name] = pd.array(values, dtype="Int64")
    return frame


def list_values(cell: AnyCell) -> list[object]:
    """Return the group's values, then those of the cell's COLUMNS."""
    return [*cell.group, *(getattr(cell, name) for name in cell.COLUMNS)]


_RATIOS = (
    *("share", "low", "high", "sentiment", "sentiment_low", "sentiment_high"),
    *("negative", "neutral", "positive"),
)
_TONE = "(p_positive::DOUBLE - p_negative::DOUBLE)"


def _label_terms(key: str) -> tuple[str, str, str, str]:
    """Return what is summed: p, whether the label holds, p times sentiment, p where a sentiment is known."""
    column, text = quote_name(f"p_{key}"), "'" + key.replace("'", "''") + "'"
    held = f"coalesce(list_contains(labels, {text}), false)::INTEGER"
    return column, held, f"{column} * {_TONE}", f"CASE WHEN {_TONE} IS NOT NULL THEN {column} END"


def _make_cells(
    tally: GroupTally, labels: Sequence[RunLabel], weighting: Weighting, resampling: Resampling
) -> list[Cell]:
    probability, held, product, mass = (tally.sums[:, term::4] for term in range(4))
    kept = np.repeat(tally.kept[:, None], len(labels), axis=1)
    ratios = tally.estimate(
        np.hstack([probability, product]),
        np.hstack([kept, mass]),
        [0.0] * len(labels) + [-1.0] * len(labels),
        weighting,
        resampling,
    )
    return [
        Cell(
            tally.group,
            label.key,
            tally.articles,
            tally.paragraphs,
            articles_with=int((held[:, place] > 0).sum()),
            presence=ratios[place],
            tone=ratios[place + len(labels)],
            method=describe_method(weighting, tally.articles),
            grade=label.grade,
        )
        for place, label in enumerate(labels)
    ]


def _check_settings(weighting: str, resamples: int, level: float, seed: int) -> Resampling:
    if weighting not in ("paragraph", "article"):
        raise FramingError(f'weighting: found "{weighting}", expected "paragraph" or "article"')
    if resamples < 1 or not 0 < level < 1:
        raise FramingError(
            f"intervals: found {resamples} resamples at level {level}, "
            "expected at least 1 resample and a level between 0 and 1, such as 0.95"
        )
    return Resampling(resamples, level, seed)
