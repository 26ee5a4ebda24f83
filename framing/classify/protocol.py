"""What a classifier is: one method that turns texts into scores, and a description of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from framing.codebook import Codebook

Progress = Callable[[int], object]
"""Called with the number of texts scored since the last call."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What a classifier says of n texts, row i belonging to text i; None where it says nothing.

    Attributes:
        probabilities: shape (n, labels), float32, 0..1, in the order of the codebook's labels.
        truncated: shape (n,), bool; True where only the beginning of the text was seen.
        sentiment: shape (n, 3), float32, rows sum to 1: negative, neutral, positive.
        voice: shape (n, voices), float32, rows sum to 1, in the order of the codebook's voices.
        boilerplate: shape (n,), float32, probability that the text is page furniture.
        embeddings: shape (n, dimensions), float16.
    """

    probabilities: NDArray[np.float32]
    truncated: NDArray[np.bool_]
    sentiment: NDArray[np.float32] | None = None
    voice: NDArray[np.float32] | None = None
    boilerplate: NDArray[np.float32] | None = None
    embeddings: NDArray[np.float16] | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """Who a classifier is, for the manifest, the tables and the decision which labels hold.

    Attributes:
        name: what the user asked for, such as "surveillance" or "nli:org/model".
        digest: SHA-256 (hexadecimal) over everything that decides the scores.
        codebook: the labels scored, in the order of `Scores.probabilities`.
        thresholds: one per label, 0..1; a label holds where its probability reaches it.
        decision: "threshold" for several labels at once, "highest" for exactly one.
        boilerplate_threshold: probability from which a paragraph is dropped as boilerplate.
        grades: reliability grade per label, None where the model was not evaluated.
        heldout_f1: F1 (0..1) per label on held-out articles, None where the model was not evaluated.
        calibration_errors: expected calibration error (0..1) per label, likewise.
    """

    name: str
    digest: str
    codebook: Codebook
    thresholds: tuple[float, ...]
    decision: Literal["threshold", "highest"] = "threshold"
    boilerplate_threshold: float | None = None
    grades: tuple[str | None, ...] = ()
    heldout_f1: tuple[float | None, ...] = ()
    calibration_errors: tuple[float | None, ...] = ()

    def decide_labels(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which labels hold, shape (n, labels), for `probabilities` of that shape."""
        if self.decision == "highest":
            held = np.zeros(probabilities.shape, dtype=np.bool_)
            held[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
            return held
        return probabilities >= np.asarray(self.thresholds, dtype=np.float32)


class Classifier(Protocol):
    """Anything that scores texts. Implementations need no base class."""

    @property
    def description(self) -> Description:
        """Who this classifier is."""

    def classify(self, texts: Sequence[str], progress: Progress = ...) -> Scores:
        """Score `texts`, in their order; `progress` hears of each batch."""


def ignore_progress(count: int) -> None:
    """Hear of progress and do nothing."""
