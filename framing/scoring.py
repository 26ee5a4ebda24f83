"""Joins reading, paragraphs, classifier and store: inputs in, a scored run folder out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Never

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tqdm import tqdm

from framing.classify.protocol import Classifier
from framing.errors import InputError, RunError
from framing.finishing import check_vectors, finish_corpus, mark_articles
from framing.manifest import Counts, describe_settings, make_manifest
from framing.preparing import Preparation, Preparer, Split, note_taken_id, prepare_inputs
from framing.reading import ReadingOptions
from framing.records import InputFile, Paragraph, Problem
from framing.score_table import ScoreLayout, drop_boilerplate, tabulate_articles, tabulate_paragraphs
from framing.store import RunWriter, Shard, make_shard
from framing.target_mentions import TargetCount
from framing.targets import Targeting, add_targets, list_counts, write_targets
from framing.text_index import TextIndex

SHARD_PARAGRAPHS = 1024
"""Paragraphs to score after which a shard is closed at the end of the article; what a killed run can lose."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scoring command did: the run's counts, and how many texts were scored now or taken over.

    `scored` counts the texts that went through the model in this command, `found` whether the run
    had been finished before it; `targets` what was found of those that this command asked for.
    """

    counts: Counts
    problems: tuple[Problem, ...]
    scored: int
    seconds: float
    found: bool
    targets: tuple[TargetCount, ...] = ()


@dataclass(slots=True)
class _Progress:
    """What has been met so far; filled while the inputs stream by."""

    bar: tqdm[Never]
    files: list[InputFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    shards: list[Shard] = field(default_factory=list)
    articles: int = 0
    scored: int = 0


def score_inputs(
    inputs: Sequence[str | Path],
    out: Path,
    classifier: Classifier,
    *,
    reading: ReadingOptions | None = None,
    preparation: Preparation | None = None,
    targeting: Targeting | None = None,
    overwrite: bool = False,
    command: Sequence[str] = (),
    show_progress: bool = False,
) -> Outcome:
    """Score every paragraph of `inputs` into the run folder `out`.

    A run that was stopped is taken up where its last whole shard ends, and gives the same bytes as
    one that was not; a finished run is left as it is, but for the table of targets that `targeting`
    asks for. Texts are never all in memory, but for the sentences that mention a target.

    Raises:
        InputError: where there is nothing to read, or a table of outlets cannot be used.
        RunError: where `out` holds something else, or a run over another corpus or model; or where
            the user interrupts.
    """
    started = time.monotonic()
    reading, preparation = reading or ReadingOptions(), preparation or Preparation()
    total = _count_paragraphs(inputs, reading, preparation) if show_progress and "-" not in map(str, inputs) else None
    preparer = preparation.begin()
    writer = RunWriter(out, describe_settings(classifier.description, reading, preparation), overwrite=overwrite)
    try:
        with tqdm(total=total, unit=" paragraphs", disable=not show_progress, smoothing=0.05) as bar:
            job = _Job(writer, classifier, preparation, preparer, reading.keep, targeting, _Progress(bar))
            job.score_shards(prepare_inputs(inputs, reading, preparer))
        if not job.progress.shards:
            raise _nothing_read(inputs, job.progress.problems)
        counts, targets = job.finish_again(command) if writer.finished else job.finish(command, started)
    except KeyboardInterrupt:
        raise RunError(f"{out}: interrupted; the same command goes on where it stopped") from None
    problems, seconds = tuple(job.progress.problems), time.monotonic() - started
    return Outcome(counts, problems, job.progress.scored, seconds, writer.finished, targets)


def _count_paragraphs(inputs: Sequence[str | Path], reading: ReadingOptions, preparation: Preparation) -> int:
    """Return how many paragraphs there are to score, so that the progress bar can tell the time left."""
    with tqdm(desc="Reading", unit=" articles") as bar:
        total = 0
        for event in prepare_inputs(inputs, reading, preparation.begin()):
            if isinstance(event, tuple):
                total += _count_kept(event[1])
                bar.update()
    return total


@dataclass(frozen=True, slots=True)
class _Job:
    """One command's work on a run folder: score the shards, then close the run."""

    writer: RunWriter
    classifier: Classifier
    preparation: Preparation
    preparer: Preparer
    keep: Sequence[str]
    targeting: Targeting | None
    progress: _Progress

    def score_shards(self, events: Iterator[Split | Problem | InputFile]) -> None:
        """Score what is read, shard by shard."""
        with closing(TextIndex()) as index:
            for number, articles in enumerate(_gather_shards(events, index, self.progress)):
                if number == 0:
                    self.writer.begin()
                self._take_shard(number, articles, index)

    def finish(self, command: Sequence[str], started: float) -> tuple[Counts, tuple[TargetCount, ...]]:
        """Mark what only the whole corpus tells, look for targets, and write what closes the run."""
        writer, progress, counts = self.writer, self.progress, Counts(files=len(self.progress.files))
        writer.remove_strays(progress.shards)
        marks = finish_corpus(writer, progress.shards, counts, find_abridged=self.preparation.find_abridged)
        writer.write_articles(mark_articles(writer, progress.shards, marks), self.keep)
        targets = write_targets(writer.out, self.targeting, show_progress=not progress.bar.disable)
        manifest = make_manifest(
            self.classifier.description,
            writer.settings,
            files=progress.files,
            problems=progress.problems,
            counts=counts,
            outlets=self.preparer.names.merges,
            tables=writer.list_digests(),
            command=command,
            seconds=time.monotonic() - started,
            targets=targets,
        )
        writer.finish(manifest)
        return counts, list_counts(targets)

    def finish_again(self, command: Sequence[str]) -> tuple[Counts, tuple[TargetCount, ...]]:
        """Give a run that was finished before the targets asked for; return its counts.

        It must be over the same articles.
        """
        self.writer.check_complete(self.progress.shards)
        counts = Counts(files=len(self.progress.files), articles=self.progress.articles)
        for shard in self.progress.shards:
            counts.add(0, self.writer.read_paragraphs(shard, ["dropped", "truncated"]))
        if self.targeting is None:
            return counts, ()
        show_progress = not self.progress.bar.disable
        targets = add_targets(self.writer.out, self.targeting, command=command, show_progress=show_progress)
        return counts, list_counts(targets)

    def _take_shard(self, number: int, articles: list[Split], index: TextIndex) -> None:
        """Score one shard, or take it over where an earlier command wrote it."""
        description = self.classifier.description
        layout = ScoreLayout.of(description)
        shard = make_shard(number, self.writer.settings_digest, [article for article, _ in articles])
        self.progress.shards.append(shard)
        self.progress.articles += len(articles)
        if self.writer.has_shard(shard, articles[0][0].article_id):
            if not self.writer.finished:
                texts = self.writer.read_texts(shard)
                index.add_scores(texts["text_sha1"].to_pylist(), layout.read_column(texts["scores"]))
            self.progress.bar.update(sum(_count_kept(paragraphs) for _, paragraphs in articles))
            return
        scores, texts = self._score_texts(articles, layout, index)
        if self.preparation.find_abridged:
            check_vectors(texts.schema, description.name)
        final = [
            (article, drop_boilerplate(article, paragraphs, scores, layout, description))
            for article, paragraphs in articles
        ]
        tables = tabulate_articles(final, self.keep), tabulate_paragraphs(final, scores, layout, description)
        self.writer.write_shard(shard, *tables, texts)

    def _score_texts(
        self, articles: Sequence[Split], layout: ScoreLayout, index: TextIndex
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
        self.progress.bar.update(waiting - len(new))
        result = self.classifier.classify(list(new.values()), self.progress.bar.update)
        rows = layout.pack(result)
        index.add_scores(new, rows)
        self.progress.scored += len(new)
        scores.update(zip(new, rows, strict=True))
        return scores, layout.tabulate(list(new), rows, result.embeddings)


def _gather_shards(
    events: Iterator[Split | Problem | InputFile], index: TextIndex, progress: _Progress
) -> Iterator[list[Split]]:
    """Yield consecutive articles with their paragraphs, as many at a time as make a shard."""
    shard: list[Split] = []
    waiting = 0
    for event in events:
        if isinstance(event, InputFile):
            progress.files.append(event)
        elif isinstance(event, Problem):
            progress.problems.append(event)
        elif earlier := index.add_article(event[0].article_id, event[0].path):
            progress.problems.append(note_taken_id(event[0], earlier))
        else:
            shard.append(event)
            waiting += _count_kept(event[1])
            if waiting >= SHARD_PARAGRAPHS:
                yield shard
                shard, waiting = [], 0
    if shard:
        yield shard


def _count_kept(paragraphs: Sequence[Paragraph]) -> int:
    return sum(paragraph.dropped is None for paragraph in paragraphs)


def _nothing_read(inputs: Sequence[str | Path], problems: Sequence[Problem]) -> InputError:
    names = ", ".join(map(str, inputs))
    if not problems:
        return InputError(f"{names}: no articles; expected files such as .txt, .html, .csv, .docx or .pdf")
    first = problems[0]
    more = f" ({len(problems) - 1} more like it or other)" if len(problems) > 1 else ""
    return InputError(f"{names}: no article could be read; {first.message}{more}")
