"""The run folder while it is written: shards one by one, each whole or not at all, and run.json last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from framing.errors import RunError
from framing.records import Article, hash_file

_ARTICLE_COLUMNS = {
    "article_id": pa.string(),
    "path": pa.string(),
    "outlet": pa.string(),
    "outlet_source": pa.string(),
    "published": pa.string(),
    "published_source": pa.string(),
    "updated": pa.string(),
    "updated_source": pa.string(),
    "year": pa.int32(),
    "title": pa.string(),
    "url": pa.string(),
    "language": pa.string(),
    "paragraphs": pa.int32(),
    "kept": pa.int32(),
    "copy_group": pa.string(),
    "agency": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Shard:
    """Some consecutive articles of the corpus: their number in the run and the digest of what is in them."""

    number: int
    digest: str

    @property
    def file_name(self) -> str:
        """Name of the shard's file in each of the run's folders."""
        return f"{self.number:05d}-{self.digest[:16]}.parquet"


def make_shard(number: int, settings_digest: str, articles: Sequence[Article]) -> Shard:
    """Return the shard of `articles`; its digest changes with any value of any article or setting."""
    digest = hashlib.sha256(settings_digest.encode())
    for article in articles:
        digest.update(json.dumps(astuple(article), ensure_ascii=True).encode())
    return Shard(number, digest.hexdigest())


class RunWriter:
    """Writes a run folder; opened on an unfinished one it goes on, on a finished one it only compares.

    `settings` is what decides the scores besides the texts: model and codebook digests, reading
    options, version. Written at once to a hidden folder, it tells a later command whether it may
    go on with this run.
    """

    def __init__(self, out: Path, settings: Mapping[str, Any], *, overwrite: bool = False) -> None:
        """Look at what is in `out`; nothing is written before `begin`.

        Raises:
            RunError: where `out` holds something else than a run of these settings.
        """
        self.out = out
        self._partial = out / ".unfinished"
        self.settings = json.loads(json.dumps(settings, default=str))
        if out.exists() and not out.is_dir():
            raise RunError(f"{out}: is a file; --out names a folder")
        found = self._find_settings()
        self._overwrite = overwrite
        if found is not None and not overwrite:
            self._check_settings(found)
        self.finished = (out / "run.json").is_file() and not overwrite
        if self.finished:
            shutil.rmtree(self._partial, ignore_errors=True)

    def begin(self) -> None:
        """Make the folders of an unfinished run, after removing the run that it replaces.

        The settings are written first: a command killed here finds a run of its own again.
        """
        if self.finished:
            return
        self._partial.mkdir(parents=True, exist_ok=True)
        write_atomically(self._partial / "settings.json", json.dumps(self.settings, indent=1))
        if self._overwrite:
            _remove_run(self.out)
        for folder in (self._partial / "articles", self.out / "paragraphs", self.out / "embeddings"):
            folder.mkdir(exist_ok=True)

    @property
    def scratch(self) -> Path:
        """Folder for what is needed only until the run is finished."""
        return self._partial

    @property
    def settings_digest(self) -> str:
        """SHA-256 (hexadecimal) of the settings."""
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()

    def has_shard(self, shard: Shard, first_article: str) -> bool:
        """Say whether `shard` is already written.

        Raises:
            RunError: where another shard stands in its place, so the corpus is another one.
        """
        there = [path.name for path in (self.out / "paragraphs").glob(f"{shard.number:05d}-*.parquet")]
        if there and shard.file_name not in there:
            raise self._other_corpus(f"the articles differ from {first_article} on")
        if self.finished and not there:
            raise self._other_corpus(f"the article {first_article} and what follows it are not in it")
        folders = (self.out / "paragraphs", self.out / "embeddings", self._partial / "articles")
        return self.finished or all((folder / shard.file_name).is_file() for folder in folders)

    def write_shard(self, shard: Shard, articles: pa.Table, paragraphs: pa.Table, texts: pa.Table) -> None:
        """Write the shard's three tables, the one that `has_shard` asks for first last."""
        write_table_atomically(texts, self.out / "embeddings" / shard.file_name)
        write_table_atomically(articles, self._partial / "articles" / shard.file_name)
        write_table_atomically(paragraphs, self.out / "paragraphs" / shard.file_name)

    def rewrite_paragraphs(self, shard: Shard, paragraphs: pa.Table) -> None:
        """Put `paragraphs` in the place of those of a written shard."""
        write_table_atomically(paragraphs, self.out / "paragraphs" / shard.file_name)

    def read_articles(self, shard: Shard) -> pa.Table:
        """Return the articles of a written shard of an unfinished run."""
        return pq.read_table(self._partial / "articles" / shard.file_name)

    def read_paragraphs(self, shard: Shard, columns: Sequence[str] | None = None) -> pa.Table:
        """Return columns of a written shard's paragraphs, or all of them."""
        return pq.read_table(self.out / "paragraphs" / shard.file_name, columns=columns and list(columns))

    def read_texts(self, shard: Shard) -> pa.Table:
        """Return `text_sha1` and `scores` of the texts a written shard scored."""
        return pq.read_table(self.out / "embeddings" / shard.file_name, columns=["text_sha1", "scores"])

    def check_complete(self, shards: Sequence[Shard]) -> None:
        """See that a finished run holds no more than `shards`.

        Raises:
            RunError: where it does, so the corpus is another one.
        """
        wanted = {shard.file_name for shard in shards}
        if any(path.name not in wanted for path in (self.out / "paragraphs").glob("*.parquet")):
            raise self._other_corpus("it holds articles that the input no longer has")

    def remove_strays(self, shards: Sequence[Shard]) -> None:
        """Remove what an earlier, stopped command wrote and this one did not."""
        wanted = {shard.file_name for shard in shards}
        for folder in (self.out / "paragraphs", self.out / "embeddings", self._partial / "articles"):
            for path in folder.iterdir():
                if path.name not in wanted:
                    path.unlink()

    def write_articles(self, tables: Iterable[pa.Table], extra: Sequence[str]) -> None:
        """Join the articles of all shards into articles.parquet."""
        scratch = self._partial / "articles.parquet"
        with pq.ParquetWriter(scratch, article_schema(extra), compression="zstd") as writer:
            for table in tables:
                writer.write_table(table)
        scratch.replace(self.out / "articles.parquet")

    def list_digests(self) -> dict[str, str]:
        """Return the SHA-256 (hexadecimal) of every table of the run, by its path within the run folder."""
        return {
            str(path.relative_to(self.out).as_posix()): hash_file(path)
            for path in sorted(self.out.rglob("*.parquet"))
            if self._partial not in path.parents
        }

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Write run.json and clear the scratch folder away."""
        write_atomically(self.out / "run.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        shutil.rmtree(self._partial)

    def _find_settings(self) -> dict[str, Any] | None:
        found = _read_settings(self.out, self._partial / "settings.json")
        if found is None and self.out.is_dir() and any(path != self._partial for path in self.out.iterdir()):
            raise RunError(f"{self.out}: holds files that are no run of framing; choose another --out")
        return found

    def _check_settings(self, found: Mapping[str, Any]) -> None:
        for name, value in self.settings.items():
            if found.get(name) != value:
                raise RunError(
                    f"{self.out}: holds a run with {name} {_brief(found.get(name))}, this command has {_brief(value)}; "
                    "choose another --out, or say --overwrite to replace that run"
                )

    def _other_corpus(self, difference: str) -> RunError:
        return RunError(
            f"{self.out}: holds a run over another corpus ({difference}); choose another --out, "
            "or say --overwrite to replace that run"
        )


def article_schema(extra: Sequence[str]) -> pa.Schema:
    """Return the schema of articles.parquet with the `extra` columns that the user keeps, as texts."""
    return pa.schema([*_ARTICLE_COLUMNS.items(), *((name, pa.string()) for name in extra)])


def complete_articles(table: pa.Table) -> pa.Table:
    """Return articles of an earlier version with the columns that were added since, empty, in their places."""
    schema = article_schema([name for name in table.column_names if name not in _ARTICLE_COLUMNS])
    there = set(table.column_names)
    columns = [table[field.name] if field.name in there else pa.nulls(len(table), field.type) for field in schema]
    return pa.table(columns, schema=schema)


def write_atomically(path: Path, text: str) -> None:
    """Write `text` so that `path` is never seen half-written."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def write_table_atomically(table: pa.Table, path: Path) -> None:
    """Write `table` as Parquet so that `path` is never seen half-written."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    pq.write_table(table, unfinished, compression="zstd")
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)


def _read_settings(out: Path, unfinished: Path) -> dict[str, Any] | None:
    for path, part in ((out / "run.json", "settings"), (unfinished, None)):
        if path.is_file():
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
                settings = content[part] if part else content
            except (ValueError, KeyError, TypeError) as error:
                raise RunError(f"{path}: is not what framing wrote; choose another --out") from error
            return dict(settings)
    return None


def _remove_run(out: Path) -> None:
    """Remove what a run consists of, and nothing else that may lie in the folder."""
    for name in ("run.json", "articles.parquet"):
        (out / name).unlink(missing_ok=True)
    for name in ("paragraphs", "embeddings", ".unfinished/articles"):
        shutil.rmtree(out / name, ignore_errors=True)


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
