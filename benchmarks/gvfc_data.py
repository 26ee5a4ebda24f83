"""The Gun Violence Frame Corpus: its folds as given, its published decision rule and its scores.

Akyürek et al. (2020), "Multi-Label and Multilingual News Framing Analysis", ACL. The texts are not in this
repository: a folder `FOLDER/0` to `FOLDER/4` with `train.tsv` and `dev.tsv`, as the authors publish them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from framing.codebook import Codebook, Label
from framing.errors import InputError
from framing.records import hash_text
from framing.training.codings import NO, NOT_CODED, YES, Codings
from framing.training.metrics import Tally, divide

Bools = NDArray[np.bool_]
Margins = NDArray[np.float32]
"""How far headlines are on a frame's side, shape (headlines, frames): logits, or probabilities less 0.5."""

FRAMES = Codebook(
    name="gvfc",
    version="1",
    topic="gun violence",
    labels=(
        Label("gun_rights", "Gun rights: owning guns, the Second Amendment"),
        Label("gun_control", "Gun control: laws that restrict guns"),
        Label("politics", "Politics: parties, politicians, elections"),
        Label("mental_health", "Mental health of the shooter"),
        Label("safety", "Safety in schools and public places"),
        Label("race", "Race or ethnicity"),
        Label("public_opinion", "Public opinion: protests, polls, reactions"),
        Label("culture", "Society or culture: films, games, values"),
        Label("economy", "Economic consequences: companies, sales, costs"),
    ),
)
"""The nine frames, in the order of the files' columns; the words after each name are this benchmark's."""

FOLDS = 5
_COLUMNS = 3 + len(FRAMES.labels)
_CODES = {"0": NO, "1": YES, "0.0": NO, "1.0": YES}


@dataclass(frozen=True, slots=True)
class Fold:
    """One of the five given splits; `shared` counts the headlines to evaluate on that are trained on as well."""

    number: int
    train: Codings
    heldout: Codings

    @property
    def shared(self) -> int:
        """Headlines in both parts, word for word."""
        known = set(self.train.texts)
        return sum(text in known for text in self.heldout.texts)


def read_fold(folder: Path, number: int) -> Fold:
    """Return fold `number`, 0 to 4.

    Raises:
        InputError: where a file is missing or a line is not one of the corpus.
    """
    return Fold(number, *(read_headlines(folder / str(number) / name) for name in ("train.tsv", "dev.tsv")))


def read_headlines(path: Path) -> Codings:
    """Return the coded headlines of a file, each an article of its own; equal headlines are one article.

    Raises:
        InputError: naming file and line, what was found and what is expected.
    """
    try:
        content = path.read_bytes()
        lines = content.decode("utf-8").split("\n")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); --data is the folder that holds 0/train.tsv to 4/dev.tsv"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 ({error}); take the file as its authors publish it") from error
    rows = [_parse_line(line, f"{path}:{number}") for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise InputError(f"{path}: no headlines; expected a line each, of {_COLUMNS} cells between tabs")
    texts = tuple(text for text, _ in rows)
    blank = np.full(len(rows), NOT_CODED, dtype=np.int8)
    return Codings(
        texts=texts,
        articles=np.array([hash_text(text) for text in texts]),
        labels=np.array([codes for _, codes in rows], dtype=np.int8),
        sentiment=blank,
        voice=blank,
        boilerplate=blank,
        digest=hashlib.sha256(content).hexdigest(),
    )


def _parse_line(line: str, place: str) -> tuple[str, list[int]]:
    """Return headline and codes; quotes mean themselves, as in the files of this corpus."""
    cells = line.rstrip("\r").split("\t")
    if len(cells) != _COLUMNS:
        raise InputError(f"{place}: {len(cells)} cells, expected {_COLUMNS}: id, headline, a letter and nine codes")
    if strange := [cell for cell in cells[3:] if cell not in _CODES]:
        raise InputError(f'{place}: "{strange[0]}" is no code; expected 0.0 or 1.0 in the last nine cells')
    return cells[1], [_CODES[cell] for cell in cells[3:]]


def decide(margins: Margins) -> Bools:
    """Return the frames said to hold by the published rule: those over 0.5, and the highest where there is none."""
    held = margins > 0
    silent = ~held.any(axis=1)
    held[silent, margins[silent].argmax(axis=1)] = True
    return held


@dataclass(frozen=True, slots=True)
class Scores:
    """Decisions on the headlines of a fold, counted.

    Attributes:
        frames: a tally for each of the nine frames.
        exact: of headlines coded with one frame and of those with several, how many got exactly
            their frames, and how many there are.
    """

    frames: tuple[Tally, ...]
    exact_one: tuple[int, int]
    exact_several: tuple[int, int]

    @classmethod
    def of(cls, held: Bools, truth: Bools) -> Scores:
        """Count decisions `held` against codes `truth`, both of shape (headlines, frames)."""
        right, one = (held == truth).all(axis=1), truth.sum(axis=1) == 1
        return cls(
            frames=tuple(Tally.of(held[:, column], truth[:, column]) for column in range(truth.shape[1])),
            exact_one=(int(right[one].sum()), int(one.sum())),
            exact_several=(int(right[~one].sum()), int((~one).sum())),
        )

    @property
    def left_out(self) -> tuple[str, ...]:
        """Frames that the published macro-F1 leaves out of its mean: not in the codes, or never said to hold."""
        keys = zip(FRAMES.label_keys, self.frames, strict=True)
        return tuple(key for key, tally in keys if not _is_counted(tally))

    @property
    def micro_f1(self) -> float | None:
        """F1 over all decisions together."""
        hits = sum(tally.hits for tally in self.frames)
        wrong = sum(tally.false_alarms + tally.misses for tally in self.frames)
        return divide(2 * hits, 2 * hits + wrong)

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the nine frames, 0 for one without."""
        return float(np.mean([tally.f1 or 0.0 for tally in self.frames]))

    @property
    def macro_f1_published(self) -> float:
        """Mean F1 over the frames that are both in the codes and said to hold somewhere, as published."""
        return float(np.mean([tally.f1 or 0.0 for tally in self.frames if _is_counted(tally)]))

    @property
    def exact_all(self) -> float | None:
        """EM-A: share of the headlines that got exactly their frames."""
        return divide(self.exact_one[0] + self.exact_several[0], self.exact_one[1] + self.exact_several[1])


def _is_counted(tally: Tally) -> bool:
    return tally.hits + tally.misses > 0 and tally.hits + tally.false_alarms > 0


def score_margins(margins: Margins, codings: Codings) -> Scores:
    """Return the scores of `margins` on the headlines of `codings`."""
    return Scores.of(decide(margins), codings.labels == YES)


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values there are, None where there is none."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
