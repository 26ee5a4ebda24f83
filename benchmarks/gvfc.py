"""The nine frames of the Gun Violence Frame Corpus: this package's multi-label model on the five given folds.

Each fold's model is trained on its train.tsv alone and judged on its dev.tsv by the published rule: a frame holds
from a probability of 0.5, the likeliest where none does. The methods are those of `framing train`: full and lora
fine-tune the encoder with heads that start as fitted to the frozen one, head leaves it frozen. Of the published
table, micro is F1 over all decisions, macro the mean F1 over the frames that are both in a fold's codes and said
to hold somewhere (strict: over all nine), EM-A the share of headlines that get exactly their frames, EM-1 and EM-2
the same among those with one frame and with several. Figures are means over folds, and over --seeds.

Settings were chosen once, inside train.tsv of fold 0 (`EPOCHS`), and are the same for all folds. Every headline of
that file is in another fold's dev.tsv, as in any cross-validation, but no epoch, rate or threshold is chosen on one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from gvfc_data import FOLDS, FRAMES, Fold, Margins, Scores, mean, read_fold, score_margins

from framing.classify.backbone import MINILM, Backbone
from framing.classify.devices import resolve_device
from framing.classify.encoder import Encoder
from framing.classify.heads import Head
from framing.classify.hub import quieten_transformers
from framing.errors import FramingError, InputError
from framing.training.codings import Codings
from framing.training.finetuning import Settings, fine_tune
from framing.training.fitting import fit_plain_heads

Method = Literal["full", "lora", "head"]

EPOCHS = 8
"""Of full and lora. On a quarter of fold 0's train.tsv (259 headlines, drawn by seed 100), with the rest trained on
by full at `LEARNING_RATES`, micro-F1 was 0.852, 0.873, 0.887 and 0.890 after 2, 4, 6 and 8 epochs, macro-F1 0.822,
0.853, 0.856 and 0.865. Averaging the weights of the last epochs changed either by less than 0.01."""

LEARNING_RATES = {"full": 2e-4, "lora": 1e-3}
"""Of the encoder. They, the heads' rate and the batch are the first that were tried."""
HEAD_LEARNING_RATE = 1e-3
BATCH = 32

MEASURES: tuple[tuple[str, Callable[[Scores], float | None]], ...] = (
    ("micro", lambda scores: scores.micro_f1),
    ("macro", lambda scores: scores.macro_f1_published),
    ("strict", lambda scores: scores.macro_f1),
    ("EM-A", lambda scores: scores.exact_all),
    ("EM-1", lambda scores: scores.exact_one[0] / scores.exact_one[1] if scores.exact_one[1] else None),
    ("EM-2", lambda scores: scores.exact_several[0] / scores.exact_several[1] if scores.exact_several[1] else None),
)


@dataclass(frozen=True, slots=True)
class FrameModel:
    """An encoder under a head of the nine frames."""

    encoder: Encoder
    head: Head

    def weigh(self, texts: Sequence[str]) -> Margins:
        """Return the logits of `texts`, shape (texts, frames)."""
        return self.head.logits(self.encoder.embed(texts).embeddings)


@dataclass(frozen=True, slots=True)
class Result:
    """What one model came to: its fold and seed, scores, and seconds to train."""

    fold: Fold
    seed: int
    scores: Scores
    seconds: float


def fit_frozen(codings: Codings, backbone: Backbone, device: str) -> FrameModel:
    """Return heads fitted to the frozen encoder."""
    encoder = Encoder(backbone, device)
    heads = fit_plain_heads(encoder.embed(codings.texts).embeddings, codings, FRAMES)
    return FrameModel(encoder, heads["labels"])


def fit_tuned(codings: Codings, backbone: Backbone, settings: Settings, device: str) -> FrameModel:
    """Return the encoder fine-tuned together with heads that start as fitted to the frozen one.

    No headline is spared to stop on: `settings.epochs` are fixed, and `fine_tune` is given the
    headlines it trains on to stop on, which the last epochs fit best.
    """
    heads = {"labels": fit_frozen(codings, backbone, device).head}
    with tempfile.TemporaryDirectory() as name:
        tuned = fine_tune(codings, codings, heads, backbone, settings, Path(name) / "work", device=device)
        encoder = Encoder(tuned.backbone, device)
        _ = encoder.network  # Loaded while the files of its tuning are there.
    return FrameModel(encoder, tuned.heads["labels"])


def fix_settings(method: Literal["full", "lora"], batch: int, seed: int) -> Settings:
    """Return the settings of this benchmark: all of `EPOCHS`, whatever the package's own come to be."""
    return Settings(
        method=method,
        epochs=EPOCHS,
        learning_rate=LEARNING_RATES[method],
        head_learning_rate=HEAD_LEARNING_RATE,
        batch=batch,
        patience=EPOCHS,
        seed=seed,
    )


def judge_fold(fold: Fold, method: Method, seed: int, backbone: Backbone, device: str) -> Result:
    """Train on one part of `fold` and return the scores on the other."""
    start = time.perf_counter()
    if method == "head":
        model = fit_frozen(fold.train, backbone, device)
    else:
        model = fit_tuned(fold.train, backbone, fix_settings(method, BATCH, seed), device)
    seconds = time.perf_counter() - start
    return Result(fold, seed, score_margins(model.weigh(fold.heldout.texts), fold.heldout), seconds)


def format_result(result: Result) -> str:
    """Return the table's line of a fold."""
    cells = "".join(_format_score(measure(result.scores)) for _, measure in MEASURES)
    parts = f"{len(result.fold.train):>7,}{len(result.fold.heldout):>6,}{result.fold.shared:>6}"
    return f"{result.fold.number:<6}{result.seed:<5}{parts}{cells}{result.seconds:>7.0f}"


def format_head() -> str:
    """Return the table's head."""
    names = "".join(f"{name:>8}" for name, _ in MEASURES)
    return f"{'fold':<6}{'seed':<5}{'train':>7}{'dev':>6}{'both':>6}{names}{'s':>7}"


def summarise(results: Sequence[Result]) -> Iterator[str]:
    """Yield the means over folds and seeds, and what to know about them."""
    cells = "".join(_format_score(mean([measure(each.scores) for each in results])) for _, measure in MEASURES)
    yield f"{'mean':<30}{cells}{sum(each.seconds for each in results) / len(results):>7.0f}"
    yield ""
    shared = sum({each.fold.number: each.fold.shared for each in results}.values())
    yield f"both: headlines of dev.tsv that stand in train.tsv too; {shared} over these folds, judged like the rest"
    left_out = [
        f"{', '.join(each.scores.left_out)} (fold {each.fold.number}, seed {each.seed})"
        for each in results
        if each.scores.left_out
    ]
    yield f"left out of the published macro-F1: {'; '.join(left_out) or 'none, so that it equals the strict one'}"


def _format_score(score: float | None) -> str:
    return f"{'':>8}" if score is None else f"{score:>8.3f}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each fold and seed, then the means; return the exit status."""
    options = _parse_options(argv)
    try:
        folds = [read_fold(options.data, number) for number in _parse_folds(options.folds)]
        device = resolve_device(options.device)
        print(format_head(), flush=True)
        results = []
        with quieten_transformers():
            for fold in folds:
                for seed in range(options.seeds):
                    results.append(judge_fold(fold, options.method, seed, MINILM, device))
                    print(format_result(results[-1]), flush=True)
    except FramingError as error:
        print(f"gvfc: {error}", file=sys.stderr)
        return 1
    print(*summarise(results), sep="\n")
    return 0


def _parse_folds(given: str) -> list[int]:
    try:
        folds = [int(part) for part in given.split(",")]
    except ValueError:
        folds = []
    if not folds or not all(0 <= fold < FOLDS for fold in folds):
        raise InputError(f'--folds: "{given}" is no list of folds; expected numbers from 0 to {FOLDS - 1}, as in 0,1')
    return folds


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with 0/train.tsv to 4/dev.tsv")
    parser.add_argument("--method", choices=get_args(Method), default="full", help="how to train (%(default)s)")
    parser.add_argument("--seeds", type=int, default=1, help="models trained of each fold (%(default)s)")
    parser.add_argument("--folds", default="0,1,2,3,4", help="folds, with commas between (%(default)s)")
    parser.add_argument("--device", default="auto", help="as for `framing score` (%(default)s)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
