"""A copy of a run that may be published: ids, hashes, scores and facts, without the texts of the articles."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from framing.errors import FramingError, RunError
from framing.records import hash_file
from framing.runfolder import RunFolder, open_run
from framing.store import article_schema, write_atomically
from framing.targets import TABLE

_PARAGRAPH_TEXTS = frozenset(
    ("paragraph_id", "article_id", "text", "text_sha1", "dropped", "labels", "sentiment", "voice")
)
"""Columns of texts that a deposit may hold: ids, hashes and labels, and `text`, which is emptied."""
_WORDS = ("codebook", "counts", "outlets", "versions")
"""Parts of run.json that hold words and names, never paths."""
_PREFIX = re.compile(r"(--?[\w-]+=|hf:|nli:)?(.*)", re.DOTALL)
"""What may stand before a path in a command or a model's name."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit that was written: its files, what was left out of it, and how many paths were shortened."""

    folder: Path
    files: tuple[Path, ...]
    left_out: tuple[str, ...]
    paths_shortened: int


def write_deposit(
    run: Path, out: Path, *, titles: bool = True, embeddings: bool = False, keep: Sequence[str] = ()
) -> Deposit:
    """Write a copy of `run` without texts to the new folder `out`, whole or not at all.

    The same run gives the same bytes. Texts of paragraphs become null and their hashes stay, so who
    has the articles can tell which is which. Messages of run.json go, since they quote what was
    read; so do the folders in paths of this machine. Columns that the user kept (`framing score
    --keep`) go too, for nobody but the user knows what is in them.

    Args:
        run: a finished run folder.
        out: a folder that is not there yet, or empty.
        titles: keep titles; titles and links are facts about an article, yet some publishers claim them.
        embeddings: keep the vectors; a text can be recovered from its vector nearly word by word
            (Morris et al. 2023, "Text Embeddings Reveal (Almost) As Much As Text").
        keep: columns of the user's own to keep.

    Raises:
        FramingError: an `out` that is taken or cannot be written, or a column to keep that is not there.
        RunError: a run folder that is missing, not finished or damaged.
    """
    folder = open_run(run)
    _check_arguments(folder, Path(out), keep)
    scratch = Path(out).with_name(f".{Path(out).name}.unfinished")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        scratch.mkdir(parents=True)
        left_out = _write_tables(folder, scratch, titles, embeddings, keep)
        shortened = _write_manifest(folder, scratch, left_out)
        write_atomically(scratch / "README.md", _describe(folder, left_out))
        scratch.replace(out)
    except OSError as error:
        raise FramingError(f"{out}: cannot be written ({error}); choose another --out") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    files = tuple(sorted(path for path in Path(out).rglob("*") if path.is_file()))
    return Deposit(Path(out), files, tuple(left_out), shortened)


def _check_arguments(folder: RunFolder, out: Path, keep: Sequence[str]) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FramingError(f"{out}: exists already; choose another --out")
    if missing := [name for name in keep if name not in folder.article_columns()]:
        names = ", ".join(folder.article_columns())
        raise FramingError(f"{folder.path}: no column {', '.join(missing)} to keep; there are {names}")


def _write_tables(folder: RunFolder, scratch: Path, titles: bool, embeddings: bool, keep: Sequence[str]) -> list[str]:
    """Write the Parquet files of the deposit; return what was left out of them."""
    left_out = [_write_articles(folder.path / "articles.parquet", scratch / "articles.parquet", titles, keep)]
    (scratch / "paragraphs").mkdir()
    left_out += [
        _write_paragraphs(path, scratch / "paragraphs" / path.name) for path in _list_shards(folder.path / "paragraphs")
    ]
    if embeddings and (folder.path / "embeddings").is_dir():
        (scratch / "embeddings").mkdir()
        for path in _list_shards(folder.path / "embeddings"):
            shutil.copyfile(path, scratch / "embeddings" / path.name)
    else:
        left_out.append(["embeddings/"])
    if (targets := folder.path / TABLE).is_file():
        shutil.copyfile(targets, scratch / TABLE)
    left_out.append(["run.json: messages of problems"])
    return list(dict.fromkeys(name for names in left_out for name in names))


def _write_articles(source: Path, target: Path, titles: bool, keep: Sequence[str]) -> list[str]:
    """Copy articles.parquet without the user's own columns but `keep`; return what was left out."""
    table = _read(source)
    allowed = {*article_schema(()).names, *keep}
    names = [name for name in table.column_names if name in allowed or not _holds_text(table[name].type)]
    left_out = [f"articles.parquet: {name}" for name in table.column_names if name not in names]
    table = table.select(names)
    if not titles:
        table = _blank(table, "title")
        left_out.append("articles.parquet: title")
    place = table.column_names.index("path")
    paths = [path if path is None else _shorten(path) for path in table["path"].to_pylist()]
    _write(table.set_column(place, table.schema.field(place), pa.array(paths, pa.string())), target)
    return left_out


def _write_paragraphs(source: Path, target: Path) -> list[str]:
    table = _read(source)
    names = [name for name in table.column_names if name in _PARAGRAPH_TEXTS or not _holds_text(table[name].type)]
    left_out = [f"paragraphs/: {name}" for name in table.column_names if name not in names]
    _write(_blank(table.select(names), "text"), target)
    return ["paragraphs/: text", *left_out]


def _write_manifest(folder: RunFolder, scratch: Path, left_out: Sequence[str]) -> int:
    """Write the deposit's run.json; return how many paths in it were shortened."""
    manifest = {**folder.manifest, "problems": _strip_messages(folder.manifest)}
    words = {name: manifest.pop(name) for name in _WORDS if name in manifest}
    content, shortened = _shorten_all(manifest)
    content |= words | {"model": {**folder.manifest["model"], "name": content["model"].get("name")}}
    tables = sorted(scratch.rglob("*.parquet"))
    content["tables"] = {path.relative_to(scratch).as_posix(): hash_file(path) for path in tables}
    content["deposit"] = {
        "left_out": list(left_out),
        "paths_shortened": shortened,
        "run_sha256": hash_file(folder.path / "run.json"),
    }
    write_atomically(scratch / "run.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return shortened


def _strip_messages(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    problems = manifest.get("problems") or ()
    return [{name: value for name, value in problem.items() if name != "message"} for problem in problems]


def _shorten_all(content: Any) -> tuple[Any, int]:
    """Return JSON `content` with the paths of this machine shortened, and how many there were."""
    if isinstance(content, str):
        short = _shorten(content)
        return short, int(short != content)
    if isinstance(content, Mapping):
        pairs = {key: _shorten_all(value) for key, value in content.items()}
        return {_shorten(key): value for key, (value, _) in pairs.items()}, sum(count for _, count in pairs.values())
    if isinstance(content, list):
        items = [_shorten_all(value) for value in content]
        return [value for value, _ in items], sum(count for _, count in items)
    return content, 0


def _shorten(text: str) -> str:
    """Return a path that tells of this machine as its last part; any other text as it is.

    Such are absolute paths, those that lead up ("..") and those from a home folder ("~").
    """
    found = _PREFIX.fullmatch(text)
    prefix, path = (found[1] or "", found[2]) if found else ("", text)
    windows = PureWindowsPath(path)
    told = path.startswith(("/", "~", "..")) or "/../" in path or bool(windows.drive and windows.root)
    if not told or "\n" in path:
        return text
    name = (windows if windows.drive or "\\" in path else PurePosixPath(path)).name
    return prefix + (name if name != ".." else ".")


def _holds_text(kind: pa.DataType) -> bool:
    """Whether a column of this type, or what is nested in it, could hold words."""
    if pa.types.is_nested(kind):
        return any(_holds_text(kind.field(place).type) for place in range(kind.num_fields))
    return not (pa.types.is_primitive(kind) or pa.types.is_null(kind))


def _list_shards(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))


def _read(path: Path) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            return file.read()
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"{path}: cannot be read ({error}); see `framing verify`, or score the folder again") from error


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd")


def _blank(table: pa.Table, name: str) -> pa.Table:
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(place), pa.nulls(len(table), table.schema.field(place).type))


def _describe(folder: RunFolder, left_out: Sequence[str]) -> str:
    """Return the README of the deposit."""
    manifest = folder.manifest
    model, codebook = manifest["model"], manifest.get("codebook") or {}
    labels = "\n".join(f"- `{label.key}`: {label.title}" for label in folder.labels)
    missing = "\n".join(f"- {name}" for name in left_out)
    return f"""\
# Scores of news paragraphs, without their texts

Written by `framing deposit`, version {manifest.get("version")}, from a run of {manifest.get("created")}.
The texts belong to their publishers and are not in it.

Left out:
{missing}

## Files
- `run.json`: what was read and how it was scored; `deposit` says what was left out, and `run_sha256` is the
  SHA-256 of the run.json of the whole run.
- `articles.parquet`: a row per article: `article_id`, `path` (in the folder that was read), `outlet`,
  `published`, `year`, `title`, `url`, `language`, and how many paragraphs it has and kept; each `*_source` says
  where a value came from. What is not known is null.
- `paragraphs/*.parquet`: a row per paragraph: `paragraph_id` (`article_id:position`), `text_sha1` (the first 16
  hexadecimal digits of the SHA-1 of the text in UTF-8), `dropped` (why it was set aside, null where it was
  kept), `p_<label>` (calibrated probability, 0 to 1), `labels` (those over their thresholds), `p_negative`,
  `p_neutral`, `p_positive`, `sentiment`, `voice_<voice>` and `voice`. `text` is null.

## Labels
{labels}

## Use
`framing report` and `framing verify` take this folder as they take a run. Who has the articles finds the text of
a paragraph by its `text_sha1`.

## Cite
- model: {_shorten(str(model.get("name")))}, SHA-256 {model.get("digest")}
- codebook: {codebook.get("name")} {codebook.get("version")}, SHA-256 {codebook.get("digest")}
- program: framing {manifest.get("version")}
"""
