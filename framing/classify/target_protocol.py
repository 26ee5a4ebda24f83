"""What scores sentiment towards a target: one method that turns mentions into probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from framing.classify.protocol import Progress


@dataclass(frozen=True, slots=True)
class Mention:
    """Characters `start` to `end` (exclusive) of `sentence`, which name a target."""

    sentence: str
    start: int
    end: int


class TargetScorer(Protocol):
    """Anything that scores mentions. Implementations need no base class."""

    @property
    def name(self) -> str:
        """What run.json calls it."""

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) over everything that decides the scores."""

    def classify(self, mentions: Sequence[Mention], progress: Progress = ...) -> NDArray[np.float32]:
        """Return the probabilities of `SENTIMENTS` for each mention, shape (mentions, 3), rows of sum 1."""
