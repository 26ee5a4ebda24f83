"""Where a classifier errs: which labels it takes for one another, and its worst errors to read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from framing.classify.protocol import Classifier, Progress, ignore_progress
from framing.training.codings import NO, NOT_CODED, YES, Codings
from framing.training.evaluation import Evaluation, Predictions, evaluate_predictions, predict
from framing.training.metrics import Bools

BEGINNING = 160
"""Characters of a text that are shown of an error: about two lines, enough to know the paragraph by."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often `said` is predicted where `coded` is coded yes and `said` is coded no.

    `coded` is None for paragraphs in which no label was coded yes. `paragraphs` of `of` such
    paragraphs are concerned.
    """

    coded: str | None
    said: str
    paragraphs: int
    of: int

    @property
    def share(self) -> float | None:
        """`paragraphs / of`, None where there are none."""
        return self.paragraphs / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong decision: the label was `coded` the one way and `probability`, 0..1, says the other."""

    article: str
    label: str
    coded: Literal["yes", "no"]
    probability: float
    text: str


@dataclass(frozen=True, slots=True)
class Examination:
    """An evaluation with the confusions and the worst errors behind it."""

    evaluation: Evaluation
    confusions: tuple[Confusion, ...]
    mistakes: tuple[Mistake, ...]

    def as_content(self) -> dict[str, Any]:
        """Return plain mappings and lists for JSON."""
        return {
            **self.evaluation.as_content(),
            "confusions": [asdict(confusion) | {"share": confusion.share} for confusion in self.confusions],
            "mistakes": [asdict(mistake) for mistake in self.mistakes],
        }


def examine_classifier(
    classifier: Classifier, codings: Codings, *, seed: int = 0, mistakes: int = 0, progress: Progress = ignore_progress
) -> Examination:
    """Score the texts of `codings`, compare, and list the `mistakes` worst errors."""
    return examine_predictions(predict(classifier, codings.texts, progress), codings, seed=seed, mistakes=mistakes)


def examine_predictions(predictions: Predictions, codings: Codings, *, seed: int = 0, mistakes: int = 0) -> Examination:
    """Compare `predictions`, row by row, with `codings`, and list the `mistakes` worst errors."""
    return Examination(
        evaluate_predictions(predictions, codings, seed=seed),
        find_confusions(predictions, codings),
        find_mistakes(predictions, codings, mistakes),
    )


def find_confusions(predictions: Predictions, codings: Codings) -> tuple[Confusion, ...]:
    """Return a confusion for each ordered pair of labels, last those of paragraphs without any label."""
    keys = predictions.codebook.label_keys
    rows: list[tuple[str | None, Bools]] = [(key, codings.labels[:, column] == YES) for column, key in enumerate(keys)]
    rows.append((None, (codings.labels == NO).any(axis=1) & ~(codings.labels == YES).any(axis=1)))
    return tuple(
        _count_confusion(coded, chosen & (codings.labels[:, column] == NO), key, predictions.held[:, column])
        for coded, chosen in rows
        for column, key in enumerate(keys)
        if key != coded
    )


def _count_confusion(coded: str | None, chosen: Bools, said: str, held: Bools) -> Confusion:
    return Confusion(coded, said, int((chosen & held).sum()), int(chosen.sum()))


def find_mistakes(predictions: Predictions, codings: Codings, count: int) -> tuple[Mistake, ...]:
    """Return the `count` wrong decisions whose probability is farthest from what was coded, worst first."""
    wrong = (codings.labels != NOT_CODED) & (predictions.held != (codings.labels == YES))
    distance = np.abs(predictions.probabilities.astype(np.float64) - (codings.labels == YES))
    rows, columns = np.nonzero(wrong)
    order = np.argsort(-distance[rows, columns], kind="stable")[:count]
    return tuple(_show_mistake(predictions, codings, int(rows[i]), int(columns[i])) for i in order)


def _show_mistake(predictions: Predictions, codings: Codings, row: int, column: int) -> Mistake:
    text = " ".join(codings.texts[row].split())
    return Mistake(
        article=str(codings.articles[row]),
        label=predictions.codebook.label_keys[column],
        coded="yes" if codings.labels[row, column] == YES else "no",
        probability=float(predictions.probabilities[row, column]),
        text=text if len(text) <= BEGINNING else f"{text[:BEGINNING].rstrip()} …",
    )
