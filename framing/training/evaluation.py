"""Evaluates a classifier on coded paragraphs of articles it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framing.classify.protocol import Classifier, Progress, ignore_progress
from framing.codebook import Codebook
from framing.records import SENTIMENTS
from framing.training.codings import NOT_CODED, YES, Codings
from framing.training.grades import Grade, grade_label
from framing.training.metrics import (
    ArticleResamples,
    Bools,
    Probabilities,
    Tally,
    average_precision,
    divide,
    expected_calibration_error,
)


@dataclass(frozen=True, slots=True)
class LabelScores:
    """How one label fared; every ratio is 0..1, None where it has no denominator.

    `coded` and `positives` count paragraphs, `articles` those that the positives stand in. `*_low`
    and `*_high` bound the 95 % interval over resamples of articles. `calibration_error` is the
    expected calibration error over ten equal bins (see `metrics`), `alpha` Krippendorff's, -1..1,
    between decisions and codes. `threshold` is None where several models with their own were judged
    together.
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
    threshold: float | None
    articles: int
    average_precision_low: float | None
    average_precision_high: float | None
    calibration_error_low: float | None
    calibration_error_high: float | None
    alpha: float | None
    grade: Grade | None


@dataclass(frozen=True, slots=True)
class ClassScores:
    """How one sentiment or voice fared: paragraphs coded and predicted so, and ratios 0..1 as of a label."""

    key: str
    coded: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    f1_low: float | None
    f1_high: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of a classifier on held-out codings; ratios 0..1, None where nothing was coded.

    `micro_f1` pools all label decisions on content; `macro_f1` is the mean of the labels' F1. The
    macro-F1 of sentiment and voice is the mean over the classes that were coded or predicted.
    `folds` is None for one model, else the number of models that judged each other's articles.
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
    sentiments: tuple[ClassScores, ...] = ()
    voices: tuple[ClassScores, ...] = ()
    folds: int | None = None

    def labels_only(self) -> Evaluation:
        """Return this without sentiment, voice and boilerplate, for a model that took over those heads."""
        return replace(
            self,
            sentiment_macro_f1=None,
            voice_macro_f1=None,
            boilerplate_f1=None,
            boilerplate_recall_at_threshold=None,
            content_lost_at_threshold=None,
            sentiments=(),
            voices=(),
        )

    def as_content(self) -> dict[str, Any]:
        """Return plain mappings and lists for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a classifier, or one for each fold, says of n coded paragraphs; None where it says nothing.

    Attributes:
        model: its name.
        codebook: its labels and voices, in the order of the columns below.
        probabilities: shape (n, labels).
        held: shape (n, labels), which labels hold.
        sentiment: shape (n, 3).
        voice: shape (n, voices).
        boilerplate: shape (n,).
        dropped: shape (n,), True where the paragraph would be dropped as page furniture.
        thresholds: one per label, None where they differ between folds.
        folds: number of classifiers, None for one.
    """

    model: str
    codebook: Codebook
    probabilities: Probabilities
    held: Bools
    sentiment: Probabilities | None
    voice: Probabilities | None
    boilerplate: Probabilities | None
    dropped: Bools | None
    thresholds: tuple[float | None, ...]
    folds: int | None = None


def predict(classifier: Classifier, texts: Sequence[str], progress: Progress = ignore_progress) -> Predictions:
    """Return what `classifier` says of `texts`, in their order."""
    description = classifier.description
    scores = classifier.classify(texts, progress)
    threshold = description.boilerplate_threshold
    says = scores.boilerplate is not None and threshold is not None
    return Predictions(
        model=description.name,
        codebook=description.codebook,
        probabilities=scores.probabilities,
        held=description.decide_labels(scores.probabilities),
        sentiment=scores.sentiment,
        voice=scores.voice,
        boilerplate=scores.boilerplate if says else None,
        dropped=scores.boilerplate >= threshold if scores.boilerplate is not None and threshold is not None else None,
        thresholds=description.thresholds,
    )


def evaluate_classifier(
    classifier: Classifier, codings: Codings, *, seed: int = 0, progress: Progress = ignore_progress
) -> Evaluation:
    """Score the texts of `codings` and compare; labels, sentiment and voice on content only."""
    return evaluate_predictions(predict(classifier, codings.texts, progress), codings, seed=seed)


def evaluate_predictions(predictions: Predictions, codings: Codings, *, seed: int = 0) -> Evaluation:
    """Compare `predictions`, row by row, with `codings`; what was not coded counts for nothing."""
    resamples = ArticleResamples.draw(codings.articles, seed)
    keys = predictions.codebook.label_keys
    labels = tuple(_score_label(predictions, codings, column, resamples) for column in range(len(keys)))
    sentiments = _score_classes(SENTIMENTS, predictions.sentiment, codings.sentiment, resamples)
    voices = _score_classes(predictions.codebook.voice_keys, predictions.voice, codings.voice, resamples)
    coded = codings.labels != NOT_CODED
    return Evaluation(
        model=predictions.model,
        paragraphs=len(codings),
        articles=resamples.drawn.shape[1],
        labels=labels,
        micro_f1=Tally.of(predictions.held[coded], codings.labels[coded] == YES).f1,
        macro_f1=_mean_f1(labels),
        sentiment_macro_f1=_mean_f1(sentiments),
        voice_macro_f1=_mean_f1(voices),
        **_score_boilerplate(predictions, codings),
        sentiments=sentiments,
        voices=voices,
        folds=predictions.folds,
    )


def _score_label(predictions: Predictions, codings: Codings, column: int, resamples: ArticleResamples) -> LabelScores:
    probabilities, held = predictions.probabilities[:, column], predictions.held[:, column]
    coded, truth = codings.labels[:, column] != NOT_CODED, codings.labels[:, column] == YES
    tally = Tally.of(held[coded], truth[coded])
    ranked = average_precision(probabilities[coded], truth[coded])
    error = expected_calibration_error(probabilities[coded], truth[coded]) if coded.any() else None
    f1_low, f1_high = resamples.bound_f1(coded, held, truth, tally.f1)
    ranked_low, ranked_high = resamples.bound_average_precision(coded, probabilities, truth, ranked)
    error_low, error_high = resamples.bound_calibration_error(coded, probabilities, truth, error)
    positives, articles = tally.hits + tally.misses, resamples.count_articles(truth)
    return LabelScores(
        label=predictions.codebook.label_keys[column],
        coded=int(coded.sum()),
        positives=positives,
        precision=tally.precision,
        recall=tally.recall,
        f1=tally.f1,
        f1_low=f1_low,
        f1_high=f1_high,
        average_precision=ranked,
        calibration_error=error,
        threshold=predictions.thresholds[column],
        articles=articles,
        average_precision_low=ranked_low,
        average_precision_high=ranked_high,
        calibration_error_low=error_low,
        calibration_error_high=error_high,
        alpha=tally.alpha,
        grade=grade_label(f1=tally.f1, f1_low=f1_low, alpha=tally.alpha, positives=positives, articles=articles),
    )


def _score_classes(
    keys: Sequence[str], probabilities: Probabilities | None, codes: NDArray[np.int8], resamples: ArticleResamples
) -> tuple[ClassScores, ...]:
    """Return a row for each class, () where nothing was coded or nothing is said."""
    coded = codes != NOT_CODED
    if probabilities is None or not coded.any():
        return ()
    said = probabilities.argmax(axis=1)
    return tuple(_score_class(key, coded, said == index, codes == index, resamples) for index, key in enumerate(keys))


def _score_class(key: str, coded: Bools, held: Bools, truth: Bools, resamples: ArticleResamples) -> ClassScores:
    tally = Tally.of(held[coded], truth[coded])
    low, high = resamples.bound_f1(coded, held, truth, tally.f1)
    predicted = tally.hits + tally.false_alarms
    return ClassScores(key, int(truth[coded].sum()), predicted, tally.precision, tally.recall, tally.f1, low, high)


def _score_boilerplate(predictions: Predictions, codings: Codings) -> Mapping[str, float | None]:
    names = ("boilerplate_f1", "boilerplate_recall_at_threshold", "content_lost_at_threshold")
    coded = codings.boilerplate != NOT_CODED
    if predictions.boilerplate is None or predictions.dropped is None or not coded.any():
        return dict.fromkeys(names)
    truth, dropped = codings.boilerplate[coded] == YES, predictions.dropped[coded]
    values = (
        Tally.of(predictions.boilerplate[coded] >= 0.5, truth).f1,
        Tally.of(dropped, truth).recall,
        divide(int((dropped & ~truth).sum()), int((~truth).sum())),
    )
    return dict(zip(names, values, strict=True))


def _mean_f1(rows: Sequence[LabelScores | ClassScores]) -> float | None:
    """Return the mean of the rows' F1, over those that have one."""
    f1s = [row.f1 for row in rows if row.f1 is not None]
    return float(np.mean(f1s)) if f1s else None
