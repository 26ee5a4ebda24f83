"""Coded mentions of targets, in the form of NewsMTSC, and how well probabilities meet their codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framing.classify.target_protocol import Mention
from framing.codes import iterate_lines
from framing.errors import InputError
from framing.records import SENTIMENTS
from framing.training.metrics import Tally

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CodedMentions:
    """Mentions and their codes, shape (mentions,), places in `SENTIMENTS`."""

    mentions: tuple[Mention, ...]
    codes: Codes

    def __len__(self) -> int:
        return len(self.mentions)


@dataclass(frozen=True, slots=True)
class TargetScores:
    """How a model fares on coded mentions: F1 of each sentiment, their mean, and the share that is right (0..1)."""

    mentions: int
    f1: tuple[float | None, ...]
    accuracy: float

    @property
    def macro_f1(self) -> float:
        """Mean of the three F1, one without a denominator counting as 0; "F1m" of Hamborg and Donnay (2021)."""
        return float(np.mean([each or 0.0 for each in self.f1]))


def read_mentions(paths: Sequence[Path]) -> CodedMentions:
    """Read mentions in the JSON lines of NewsMTSC: sentence, from, to, polarity (-1, 0 or 1).

    Raises:
        InputError: naming file and line, what was found and what is expected.
    """
    found = [coded for path in paths for coded in _read_file(path)]
    if not found:
        raise InputError(f"{', '.join(map(str, paths))}: no mentions; expected one JSON object a line")
    mentions, codes = zip(*found, strict=True)
    return CodedMentions(tuple(mentions), np.array(codes, dtype=np.int64))


def _read_file(path: Path) -> list[tuple[Mention, int]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}); check the path") from error
    return [_read_mention(place, row) for place, row in iterate_lines(path, text)]


def _read_mention(place: str, row: Mapping[str, Any]) -> tuple[Mention, int]:
    if missing := [name for name in ("sentence", "from", "to", "polarity") if name not in row]:
        raise InputError(f'{place}: no "{missing[0]}" (each line needs sentence, from, to, polarity)')
    sentence, start, end, polarity = row["sentence"], row["from"], row["to"], row["polarity"]
    if not isinstance(sentence, str) or not all(isinstance(each, int) for each in (start, end)):
        raise InputError(f'{place}: expected a text as "sentence" and numbers of characters as "from" and "to"')
    if not 0 <= start < end <= len(sentence):
        raise InputError(f'{place}: "from" {start} and "to" {end} mark nothing in {len(sentence)} characters')
    if polarity not in (-1, 0, 1):
        raise InputError(f'{place}: "polarity": found {polarity!r}, expected -1, 0 or 1')
    return Mention(sentence, start, end), int(polarity) + 1


def score_logits(logits: NDArray[np.float32], codes: Codes) -> TargetScores:
    """Return how logits, shape (mentions, 3), meet the codes, the highest being what they say."""
    said = logits.argmax(axis=1)
    f1 = tuple(Tally.of(said == place, codes == place).f1 for place in range(len(SENTIMENTS)))
    return TargetScores(len(codes), f1, float((said == codes).mean()))
