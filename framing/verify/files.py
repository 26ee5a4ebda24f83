"""Are the files of a run there, whole and unchanged, and the inputs still those that were read?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from framing.reading.inputs import is_dataset
from framing.reading.tables import list_dataset_files
from framing.records import hash_file, hash_files
from framing.score_table import ScoreLayout
from framing.targets import TABLE
from framing.verify.checks import DAMAGES, Check, Findings
from framing.verify.claims import Claims

_SHARD = re.compile(r"(\d{5,})-[0-9a-f]{16}\.parquet")
_PROBED = 20
"""Inputs looked for in each folder that might be the input folder; our choice."""
_ARTICLES: dict[str, pa.DataType] = {
    **dict.fromkeys(("article_id", "path", "outlet", "published", "title", "url", "language"), pa.string()),
    **dict.fromkeys(("year", "paragraphs", "kept"), pa.int32()),
}
_PARAGRAPHS: dict[str, pa.DataType] = {
    **dict.fromkeys(("paragraph_id", "article_id", "text", "text_sha1", "dropped", "sentiment", "voice"), pa.string()),
    "position": pa.int32(),
    "labels": pa.list_(pa.string()),
    "truncated": pa.bool_(),
}


@dataclass(frozen=True, slots=True)
class SoundFiles:
    """The Parquet files that can be read to their end and have their columns; the others are named as findings."""

    articles: Path | None
    paragraphs: tuple[Path, ...]
    embeddings: tuple[Path, ...]


def check_structure(claims: Claims) -> tuple[Check, SoundFiles]:
    """Read every Parquet file of the run to its end; return the check and the files that later checks can use."""
    findings, run = Findings(), claims.run
    paragraphs, embeddings = _list_shards(run / "paragraphs"), _list_shards(run / "embeddings")
    _check_numbers(paragraphs, embeddings, claims, findings)
    articles = [run / "articles.parquet"]
    sound = SoundFiles(
        next(iter(_keep_sound(articles, _ARTICLES, run, findings)), None),
        tuple(_keep_sound(paragraphs, _paragraph_columns(claims.layout), run, findings)),
        tuple(_keep_sound(embeddings, _embedding_columns(claims.layout), run, findings)),
    )
    count = 1 + len(paragraphs) + len(embeddings)
    remedy = "take the files named from a copy of the run, or score the folder again"
    return findings.as_check("files", f"{count:,} Parquet files", remedy), sound


def check_digests(claims: Claims) -> Check:
    """Compare the files of the run with the digests in run.json."""
    if not claims.tables:
        return Check("digests", "not possible", 'run.json has no "tables" with digests, as older runs have none')
    findings = Findings()
    for name, digest in claims.tables.items():
        path = claims.run / name
        found = hash_file(path) if path.is_file() else "no file"
        if found != digest:
            findings.add(f"{name}: found {_shorten(found)}, run.json says {_shorten(digest)}")
    for path in sorted([*claims.run.glob("*/*.parquet"), *claims.run.glob(TABLE)]):
        name = path.relative_to(claims.run).as_posix()
        if name not in claims.tables and not path.name.startswith("."):
            findings.add(f"{name}: not in run.json, so it does not belong to the run")
    remedy = "take these files from a copy of the run, or score the folder again"
    return findings.as_check("digests", f"{len(claims.tables):,} files of the run", remedy)


def check_inputs(claims: Claims, folder: Path | None) -> Check:
    """Compare the inputs that are still there with the digests in run.json.

    Their names are relative to the input folder: `folder` where given, else the folder that the
    run's command leads to.
    """
    base = folder or _find_base(claims)
    there = [(each, base / each.path) for each in claims.inputs if base and (base / each.path).exists()]
    if not there:
        looked = f" in {folder}" if folder else ""
        reason = f"none of the {len(claims.inputs):,} inputs is found{looked}; name their folder with --inputs"
        return Check("inputs", "not possible", reason)
    findings = Findings()
    for listed, path in there:
        if (found := _hash_input(path)) != listed.sha256:
            findings.add(f"{listed.path}: found {_shorten(found)}, run.json says {_shorten(listed.sha256)}")
    missing = len(claims.inputs) - len(there)
    looked_at = f"{len(there):,} inputs in {base}" + (f" ({missing:,} more are not there)" if missing else "")
    return findings.as_check("inputs", looked_at, "they changed since the run: restore them, or score them anew")


def _list_shards(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))


def _check_numbers(paragraphs: Sequence[Path], embeddings: Sequence[Path], claims: Claims, findings: Findings) -> None:
    """Note shards whose number is missing, and those that have no namesake in the other folder."""
    numbers = {int(found[1]) for path in paragraphs if (found := _SHARD.fullmatch(path.name))}
    for number in sorted(set(range(max(numbers, default=-1) + 1)) - numbers):
        findings.add(f"paragraphs/{number:05d}-*.parquet: no such file, though later ones are there")
    if claims.deposit and not embeddings:
        return
    here, beside = {path.name for path in paragraphs}, {path.name for path in embeddings}
    for name in sorted(beside - here):
        findings.add(f"paragraphs/{name}: no such file, though embeddings/ has it")
    for name in sorted(here - beside):
        findings.add(f"embeddings/{name}: no such file, though paragraphs/ has it")


def _keep_sound(paths: Sequence[Path], columns: Mapping[str, pa.DataType], run: Path, findings: Findings) -> list[Path]:
    sound = []
    for path in paths:
        if fault := _find_fault(path, columns):
            findings.add(f"{path.relative_to(run).as_posix()}: {fault}")
        else:
            sound.append(path)
    return sound


def _find_fault(path: Path, columns: Mapping[str, pa.DataType]) -> str | None:
    """Return what is wrong with a file, read to its end, or None."""
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            for batch in file.iter_batches():
                batch.validate(full=True)
    except FileNotFoundError:
        return "no such file"
    except DAMAGES as error:
        return f"cannot be read to its end ({error})"
    if missing := [name for name in columns if name not in schema.names]:
        return f"no column {', '.join(missing)}"
    wrong = [name for name, kind in columns.items() if schema.field(name).type != kind]
    return f"column {wrong[0]} holds {schema.field(wrong[0]).type}, expected {columns[wrong[0]]}" if wrong else None


def _paragraph_columns(layout: ScoreLayout) -> dict[str, pa.DataType]:
    return _PARAGRAPHS | dict.fromkeys(layout.names[:-1], pa.float32())


def _embedding_columns(layout: ScoreLayout) -> dict[str, pa.DataType]:
    return {"text_sha1": pa.string(), "scores": pa.list_(pa.float32(), len(layout.names))}


def _find_base(claims: Claims) -> Path | None:
    """Return the folder, among those the command names and those above them, that holds most of the inputs."""
    named = [Path(each) for each in claims.command if each.strip() and Path(each).exists()]
    folders = [path.resolve() if path.is_dir() else path.resolve().parent for path in named]
    candidates = list(dict.fromkeys(place for folder in folders for place in (folder, *folder.parents)))
    step = max(1, len(claims.inputs) // _PROBED)
    probes = [listed.path for listed in claims.inputs[::step]]
    return max(candidates, key=lambda base: sum((base / path).exists() for path in probes), default=None)


def _hash_input(path: Path) -> str:
    """Return the SHA-256 of a file, or of a saved dataset's files one after another, as reading takes it."""
    if not path.is_dir():
        return hash_file(path)
    return hash_files(list_dataset_files(path) if is_dataset(path) else ())[1]


def _shorten(digest: str) -> str:
    return digest if len(digest) < 64 else f"SHA-256 {digest[:12]}…"
