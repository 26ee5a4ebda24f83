"""How many paragraphs to code, so that the interval of a share gets as narrow as wished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from scipy.special import stdtrit

from framing.coded import CodedSample
from framing.correction import MIN_CODED, CodedSums, correct_sums
from framing.errors import FramingError
from framing.intervals import Floats
from framing.runfolder import open_run, quote_name
from framing.tally import Copies, Group, GroupTally, tally_groups

Basis = Literal["coded sample", "probabilities", "no data"]

MIN_PAIRS = 30
"""Pairs of coded paragraphs of the same article from which the likeness of their errors is taken; with
fewer it is taken as none. Our choice: the standard error of a correlation of 30 pairs is 0.18."""

_ROUNDS = 20
"""Rounds in which number and Student's t, which depends on it, settle; five do for 30 paragraphs and more."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What it takes to know the share of one label in one group as well as wished.

    Attributes:
        group: values of the columns grouped by.
        articles, paragraphs: those that count, with at least one kept paragraph.
        coded: paragraphs coded so far.
        half_width: half the length of the interval now; None as long as it is not corrected.
        needed: paragraphs to have coded in all, drawn at random; None where no number is enough.
        more: how many of them are missing.
        floor: half the length of the interval with every paragraph coded; what is left comes from the
            articles, a sample of what the outlet might have written, and only more articles lessen it.
        basis: what the numbers rest on: the codes, or the calibrated probabilities, which take the
            model at its word and are a rough guess.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("label", "articles", "paragraphs", "coded", "half_width", "needed", "more", "reachable", "floor", "basis"),
    )

    group: Group
    label: str
    articles: int
    paragraphs: int
    coded: int
    half_width: float | None
    needed: int | None
    more: int | None
    floor: float | None
    basis: Basis

    @property
    def reachable(self) -> bool:
        """Whether coding can get there at all."""
        return self.needed is not None


def plan_coding(
    run: Path,
    half_width: float,
    *,
    level: float = 0.95,
    coded: CodedSample | None = None,
    by: Sequence[str] = ("outlet", "year"),
    labels: Sequence[str] | None = None,
    copies: Copies = "as-printed",
) -> list[PlanRow]:
    """Return, per group and label, how many coded paragraphs bring half the interval under `half_width`.

    Shares are weighted by paragraph. The variance with n of N paragraphs coded is that of the
    articles plus S² (1 - n / N) / n, with S² the variance of what the codes and the model differ by
    (Cochran 1977, "Sampling Techniques", section 2.6, for the paragraphs within the articles).

    Args:
        run: a finished run folder.
        half_width: wished half of the interval, above 0 and below 0.5.
        level: coverage of the interval, 0..1 exclusive.
        coded: what is coded so far.
        by: columns to group by, as for `compute_shares`.
        labels: keys of labels; None for all of the run.
        copies: which copies of a story count.

    Raises:
        FramingError: settings out of range, an unknown label or column.
        RunError: a run folder that is missing or not finished.
    """
    if not 0 < half_width < 0.5 or not 0 < level < 1:
        raise FramingError(
            f"half_width and level: found {half_width} and {level}, expected a half-width above 0 and below 0.5, "
            "such as 0.05, and a level between 0 and 1, such as 0.95"
        )
    folder = open_run(run)
    keys = [label.key for label in folder.choose_labels(labels)]
    names = [quote_name(f"p_{key}") for key in keys]
    expressions = [sql for name in names for sql in (name, f"{name}::DOUBLE * {name}")]
    located = coded.locate(by, copies) if coded else {}
    rows = []
    for tally in tally_groups(folder, by, PlanRow.COLUMNS, expressions, copies=copies):
        for place, key in enumerate(keys):
            sums = _pick(coded, f"p_{key}", located.get(tally.group, {}))
            rows.append(_plan(tally, key, tally.sums[:, 2 * place : 2 * place + 2], sums, half_width, level))
    return rows


def render_plan(rows: Sequence[PlanRow], by: Sequence[str], half_width: float) -> Iterator[str]:
    """Yield the lines of a plan as a table to read, and what it means."""
    width = 2 + max((len(_name_group(row.group)) for row in rows), default=0)
    keys = 2 + max((len(row.label) for row in rows), default=0)
    heads = f"{'coded':>7}{'needed':>8}{'more':>7}{'now':>8}{'at best':>9}"
    yield f"{', '.join(by) or 'all':<{width}}{'label':<{keys}}{heads}"
    for row in rows:
        needed, more = ("-", "-") if row.needed is None else (f"{row.needed:,}", f"{row.more:,}")
        now, floor = ("" if each is None else f"±{each:.3f}" for each in (row.half_width, row.floor))
        numbers = f"{row.coded:>7,}{needed:>8}{more:>7}{now:>8}{floor:>9}"
        yield f"{_name_group(row.group):<{width}}{row.label:<{keys}}{numbers}"
    yield ""
    yield f"needed: paragraphs to code in all, drawn at random, for an interval of ±{half_width:g}."
    if any(row.needed is None and row.articles for row in rows):
        yield "-: out of reach by coding, since the articles are too few. Join groups, or read more articles."
    if any(row.basis == "probabilities" for row in rows):
        yield "Nothing is coded there yet: a rough guess that takes the model at its word. Plan again with --coded."


def _name_group(group: Group) -> str:
    return ", ".join("unknown" if value is None else str(value) for value in group) or "all"


def _pick(coded: CodedSample | None, column: str, rows: Mapping[str, int]) -> CodedSums | None:
    return coded.pick(column, rows) if coded else None


def _plan(
    tally: GroupTally, label: str, sums: Floats, coded: CodedSums | None, half_width: float, level: float
) -> PlanRow:
    count = len(coded.codes) if coded else 0
    if not tally.articles:
        return PlanRow(tally.group, label, 0, 0, count, None, None, None, None, "no data")
    corrected = correct_sums(sums[:, 0], tally.kept, coded, "paragraph")
    usable = coded if coded and corrected.corrected else None
    spread = _measure_spread(sums, tally.kept, corrected.tuning, usable)
    reach = float(stdtrit(max(tally.articles - 1, 1), 0.5 + level / 2))
    floor = reach * spread.of_articles**0.5 if tally.articles > 1 else 0.5
    needed = _count_needed(spread, tally, half_width, level) if floor < half_width else None
    low, high = corrected.bound(level)
    now = (high - low) / 2 if usable and low is not None and high is not None else None
    return PlanRow(
        tally.group,
        label,
        tally.articles,
        tally.paragraphs,
        count,
        half_width=now,
        needed=needed,
        more=None if needed is None else max(needed - count, 0),
        floor=floor,
        basis="coded sample" if usable else "probabilities",
    )


@dataclass(frozen=True, slots=True)
class _Spread:
    """Variance with all paragraphs coded, and of what the code of one paragraph adds to what the model says."""

    of_articles: float
    of_residuals: float


def _measure_spread(sums: Floats, kept: Floats, tuning: float, coded: CodedSums | None) -> _Spread:
    """Return the spread; `sums`, shape (articles, 2), holds probabilities and their squares, summed."""
    total = float(kept.sum())
    mean = float(sums[:, 0].sum()) / total
    of_model = float(((sums[:, 0] - mean * kept) ** 2).sum()) / total**2
    likeness = 0.0
    if coded:
        residuals = coded.codes - tuning * coded.predicted
        weights = coded.weights / coded.weights.sum()
        residuals = residuals - weights @ residuals
        variance = float(weights @ residuals**2)
        likeness = _measure_likeness(residuals, coded, variance)
    else:
        variance = float((sums[:, 0] - sums[:, 1]).sum()) / total
    crowding = 1 + likeness * (float(kept @ kept) / total - 1)
    return _Spread(tuning**2 * of_model + variance / total * crowding, variance)


def _measure_likeness(residuals: Floats, coded: CodedSums, variance: float) -> float:
    """Return the correlation of the residuals of two paragraphs of an article, 0..1."""
    sums = np.bincount(coded.articles, residuals)
    counts = np.bincount(coded.articles)
    pairs = float((counts * (counts - 1)).sum()) / 2
    if pairs < MIN_PAIRS or variance <= 0:
        return 0.0
    products = float((sums**2).sum() - (residuals**2).sum()) / 2
    return min(max(products / pairs / variance, 0.0), 1.0)


def _count_needed(spread: _Spread, tally: GroupTally, half_width: float, level: float) -> int | None:
    """Return the fewest coded paragraphs, solving for n what `plan_coding` says of the variance."""
    total = tally.paragraphs
    needed = min(MIN_CODED, total)
    for _ in range(_ROUNDS):
        freedom = max(min(needed, tally.articles) - 1, 1)
        room = (half_width / float(stdtrit(freedom, 0.5 + level / 2))) ** 2 - spread.of_articles
        if room < 0:
            return None
        settled = max(int(np.ceil(spread.of_residuals / (room + spread.of_residuals / total))), MIN_CODED)
        if settled == needed:
            break
        needed = settled
    return needed if needed <= total else None
