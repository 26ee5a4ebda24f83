"""Does the model named in run.json, as it is found here, give the scores that the run holds?"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tqdm import tqdm

from framing.classify.protocol import Classifier
from framing.verify.checks import Check, Findings
from framing.verify.claims import Claims
from framing.verify.files import SoundFiles

TOLERANCE = 0.002
"""Greatest difference of a probability (0..1) that counts as the same score.

Scores follow from vectors rounded to float16. Arithmetic in another order (other batches, threads or
processors) moves single components by one step of float16: on the demo corpus 200 paragraphs scored
apart from their batches differed by 0.00006 at most, and moving every component of every vector by one step
moved no probability by more than 0.0009. Twice that is allowed. Reduced precision is beyond it: bfloat16
arithmetic moved probabilities by 0.006.
"""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A kept paragraph to score again: its text and `scores`, shape (places,), NaN where the model says nothing."""

    paragraph_id: str
    text: str
    scores: NDArray[np.float32]


def check_model(claims: Claims, classifier: Classifier) -> Check:
    """Compare model, codebook, thresholds and grades in run.json with those of the model found here."""
    found, findings = classifier.description, Findings()
    pairs: list[tuple[str, object, object]] = [
        ("model.digest", claims.model.get("digest"), found.digest),
        ("codebook.digest", claims.codebook_digest, found.codebook.digest),
        ("model.decision", claims.model.get("decision"), found.decision),
        ("model.boilerplate_threshold", claims.model.get("boilerplate_threshold"), found.boilerplate_threshold),
    ]
    columns = {"threshold": found.thresholds, "grade": found.grades, "f1": found.heldout_f1}
    for name, values in columns.items():
        said = tuple(entry.get(name) for entry in claims.labels)
        pairs.append((f"model.labels, {name}", said, tuple(values) or (None,) * len(said)))
    for name, claimed, value in pairs:
        if claimed != value:
            findings.add(f"{name}: run.json says {claimed}, the model here has {value}")
    remedy = "name the model the run was scored with by --model and --codebook, or restore run.json"
    return findings.as_check("model", f"{found.name} and its codebook {found.codebook.name}", remedy)


def check_vectors(claims: Claims, files: SoundFiles, classifier: Classifier) -> Check:
    """Score the kept vectors again, all of them; on the machine of the run that is exact to the last bit."""
    from framing.classify.embedding import EmbeddingClassifier

    if not isinstance(classifier, EmbeddingClassifier) or not files.embeddings:
        return Check("vectors", "not possible", "the run keeps no vectors to score again")
    findings, differences, count = Findings(), [0.0], 0
    for path in files.embeddings:
        with pq.ParquetFile(path) as file:
            table = file.read()
        if "embedding" not in table.column_names or not len(table):
            continue
        vectors = table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors = np.asarray(vectors, dtype=np.float16).reshape(len(table), -1)
        scores = classifier.score_embeddings(vectors, np.zeros(len(table), dtype=np.bool_))
        again, kept = claims.layout.pack(scores), claims.layout.read_column(table["scores"])
        hashes = table["text_sha1"].to_pylist()
        differences.append(_compare_rows(hashes, kept, again, claims.layout.names[:-1], findings))
        count += len(table)
    if not count:
        return Check("vectors", "not possible", "the run keeps no vectors to score again")
    looked_at = f"{count:,} kept vectors, {_say_difference(max(differences))}"
    return findings.as_check("vectors", looked_at, "embeddings/ was changed: take it from a copy, or score again")


def check_sample(
    claims: Claims, files: SoundFiles, classifier: Classifier, size: int, seed: int, show_progress: bool
) -> Check:
    """Score `size` kept paragraphs, drawn by `seed`, once more from their texts."""
    if claims.deposit:
        return Check("sample", "not possible", "a deposit holds no texts to score again")
    drawn = _draw_sample(claims, files, size, seed)
    if not drawn:
        return Check("sample", "not possible", "no kept paragraph to score again")
    with tqdm(total=len(drawn), unit=" paragraphs", desc="Scoring again", disable=not show_progress) as bar:
        scores = classifier.classify([each.text for each in drawn], bar.update)
    again, kept = claims.layout.pack(scores), np.stack([each.scores for each in drawn])
    findings, names = Findings(), claims.layout.names[:-1]
    greatest = _compare_rows([each.paragraph_id for each in drawn], kept, again, names, findings)
    looked_at = f"{len(drawn):,} paragraphs drawn with seed {seed}, {_say_difference(greatest)}"
    remedy = "their texts or scores were changed, or this machine computes otherwise" + _compare_versions(claims)
    return replace(findings.as_check("sample", looked_at, remedy), greatest_difference=greatest)


def _draw_sample(claims: Claims, files: SoundFiles, size: int, seed: int) -> list[Sampled]:
    """Return the `size` kept paragraphs whose ids hash lowest with the seed: each set of them is as likely."""
    return heapq.nsmallest(size, _read_kept(claims, files), key=lambda each: _hash_id(seed, each.paragraph_id))


def _hash_id(seed: int, paragraph_id: str) -> bytes:
    return hashlib.sha256(f"{seed} {paragraph_id}".encode("utf-8", "backslashreplace")).digest()


def _read_kept(claims: Claims, files: SoundFiles) -> Iterator[Sampled]:
    names = claims.layout.names
    for path in files.paragraphs:
        with pq.ParquetFile(path) as file:
            table = file.read(columns=["paragraph_id", "text", "dropped", *names])
        kept = table.filter(table["dropped"].is_null())
        rows = np.stack([kept[name].to_numpy(zero_copy_only=False).astype(np.float32) for name in names], axis=1)
        for paragraph_id, text, scores in zip(
            kept["paragraph_id"].to_pylist(), kept["text"].to_pylist(), rows, strict=True
        ):
            if text is not None:
                yield Sampled(paragraph_id, text, scores)


def _compare_rows(
    names: Iterable[str],
    kept: NDArray[np.float32],
    again: NDArray[np.float32],
    places: Sequence[str],
    findings: Findings,
) -> float:
    """Note the scores that differ by more than `TOLERANCE`; return the greatest difference.

    `kept` and `again` have a row per name and at least as many columns as `places`; a score that
    only one of them has differs by 1.
    """
    kept, again = kept[:, : len(places)], again[:, : len(places)]
    differences = np.where(np.isnan(kept) & np.isnan(again), 0, np.nan_to_num(np.abs(kept - again), nan=1.0))
    for name, row, old, new in zip(names, differences, kept, again, strict=True):
        for place in map(int, np.flatnonzero(row > TOLERANCE)):
            findings.add(f"{name}: {places[place]} is {old[place]:.4f}, scored again {new[place]:.4f}")
    return float(differences.max(initial=0.0))


def _say_difference(greatest: float) -> str:
    if greatest == 0:
        return "bit for bit the same"
    return f"greatest difference {greatest:.1g} (up to {TOLERANCE} counts as the same)"


def _compare_versions(claims: Claims) -> str:
    """Return which packages have other versions here than in the run, as the end of a sentence."""
    other = [
        f"{package} {said} then, {here} here"
        for package, said in claims.versions.items()
        if (here := _find_version(package)) is not None and here != said
    ]
    return f" ({'; '.join(other)})" if other else ""


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
