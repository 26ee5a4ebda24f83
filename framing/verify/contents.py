"""Does what the tables of a run say hold together: counts, ids, hashes of texts, decisions, scores?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from framing.records import SENTIMENTS, hash_text
from framing.score_table import ScoreLayout
from framing.text_index import TextIndex
from framing.verify.checks import Check, Findings
from framing.verify.claims import Claims
from framing.verify.files import SoundFiles

_REMEDY = "the tables were changed or mixed: take them from a copy of the run, or score the folder again"
_COUNTED = ("articles", "paragraphs", "kept", "truncated")


def check_counts(claims: Claims, files: SoundFiles) -> Check:
    """Compare the numbers of articles and paragraphs with those in run.json and in articles.parquet."""
    findings, found = Findings(), Counter[str]()
    dropped = Counter[str]()
    articles = _read_own_counts(files.articles)
    found["articles"] = len(articles)
    for _, table in _read_shards(files.paragraphs, ("article_id", "dropped", "truncated")):
        kept = [reason is None for reason in table["dropped"].to_pylist()]
        found["paragraphs"] += len(kept)
        found["kept"] += sum(kept)
        found["truncated"] += sum(
            bool(cut) for cut, own in zip(table["truncated"].to_pylist(), kept, strict=True) if own
        )
        dropped.update(table["dropped"].drop_null().to_pylist())
        _compare_own_counts(table["article_id"].to_pylist(), kept, articles, findings)
    for article_id, (paragraphs, _) in articles.items():
        if paragraphs:
            findings.add(f"{article_id}: articles.parquet says {paragraphs} paragraphs, found none")
    for name in _COUNTED:
        _compare(f"counts.{name}", found[name], claims.counts.get(name), findings)
    said = claims.counts.get("dropped")
    reasons: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    for reason in sorted({*dropped, *reasons}) if reasons else ():
        _compare(f"counts.dropped.{reason}", dropped[reason], reasons.get(reason, 0), findings)
    looked_at = f"{found['articles']:,} articles, {found['paragraphs']:,} paragraphs"
    return findings.as_check("counts", looked_at, _REMEDY)


def check_ids(files: SoundFiles) -> Check:
    """See that ids are unique and that paragraph ids are `article_id:position`."""
    findings, count = Findings(), 0
    articles = Counter(_read(files.articles, ["article_id"])["article_id"].to_pylist()) if files.articles else Counter()
    for article_id, times in articles.items():
        if times > 1:
            findings.add(f"articles.parquet: the id {article_id} stands there {times} times")
    for path, table in _read_shards(files.paragraphs, ("paragraph_id", "article_id", "position")):
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        seen: set[str] = set()
        for paragraph_id, article_id, position in rows:
            if paragraph_id != f"{article_id}:{position}":
                findings.add(f"{path.name}: {paragraph_id} is position {position} of {article_id}")
            if paragraph_id in seen:
                findings.add(f"{path.name}: the id {paragraph_id} stands there twice")
            seen.add(paragraph_id)
        count += len(table)
    return findings.as_check("ids", f"{count:,} paragraphs", _REMEDY)


def check_texts(claims: Claims, files: SoundFiles) -> Check:
    """See that every text still has the hash beside it."""
    if claims.deposit:
        return Check("texts", "not possible", "a deposit holds no texts; their hashes are there for who has the texts")
    findings, count = Findings(), 0
    for _, table in _read_shards(files.paragraphs, ("paragraph_id", "text", "text_sha1")):
        for paragraph_id, text, sha1 in zip(*(column.to_pylist() for column in table.columns), strict=True):
            found = "no text" if text is None else hash_text(text)
            if found != sha1:
                findings.add(f"{paragraph_id}: text_sha1 is {sha1}, the text's is {found}")
        count += len(table)
    return findings.as_check("texts", f"{count:,} paragraphs", _REMEDY)


def check_decisions(claims: Claims, files: SoundFiles) -> Check:
    """See that labels, sentiment and voice follow from the probabilities and the thresholds in run.json."""
    layout, findings, count = claims.layout, Findings(), 0
    thresholds = [entry.get("threshold") for entry in claims.labels]
    if not all(isinstance(value, int | float) for value in thresholds):
        return Check("decisions", "not possible", "run.json does not give every label a threshold")
    for _, table in _read_shards(files.paragraphs, ("paragraph_id", "dropped", *_DECIDED, *layout.names[:-2])):
        rows = zip(*(table[name].to_pylist() for name in ("paragraph_id", "dropped", *_DECIDED)), strict=True)
        scores = _stack(table, layout.names[:-2])
        expected = _decide(scores, layout, thresholds, claims.model.get("decision"))
        for (paragraph_id, dropped, *found), row, decided in zip(rows, scores, expected, strict=True):
            _check_range(paragraph_id, row[: len(layout.labels)], bool(dropped), findings)
            wanted = (None, None, None) if dropped else decided
            for name, value, right in zip(_DECIDED, found, wanted, strict=True):
                if value != right:
                    findings.add(f"{paragraph_id}: {name}: found {value}, its probabilities make it {right}")
        count += sum(dropped is None for dropped in table["dropped"].to_pylist())
    return findings.as_check("decisions", f"{count:,} kept paragraphs", _REMEDY)


def check_agreement(claims: Claims, files: SoundFiles) -> Check:
    """See that every kept paragraph has the scores that its text was given, number for number."""
    if claims.deposit and not files.embeddings:
        return Check("scores", "not possible", "the deposit leaves out the embeddings, beside which scores are kept")
    layout, findings, count = claims.layout, Findings(), 0
    with closing(TextIndex()) as index:
        for _, texts in _read_shards(files.embeddings, ("text_sha1", "scores")):
            index.add_scores(texts["text_sha1"].to_pylist(), layout.read_column(texts["scores"]))
        for _, table in _read_shards(files.paragraphs, ("paragraph_id", "text_sha1", "dropped", *layout.names)):
            kept = table.filter(table["dropped"].is_null())
            _compare_scores(kept, layout, index, findings)
            count += len(kept)
    return findings.as_check("scores", f"{count:,} kept paragraphs", _REMEDY)


_DECIDED = ("labels", "sentiment", "voice")


def _read(path: Path, columns: Sequence[str]) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read(columns=list(columns)).select(list(columns))


def _read_shards(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[tuple[Path, pa.Table]]:
    for path in paths:
        yield path, _read(path, columns)


def _read_own_counts(path: Path | None) -> dict[str, tuple[int, int]]:
    """Return how many paragraphs, all and kept, articles.parquet says each article has."""
    if path is None:
        return {}
    table = _read(path, ["article_id", "paragraphs", "kept"])
    ids, *counts = (column.to_pylist() for column in table.columns)
    return dict(zip(ids, zip(*counts, strict=True), strict=True))


def _compare_own_counts(
    ids: Sequence[str], kept: Sequence[bool], articles: dict[str, tuple[int, int]], findings: Findings
) -> None:
    """Compare a shard with the articles it holds, and take those out of `articles`."""
    all_of, kept_of = Counter(ids), Counter(each for each, own in zip(ids, kept, strict=True) if own)
    for article_id, count in all_of.items():
        found, said = (count, kept_of[article_id]), articles.pop(article_id, None)
        if said is None:
            findings.add(f"{article_id}: {count} paragraphs, but no article of this id in articles.parquet, or twice")
        elif found != said:
            findings.add(f"{article_id}: found {_say(*found)}; articles.parquet says {_say(*said)}")


def _say(paragraphs: int, kept: int) -> str:
    return f"{paragraphs} paragraphs, {kept} kept"


def _compare(name: str, found: int, said: Any, findings: Findings) -> None:
    if said is not None and found != said:
        findings.add(f"{name}: found {found}, run.json says {said}")


def _stack(table: pa.Table, names: Sequence[str]) -> NDArray[np.float32]:
    """Return number columns as an array, shape (rows, columns), NaN where null."""
    columns = [table[name].to_numpy(zero_copy_only=False).astype(np.float32) for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0), np.float32)


def _decide(
    scores: NDArray[np.float32], layout: ScoreLayout, thresholds: Sequence[Any], decision: Any
) -> Iterator[tuple[list[str], str | None, str | None]]:
    """Yield the labels, sentiment and voice that each row of scores (rows, labels + 3 + voices) leads to."""
    labels, voices = len(layout.labels), len(layout.labels) + len(SENTIMENTS)
    probabilities = scores[:, :labels]
    held = probabilities >= np.asarray(thresholds, dtype=np.float32)
    if decision == "highest":
        held = np.arange(labels) == np.nan_to_num(probabilities, nan=-1.0).argmax(axis=1)[:, None]
    for row, own in zip(scores, held, strict=True):
        named = [key for key, holds in zip(layout.labels, own, strict=True) if holds]
        yield named, _name_highest(row[labels:voices], SENTIMENTS), _name_highest(row[voices:], layout.voices)


def _check_range(paragraph_id: str, probabilities: NDArray[np.float32], dropped: bool, findings: Findings) -> None:
    if dropped and not np.isnan(probabilities).all():
        findings.add(f"{paragraph_id}: dropped, and yet it has probabilities of labels")
    if not dropped and not ((probabilities >= 0) & (probabilities <= 1)).all():
        findings.add(f"{paragraph_id}: a probability is missing or not from 0 to 1")


def _name_highest(probabilities: NDArray[np.float32], names: Sequence[str]) -> str | None:
    return None if not names or np.isnan(probabilities).any() else names[int(probabilities.argmax())]


def _compare_scores(kept: pa.Table, layout: ScoreLayout, index: TextIndex, findings: Findings) -> None:
    hashes = kept["text_sha1"].to_pylist()
    given = index.find_scores(list(dict.fromkeys(hashes)))
    own = _stack(kept, layout.names)
    for paragraph_id, sha1, row in zip(kept["paragraph_id"].to_pylist(), hashes, own, strict=True):
        if sha1 not in given:
            findings.add(f"{paragraph_id}: embeddings/ has no scores for its text ({sha1})")
            continue
        differs = ~((row == given[sha1]) | (np.isnan(row) & np.isnan(given[sha1])))
        for place in np.flatnonzero(differs):
            findings.add(
                f"{paragraph_id}: {layout.names[place]} is {row[place]:.7g}, its text got {given[sha1][place]:.7g}"
            )
