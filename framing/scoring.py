"""Joins reading, paragraphs, classifier and store: inputs in, a scored run folder out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Never

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tqdm import tqdm

from framing.classify.protocol import Classifier
from framing.errors import InputError, RunError
from framing.manifest import Counts, describe_settings, make_manifest
from framing.paragraphs import split_paragraphs
from framing.reading import ReadingOptions, read_articles
from framing.records import Article, InputFile, Paragraph, Problem
from framing.score_table import ScoreLayout, drop_boilerplate, tabulate_articles, tabulate_paragraphs
from framing.store import RunWriter, Shard, make_shard
from framing.text_index import TextIndex

SHARD_PARAGRAPHS = 1024
"""Paragraphs to score after which a shard is closed at the end of the article; what a killed run can lose."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scoring command did: the run's counts, and how many texts were scored now or taken over.

    `scored` counts the texts that went through the model in this command, `found` whether the run
    had been finished before it.
    """

    counts: Counts
    problems: tuple[Problem, ...]
    scored: int
    seconds: float
    found: bool


@dataclass(slots=True)
class _Progress:
    """What has been met so far; filled while the inputs stream by."""

    bar: tqdm[Never]
    files: list[InputFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    shards: list[Shard] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    scored: int = 0


def score_inputs(
    inputs: Sequence[str | Path],
    out: Path,
    classifier: Classifier,
    *,
    reading: ReadingOptions | None = None,
    overwrite: bool = False,
    command: Sequence[str] = (),
    show_progress: bool = False,
) -> Outcome:
    """Score every paragraph of `inputs` into the run folder `out`.

    A run that was stopped is taken up where its last whole shard ends, and gives the same bytes as
    one that was not; a finished run is left as it is. Memory does not grow with the corpus.

    Raises:
        InputError: where there is nothing to read.
        RunError: where `out` holds something else, or a run over another corpus or model; or where
            the user interrupts.
    """
    started = time.monotonic()
    reading = reading or ReadingOptions()
    total = _count_paragraphs(inputs, reading) if show_progress and "-" not in map(str, inputs) else None
    writer = RunWriter(out, describe_settings(classifier.description, reading), overwrite=overwrite)
    index = TextIndex()
    try:
        with tqdm(total=total, unit=" paragraphs", disable=not show_progress, smoothing=0.05) as bar:
            progress = _Progress(bar)
            for number, articles in enumerate(_gather_shards(inputs, reading, index, progress)):
                if number == 0:
                    writer.begin()
                _take_shard(number, articles, writer, classifier, index, progress, reading.keep)
    except KeyboardInterrupt:
        raise RunError(f"{out}: interrupted; the same command goes on where it stopped") from None
    finally:
        index.close()
    if not progress.counts.articles:
        raise _nothing_read(inputs, progress.problems)
    seconds = time.monotonic() - started
    if writer.finished:
        writer.check_complete(progress.shards)
    else:
        manifest = make_manifest(
            classifier.description,
            writer.settings,
            files=progress.files,
            problems=progress.problems,
            counts=progress.counts,
            command=command,
            seconds=seconds,
        )
        writer.finish(progress.shards, manifest, reading.keep)
    counts, problems = progress.counts, tuple(progress.problems)
    return Outcome(counts, problems, progress.scored, seconds, writer.finished)


def _count_paragraphs(inputs: Sequence[str | Path], reading: ReadingOptions) -> int:
    """Return how many paragraphs there are to score, so that the progress bar can tell the time left."""
    with tqdm(desc="Reading", unit=" articles") as bar:
        total = 0
        for event in read_articles(inputs, reading):
            if isinstance(event, Article):
                total += _count_kept(split_paragraphs(event))
                bar.update()
    return total


Split = tuple[Article, list[Paragraph]]


def _gather_shards(
    inputs: Sequence[str | Path], reading: ReadingOptions, index: TextIndex, progress: _Progress
) -> Iterator[list[Split]]:
    """Yield consecutive articles with their paragraphs, as many at a time as make a shard."""
    shard: list[Split] = []
    waiting = 0
    for event in read_articles(inputs, reading):
        if isinstance(event, InputFile):
            progress.files.append(event)
            progress.counts.files += 1
        elif isinstance(event, Problem):
            progress.problems.append(event)
        elif earlier := index.add_article(event.article_id, event.path):
            progress.problems.append(_duplicate_id(event, earlier))
        else:
            paragraphs = split_paragraphs(event)
            shard.append((event, paragraphs))
            waiting += _count_kept(paragraphs)
            if waiting >= SHARD_PARAGRAPHS:
                yield shard
                shard, waiting = [], 0
    if shard:
        yield shard


def _take_shard(
    number: int,
    articles: list[Split],
    writer: RunWriter,
    classifier: Classifier,
    index: TextIndex,
    progress: _Progress,
    keep: Sequence[str],
) -> None:
    """Score one shard, or take it over where an earlier command wrote it, and count what is in it."""
    layout = ScoreLayout.of(classifier.description)
    shard = make_shard(number, writer.settings_digest, [article for article, _ in articles])
    progress.shards.append(shard)
    if writer.has_shard(shard, articles[0][0].article_id):
        if not writer.finished:
            texts = writer.read_texts(shard)
            index.add_scores(texts["text_sha1"].to_pylist(), layout.read_column(texts["scores"]))
        progress.bar.update(sum(_count_kept(paragraphs) for _, paragraphs in articles))
    else:
        scores, texts = _score_texts(articles, classifier, layout, index, progress)
        final = [
            (article, drop_boilerplate(article, paragraphs, scores, layout, classifier.description))
            for article, paragraphs in articles
        ]
        writer.write_shard(
            shard,
            tabulate_articles(final, keep),
            tabulate_paragraphs(final, scores, layout, classifier.description),
            texts,
        )
    progress.counts.add(len(articles), writer.read_paragraphs(shard, ["article_id", "dropped", "truncated"]))


def _score_texts(
    articles: Sequence[Split], classifier: Classifier, layout: ScoreLayout, index: TextIndex, progress: _Progress
) -> tuple[dict[str, NDArray[np.float32]], pa.Table]:
    """Return the scores of every text of the shard by its hash, and the table of those scored just now."""
    texts = {
        paragraph.text_sha1: paragraph.text
        for _, paragraphs in articles
        for paragraph in paragraphs
        if paragraph.dropped is None
    }
    scores = index.find_scores(list(texts))
    new = {sha1: text for sha1, text in texts.items() if sha1 not in scores}
    waiting = sum(_count_kept(paragraphs) for _, paragraphs in articles)
    progress.bar.update(waiting - len(new))
    result = classifier.classify(list(new.values()), progress.bar.update)
    rows = layout.pack(result)
    index.add_scores(new, rows)
    progress.scored += len(new)
    scores.update(zip(new, rows, strict=True))
    return scores, layout.tabulate(list(new), rows, result.embeddings)


def _count_kept(paragraphs: Sequence[Paragraph]) -> int:
    return sum(paragraph.dropped is None for paragraph in paragraphs)


def _duplicate_id(article: Article, earlier: str) -> Problem:
    return Problem(
        path=article.path,
        reason="duplicate id",
        message=f'{article.path}: the id "{article.article_id}" was already taken in {earlier}; '
        "give each article an id of its own",
    )


def _nothing_read(inputs: Sequence[str | Path], problems: Sequence[Problem]) -> InputError:
    names = ", ".join(map(str, inputs))
    if not problems:
        return InputError(f"{names}: no articles; expected .txt, .md, .html, .csv, .jsonl or .parquet files")
    first = problems[0]
    more = f" ({len(problems) - 1} more like it or other)" if len(problems) > 1 else ""
    return InputError(f"{names}: no article could be read; {first.message}{more}")
