"""Scores a finished run with another model from the vectors that it keeps, without a pass of the encoder."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from framing.classify.embedding import EmbeddingClassifier
from framing.classify.model_folder import replace_folder
from framing.classify.protocol import Classifier, Description
from framing.errors import ModelError, RunError
from framing.finishing import finish_corpus, mark_articles
from framing.kept import KeptRun, check_encoder, open_kept
from framing.manifest import Counts, make_manifest
from framing.records import InputFile, Problem
from framing.runfolder import open_run
from framing.score_table import ScoreLayout, drop_boilerplate, tabulate_paragraphs
from framing.store import RunWriter, Shard, article_schema
from framing.targets import TABLE, carry_targets
from framing.text_index import TextIndex

_RUN_PARTS = ("run.json", "articles.parquet", "paragraphs", "embeddings", TABLE)


@dataclass(frozen=True, slots=True)
class Rescored:
    """What rescoring came to: the new run's counts, and the names of the old and the new model.

    `furniture` counts the paragraphs dropped as page furniture in the old run and in the new one;
    `found` says whether the new run was there before.
    """

    counts: Counts
    was: str
    model: str
    furniture: tuple[int, int]
    seconds: float
    found: bool


def rescore_run(
    run: Path,
    classifier: Classifier,
    out: Path | None = None,
    *,
    overwrite: bool = False,
    command: Sequence[str] = (),
    show_progress: bool = False,
) -> Rescored:
    """Write to `out` the run that scoring the articles of `run` afresh with `classifier` would give.

    Without `out` it takes the place of the old one once it is whole. Articles, paragraphs and what
    their structure alone had dropped are taken over, and so is the table of targets; which of the rest
    is page furniture, what repeats and what is a copy is decided anew. What a stopped command wrote is gone on with.

    Raises:
        RunError: where the run is not finished or keeps no texts or vectors; where `out` holds
            something else; or where the user interrupts.
        ModelError: where the model does not score the vectors of the run.
    """
    started = time.monotonic()
    if not isinstance(classifier, EmbeddingClassifier):
        raise ModelError(
            f"{classifier.description.name}: scores texts, not vectors; score the articles again with framing score"
        )
    if out is not None and out.resolve() == run.resolve():
        raise RunError(f"{out}: is the run that is to be rescored; choose another --out, or say --in-place")
    source = open_kept(run)
    if out is None and source.manifest["model"].get("digest") == classifier.description.digest:
        return _describe_outcome(source, run, started, found=True)
    target = out or run.resolve().with_name(f".{run.resolve().name}.rescored")
    writer = RunWriter(target, _describe_settings(source, classifier.description), overwrite=overwrite or out is None)
    found = writer.finished
    try:
        if not found:
            check_encoder(source, classifier)
            _write_run(source, writer, classifier, command, started, show_progress)
        if out is None:
            _take_place(target, run.resolve())
    except KeyboardInterrupt:
        raise RunError(f"{target}: interrupted; the same command goes on where it stopped") from None
    return _describe_outcome(source, out or run, started, found)


def describe_rescored(outcome: Rescored, out: Path) -> Iterator[str]:
    """Yield what rescoring came to, in sentences."""
    counts = outcome.counts
    before, after = outcome.furniture
    yield (
        f"{counts.articles} articles, {counts.paragraphs} paragraphs: {counts.kept} kept; "
        f"page furniture: {before} before, {after} now"
    )
    if outcome.found:
        yield f"{out} was scored with {outcome.model} before and is unchanged"
    else:
        yield f"rescored from kept vectors in {outcome.seconds:.1f} s into {out}"
        yield f"model {outcome.was} before, {outcome.model} now"
    yield f"next: framing report {out} --out report"


def _describe_settings(source: KeptRun, description: Description) -> dict[str, Any]:
    """Return the settings of a run scored afresh, and which run this one comes from."""
    return {
        **source.manifest["settings"],
        "version": version("framing"),
        "model": description.name,
        "model digest": description.digest,
        "codebook digest": description.codebook.digest,
        "rescored from": source.digest,
    }


def _write_run(
    source: KeptRun,
    writer: RunWriter,
    classifier: EmbeddingClassifier,
    command: Sequence[str],
    started: float,
    show_progress: bool,
) -> None:
    manifest = source.manifest
    writer.begin()
    shards = _rescore_shards(source, writer, classifier, show_progress)
    writer.remove_strays(shards)
    counts = Counts(files=len(manifest.get("inputs", ())))
    find_abridged = bool(manifest["settings"].get("abridged copies"))
    marks = finish_corpus(writer, shards, counts, find_abridged=find_abridged)
    extra = [name for name in source.folder.article_columns() if name not in article_schema(()).names]
    writer.write_articles(mark_articles(writer, shards, marks), extra)
    targets = carry_targets(source.path, manifest.get("targets"), writer.out)
    content = make_manifest(
        classifier.description,
        writer.settings,
        files=[InputFile(**entry) for entry in manifest.get("inputs", ())],
        problems=[Problem(**entry) for entry in manifest.get("problems", ())],
        counts=counts,
        outlets=manifest.get("outlets", {}),
        tables=writer.list_digests(),
        command=command,
        seconds=time.monotonic() - started,
        targets=targets,
    )
    writer.finish({**content, "rescored_from": _describe_source(source)})


def _rescore_shards(
    source: KeptRun, writer: RunWriter, classifier: EmbeddingClassifier, show_progress: bool
) -> list[Shard]:
    shards = []
    with closing(TextIndex()) as index, tqdm(unit=" articles", disable=not show_progress) as bar:
        for number, (name, articles) in enumerate(source.read_articles()):
            shard = Shard(number, hashlib.sha256(f"{writer.settings_digest} {name}".encode()).hexdigest())
            _rescore_shard(source, name, articles, shard, writer, classifier, index)
            shards.append(shard)
            bar.update(len(articles))
    return shards


def _rescore_shard(
    source: KeptRun,
    name: str,
    articles: pa.Table,
    shard: Shard,
    writer: RunWriter,
    classifier: EmbeddingClassifier,
    index: TextIndex,
) -> None:
    """Rescore one shard, or take it over where an earlier command wrote it."""
    description = classifier.description
    layout = ScoreLayout.of(description)
    vectors = source.read_vectors(name)
    rows = layout.pack(classifier.score_embeddings(vectors.embeddings, vectors.truncated))
    index.add_scores(vectors.hashes, rows)
    if writer.has_shard(shard, name):
        return
    splits = source.restore_paragraphs(name, articles)
    wanted = list(dict.fromkeys(each.text_sha1 for _, own in splits for each in own if each.dropped is None))
    scores = index.find_scores(wanted)
    if lost := [sha1 for sha1 in wanted if sha1 not in scores]:
        raise RunError(
            f"{source.path / 'embeddings' / name}: no vector of the text {lost[0]}; score the articles again"
        )
    final = [(article, drop_boilerplate(article, own, scores, layout, description)) for article, own in splits]
    paragraphs = tabulate_paragraphs(final, scores, layout, description)
    writer.write_shard(shard, articles, paragraphs, layout.tabulate(vectors.hashes, rows, vectors.embeddings))


def _describe_source(source: KeptRun) -> dict[str, Any]:
    """Return, for run.json, which run this one was made from."""
    manifest = source.manifest
    said = {name: manifest.get(name) for name in ("version", "command", "created", "versions")}
    model = {name: manifest["model"].get(name) for name in ("name", "digest")}
    return {"run": source.path.name, "run_sha256": source.digest, **said, "model": model}


def _take_place(target: Path, run: Path) -> None:
    """Put the whole run `target` in the place of `run`, with whatever else lies in that folder."""
    for path in [path for path in run.iterdir() if path.name not in _RUN_PARTS]:
        path.rename(target / path.name)
    replace_folder(target, run)


def _describe_outcome(source: KeptRun, out: Path, started: float, found: bool) -> Rescored:
    manifest = open_run(out).manifest
    counts = Counts(**{name: value for name, value in manifest["counts"].items() if name != "skipped"})
    return Rescored(
        counts=counts,
        was=str(source.manifest["model"].get("name")),
        model=str(manifest["model"].get("name")),
        furniture=(source.manifest["counts"]["dropped"]["boilerplate"], counts.dropped["boilerplate"]),
        seconds=time.monotonic() - started,
        found=found,
    )
