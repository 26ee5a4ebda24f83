"""Corrects a mean of probabilities by coded paragraphs: prediction-powered, clustered by article."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from framing.intervals import Floats
from framing.tally import Weighting

Integers = NDArray[np.int64]

MIN_CODED = 30
"""Fewest coded paragraphs by which a cell is corrected.

With fewer, a label of prevalence 0.05 is missed altogether in more than a fifth of the samples
(0.95 ** 30 = 0.21); with about 33, intervals still cover as they should (`benchmarks/coverage.py`, the
outlet's column where 100 are coded over three outlets).
"""

MIN_CODED_ARTICLES = 10
"""Fewest articles in which those must stand: the variance between them has 9 degrees of freedom then."""


EXPECTED_FREEDOM = 1.0
"""Degrees of freedom that the variance expected from the probabilities counts as, beside the one seen.

Chosen by the simulation of `benchmarks/coverage.py`: with 50 coded paragraphs drawn by the design "rare"
for a label of prevalence 0.05 and a classifier of accuracy 0.8, intervals cover in 0.89 of the draws
with 0, in 0.95 with 1; with 5, those of a classifier of accuracy 0.95 cover in 0.99.
"""

_LEAST_REST = 1e-9
"""Stands for nothing where an article has all the weight, so that its error is not divided by 0."""


@dataclass(frozen=True, slots=True)
class CodedSums:
    """The coded paragraphs of one cell for one label; arrays of shape (coded,).

    Attributes:
        articles: row of the article in the cell's arrays.
        codes: what the coders said, 1 or 0.
        predicted: what the model said of the same paragraphs, 0..1.
        weights: one over the inclusion probability, or all the same for a simple random sample.
        strata: number of the stratum each was drawn from, 0 or more.
        design: words on the design for `method`, "" for none.
    """

    articles: Integers
    codes: Floats
    predicted: Floats
    weights: Floats
    strata: Integers
    design: str = ""

    @property
    def shortage(self) -> str | None:
        """Why these are too few to correct by, in words; None where they are enough."""
        count, articles = len(self.codes), len(np.unique(self.articles))
        if count < MIN_CODED:
            return f"{count} coded, too few to correct"
        if articles < MIN_CODED_ARTICLES:
            return f"{count} coded in {articles} articles, too few to correct"
        if self.codes.min() == self.codes.max():
            return f"{count} coded, all alike, too few to correct"
        return None


@dataclass(frozen=True, slots=True)
class Corrected:
    """An estimated share of one cell, with what each article adds to its error.

    Attributes:
        value: the share, 0..1; None without a kept paragraph.
        influence: shape (articles,), linearised error that each article brings in, the small-sample
            factors included: the sum of squares is the variance, clustered by article. It adds up
            to about 0.
        freedom: degrees of freedom of that variance, 0 where it rests on one article.
        coded: coded paragraphs in the cell, used or not.
        tuning: weight of the model's probabilities, 0..1 (lambda in PPI++); 1 where not corrected.
        corrected: True where the coded paragraphs were enough to correct by.
        method: how it was made, in words.
        shortage: why there were too few coded paragraphs to correct by, None where there were enough
            or correcting was not asked for.
    """

    value: float | None
    influence: Floats
    freedom: float
    coded: int
    tuning: float
    corrected: bool
    method: str
    shortage: str | None = None

    @property
    def variance(self) -> float:
        """Variance of the value, clustered by article."""
        return float(self.influence @ self.influence)

    def bound(self, level: float = 0.95) -> tuple[float | None, float | None]:
        """Return the ends of the interval at that level, 0..1; None, None without data.

        Wilson's interval (1927, Journal of the American Statistical Association 22:158) for the
        number of draws that would have this variance, with Student's t in place of the normal, as
        for shares from surveys (Korn and Graubard 1998, Survey Methodology 24:2). It stays within
        0..1 and is longer on the side of 1/2, as the errors of small shares are. A share below its
        own standard error, which no count could have, is taken as that error for the number of draws.
        """
        if self.value is None:
            return None, None
        if self.freedom <= 0:
            return 0.0, 1.0
        error = min(self.variance**0.5, 0.5)
        typical = min(max(self.value, error), 1 - error)
        if typical in (0, 1):
            return self.value, self.value
        inverse = float(stdtrit(self.freedom, 0.5 + level / 2)) ** 2 * self.variance / (typical * (1 - typical))
        middle = (self.value + inverse / 2) / (1 + inverse)
        reach = (inverse * self.value * (1 - self.value) + inverse**2 / 4) ** 0.5 / (1 + inverse)
        return min(max(middle - reach, 0.0), self.value), max(min(middle + reach, 1.0), self.value)


def correct_sums(predicted_sums: Floats, kept: Floats, coded: CodedSums | None, weighting: Weighting) -> Corrected:
    """Return the share of a label in one cell, corrected by the coded paragraphs where these are enough.

    PPI++ (Angelopoulos, Duchi and Zrnic 2023, arXiv 2311.01453, section 6): the codes' mean plus
    `tuning` times what the model says of all paragraphs less what it says of the coded ones, all
    weighted by one over the inclusion probability (Hájek). `tuning` is the one that gives the
    least variance, which adds up articles, so that paragraphs of an article may err alike. When
    every paragraph is coded, the share is that of the codes.

    Args:
        predicted_sums: shape (articles,), probabilities summed over each article's kept paragraphs.
        kept: shape (articles,), kept paragraphs of each article, 0 or more.
        coded: the coded paragraphs of the cell; None gives the mean of the probabilities, as do too
            few (`CodedSums.shortage`), and `method` says so then.
        weighting: "paragraph", or "article" to count each article once.
    """
    count = 0 if coded is None else len(coded.codes)
    if not kept.any():
        return Corrected(None, np.zeros(len(kept)), 0.0, count, 1.0, False, "no data")
    sizes = kept if weighting == "paragraph" else (kept > 0).astype(np.float64)
    units = np.divide(sizes, kept, out=np.zeros_like(sizes), where=kept > 0)
    mean, influence = _linearise_model(predicted_sums * units, sizes)
    shortage = coded.shortage if coded else None
    if coded is None or shortage:
        freedom = count_freely(sizes / sizes.sum())
        method = f"mean probability, {weighting}-weighted, clustered by article" + (f"; {shortage}" if shortage else "")
        return Corrected(mean, influence, freedom, count, 1.0, False, method, shortage)
    return _correct(coded, mean, influence, kept, units, weighting)


def count_freely(parts: Floats) -> float:
    """Return the degrees of freedom of a variance between articles with these parts of all weight.

    Kish's (1965, "Survey Sampling") effective number of articles less 1: all of them where they
    weigh the same, fewer where some weigh more.
    """
    return max(1 / float(parts @ parts) - 1, 0.0)


def _correct(
    coded: CodedSums, mean: float, of_model: Floats, kept: Floats, units: Floats, weighting: Weighting
) -> Corrected:
    """Return the corrected share; `units`, shape (articles,), is what one paragraph of each article counts."""
    drawn = _Drawn.of(coded, units)
    said, of_codes = drawn.linearise(coded.codes)
    seen, of_predicted = drawn.linearise(coded.predicted)
    against = of_model - of_predicted
    steepness = float(against @ against)
    tuning = min(max(-float(of_codes @ against) / steepness, 0.0), 1.0) if steepness > 0 else 0.0
    value = _hold(said + tuning * (mean - seen), coded, units[coded.articles] / float(kept @ units))
    influence = of_codes + tuning * against
    found, expected = float(influence @ influence), _expect(coded.predicted, drawn.weights, tuning, value, mean)
    lacking = max(expected.variance + tuning**2 * float(of_model @ of_model) - found, 0.0) if found else 0.0
    articles = np.count_nonzero(drawn.parts)
    design = f", {coded.design}" if coded.design else ""
    return Corrected(
        value,
        influence * (1 + expected.trust * lacking / (found or 1.0)) ** 0.5,
        count_freely(drawn.parts),
        len(coded.codes),
        tuning,
        True,
        f"PPI++, {len(coded.codes)} coded in {articles} articles, {weighting}-weighted, clustered by article{design}",
    )


def _linearise_model(sums: Floats, sizes: Floats) -> tuple[float, Floats]:
    """Return the ratio of the sums and its influence, each article's over the root of 1 - its part (HC2).

    That makes the sum of squares unbiased where articles vary alike (MacKinnon and White 1985,
    Journal of Econometrics 29:305), as n / (n - 1) does where they also weigh the same.
    """
    total = float(sizes.sum())
    mean = float(sums.sum()) / total
    return mean, (sums - mean * sizes) / total / np.sqrt(np.maximum(1 - sizes / total, _LEAST_REST))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """How the coded paragraphs of a cell were drawn; arrays of shape (coded,), but for `parts`.

    Attributes:
        articles: row of the article.
        weights: what each stands for; they add up to 1.
        strata: number of the stratum, 0 or more.
        rest: what the other articles leave of the stratum's weight.
        parts: shape (articles,), the weights added up.
    """

    articles: Integers
    weights: Floats
    strata: Integers
    rest: Floats
    parts: Floats

    @classmethod
    def of(cls, coded: CodedSums, units: Floats) -> _Drawn:
        """Return the draw; `units`, shape (articles,), is what one paragraph of each article counts."""
        weights = coded.weights * units[coded.articles]
        weights = weights / weights.sum()
        strata = _pool_strata(coded)
        pairs = np.unique(strata * len(units) + coded.articles, return_inverse=True)[1]
        rest = 1 - np.bincount(pairs, weights)[pairs] / np.bincount(strata, weights)[strata]
        parts = np.bincount(coded.articles, weights, len(units)).astype(np.float64)
        return cls(coded.articles, weights, strata, np.maximum(rest, _LEAST_REST), parts)

    def linearise(self, values: Floats) -> tuple[float, Floats]:
        """Return the weighted mean of coded paragraphs and its influence, shape (articles,), as `_linearise_model`.

        Deviations are from the stratum's mean, moved towards the mean of all by the root of the part
        of articles coded: what strata differ by is no error of the sample of paragraphs, but it is
        one of the articles as a sample of what the outlet might have written. Once all are
        coded, strata therefore no longer matter.
        """
        mean = float(self.weights @ values)
        centres = np.bincount(self.strata, self.weights * values) / np.bincount(self.strata, self.weights)
        centres += (np.count_nonzero(self.parts) / len(self.parts)) ** 0.5 * (mean - centres)
        errors = self.weights * (values - centres[self.strata]) / np.sqrt(self.rest)
        return mean, np.bincount(self.articles, errors, len(self.parts)).astype(np.float64)


def _pool_strata(coded: CodedSums) -> Integers:
    """Return the number of each stratum from 0 on; those with a single coded article are made one.

    Where that one has a single article as well, all paragraphs are of one stratum.
    """
    strata = np.unique(coded.strata, return_inverse=True)[1]
    if not strata.any():
        return strata
    pairs = np.unique(np.column_stack([strata, coded.articles]), axis=0)
    alone = np.bincount(pairs[:, 0]) < 2
    if alone.sum() == 1:
        return np.zeros_like(strata)
    return np.unique(np.where(alone[strata], -1, strata), return_inverse=True)[1]


def _hold(value: float, coded: CodedSums, parts: Floats) -> float:
    """Return the value within what the codes themselves leave possible, so that 0 and 1 come only where true.

    `parts`, shape (coded,), is each coded paragraph's part of all that counts in the cell.
    """
    return min(max(value, float(parts @ coded.codes)), 1 - float(parts @ (1 - coded.codes)))


@dataclass(frozen=True, slots=True)
class _Expected:
    """The variance of the coded part that the probabilities lead to expect, and how far to trust it, 0..1."""

    variance: float
    trust: float


def _expect(predicted: Floats, weights: Floats, tuning: float, value: float, mean: float) -> _Expected:
    """Return the variance to expect of the coded part, with the probabilities scaled to the share found.

    In a sample without one of the few errors that a good model makes, the variance seen is far too
    small. But a paragraph of probability g is coded yes or no with variance v = g (1 - g), whatever
    the sample happens to hold; what the variance seen lacks to the sum of these is therefore added
    in part. That part is the greater, the fewer degrees of freedom the variance seen has: for
    zeros and ones of these probabilities, 2 (sum w² v)² / sum w⁴ v (1 - 2 g)² by their fourth moments,
    and at least 1.
    """
    scaled = np.clip(predicted * value / mean, 0, 1) if mean > 0 else predicted
    own, left = scaled * (1 - scaled), scaled - tuning * predicted
    variance = float(weights**2 @ (own + (left - weights @ left) ** 2))
    heaviness = float(weights**4 @ (own * (1 - 2 * scaled) ** 2))
    freedom = max(2 * float(weights**2 @ own) ** 2 / heaviness, 1.0) if heaviness > 0 else np.inf
    return _Expected(variance, EXPECTED_FREEDOM / (EXPECTED_FREEDOM + freedom))
