"""How often 95 % intervals hold the truth, in invented corpora whose truth is known.

Each repetition writes a new corpus: articles of very unequal length in three outlets, which use the
label to different degrees; within an article paragraphs are alike, in what they hold and in how
the classifier errs; its errors differ between outlets. The truth is the share that the corpus was drawn
from. From the same corpus come

corrected  `framing.correction.correct_sums` with coded paragraphs, drawn over all outlets
outlet     the same for the outlet in which the classifier sees the label too often
naive      the share of paragraphs over the threshold, its interval clustered by article
mean       the mean of the probabilities, likewise

The table gives the coverage of each and the mean length of its interval, and the part of the
repetitions in which a cell had enough coded paragraphs to be corrected; only those are counted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from framing.correction import CodedSums, Corrected, Integers, correct_sums
from framing.intervals import Floats
from framing.sampling import Design, allocate, compute_inclusions, draw_systematically
from framing.tally import Weighting

LEVEL = 0.95
ACCURACIES, PREVALENCES, SIZES = (0.70, 0.80, 0.90, 0.95), (0.05, 0.2, 0.5), (50, 100, 200, 500)
DESIGNS: tuple[Design, ...] = ("random", "stratified", "rare")

LEANING = np.array([0.5, 1.0, 1.5])
"""How often the three outlets use the label, to the mean of all."""

BIAS = np.array([-0.4, 0.0, 0.6])
"""How far the classifier's score is off in each outlet, in standard deviations of its noise."""

MEDIAN_LENGTH, LENGTH_SPREAD = 7.4, 0.8
"""Lengths are lognormal: half the articles have 4 to 13 paragraphs, one in a hundred more than 47."""

LIKENESS = 0.2
"""Correlation of the label between two paragraphs of an article."""

SHARED_NOISE = 0.3
"""Standard deviation of the noise that all paragraphs of an article share."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """An invented corpus: `outlet`, `kept`, `sums` (of probabilities) of shape (articles,), the rest (paragraphs,)."""

    outlet: Integers
    kept: Floats
    sums: Floats
    article: Integers
    labels: Floats
    scores: Floats
    probabilities: Floats


@dataclass(slots=True)
class Record:
    """How the intervals of one estimator did, over the repetitions."""

    hits: list[bool] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    tries: int = 0

    def add(self, found: Corrected, truth: float, *, wanted: bool = True) -> None:
        """Add an interval, or only that there was none where it is not `wanted`."""
        self.tries += 1
        low, high = found.bound(LEVEL)
        if wanted and low is not None and high is not None:
            self.hits.append(low <= truth <= high)
            self.widths.append(high - low)

    @property
    def coverage(self) -> float:
        """Part of the intervals that hold the truth; NaN without any."""
        return float(np.mean(self.hits)) if self.hits else float("nan")

    @property
    def width(self) -> float:
        """Mean length of the intervals; NaN without any."""
        return float(np.mean(self.widths)) if self.widths else float("nan")

    @property
    def made(self) -> float:
        """Part of the repetitions with an interval."""
        return len(self.hits) / max(self.tries, 1)


def invent_corpus(rng: np.random.Generator, articles: int, accuracy: float, prevalence: float) -> Corpus:
    """Return a corpus; sensitivity and specificity of the classifier are `accuracy` but for BIAS and SHARED_NOISE."""
    kept = np.maximum(1, np.round(rng.lognormal(np.log(MEDIAN_LENGTH), LENGTH_SPREAD, articles)))
    outlet = rng.integers(0, len(LEANING), articles)
    article = np.repeat(np.arange(articles), kept.astype(np.int64))
    firmness, expected = 1 / LIKENESS - 1, prevalence * LEANING[outlet]
    chances = rng.beta(expected * firmness, (1 - expected) * firmness)
    labels = (rng.random(len(article)) < chances[article]).astype(np.float64)
    distance = 2 * ndtri(accuracy)
    shared = BIAS[outlet] + rng.normal(0, SHARED_NOISE, articles)
    scores = (labels - 0.5) * distance + shared[article] + rng.normal(size=len(article))
    probabilities = expit(logit(prevalence) + distance * scores)
    sums = np.bincount(article, probabilities, articles).astype(np.float64)
    return Corpus(outlet, kept, sums, article, labels, scores, probabilities)


def draw_coded(
    rng: np.random.Generator, corpus: Corpus, design: Design, size: int
) -> tuple[Integers, Floats, Integers]:
    """Return the paragraphs drawn, one over their inclusion probability, and their strata."""
    order = rng.permutation(len(corpus.article))
    if design == "random":
        return order[:size], np.ones(size), np.zeros(size, dtype=np.int64)
    if design == "rare":
        inclusions = compute_inclusions(corpus.probabilities[order, None], size)
        drawn = draw_systematically(inclusions, float(rng.random()))
        return order[drawn], 1 / inclusions[drawn], np.zeros(len(drawn), dtype=np.int64)
    strata = corpus.outlet[corpus.article[order]]
    sizes = np.bincount(strata)
    numbers = allocate([int(number) for number in sizes], size)
    drawn = np.concatenate([np.flatnonzero(strata == stratum)[:number] for stratum, number in enumerate(numbers)])
    weights = (sizes / np.array(numbers))[strata[drawn]]
    return order[drawn], weights, strata[drawn]


def correct_cell(
    corpus: Corpus, chosen: NDArray[np.bool_], coded: tuple[Integers, Floats, Integers], weighting: Weighting
) -> Corrected:
    """Return the corrected share of the articles `chosen`, of shape (articles,)."""
    drawn, weights, strata = coded
    rows = np.cumsum(chosen) - 1
    inside = chosen[corpus.article[drawn]]
    drawn, weights, strata = drawn[inside], weights[inside], strata[inside]
    sums = CodedSums(rows[corpus.article[drawn]], corpus.labels[drawn], corpus.probabilities[drawn], weights, strata)
    return correct_sums(corpus.sums[chosen], corpus.kept[chosen], sums, weighting)


Cell = tuple[Design, int]


@dataclass(frozen=True, slots=True)
class Results:
    """What came of one classifier and prevalence."""

    corrected: dict[Cell, Record]
    outlet: dict[Cell, Record]
    naive: Record
    mean: Record


def simulate(
    rng: np.random.Generator,
    repetitions: int,
    accuracy: float,
    prevalence: float,
    *,
    articles: int = 400,
    designs: Sequence[Design] = DESIGNS,
    sizes: Sequence[int] = SIZES,
    weighting: Weighting = "paragraph",
) -> Results:
    """Return how the estimators did for one classifier and prevalence, all on the same corpora."""
    cells = list(product(designs, sizes))
    results = Results({cell: Record() for cell in cells}, {cell: Record() for cell in cells}, Record(), Record())
    for _ in range(repetitions):
        corpus = invent_corpus(rng, articles, accuracy, prevalence)
        everywhere, last = np.ones(articles, dtype=np.bool_), corpus.outlet == len(LEANING) - 1
        for design, size in cells:
            coded = draw_coded(rng, corpus, design, size)
            found = correct_cell(corpus, everywhere, coded, weighting)
            results.corrected[design, size].add(found, prevalence, wanted=found.corrected)
            found = correct_cell(corpus, last, coded, weighting)
            results.outlet[design, size].add(found, prevalence * LEANING[-1], wanted=found.corrected)
        over = np.bincount(corpus.article, corpus.scores > 0, articles).astype(np.float64)
        results.naive.add(correct_sums(over, corpus.kept, None, weighting), prevalence)
        mean = correct_sums(corpus.sums, corpus.kept, None, weighting)
        results.mean.add(mean, prevalence)
    return results


HEADER = (
    "accuracy prevalence design      coded | corrected  width  made |   outlet  width  made |"
    "    naive  width |     mean  width"
)


def format_rows(results: Results, accuracy: float, prevalence: float) -> Iterator[str]:
    """Yield the lines of the table, one per design and size."""
    naive, mean = results.naive, results.mean
    for (design, size), record in results.corrected.items():
        outlet = results.outlet[design, size]
        yield (
            f"{accuracy:8.2f} {prevalence:10.2f} {design:10} {size:6} |"
            f" {record.coverage:9.3f} {record.width:6.3f} {record.made:5.2f} |"
            f" {outlet.coverage:8.3f} {outlet.width:6.3f} {outlet.made:5.2f} |"
            f" {naive.coverage:8.3f} {naive.width:6.3f} | {mean.coverage:8.3f} {mean.width:6.3f}"
        )


def main() -> int:
    """Print the table and how many of its coverages are from 0.93 to 0.97."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000, help="corpora per classifier and prevalence")
    parser.add_argument("--articles", type=int, default=400, help="articles of a corpus, about 10 paragraphs each")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of coded paragraphs")
    parser.add_argument("--weighting", choices=("paragraph", "article"), default="paragraph")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    start, covered = time.perf_counter(), []
    print(HEADER)
    for accuracy, prevalence in product(ACCURACIES, PREVALENCES):
        rng = np.random.default_rng([asked.seed, round(100 * accuracy), round(100 * prevalence)])
        sizes = [int(size) for size in asked.sizes.split(",")]
        results = simulate(
            *(rng, asked.repetitions, accuracy, prevalence),
            articles=asked.articles,
            sizes=sizes,
            weighting=asked.weighting,
        )
        covered += [record.coverage for record in results.corrected.values()]
        print("\n".join(format_rows(results, accuracy, prevalence)), flush=True)
    inside = sum(0.93 <= coverage <= 0.97 for coverage in covered)
    error = (LEVEL * (1 - LEVEL) / asked.repetitions) ** 0.5
    print(
        f"corrected: coverage {min(covered):.3f} to {max(covered):.3f}, mean {np.mean(covered):.3f}; {inside} of "
        f"{len(covered)} within 0.93..0.97; Monte Carlo error of each {error:.4f}; "
        f"{asked.repetitions} repetitions, {time.perf_counter() - start:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
