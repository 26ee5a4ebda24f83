"""Paragraphs per second: this package against two usual ways of scoring the same paragraphs.

own    the model's classifier: frames, sentiment, voice and boilerplate from one pass
(a)    sentence-transformers' encode with its defaults on the same backbone, then scikit-learn heads
(b)    transformers' zero-shot pipeline on an entailment model of the size of DeBERTa-v3-base

With --budgets it times this package's encoder at several token budgets instead, the ground for
`framing.classify.batches.TOKEN_BUDGET`.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray

from framing.classify.backbone import find_backbone
from framing.classify.batches import TOKEN_BUDGET, pack_batches
from framing.classify.embedding import EmbeddingClassifier
from framing.classify.loading import DEFAULT_MODEL, load_classifier
from framing.errors import FramingError, InputError, ModelError
from framing.paragraphs import split_paragraphs
from framing.reading import read_articles
from framing.records import Article
from framing.scoring import SHARD_PARAGRAPHS

WARM_UP = 64
"""Paragraphs each way scores before the clock runs, so that libraries have loaded and memory is mapped."""

PARAGRAPHS_PER_ARTICLE = 4
"""Paragraphs wanted for each article drawn. News articles have more (23 in the corpus of the README's
figures), so that the shuffle picks from many articles and not all of an article."""

ENTAILMENT_WINDOW = 512
"""Tokens that the entailment model reads, as DeBERTa-v3-base does."""

VECTOR_TOLERANCE = 1e-3
"""Largest difference between a coordinate of own and of (a) for the two to have done the same work. The
vectors have length 1, so float16 rounds a coordinate by less than 2.5e-4."""

DEBERTA_V3_BASE: dict[str, Any] = {
    "vocab_size": 128_100,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": ENTAILMENT_WINDOW,
    "type_vocab_size": 0,
    "relative_attention": True,
    "position_buckets": 256,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "layer_norm_eps": 1e-7,
    "id2label": {0: "entailment", 1: "neutral", 2: "contradiction"},
    "label2id": {"entailment": 0, "neutral": 1, "contradiction": 2},
}
"""The shape of DeBERTa-v3-base (He, Gao and Chen 2021), from config.json of microsoft/deberta-v3-base, with
the three classes of natural language inference."""

_PACKAGES = ("torch", "transformers", "sentence-transformers", "scikit-learn", "numpy", "tokenizers")


@dataclass(frozen=True, slots=True)
class Way:
    """One way of scoring: what it is called, the texts it is timed on and the function that scores them."""

    name: str
    texts: Sequence[str]
    score: Callable[[Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class Timing:
    """What a way took for its `paragraphs`, one figure for each repeat.

    `seconds` are on the clock; `processor_seconds` add up all threads and leave out the time in
    which other jobs had the processor, and so tell ways apart on a busy machine as well.
    """

    name: str
    paragraphs: int
    seconds: tuple[float, ...]
    processor_seconds: tuple[float, ...]

    @property
    def speed(self) -> float:
        """Median of the repeats, in paragraphs per second."""
        return self.paragraphs / statistics.median(self.seconds)

    @property
    def slowest(self) -> float:
        """Paragraphs per second of the slowest repeat."""
        return self.paragraphs / max(self.seconds)

    @property
    def processor_milliseconds(self) -> float:
        """Median processor time of a paragraph."""
        return 1000 * statistics.median(self.processor_seconds) / self.paragraphs

    @property
    def fastest(self) -> float:
        """Paragraphs per second of the fastest repeat."""
        return self.paragraphs / min(self.seconds)


def draw_paragraphs(articles: Path, count: int, seed: int) -> list[str]:
    """Return `count` kept paragraphs of randomly drawn articles in random order, the same for the same seed.

    Raises:
        InputError: where the articles drawn have fewer.
    """
    rng = random.Random(seed)
    there = [event for event in read_articles([articles]) if isinstance(event, Article)]
    drawn = rng.sample(there, min(len(there), count // PARAGRAPHS_PER_ARTICLE + 1))
    texts = [part.text for article in drawn for part in split_paragraphs(article) if part.dropped is None]
    if len(texts) < count:
        raise InputError(
            f"{articles}: {len(drawn)} articles drawn have {len(texts)} paragraphs, expected {count}; "
            f"give more articles, or --paragraphs {len(texts)}"
        )
    rng.shuffle(texts)
    return texts[:count]


def spread_by_length(texts: Sequence[str], count: int) -> list[str]:
    """Return `count` of `texts`, evenly spaced from the shortest to the longest: a sample of all lengths."""
    ordered = sorted(texts, key=len)
    places = (np.arange(count) + 0.5) * len(ordered) / count
    return [ordered[int(place)] for place in places]


def time_ways(ways: Sequence[Way], repeats: int) -> list[Timing]:
    """Time each way `repeats` times, in turn, so that what else the machine does falls on all alike.

    Every second round runs backwards: a machine that slows down under load slows all alike, too.
    """
    for way in ways:
        _say(f"warming up: {way.name}")
        way.score(way.texts[:WARM_UP])
    taken: list[list[tuple[float, float]]] = [[] for _ in ways]
    for repeat in range(repeats):
        for number in range(len(ways))[:: -1 if repeat % 2 else 1]:
            taken[number].append(_time_once(ways[number]))
            _say(f"repeat {repeat + 1} of {repeats}: {ways[number].name}: {taken[number][-1][0]:.1f} s")
    timings = []
    for way, rounds in zip(ways, taken, strict=True):
        seconds, processor_seconds = zip(*rounds, strict=True)
        timings.append(Timing(way.name, len(way.texts), seconds, processor_seconds))
    return timings


def compare_ways(classifier: EmbeddingClassifier, texts: Sequence[str], nli_paragraphs: int, device: str) -> list[Way]:
    """Return the three ways: own, (a) and (b); (b) is timed on `nli_paragraphs` of `texts` only."""
    folder = find_backbone(classifier.encoder.backbone)
    return [
        Way("own", texts, classifier.classify),
        Way("(a) encode + heads", texts, make_encode_with_heads(classifier, folder, texts[:WARM_UP], device)),
        Way(
            "(b) zero-shot pipeline",
            spread_by_length(texts, nli_paragraphs),
            make_entailment(folder, [label.title for label in classifier.description.codebook.labels], device),
        ),
    ]


def compare_budgets(classifier: EmbeddingClassifier, texts: Sequence[str], budgets: Sequence[int]) -> list[Way]:
    """Return this package's encoder at each token budget, called with as many texts as a shard when scoring."""

    def embed_at(budget: int) -> Callable[[Sequence[str]], object]:
        def embed(part: Sequence[str]) -> object:
            shards = [part[start : start + SHARD_PARAGRAPHS] for start in range(0, len(part), SHARD_PARAGRAPHS)]
            with patch("framing.classify.encoder.pack_batches", partial(pack_batches, budget=budget)):
                return [classifier.encoder.embed(shard) for shard in shards]

        return embed

    return [Way(f"{budget:,} tokens", texts, embed_at(budget)) for budget in budgets]


def make_encode_with_heads(
    classifier: EmbeddingClassifier, folder: Path, examples: Sequence[str], device: str
) -> Callable[[Sequence[str]], object]:
    """Return a function that encodes texts with sentence-transformers and scores them with a head per label.

    For speed alone any fitted head will do: each learns which of `examples` our classifier puts
    into the upper half for the label. The encoder is the backbone in `folder` with the weights of ours,
    which may have been trained further.

    Raises:
        ModelError: where its vectors of `examples` are not ours, so that the two are not comparable.
    """
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression

    model = SentenceTransformer(str(folder), device=device)
    model[0].auto_model.load_state_dict(classifier.encoder.network.state_dict())
    own = classifier.classify(examples)
    vectors = np.asarray(model.encode(list(examples)))
    _check_same_vectors(classifier.encoder.embed(examples).embeddings, vectors)
    upper = own.probabilities > np.median(own.probabilities, axis=0)
    heads = [LogisticRegression().fit(vectors, column) for column in upper.T]

    def score(texts: Sequence[str]) -> object:
        encoded = model.encode(list(texts))
        return [head.predict_proba(encoded) for head in heads]

    return score


def make_entailment(folder: Path, titles: Sequence[str], device: str) -> Callable[[Sequence[str]], object]:
    """Return a function that scores texts for `titles` with the zero-shot pipeline of transformers.

    The model has the shape of `DEBERTA_V3_BASE` and random weights, for the time does not depend on
    them. DeBERTa's own tokenizer is not to be had without a network, so the backbone's in `folder`
    stands in: both cut English into about as many pieces.
    """
    from transformers import AutoTokenizer, DebertaV2Config, DebertaV2ForSequenceClassification, pipeline

    model: Any = DebertaV2ForSequenceClassification(DebertaV2Config(**DEBERTA_V3_BASE))
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    tokenizer.model_max_length = ENTAILMENT_WINDOW
    scorer: Any = pipeline("zero-shot-classification", model=model.eval(), tokenizer=tokenizer, device=device)
    return lambda texts: scorer(list(texts), candidate_labels=list(titles), multi_label=True)


def format_timings(timings: Sequence[Timing], reference: int) -> str:
    """Return the table of speeds, with their ratios to the speed of the way numbered `reference`."""
    lines = [f"{'way':<24}{'paragraphs':>11}{'median/s':>10}{'min..max/s':>18}{'ratio':>8}{'CPU ms each':>13}"]
    for timing in timings:
        spread = f"{timing.slowest:.2f}..{timing.fastest:.2f}"
        ratio = timing.speed / timings[reference].speed
        lines.append(
            f"{timing.name:<24}{timing.paragraphs:>11,}{timing.speed:>10.2f}{spread:>18}"
            f"{ratio:>8.3g}{timing.processor_milliseconds:>13.2f}"
        )
    return "\n".join(lines)


def describe_machine() -> str:
    """Return processor, threads, load and versions, without which a speed says little."""
    packages = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"processor: {_processor_name()}, {os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}; "
        f"threads: {torch.get_num_threads()}; load before: {load}\n"
        f"Python {platform.python_version()}, {packages}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark with the arguments `argv` and return the exit status."""
    options = _parse_options(argv)
    try:
        machine = describe_machine()
        texts = draw_paragraphs(options.articles, options.paragraphs, options.seed)
        torch.manual_seed(options.seed)
        classifier = load_classifier(options.model, device=options.device)
        if not isinstance(classifier, EmbeddingClassifier):
            raise ModelError(f"{options.model}: has no encoder of its own to compare; give a model folder of ours")
        if options.budgets:
            ways = compare_budgets(classifier, texts, options.budgets)
            reference = options.budgets.index(TOKEN_BUDGET) if TOKEN_BUDGET in options.budgets else 0
        else:
            ways, reference = compare_ways(classifier, texts, options.nli_paragraphs, options.device), 0
        timings = time_ways(ways, options.repeats)
    except FramingError as error:
        _say(f"throughput: {error}")
        return 1
    words = statistics.mean(len(text.split()) for text in texts)
    print(machine)
    print(f"{len(texts):,} paragraphs of {words:.0f} words on average; repeats, interleaved: {options.repeats}\n")
    print(format_timings(timings, reference))
    return 0


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--articles", type=Path, required=True, help="news articles, any input of `framing score`")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="shipped model or model folder (%(default)s)")
    parser.add_argument("--paragraphs", type=_count, default=2000, help="paragraphs to score (%(default)s)")
    parser.add_argument("--nli-paragraphs", type=_count, default=24, help="how many of them (b) scores (%(default)s)")
    parser.add_argument("--repeats", type=_count, default=3, help="timed rounds (%(default)s)")
    parser.add_argument("--budgets", type=_counts, default=[], help="token budgets to compare, such as 2048,4096")
    parser.add_argument("--device", default="cpu", help="where all ways run (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw of paragraphs (%(default)s)")
    return parser.parse_args(argv)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"found {number}, expected 1 or more")
    return number


def _counts(text: str) -> list[int]:
    return [_count(part) for part in text.split(",")]


def _time_once(way: Way) -> tuple[float, float]:
    """Return the seconds on the clock and of processor time that `way` takes for its texts."""
    started, used = time.perf_counter(), time.process_time()
    way.score(way.texts)
    return time.perf_counter() - started, time.process_time() - used


def _check_same_vectors(own: NDArray[np.float16], other: NDArray[np.float32]) -> None:
    difference = float(np.abs(own.astype(np.float32) - other).max())
    if difference > VECTOR_TOLERANCE:
        raise ModelError(
            f"sentence-transformers: its vectors differ from ours by up to {difference:.1e}, expected at most "
            f"{VECTOR_TOLERANCE}; compare models with the pooling and window of their backbone"
        )


def _processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _say(message: str) -> None:
    print(message, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
