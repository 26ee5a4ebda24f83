"""How sure a share is: intervals from resampling whole articles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

Floats = NDArray[np.float64]

_CHUNK = 4_000_000
"""Entries of one block of resampling counts: 32 MB of float64, whatever the number of articles."""


@dataclass(frozen=True, slots=True)
class Resampling:
    """How intervals are made: the number of resamples, the level (0..1, exclusive) and the seed."""

    resamples: int = 1000
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two sums over articles, with the bounds of its interval.

    Attributes:
        total: the sum above the line.
        weight: the sum below the line; where it is 0 there is no data, and value and bounds are None.
        articles: number of articles with a weight above 0.
        low: lower bound, lowest <= low <= value.
        high: upper bound, value <= high <= 1.
        lowest: the least value the ratio can take, 0 or -1.
    """

    total: float
    weight: float
    articles: int
    low: float | None
    high: float | None
    lowest: float = 0.0

    @property
    def value(self) -> float | None:
        """`total / weight`, from `lowest` to 1; None without data."""
        return None if self.weight <= 0 else max(self.lowest, min(1.0, self.total / self.weight))


def estimate_ratios(
    numerators: Floats, denominators: Floats, lowest: Floats, resampling: Resampling, group: Sequence[object]
) -> list[Ratio]:
    """Return sum(numerators) / sum(denominators) of each column, with its interval.

    Articles (rows) are drawn with replacement; one set of draws serves all ratios (columns) of the
    cell. The draws depend on the seed and `group` alone, so neither other cells nor their order
    change them. Percentile intervals, expanded for few articles (see `expand_tail`), never leave
    out the ratio itself. A ratio that rests on a single article gets the whole range, for
    resampling says nothing of one article.

    Args:
        numerators: shape (articles, ratios).
        denominators: shape (articles, ratios), 0 or more; 0 where the article says nothing.
        lowest: shape (ratios,), the least value each ratio can take; the greatest is always 1.
        resampling: how many resamples, at which level, from which seed.
        group: what names the cell.
    """
    articles = (denominators > 0).sum(axis=0)
    several = articles > 1
    resampled = np.full((resampling.resamples, len(lowest)), np.nan)
    if several.any():
        rng = np.random.default_rng(_hash_cell(resampling.seed, group))
        resampled[:, several] = _resample(numerators[:, several], denominators[:, several], resampling.resamples, rng)
    return [
        _bound(
            Ratio(float(total), float(weight), int(count), None, None, float(least)),
            resampled[:, column],
            resampling.level,
        )
        for column, (total, weight, count, least) in enumerate(
            zip(numerators.sum(axis=0), denominators.sum(axis=0), articles, lowest, strict=True)
        )
    ]


def _bound(ratio: Ratio, resampled: Floats, level: float) -> Ratio:
    """Return `ratio` with its bounds; `resampled` of shape (resamples,) is read for two articles or more."""
    if ratio.value is None:
        return ratio
    if ratio.articles == 1:
        return replace(ratio, low=ratio.lowest, high=1.0)
    tail = expand_tail(level, ratio.articles)
    low, high = (float(end) for end in np.nanquantile(resampled, [tail, 1 - tail]))
    return replace(ratio, low=max(ratio.lowest, min(low, ratio.value)), high=min(1.0, max(high, ratio.value)))


@cache
def expand_tail(level: float, articles: int) -> float:
    """Return the probability to leave out at each end of the resampled ratios (two articles or more).

    Percentile intervals of few observations are too narrow: they spread by a standard deviation
    with divisor n and use the normal instead of Student's t. The expanded percentile interval of
    Hesterberg (2015, "What Teachers Should Know About the Bootstrap", The American Statistician
    69:4, on narrowness bias; `ExpandProbs` in his R package resample) takes the tail a' with
    z(a') * sqrt((n - 1) / n) = t(a, n - 1), that is a' = Phi(sqrt(n / (n - 1)) * t(a, n - 1)) with
    a = (1 - level) / 2.
    """
    quantile = stdtrit(articles - 1, (1 - level) / 2)
    return float(ndtr(np.sqrt(articles / (articles - 1)) * quantile))


def _resample(numerators: Floats, denominators: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Return ratios of shape (resamples, ratios), NaN where no informative article was drawn."""
    both = np.ascontiguousarray(np.hstack([numerators, denominators]))
    blocks = [counts @ both for counts in _draw_counts(len(both), resamples, rng)]
    top, bottom = np.hsplit(np.vstack(blocks), 2)
    ratios = np.full_like(top, np.nan)
    np.divide(top, bottom, out=ratios, where=bottom > 0)
    return ratios


def _draw_counts(articles: int, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield blocks of shape (rows, articles): how often each article was drawn in each resample."""
    rows = max(1, _CHUNK // articles)
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        drawn = rng.integers(0, articles, size=(size, articles))
        drawn += np.arange(size)[:, None] * articles
        counts = np.bincount(drawn.ravel(), minlength=size * articles)
        yield counts.reshape(size, articles).astype(np.float64)


def _hash_cell(seed: int, group: Sequence[object]) -> int:
    name = json.dumps([seed, *group], ensure_ascii=False, default=str)
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "backslashreplace")).digest()[:16], "big")
