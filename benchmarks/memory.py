"""Peak resident memory of `framing score` on few and on many articles: it must not grow with the corpus.

Each size is scored by a process of its own, from a Parquet file of the first so many articles. With
--tiny the model is a one-layer encoder with random weights, so that the memory of the pipeline itself
is measured in minutes instead of hours.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from framing.errors import FramingError, InputError, RunError

TINY_DIMENSIONS = 32
_SEED = 0

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of ru_maxrss: getrusage(2) counts in kilobytes on Linux and in bytes on macOS."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Usage:
    """What scoring a number of articles took: paragraphs kept, seconds, and peak resident bytes."""

    articles: int
    kept: int
    seconds: float
    peak: int


def write_first_articles(articles: Path, count: int, out: Path) -> None:
    """Write the first `count` rows of the Parquet table `articles` to `out`.

    Raises:
        InputError: where it has fewer.
    """
    import pyarrow.parquet as pq

    if not articles.is_file():
        raise InputError(f"{articles}: no such file, expected a Parquet table of articles; give --articles another")
    table = pq.read_table(articles)
    if len(table) < count:
        raise InputError(
            f"{articles}: {len(table)} articles, expected at least {count}; give a larger table, or smaller --sizes"
        )
    pq.write_table(table.slice(0, count), out)


def write_tiny_model(folder: Path) -> str:
    """Write a model of one random layer with the shipped backbone's tokenizer; return its folder's path."""
    import numpy as np
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from framing.classify.backbone import MINILM, Backbone, digest_weights, find_backbone
    from framing.classify.heads import Head, Sigmoids
    from framing.classify.loading import find_codebook
    from framing.classify.model_folder import Model, write_model

    torch.manual_seed(_SEED)
    tokenizer = AutoTokenizer.from_pretrained(find_backbone(MINILM), local_files_only=True)
    encoder = folder / "encoder"
    tokenizer.save_pretrained(encoder)
    BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=TINY_DIMENSIONS,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=2 * TINY_DIMENSIONS,
        )
    ).save_pretrained(encoder)
    codebook = find_codebook("surveillance")
    labels = len(codebook.labels)
    rng = np.random.default_rng(_SEED)

    def draw_head(outputs: int) -> Head:
        weight = rng.normal(size=(outputs, TINY_DIMENSIONS)).astype(np.float32)
        return Head(weight, np.zeros(outputs, dtype=np.float32))

    sizes = {"labels": labels, "sentiment": 3, "voice": len(codebook.voices), "boilerplate": 1}
    model = Model(
        name="tiny",
        kind="heads",
        backbone=Backbone(name=str(encoder), revision="", sha256=digest_weights(encoder)),
        codebook=codebook,
        heads={name: draw_head(outputs) for name, outputs in sizes.items()},
        calibration=Sigmoids(np.ones(labels, dtype=np.float32), np.zeros(labels, dtype=np.float32)),
        thresholds=(0.5,) * labels,
        boilerplate_threshold=1.0,
    )
    write_model(model, folder / "tiny", "A random model for measuring memory.\n")
    return str(folder / "tiny")


def measure_scoring(table: Path, articles: int, model: str, run: Path) -> Usage:
    """Score `table` into the folder `run` in a process of its own and return what it took.

    Raises:
        RunError: where the process fails.
    """
    started = time.monotonic()
    command = [sys.executable, "-m", "framing", "score", str(table), "--out", str(run), "--model", model]
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    if process.returncode:
        raise RunError(f"{' '.join(command)}: exit status {process.returncode}, expected 0; its message stands above")
    counts = json.loads((run / "run.json").read_text(encoding="utf-8"))["counts"]
    return Usage(articles, counts["kept"], seconds, usage.ru_maxrss * _RSS_UNIT)


def format_usages(usages: Sequence[Usage]) -> str:
    """Return the table of sizes, each peak also as a ratio to the first."""
    lines = [f"{'articles':>9}{'paragraphs kept':>17}{'seconds':>9}{'peak MB':>9}{'ratio':>7}"]
    for usage in usages:
        ratio = usage.peak / usages[0].peak
        lines.append(f"{usage.articles:>9,}{usage.kept:>17,}{usage.seconds:>9.1f}{usage.peak / 1e6:>9.0f}{ratio:>7.3f}")
    return "\n".join(lines)


def run_apart(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Call `function` in a process of its own.

    On Linux a process inherits the peak of the one that started it (ru_maxrss survives execve), so
    this one stays small: what loads large libraries is done apart.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as apart:
        return apart.submit(function, *args, **kwargs).result()


def measure_sizes(articles: Path, sizes: Sequence[int], model: str | None, scratch: Path) -> list[Usage]:
    """Score the first so many articles for each of `sizes`; without a `model`, with a tiny one.

    Raises:
        FramingError: where there are too few articles, or scoring fails.
    """
    model = model or run_apart(write_tiny_model, scratch)
    usages = []
    for size in sizes:
        table = scratch / f"first-{size}.parquet"
        run_apart(write_first_articles, articles, size, table)
        usages.append(measure_scoring(table, size, model, scratch / f"run-{size}"))
    return usages


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark with the arguments `argv` and return the exit status."""
    options = _parse_options(argv)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            usages = measure_sizes(
                options.articles, options.sizes, None if options.tiny else options.model, Path(scratch)
            )
    except FramingError as error:
        print(f"memory: {error}", file=sys.stderr)
        return 1
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
    print(f"model: {'tiny random' if options.tiny else options.model}; no peak can be below {floor / 1e6:.0f} MB,")
    print("which the measuring process itself takes\n")
    print(format_usages(usages))
    return 0


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--articles", type=Path, required=True, help="Parquet table of news articles")
    parser.add_argument("--sizes", type=parse_sizes, default=[300, 3000], help="numbers of articles (300,3000)")
    model = parser.add_mutually_exclusive_group()
    model.add_argument("--model", default="surveillance", help="as for `framing score` (%(default)s)")
    model.add_argument("--tiny", action="store_true", help="a one-layer random encoder instead of a model")
    return parser.parse_args(argv)


def parse_sizes(text: str) -> list[int]:
    """Return the numbers in a list set apart by commas."""
    sizes = [int(part) for part in text.split(",")]
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected numbers of 1 or more")
    return sizes


if __name__ == "__main__":
    sys.exit(main())
