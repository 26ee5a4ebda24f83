"""Sentiment towards a target on NewsMTSC (Hamborg and Donnay 2021), the two test sets mt and rw.

Scores the shipped model, or trains it anew first: with --train OUT a model per seed is trained on train.jsonl, its
calibration fitted on the two dev.jsonl together, and written to OUT/SEED; no test set is looked at before.
The folder of the data holds mt and rw, each with train.jsonl (the same in both), dev.jsonl and test.jsonl.

F1m, the metric of the source, is the mean F1 of the three classes. dev.jsonl and test.jsonl split the published test
sets 30 to 70, so published figures, on the whole of them, are near but not the same task. About half of the test
mentions come from articles of which other sentences are in train.jsonl.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

import torch

from framing.classify.devices import resolve_device
from framing.classify.loading import find_model
from framing.classify.targets import load_target_classifier, write_target_model
from framing.errors import FramingError
from framing.records import SENTIMENTS
from framing.training.target_card import record_scores, write_target_card
from framing.training.target_codings import TargetScores, read_mentions
from framing.training.targets import Settings, make_target_model, score_classifier

SETS = ("mt", "rw")
PUBLISHED: Mapping[str, Mapping[str, float]] = {
    "SPC-BERT (110 M)": {"mt": 0.737, "rw": 0.801},
    "SPC-RoBERTa (125 M)": {"mt": 0.794, "rw": 0.811},
    "GRU-TSC (125 M)": {"mt": 0.825, "rw": 0.831},
}
"""F1m of Hamborg and Donnay (2021), on the whole test sets."""

Scores = Mapping[str, TargetScores]
"""Scores by name of the test set."""


def score_sets(folder: Path, data: Path, device: str) -> Scores:
    """Return how the model in `folder` fares on each test set."""
    classifier = load_target_classifier(folder, device)
    return {name: score_classifier(classifier, read_mentions([data / name / "test.jsonl"])) for name in SETS}


def train_model(data: Path, out: Path, settings: Settings, device: str) -> Path:
    """Train a model, measure it on the test sets, and write its folder and card to `out`; return `out`."""
    work = out.with_name(f".{out.name}.work")
    heldout = [data / name / "dev.jsonl" for name in SETS]
    model = make_target_model(
        [data / "mt" / "train.jsonl"],
        heldout,
        work,
        settings=settings,
        device=device,
        show_progress=sys.stderr.isatty(),
    )
    with tempfile.TemporaryDirectory() as draft:
        write_target_model(model, Path(draft) / "model", "")
        scores = score_sets(Path(draft) / "model", data, device)
    command = f"python benchmarks/newsmtsc.py --data newsmtsc --train {out.parent.name} --seeds {settings.seed}"
    write_target_model(record_scores(model, scores), out, write_target_card(model, scores, command))
    shutil.rmtree(work)
    return out


def format_scores(found: Mapping[str, Scores]) -> str:
    """Return the table: a line per model and test set, the mean of several models, and what was published."""
    lines = [
        f"{'model':<22}{'set':<5}{'mentions':>9}{'F1m':>8}{''.join(f'{name:>10}' for name in SENTIMENTS)}{'acc.':>8}"
    ]
    for model, scores in found.items():
        for name, own in scores.items():
            f1 = "".join(f"{each or 0:>10.3f}" for each in own.f1)
            lines.append(f"{model:<22}{name:<5}{own.mentions:>9,}{own.macro_f1:>8.3f}{f1}{own.accuracy:>8.3f}")
    if len(found) > 1:
        for name in SETS:
            average = mean(scores[name].macro_f1 for scores in found.values())
            lines.append(f"{'mean':<22}{name:<5}{'':>9}{average:>8.3f}")
    for model, published in PUBLISHED.items():
        lines += [f"{model:<22}{name:<5}{'':>9}{value:>8.3f}" for name, value in published.items()]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark with the arguments `argv` and return the exit status."""
    options = _parse_options(argv)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        device = resolve_device(options.device)
        if options.train:
            settings = [Settings(seed=seed) for seed in options.seeds]
            folders = [train_model(options.data, options.train / str(each.seed), each, device) for each in settings]
        else:
            folders = [find_model(options.model)]
        found = {folder.name: score_sets(folder, options.data, device) for folder in folders}
    except FramingError as error:
        print(f"newsmtsc: {error}", file=sys.stderr)
        return 1
    print(format_scores(found))
    return 0


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of NewsMTSC, with mt and rw in it")
    parser.add_argument("--model", default="target", help="shipped model or model folder to score (%(default)s)")
    parser.add_argument("--train", type=Path, help="train models into this folder instead, one per seed")
    parser.add_argument("--seeds", type=_numbers, default=[0], help="seeds to train with, such as 0,1,2 (0)")
    parser.add_argument("--device", default="cpu", help="where to train and score (%(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="threads of torch; 0 leaves the choice to it")
    return parser.parse_args(argv)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
