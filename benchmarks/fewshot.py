"""Few coded headlines: this package against SetFit on the same backbone, the same headlines, in one process.

From train.tsv of a fold of the Gun Violence Frame Corpus headlines are drawn, the frames in turn from the rarest,
until each frame is held by 8, 16, 32, 64 of them (`--budgets`; a frame with fewer gives all it has). All ways
train on them and are judged on the fold's dev.tsv by the published rule: a frame holds from a probability of 0.5,
the likeliest where none does. Draw d is of fold d, 0 to 4 and over again.

frozen  heads on the frozen encoder, as `framing train --method head`
own     the encoder fine-tuned with them, as `framing train --method full`
+texts  either with the codebook's words for each frame added as headlines coded with that frame alone
SetFit  its documented defaults: one epoch of pairs, multi_target_strategy="one-vs-rest"

SetFit's default sampling takes every pair of headlines and repeats the rarer kind, so that pairs grow with the
square of the headlines: 2,098 of 52, 140,932 of 418. With --setfit-iterations R it takes R positive and R
negative pairs a headline instead; R = 20 is that of its paper (Tunstall et al. 2022).

Seconds are those of training, processor time beside those on the clock, for other jobs may run; the ways take turns
in order. SetFit is no dependency of the package: pip install -c constraints.txt "setfit==1.2.0". It runs with
transformers 5 and sentence-transformers 6 as it is.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from gvfc import fit_frozen, fit_tuned, fix_settings
from gvfc_data import FOLDS, FRAMES, Margins, Scores, read_fold, score_margins
from numpy.typing import NDArray

from framing.classify.backbone import MINILM, Backbone, find_backbone
from framing.classify.embedding import label_texts
from framing.classify.hub import quieten_transformers
from framing.errors import FramingError, InputError
from framing.records import hash_text
from framing.training.codings import NOT_CODED, YES, Codings

BATCH = 8
"""Headlines a step, so that the 50 to 60 of the smallest draw still make seven steps an epoch. In single draws from
train.tsv of fold 0, judged on others of it, fine-tuning gave micro-F1 0.61 with 8 a frame (batch 8, learning rate
3e-4), 0.74 with 16 and 0.80 with 32 (batch 16); the frozen heads gave 0.58, 0.65 and 0.70."""

COPIES = 3
"""How often the words for a frame are added. On frozen vectors, six draws from train.tsv of fold 0 judged on others of
it, none, 1 and 3 copies gave micro-F1 0.582, 0.620 and 0.633 with 8 a frame, 0.651, 0.660 and 0.666 with 16, 0.687,
0.693 and 0.700 with 32."""

Judge = Callable[[Sequence[str]], Margins]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model as what it makes of texts, and how many steps it took; 0 where it is not trained in steps."""

    judge: Judge
    steps: int = 0


Way = Callable[[Codings, Backbone, int], Trained]
"""Trains on coded headlines, a backbone to start from and a seed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a way came to on a draw: scores, training steps, seconds on the clock and of the processor."""

    way: str
    budget: int
    headlines: int
    steps: int
    scores: Scores
    seconds: float
    cpu_seconds: float


def draw_rows(labels: NDArray[np.int8], budget: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return rows such that each frame is held by `budget` of them or by all that hold it, if fewer.

    Frames are filled up in turn, the rarest first; a headline drawn for one frame counts for its
    others. `labels`: shape (headlines, frames).
    """
    held = labels == YES
    drawn = np.zeros(len(held), dtype=np.bool_)
    for frame in np.argsort(held.sum(axis=0), kind="stable"):
        missing = budget - int(held[drawn, frame].sum())
        if missing > 0:
            drawn[rng.permutation(np.flatnonzero(held[:, frame] & ~drawn))[:missing]] = True
    return np.flatnonzero(drawn)


def train_frozen(codings: Codings, backbone: Backbone, seed: int) -> Trained:
    """Fit heads to the frozen encoder; there is no chance in it, whatever `seed`."""
    return Trained(fit_frozen(codings, backbone, "cpu").weigh)


def train_own(codings: Codings, backbone: Backbone, seed: int) -> Trained:
    """Fine-tune the encoder with its heads."""
    settings = fix_settings("full", BATCH, seed)
    model = fit_tuned(codings, backbone, settings, "cpu")
    return Trained(model.weigh, settings.epochs * -(-len(codings) // settings.batch))


def add_texts(train: Way, codings: Codings, backbone: Backbone, seed: int) -> Trained:
    """Train on the headlines and the words for the frames."""
    return train(add_label_texts(codings), backbone, seed)


def add_label_texts(codings: Codings) -> Codings:
    """Return `codings` and `COPIES` of each frame's words, coded with that frame and no other."""
    words = [" ".join(label_texts(label)) for label in FRAMES.labels] * COPIES
    labels = np.tile(np.eye(len(FRAMES.labels), dtype=np.int8), (COPIES, 1))
    blank = np.full(len(words), NOT_CODED, dtype=np.int8)
    return replace(
        codings,
        texts=(*codings.texts, *words),
        articles=np.concatenate([codings.articles, np.array([hash_text(text) for text in words])]),
        labels=np.concatenate([codings.labels, labels]),
        sentiment=np.concatenate([codings.sentiment, blank]),
        voice=np.concatenate([codings.voice, blank]),
        boilerplate=np.concatenate([codings.boilerplate, blank]),
    )


def train_setfit(codings: Codings, backbone: Backbone, seed: int, iterations: int | None) -> Trained:
    """Train SetFit with its defaults, or with `iterations` pairs of either kind a headline."""
    from datasets import Dataset

    setfit = _load_setfit()
    folder = str(find_backbone(backbone))
    model = setfit.SetFitModel.from_pretrained(folder, multi_target_strategy="one-vs-rest", device="cpu")
    table = Dataset.from_dict({"text": list(codings.texts), "label": (codings.labels == YES).astype(int).tolist()})
    with tempfile.TemporaryDirectory() as name:
        arguments = setfit.TrainingArguments(
            output_dir=name,
            num_iterations=iterations,
            seed=seed,
            report_to="none",
            logging_strategy="no",
            save_strategy="no",
            show_progress_bar=False,
        )
        trainer = setfit.Trainer(model=model, args=arguments, train_dataset=table)
        with redirect_stdout(sys.stderr):  # It prints its losses there.
            trainer.train()
        steps = int(trainer.st_trainer.state.global_step)
    return Trained(partial(_judge_by_setfit, model), steps)


def _judge_by_setfit(model: Any, texts: Sequence[str]) -> Margins:
    margins: Margins = np.asarray(model.predict_proba(list(texts), as_numpy=True), dtype=np.float32) - np.float32(0.5)
    return margins


def _load_setfit() -> Any:
    try:
        return importlib.import_module("setfit")
    except ImportError as error:
        raise InputError(
            f"SetFit cannot be loaded ({error}); install it by pip install -c constraints.txt "
            '"setfit==1.2.0", or leave it out by --ways frozen,own'
        ) from error


def measure_draw(data: Path, budget: int, draw: int, ways: Mapping[str, Way]) -> Iterator[Result]:
    """Yield what each way comes to on draw `draw` of a budget: the same headlines, one after the other."""
    fold = read_fold(data, draw % FOLDS)
    rows = draw_rows(fold.train.labels, budget, np.random.default_rng((draw, budget)))
    few = fold.train.take(rows)
    for name, train in ways.items():
        clock, processor = time.perf_counter(), time.process_time()
        trained = train(few, MINILM, draw)
        spent = time.perf_counter() - clock, time.process_time() - processor
        scores = score_margins(trained.judge(fold.heldout.texts), fold.heldout)
        yield Result(name, budget, len(few), trained.steps, scores, *spent)


def format_head() -> str:
    """Return the table's head."""
    names = "".join(f"{name:>{width}}" for name, width in (("headlines", 11), ("steps", 7)))
    return f"{'each':<6}{'way':<13}{names}{'micro':>8}{'macro':>8}{'EM-A':>8}{'s':>8}{'CPU s':>8}{'ratio':>7}"


def format_results(results: Sequence[Result], own: Sequence[Result]) -> str:
    """Return the line of one way on one budget, means over draws; the ratio is to the processor time of `own`."""
    spent = fmean(each.cpu_seconds for each in results)
    compared = fmean(each.cpu_seconds for each in own) if own else 0.0
    scores = [each.scores for each in results]
    cells = "".join(
        f"{value:>8.3f}"
        for value in (
            fmean(each.micro_f1 or 0.0 for each in scores),
            fmean(each.macro_f1 for each in scores),
            fmean(each.exact_all or 0.0 for each in scores),
        )
    )
    counts = f"{fmean(each.headlines for each in results):>11.0f}{fmean(each.steps for each in results):>7.0f}"
    ratio = f"{spent / compared:>7.2f}" if compared else ""
    seconds = fmean(each.seconds for each in results)
    return f"{results[0].budget:<6}{results[0].way:<13}{counts}{cells}{seconds:>8.1f}{spent:>8.1f}{ratio}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each budget and way, means over draws; return the exit status."""
    options = _parse_options(argv)
    try:
        ways = _choose_ways(options.ways, options.setfit_iterations)
        torch.set_num_threads(options.threads)
        print(format_head(), flush=True)
        with quieten_transformers():
            for budget in _parse_budgets(options.budgets):
                results = []
                for draw in range(options.draws):
                    for result in measure_draw(options.data, budget, draw, ways):
                        results.append(result)
                        print(f"draw {draw}: {format_results([result], [])}", file=sys.stderr, flush=True)
                chosen = {name: [each for each in results if each.way == name] for name in ways}
                for found in chosen.values():
                    print(format_results(found, chosen.get("own", [])), flush=True)
    except FramingError as error:
        print(f"fewshot: {error}", file=sys.stderr)
        return 1
    return 0


def _choose_ways(given: str, iterations: int) -> dict[str, Way]:
    known: dict[str, Way] = {
        "frozen": train_frozen,
        "frozen+texts": partial(add_texts, train_frozen),
        "own": train_own,
        "own+texts": partial(add_texts, train_own),
        "SetFit": partial(train_setfit, iterations=iterations or None),
    }
    names = given.split(",")
    if unknown := [name for name in names if name not in known]:
        raise InputError(f'--ways: no way "{unknown[0]}"; expected some of {", ".join(known)}, with commas between')
    if "SetFit" in names:
        _load_setfit()
    return {name: known[name] for name in names}


def _parse_budgets(given: str) -> list[int]:
    budgets = [int(part) if part.isdecimal() else 0 for part in given.split(",")]
    if 0 in budgets:
        raise InputError(f'--budgets: "{given}" is no list of counts; expected numbers from 1, as in 8,16')
    return budgets


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with 0/train.tsv to 4/dev.tsv")
    parser.add_argument("--budgets", default="8,16,32,64", help="headlines coded with each frame (%(default)s)")
    parser.add_argument("--draws", type=int, default=1, help="draws of each budget (%(default)s)")
    parser.add_argument(
        "--ways", default="frozen,frozen+texts,own,own+texts,SetFit", help="what is trained (%(default)s)"
    )
    parser.add_argument("--setfit-iterations", type=int, default=0, help="R; 0 for SetFit's default sampling")
    parser.add_argument("--threads", type=int, default=1, help="of torch (%(default)s)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
