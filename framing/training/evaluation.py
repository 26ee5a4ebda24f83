"""Evaluates a classifier on coded paragraphs of articles it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score

from framing.classify.protocol import Classifier, Progress, Scores, ignore_progress
from framing.training.codings import NOT_CODED, YES, Codings

BINS = 10
RESAMPLES = 1000

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LabelScores:
    """How one label fared; every ratio is 0..1, None where it has no denominator.

    `coded` and `positives` count paragraphs. `f1_low` and `f1_high` bound the middle 95 % of F1
    over resamples of articles. `calibration_error` is the expected calibration error, the mean
    distance of probability and observed share over ten equal bins, weighted by their paragraphs
    (Naeini, Cooper and Hauskrecht 2015).
    """

    label: str
    coded: int
    positives: int
    precision: float | None
    recall: float | None
    f1: float | None
    f1_low: float | None
    f1_high: float | None
    average_precision: float | None
    calibration_error: float | None
    threshold: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of a classifier on held-out codings; ratios 0..1, None where nothing was coded.

    `micro_f1` pools all label decisions on content; `macro_f1` is the mean of the labels' F1. The
    macro-F1 of sentiment and voice is the mean over the classes that were coded or predicted.
    """

    model: str
    paragraphs: int
    articles: int
    labels: tuple[LabelScores, ...]
    micro_f1: float | None
    macro_f1: float | None
    sentiment_macro_f1: float | None
    voice_macro_f1: float | None
    boilerplate_f1: float | None
    boilerplate_recall_at_threshold: float | None
    content_lost_at_threshold: float | None

    def labels_only(self) -> Evaluation:
        """Return this without sentiment, voice and boilerplate, for a model that took over those heads."""
        return replace(
            self,
            sentiment_macro_f1=None,
            voice_macro_f1=None,
            boilerplate_f1=None,
            boilerplate_recall_at_threshold=None,
            content_lost_at_threshold=None,
        )

    def as_content(self) -> dict[str, Any]:
        """Return plain mappings and lists for JSON."""
        return asdict(self)


def evaluate_classifier(
    classifier: Classifier, codings: Codings, *, seed: int = 0, progress: Progress = ignore_progress
) -> Evaluation:
    """Score the texts of `codings` and compare; labels, sentiment and voice on content only."""
    description = classifier.description
    scores = classifier.classify(codings.texts, progress)
    held = description.decide_labels(scores.probabilities)
    weights = _resample_articles(codings, seed)
    labels = tuple(
        _score_label(key, scores.probabilities[:, i], held[:, i], codings.labels[:, i], threshold, weights)
        for i, (key, threshold) in enumerate(zip(description.codebook.label_keys, description.thresholds, strict=True))
    )
    coded = codings.labels != NOT_CODED
    f1s = [label.f1 for label in labels if label.f1 is not None]
    return Evaluation(
        model=description.name,
        paragraphs=len(codings),
        articles=len(np.unique(codings.articles)),
        labels=labels,
        micro_f1=_f1(*_count(held[coded], codings.labels[coded] == YES)),
        macro_f1=float(np.mean(f1s)) if f1s else None,
        sentiment_macro_f1=_macro_f1(scores.sentiment, codings.sentiment),
        voice_macro_f1=_macro_f1(scores.voice, codings.voice),
        **_score_boilerplate(scores, codings, description.boilerplate_threshold),
    )


def expected_calibration_error(probabilities: NDArray[np.float32], truth: Bools) -> float:
    """Return the expected calibration error over ten equal bins of `probabilities`, both of shape (n,)."""
    bins = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(bins, weights=probabilities.astype(np.float64) - truth, minlength=BINS)
    return float(np.abs(gaps).sum() / len(probabilities))


def _score_label(
    key: str,
    probabilities: NDArray[np.float32],
    held: Bools,
    codes: NDArray[np.int8],
    threshold: float,
    weights: Callable[[Bools], NDArray[np.float64]],
) -> LabelScores:
    coded = codes != NOT_CODED
    truth = codes[coded] == YES
    hits, false_alarms, misses = _count(held[coded], truth)
    low, high = _f1_interval(weights, coded, held, codes == YES)
    return LabelScores(
        label=key,
        coded=int(coded.sum()),
        positives=int(truth.sum()),
        precision=_ratio(hits, hits + false_alarms),
        recall=_ratio(hits, hits + misses),
        f1=_f1(hits, false_alarms, misses),
        f1_low=low,
        f1_high=high,
        average_precision=float(average_precision_score(truth, probabilities[coded])) if truth.any() else None,
        calibration_error=expected_calibration_error(probabilities[coded], truth) if len(truth) else None,
        threshold=threshold,
    )


def _score_boilerplate(scores: Scores, codings: Codings, threshold: float | None) -> Mapping[str, float | None]:
    names = ("boilerplate_f1", "boilerplate_recall_at_threshold", "content_lost_at_threshold")
    coded = codings.boilerplate != NOT_CODED
    if scores.boilerplate is None or threshold is None or not coded.any():
        return dict.fromkeys(names)
    truth = codings.boilerplate[coded] == YES
    probabilities = scores.boilerplate[coded]
    dropped = probabilities >= threshold
    values = (
        _f1(*_count(probabilities >= 0.5, truth)),
        _ratio(int((dropped & truth).sum()), int(truth.sum())),
        _ratio(int((dropped & ~truth).sum()), int((~truth).sum())),
    )
    return dict(zip(names, values, strict=True))


def _resample_articles(codings: Codings, seed: int) -> Callable[[Bools], NDArray[np.float64]]:
    """Return a function from a choice of paragraphs to their number in each resample of the articles."""
    articles, index = np.unique(codings.articles, return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(articles), np.full(len(articles), 1 / len(articles)), size=RESAMPLES)

    def count(chosen: Bools) -> NDArray[np.float64]:
        return drawn.astype(np.float64) @ np.bincount(index[chosen], minlength=len(articles))

    return count


def _f1_interval(
    weights: Callable[[Bools], NDArray[np.float64]], coded: Bools, held: Bools, truth: Bools
) -> tuple[float | None, float | None]:
    hits, wrong = weights(coded & held & truth), weights(coded & (held != truth))
    defined = 2 * hits + wrong > 0
    if not defined.any():
        return None, None
    f1 = 2 * hits[defined] / (2 * hits[defined] + wrong[defined])
    low, high = np.quantile(f1, (0.025, 0.975))
    return float(low), float(high)


def _macro_f1(probabilities: NDArray[np.float32] | None, codes: NDArray[np.int8]) -> float | None:
    coded = codes != NOT_CODED
    if probabilities is None or not coded.any():
        return None
    return float(f1_score(codes[coded], probabilities[coded].argmax(axis=1), average="macro"))


def _count(held: Bools, truth: Bools) -> tuple[int, int, int]:
    return int((held & truth).sum()), int((held & ~truth).sum()), int((~held & truth).sum())


def _f1(hits: int, false_alarms: int, misses: int) -> float | None:
    return _ratio(2 * hits, 2 * hits + false_alarms + misses)


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None
