"""Sentiment towards targets: the run's table of which paragraphs mention whom, and how they speak of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tqdm import tqdm

from framing.classify.target_protocol import Mention, TargetScorer
from framing.codebook import Codebook, load_codebook
from framing.errors import RunError
from framing.records import SENTIMENTS, hash_file
from framing.resources import codebooks_folder, shipped_codebooks
from framing.runfolder import open_run
from framing.store import write_atomically, write_table_atomically
from framing.target_mentions import MentionFinder, TargetCount, Wanted, choose_targets

TABLE = "targets.parquet"
"""The table within a run folder."""

DEFAULT_MODEL = "target"

_PROBABILITIES = tuple(f"p_{name}" for name in SENTIMENTS)
SCHEMA = pa.schema(
    [
        ("paragraph_id", pa.string()),
        ("article_id", pa.string()),
        ("target", pa.string()),
        ("mentions", pa.int32()),
        *((name, pa.float32()) for name in _PROBABILITIES),
        ("sentiment", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Targeting:
    """What to look for in the paragraphs of a run, and what scores it."""

    wanted: tuple[Wanted, ...]
    scorer: TargetScorer


@dataclass(frozen=True, slots=True)
class Mentioning:
    """A kept paragraph that mentions a target, with each of the mentions."""

    paragraph_id: str
    article_id: str
    target: str
    mentions: tuple[Mention, ...]


def load_targeting(
    names: Sequence[str],
    codebook: Codebook,
    *,
    named: str | None = None,
    model: str = DEFAULT_MODEL,
    device: str = "auto",
) -> Targeting | None:
    """Return what scores the targets of these names, None where there are none.

    Other names of a target come from a codebook with targets: the one that was `named` (a file or a
    shipped codebook), else the shipped one that means the same as `codebook`, else that itself.

    Raises:
        InputError: for a name that names nothing.
        ModelError: where `model`, a shipped model's name or a folder, is not of kind "target".
        CodebookError: where `named` cannot be read.
    """
    if not names:
        return None
    from framing.classify.devices import resolve_device
    from framing.classify.loading import find_codebook, find_model
    from framing.classify.targets import load_target_classifier

    book = find_codebook(named) if named else _find_shipped(codebook)
    wanted = choose_targets(names, book)
    return Targeting(wanted, load_target_classifier(find_model(model), resolve_device(device)))


def _find_shipped(codebook: Codebook) -> Codebook:
    """Return the shipped codebook with the labels of `codebook`, which may know targets that it lacks."""
    shipped = (load_codebook(codebooks_folder() / f"{name}.yaml") for name in shipped_codebooks())
    return next((book for book in shipped if book.digest == codebook.digest), codebook)


def write_targets(run: Path, targeting: Targeting | None, *, show_progress: bool = False) -> dict[str, Any] | None:
    """Write the table of targets of the scored paragraphs in `run`; return what run.json says of it.

    Without `targeting` there is none, and one that an earlier run left goes. Each distinct mention in
    a sentence is scored once; the probabilities of a paragraph are the mean over its mentions. The
    same paragraphs, targets and model give the same bytes.
    """
    if targeting is None:
        (run / TABLE).unlink(missing_ok=True)
        return None
    found = list(find_paragraphs(run, targeting.wanted))
    places = {mention: None for each in found for mention in each.mentions}
    distinct = list(places)
    with tqdm(total=len(distinct), unit=" mentions", desc="Targets", disable=not show_progress) as bar:
        scores = dict(zip(distinct, targeting.scorer.classify(distinct, bar.update), strict=True))
    rows = [_make_row(each, np.stack([scores[mention] for mention in each.mentions])) for each in found]
    _write_table(rows, run)
    return {
        "model": {"name": targeting.scorer.name, "digest": targeting.scorer.digest},
        "scored": len(distinct),
        "targets": _describe_wanted(targeting.wanted, rows),
    }


def add_targets(
    run: Path, targeting: Targeting, *, command: Sequence[str] = (), show_progress: bool = False
) -> dict[str, Any]:
    """Give a finished run the table of `targeting` in place of the one that it may have; return what run.json says.

    Nothing else of the run changes. A run that has this very table is left as it is.

    Raises:
        RunError: where the run holds no texts to look in.
    """
    manifest = open_run(run).manifest
    if manifest.get("deposit"):
        raise RunError(f"{run}: is a deposit without texts; look for targets in the run that it was made from")
    there = manifest.get("targets")
    if isinstance(there, Mapping) and (run / TABLE).is_file() and _is_same(there, targeting):
        return dict(there)
    entry = {**(write_targets(run, targeting, show_progress=show_progress) or {}), "command": list(command)}
    tables = {**manifest.get("tables", {}), TABLE: hash_file(run / TABLE)}
    content = {**manifest, "tables": dict(sorted(tables.items())), "targets": entry}
    write_atomically(run / "run.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return entry


def carry_targets(source: Path, entry: Mapping[str, Any] | None, run: Path) -> dict[str, Any] | None:
    """Take the table of targets of the run `source` over to `run`, the same paragraphs scored by another model.

    Returns what run.json says of it, after what that of `source` says, `entry`. The rows of paragraphs that
    are no longer kept go; mentions in paragraphs that were not kept before are counted as "not_scored".

    Raises:
        RunError: where the table cannot be read.
    """
    if not entry:
        (run / TABLE).unlink(missing_ok=True)
        return None
    table = read_targets(source)
    old = {(row["paragraph_id"], row["target"]): row for row in table.to_pylist()}
    wanted = parse_wanted(entry)
    found = list(find_paragraphs(run, wanted))
    rows = [old[each.paragraph_id, each.target] for each in found if (each.paragraph_id, each.target) in old]
    _write_table(rows, run)
    return {**entry, "targets": _describe_wanted(wanted, rows), "not_scored": len(found) - len(rows)}


def read_targets(run: Path) -> pa.Table:
    """Return the table of targets of `run`.

    Raises:
        RunError: where it is missing or not what framing wrote.
    """
    try:
        with pq.ParquetFile(run / TABLE) as file:
            return file.read(columns=SCHEMA.names).select(SCHEMA.names).cast(SCHEMA)
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise RunError(
            f"{run / TABLE}: expected the table of targets ({error}); run `framing score` with --target again"
        ) from error


def find_paragraphs(run: Path, wanted: Sequence[Wanted]) -> Iterator[Mentioning]:
    """Yield the kept paragraphs of `run` that mention a target, once for each target, in the order of the run."""
    finder = MentionFinder(wanted)
    for path in sorted((run / "paragraphs").glob("[!.]*.parquet")):
        table = pq.read_table(path, columns=["paragraph_id", "article_id", "text", "dropped"])
        kept = table.filter(pc.is_null(table["dropped"])).select(["paragraph_id", "article_id", "text"])
        for paragraph_id, article_id, text in zip(*(column.to_pylist() for column in kept.columns), strict=True):
            own: dict[str, list[Mention]] = {}
            for name, mention in finder.find(text or ""):
                own.setdefault(name, []).append(mention)
            for each in wanted:
                if each.name in own:
                    yield Mentioning(paragraph_id, article_id, each.name, tuple(own[each.name]))


def list_counts(entry: Mapping[str, Any] | None) -> tuple[TargetCount, ...]:
    """Return the counts in what run.json says of targets.

    Raises:
        RunError: where it does not say them.
    """
    try:
        return tuple(
            TargetCount(str(each["name"]), int(each["mentions"]), int(each["paragraphs"]), int(each["articles"]))
            for each in (entry or {}).get("targets", ())
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _malformed(error) from error


def parse_wanted(entry: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """Return what was looked for, from what run.json says of targets.

    Raises:
        RunError: where it does not say it.
    """
    try:
        return tuple(
            Wanted(str(each["name"]), tuple(map(str, each["aliases"])), bool(each["known"]))
            for each in entry["targets"]
        )
    except (KeyError, TypeError) as error:
        raise _malformed(error) from error


def _malformed(error: Exception) -> RunError:
    return RunError(f'run.json: "targets" is malformed ({error!r}); run `framing score` with --target again')


def _is_same(entry: Mapping[str, Any], targeting: Targeting) -> bool:
    model = {"name": targeting.scorer.name, "digest": targeting.scorer.digest}
    there = [{name: each.get(name) for name in ("name", "aliases", "known")} for each in entry.get("targets", ())]
    asked = [{"name": each.name, "aliases": list(each.forms), "known": each.known} for each in targeting.wanted]
    return there == asked and entry.get("model") == model and not entry.get("not_scored")


def _make_row(found: Mentioning, scores: NDArray[np.float32]) -> dict[str, Any]:
    """Return the table's row; `scores` of shape (mentions, 3)."""
    mean = scores.mean(axis=0, dtype=np.float64).astype(np.float32)
    return {
        "paragraph_id": found.paragraph_id,
        "article_id": found.article_id,
        "target": found.target,
        "mentions": len(found.mentions),
        **dict(zip(_PROBABILITIES, mean.tolist(), strict=True)),
        "sentiment": SENTIMENTS[int(mean.argmax())],
    }


def _describe_wanted(wanted: Sequence[Wanted], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    mentions, paragraphs, articles = Counter[str](), Counter[str](), Counter[str]()
    for row in rows:
        mentions[row["target"]] += row["mentions"]
        paragraphs[row["target"]] += 1
    for target, _ in {(row["target"], row["article_id"]) for row in rows}:
        articles[target] += 1
    return [
        {
            "name": each.name,
            "aliases": list(each.forms),
            "known": each.known,
            "mentions": mentions[each.name],
            "paragraphs": paragraphs[each.name],
            "articles": articles[each.name],
        }
        for each in wanted
    ]


def _write_table(rows: Sequence[Mapping[str, Any]], run: Path) -> None:
    write_table_atomically(pa.Table.from_pylist(list(rows), schema=SCHEMA), run / TABLE)
