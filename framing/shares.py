"""Adds the scores of a run up: the share of each label, sentiment and voice per group of articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from framing.cells import AnyCell, Cell, SentimentCell, VoiceCell, list_values, to_frame
from framing.coded import CodedSample
from framing.correction import Corrected, correct_sums
from framing.errors import FramingError
from framing.intervals import Floats, Ratio, Resampling
from framing.records import SENTIMENTS
from framing.runfolder import RunLabel, open_run, quote_name, quote_text
from framing.tally import Copies, Group, GroupTally, Weighting, describe_method, tally_groups

__all__ = [
    "AnyCell",
    "Cell",
    "SentimentCell",
    "VoiceCell",
    "compute_sentiment",
    "compute_shares",
    "compute_voices",
    "list_values",
    "to_frame",
]


def compute_shares(
    run: Path,
    by: Sequence[str] = ("outlet", "year"),
    *,
    weighting: Weighting = "paragraph",
    copies: Copies = "as-printed",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    coded: CodedSample | None = None,
) -> list[Cell]:
    """Return a cell per group and label: groups in order (unknown values last), labels as in the codebook.

    Args:
        run: a finished run folder.
        by: columns to group by: outlet, year, month ("2019-05", None where only the year is known),
            quarter ("2019Q2", likewise), language or any other column of articles.parquet; () gives
            one group of everything. Empty values count as unknown, None.
        weighting: "paragraph" for the mean over paragraphs, "article" for the mean over articles of
            their own means.
        copies: "as-printed" for every article, "own" without what came from agencies or other
            outlets, "once" for each story once, by its earliest copy in the whole run. A group that
            loses all its articles stays, without data.
        resamples: how often the articles of a group are drawn again for its intervals.
        level: coverage of the intervals, 0..1 exclusive.
        seed: seed of the draws; a cell's draws depend on it and on the group only.
        coded: coded paragraphs of this run. Where a cell has enough of them, its share is corrected
            by them (`framing.correction.correct_sums`) and `method` says so; elsewhere `method` says
            how many there are. The sentiment of a label's paragraphs is never corrected.

    Raises:
        FramingError: a column that is not there or that the table needs itself, settings out of range,
            or a sample drawn from fewer copies than are to be counted.
        RunError: a run folder that is missing or not finished, or that does not tell copies though
            `copies` asks for them.
    """
    folder, resampling = open_run(run), _check_settings(weighting, resamples, level, seed)
    expressions = [sql for label in folder.labels for sql in _label_terms(label.key)]
    tallies = tally_groups(folder, by, Cell.COLUMNS, expressions, copies=copies)
    correction = _Correction.of(coded, by, weighting, copies)
    return [cell for tally in tallies for cell in _make_cells(tally, folder.labels, correction, resampling)]


def compute_sentiment(
    run: Path,
    by: Sequence[str] = ("outlet", "year"),
    *,
    weighting: Weighting = "paragraph",
    copies: Copies = "as-printed",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    coded: CodedSample | None = None,
) -> list[SentimentCell]:
    """Return a sentiment cell per group; arguments and errors as in `compute_shares`.

    Corrected, the three sentiments are corrected one by one, so that they add up to 1 but for their
    errors, and the mean sentiment is their difference. It is corrected only where all three are.
    """
    folder, resampling = open_run(run), _check_settings(weighting, resamples, level, seed)
    correction = _Correction.of(coded, by, weighting, copies)
    parts = [f"p_{name}" for name in SENTIMENTS]
    expressions = [_TONE, *parts, f"({_TONE} IS NOT NULL)::INTEGER"]
    cells = []
    for tally in tally_groups(folder, by, SentimentCell.COLUMNS, expressions, copies=copies):
        known = tally.sums[:, -1]
        lowest, below = (-1.0, 0.0, 0.0, 0.0), np.repeat(known[:, None], 4, axis=1)
        tone, *probabilities = tally.estimate(tally.sums[:, :4], below, lowest, weighting, resampling)
        found = [
            correction.correct(tally.group, part, tally.sums[:, place], known)
            for place, part in enumerate(parts, start=1)
        ]
        scarce = next((corrected for corrected in found if not corrected.corrected), None)
        method = correction.describe(scarce or found[0], tone.articles)
        if not scarce:
            tone = _bound_tone(tone, negative=found[0], positive=found[2], level=level)
            probabilities = [_bound(ratio, own, level) for ratio, own in zip(probabilities, found, strict=True)]
        negative, neutral, positive = probabilities
        cells.append(
            SentimentCell(tally.group, tally.articles, tally.paragraphs, tone, (negative, neutral, positive), method)
        )
    return cells


def compute_voices(
    run: Path,
    by: Sequence[str] = ("outlet", "year"),
    *,
    weighting: Weighting = "paragraph",
    copies: Copies = "as-printed",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    coded: CodedSample | None = None,
) -> list[VoiceCell]:
    """Return a cell per group and voice, none where the run has no voices; otherwise as `compute_shares`."""
    folder, resampling = open_run(run), _check_settings(weighting, resamples, level, seed)
    correction = _Correction.of(coded, by, weighting, copies)
    columns = [quote_name(f"voice_{voice.key}") for voice in folder.voices]
    expressions = columns + [f"({column} IS NOT NULL)::INTEGER" for column in columns]
    cells = []
    for tally in tally_groups(folder, by, VoiceCell.COLUMNS, expressions, copies=copies):
        spoken, known = np.hsplit(tally.sums, 2)
        ratios = tally.estimate(spoken, known, [0.0] * len(columns), weighting, resampling)
        for place, voice in enumerate(folder.voices):
            found = correction.correct(tally.group, f"voice_{voice.key}", spoken[:, place], known[:, place])
            method = correction.describe(found, ratios[place].articles)
            ratio = _bound(ratios[place], found, level)
            cells.append(VoiceCell(tally.group, voice.key, tally.articles, tally.paragraphs, ratio, method))
    return cells


@dataclass(frozen=True, slots=True)
class _Correction:
    """The coded sample, sorted into the groups of a table: `rows` of articles as from `CodedSample.locate`."""

    coded: CodedSample | None
    rows: Mapping[Group, Mapping[str, int]]
    weighting: Weighting
    copies: Copies

    @classmethod
    def of(cls, coded: CodedSample | None, by: Sequence[str], weighting: Weighting, copies: Copies) -> _Correction:
        return cls(coded, coded.locate(by, copies) if coded else {}, weighting, copies)

    def correct(self, group: Group, column: str, sums: Floats, known: Floats) -> Corrected:
        """Return the estimate of one cell; `sums` and `known` of shape (articles,)."""
        coded = self.coded.pick(column, self.rows.get(group, {})) if self.coded else None
        return correct_sums(sums, known, coded, self.weighting)

    def describe(self, found: Corrected, articles: int) -> str:
        """Return the `method` of a cell that rests on so many articles."""
        if found.corrected:
            return found.method + ("" if self.copies == "as-printed" else f", copies: {self.copies}")
        method = describe_method(self.weighting, articles, self.copies)
        return f"{method}; {found.shortage}" if found.shortage else method


def _bound(ratio: Ratio, found: Corrected, level: float) -> Ratio:
    """Return the ratio as corrected, or as it was where nothing was."""
    return _move(ratio, found.value, found.bound(level)) if found.corrected else ratio


def _bound_tone(tone: Ratio, negative: Corrected, positive: Corrected, level: float) -> Ratio:
    """Return the mean sentiment as the difference of the two, its interval found on the scale 0..1."""
    if negative.value is None or positive.value is None:
        return tone
    difference = positive.value - negative.value
    halved = replace(positive, value=(1 + difference) / 2, influence=(positive.influence - negative.influence) / 2)
    low, high = (None if end is None else 2 * end - 1 for end in halved.bound(level))
    return _move(tone, difference, (low, high))


def _move(ratio: Ratio, value: float | None, ends: tuple[float | None, float | None]) -> Ratio:
    """Return the ratio with this value and these bounds, which rounding does not put on the wrong side."""
    if value is None or ends[0] is None or ends[1] is None:
        return ratio
    moved = replace(ratio, total=value * ratio.weight)
    value = moved.value or 0.0
    return replace(moved, low=min(ends[0], value), high=max(ends[1], value))


_TONE = "(p_positive::DOUBLE - p_negative::DOUBLE)"


def _label_terms(key: str) -> tuple[str, str, str, str]:
    """Return what is summed: p, whether the label holds, p times sentiment, p where a sentiment is known."""
    column, text = quote_name(f"p_{key}"), quote_text(key)
    held = f"coalesce(list_contains(labels, {text}), false)::INTEGER"
    return column, held, f"{column} * {_TONE}", f"CASE WHEN {_TONE} IS NOT NULL THEN {column} END"


def _make_cells(
    tally: GroupTally, labels: Sequence[RunLabel], correction: _Correction, resampling: Resampling
) -> list[Cell]:
    probability, held, product, mass = (tally.sums[:, term::4] for term in range(4))
    kept = np.repeat(tally.kept[:, None], len(labels), axis=1)
    ratios = tally.estimate(
        np.hstack([probability, product]),
        np.hstack([kept, mass]),
        [0.0] * len(labels) + [-1.0] * len(labels),
        correction.weighting,
        resampling,
    )
    found = [
        correction.correct(tally.group, f"p_{label.key}", probability[:, place], tally.kept)
        for place, label in enumerate(labels)
    ]
    return [
        Cell(
            tally.group,
            label.key,
            tally.articles,
            tally.paragraphs,
            articles_with=int((held[:, place] > 0).sum()),
            presence=_bound(ratios[place], found[place], resampling.level),
            tone=ratios[place + len(labels)],
            method=correction.describe(found[place], tally.articles),
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
