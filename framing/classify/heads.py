"""Heads: linear layers from a paragraph's vector to labels, sentiment, voice and boilerplate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """A linear layer: `weight` (outputs, dimensions) float32 and `bias` (outputs,) float32."""

    weight: Floats
    bias: Floats

    def logits(self, embeddings: NDArray[np.float16]) -> Floats:
        """Return the layer's outputs for `embeddings` (n, dimensions), shape (n, outputs).

        Each number is summed by itself in a fixed order, not by a matrix product, whose rounding
        would depend on how many texts and outputs stand beside it: adding a label or scoring a
        paragraph alone leaves every other score bit-identical.
        """
        vectors = embeddings.astype(np.float32)
        columns = [(vectors * row).sum(axis=1) for row in self.weight]
        return np.stack(columns, axis=1) + self.bias if columns else np.zeros((len(vectors), 0), np.float32)


@dataclass(frozen=True, slots=True)
class Sigmoids:
    """Calibrated logistic curves, one per label: p = 1 / (1 + exp(-(slope * z + intercept))).

    Platt (1999), "Probabilistic outputs for support vector machines", eq. 4, with the sign of z
    turned round. `slope` and `intercept`: shape (labels,), float32.
    """

    slope: Floats
    intercept: Floats

    def probabilities(self, logits: Floats) -> Floats:
        """Return probabilities 0..1 of the shape of `logits` (n, labels)."""
        return sigmoid(logits * self.slope + self.intercept)


def sigmoid(logits: Floats) -> Floats:
    """Return 1 / (1 + exp(-z)), float32, without overflow."""
    half = np.float32(0.5)
    probabilities: Floats = half + half * np.tanh(half * logits)
    return probabilities


def softmax(logits: Floats) -> Floats:
    """Return probabilities that sum to 1 along each row of `logits` (n, classes)."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
