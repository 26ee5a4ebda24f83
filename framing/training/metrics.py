"""Measures of how well decisions and probabilities meet what was coded, with intervals that resample articles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from framing.intervals import expand_tail

BINS = 10
"""Equal bins of the calibration error: [0, 0.1), [0.1, 0.2), … [0.9, 1]. Naeini, Cooper and Hauskrecht (2015,
"Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI) and Guo, Pleiss, Sun and Weinberger (2017,
"On Calibration of Modern Neural Networks", ICML) use 10 and 15; 10 leaves more paragraphs of a rare label in each."""

RESAMPLES = 1000
LEVEL = 0.95

_CHUNK = 4_000_000
"""Entries of one block of weights (resamples, paragraphs): 32 MB of float64, however many codings there are."""

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Probabilities = NDArray[np.float32]
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Tally:
    """Decisions on one label or class, counted: `agreed` are the paragraphs rightly said to be without it."""

    hits: int
    false_alarms: int
    misses: int
    agreed: int

    @classmethod
    def of(cls, held: Bools, truth: Bools) -> Tally:
        """Count decisions `held` against codes `truth`, both of shape (n,)."""
        hits, said, true = int((held & truth).sum()), int(held.sum()), int(truth.sum())
        return cls(hits, said - hits, true - hits, len(truth) - said - true + hits)

    @property
    def precision(self) -> float | None:
        """Share of what was said to hold that was coded yes."""
        return divide(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float | None:
        """Share of what was coded yes that was said to hold."""
        return divide(self.hits, self.hits + self.misses)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall, None where nothing was coded yes or said to hold."""
        return divide(2 * self.hits, 2 * self.hits + self.false_alarms + self.misses)

    @property
    def alpha(self) -> float | None:
        """Krippendorff's alpha between decisions and codes, -1..1, None where there is only one value.

        alpha = 1 - (n - 1) * o01 / (n0 * n1) with o01 the paragraphs on which they differ, n0 and n1 how
        often either says no and yes, n = n0 + n1 (Krippendorff 2011, "Computing Krippendorff's
        Alpha-Reliability", part A, binary data of two observers).
        """
        differing = self.false_alarms + self.misses
        yes, no = 2 * self.hits + differing, 2 * self.agreed + differing
        return 1 - (yes + no - 1) * differing / (yes * no) if yes and no else None


def divide(numerator: int, denominator: int) -> float | None:
    """Return the ratio, None without a denominator."""
    return numerator / denominator if denominator else None


def average_precision(probabilities: Probabilities, truth: Bools) -> float | None:
    """Return the mean precision over the ranks of what was coded yes, 0..1, None where nothing was."""
    return float(average_precision_score(truth, probabilities)) if truth.any() else None


def expected_calibration_error(probabilities: Probabilities, truth: Bools) -> float:
    """Return the expected calibration error of `probabilities`, both of shape (n,).

    Sum over `BINS` equal bins of |mean probability - share coded yes|, each weighted by its share of
    the paragraphs (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017, eq. 3, for one label's
    probability in place of the confidence in the class said). It can only be 0 or more, so that few
    paragraphs alone push it, and its interval, upwards.
    """
    gaps = np.bincount(_find_bins(probabilities), weights=probabilities.astype(np.float64) - truth, minlength=BINS)
    return float(np.abs(gaps).sum() / len(probabilities))


def _find_bins(probabilities: Probabilities) -> NDArray[np.int64]:
    return np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)


@dataclass(frozen=True, slots=True)
class ArticleResamples:
    """Articles drawn with replacement, `RESAMPLES` times as many as there are.

    Attributes:
        drawn: shape (resamples, articles), how often each article was drawn.
        index: shape (paragraphs,), the article of each paragraph.
    """

    drawn: Floats
    index: NDArray[np.intp]

    @classmethod
    def draw(cls, articles: NDArray[np.str_], seed: int) -> ArticleResamples:
        """Draw from the article names of the paragraphs, shape (paragraphs,)."""
        names, index = np.unique(articles, return_inverse=True)
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)
        return cls(drawn.astype(np.float64), index)

    def count_articles(self, chosen: Bools) -> int:
        """Return how many articles the chosen paragraphs stand in."""
        return len(np.unique(self.index[chosen]))

    def bound_f1(self, coded: Bools, held: Bools, truth: Bools, value: float | None) -> Bounds:
        """Return the interval of F1 on the `coded` paragraphs; all of shape (paragraphs,)."""
        hits, wrong = self._sum(coded & held & truth), self._sum(coded & (held != truth))
        defined = 2 * hits + wrong > 0
        f1 = 2 * hits[defined] / (2 * hits[defined] + wrong[defined])
        return self._bound(f1, value, coded)

    def bound_average_precision(
        self, coded: Bools, probabilities: Probabilities, truth: Bools, value: float | None
    ) -> Bounds:
        """Return the interval of average precision on the `coded` paragraphs."""
        order = np.flatnonzero(coded)[np.argsort(-probabilities[coded], kind="stable")]
        ends = np.append(np.flatnonzero(np.diff(probabilities[order])), len(order) - 1)
        found = [_rank(weights, truth[order], ends) for weights in self._weigh(order)]
        values = np.concatenate(found) if found else np.zeros(0)
        return self._bound(values[~np.isnan(values)], value, coded)

    def bound_calibration_error(
        self, coded: Bools, probabilities: Probabilities, truth: Bools, value: float | None
    ) -> Bounds:
        """Return the interval of the expected calibration error on the `coded` paragraphs."""
        gaps = np.zeros((self.drawn.shape[1], BINS))
        bins = _find_bins(probabilities[coded])
        np.add.at(gaps, (self.index[coded], bins), probabilities[coded].astype(np.float64) - truth[coded])
        totals = self._sum(coded)
        errors = np.abs(self.drawn @ gaps).sum(axis=1)
        return self._bound(errors[totals > 0] / totals[totals > 0], value, coded)

    def _sum(self, chosen: Bools) -> Floats:
        return self.drawn @ np.bincount(self.index[chosen], minlength=self.drawn.shape[1])

    def _weigh(self, order: NDArray[np.intp]) -> Iterator[Floats]:
        """Yield how often each paragraph of `order` was drawn, blocks of shape (some resamples, paragraphs)."""
        rows = max(1, _CHUNK // max(1, len(order)))
        for start in range(0, len(self.drawn) if len(order) else 0, rows):
            yield self.drawn[start : start + rows, self.index[order]]

    def _bound(self, resampled: Floats, value: float | None, coded: Bools) -> Bounds:
        """Return the middle 95 % of `resampled`, widened for few articles and never leaving `value` out.

        One article gets the whole range, for resampling says nothing of one article.
        """
        if value is None or not len(resampled):
            return None, None
        articles = self.count_articles(coded)
        if articles == 1:
            return 0.0, 1.0
        tail = expand_tail(LEVEL, articles)
        low, high = np.quantile(resampled, (tail, 1 - tail))
        return min(float(low), value), max(float(high), value)


def _rank(weights: Floats, truth: Bools, ends: NDArray[np.intp]) -> Floats:
    """Return average precision for each row of `weights`, shape (resamples, paragraphs in falling order).

    `ends` are the last places of runs of equal probability, which are said to hold together. NaN
    where nothing coded yes was drawn.
    """
    hits = np.cumsum(weights * truth, axis=1)[:, ends]
    said = np.cumsum(weights, axis=1)[:, ends]
    gained = np.diff(hits, axis=1, prepend=0.0)
    precision = np.divide(hits, said, out=np.zeros_like(hits), where=said > 0)
    totals = hits[:, -1]
    ranked: Floats = np.full(len(weights), np.nan)
    np.divide((gained * precision).sum(axis=1), totals, out=ranked, where=totals > 0)
    return ranked
