"""A finished run folder, opened for reading: its manifest, its articles, its scored paragraphs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from framing.errors import FramingError, RunError
from framing.records import SENTIMENTS

_TEXTS = ("paragraph_id", "article_id", "text", "dropped", "sentiment", "voice")
_SENTIMENTS = tuple(f"p_{name}" for name in SENTIMENTS)


@dataclass(frozen=True, slots=True)
class RunLabel:
    """A label as the run's model scored it; what was measured on held-out articles may be None.

    `f1` and `calibration_error` are 0..1.
    """

    key: str
    title: str
    threshold: float | None = None
    grade: str | None = None
    f1: float | None = None
    calibration_error: float | None = None


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A complete run: where it lies, what run.json says, and the labels and voices that were scored."""

    path: Path
    manifest: Mapping[str, Any]
    labels: tuple[RunLabel, ...]
    voices: tuple[RunLabel, ...]

    def read_articles(self, columns: Sequence[str]) -> pa.Table:
        """Return those columns of articles.parquet, in the file's order; blank texts come as null.

        Raises:
            RunError: naming a column that is not there.
        """
        path = self.path / "articles.parquet"
        if missing := [name for name in columns if name not in self.article_columns()]:
            raise RunError(f"{path}: no column {', '.join(missing)}; score the folder again")
        table = pq.read_table(path, columns=list(columns))
        return pa.table({name: _blank_to_null(table[name]) for name in table.column_names})

    def choose_labels(self, keys: Sequence[str] | None) -> tuple[RunLabel, ...]:
        """Return the labels of these keys, each once and in that order; None for all of the run.

        Raises:
            FramingError: naming a key that the run has no label of.
        """
        known = {label.key: label for label in self.labels}
        for key in keys or ():
            if key not in known:
                raise FramingError(f'{self.path}: no label "{key}"; expected one of {", ".join(known)}')
        return self.labels if keys is None else tuple(known[key] for key in dict.fromkeys(keys))

    def article_columns(self) -> tuple[str, ...]:
        """Return the names of the columns of articles.parquet."""
        path = self.path / "articles.parquet"
        try:
            return tuple(pq.read_schema(path).names)
        except (OSError, pa.ArrowInvalid) as error:
            raise RunError(
                f"{path}: expected the table of articles, found none that can be read; score the folder again"
            ) from error

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a database whose view `paragraphs` streams from the run's shards."""
        folder = self.path / "paragraphs"
        scored = [f"p_{label.key}" for label in self.labels] + [f"voice_{voice.key}" for voice in self.voices]
        files = sorted(str(file) for file in folder.glob("*.parquet") if not file.name.startswith("."))
        with duckdb.connect() as database:
            database.execute("SET enable_progress_bar = false")
            if files:
                _view_shards(database, files)
            else:
                database.register("paragraphs", _empty_table(scored))
            there = database.table("paragraphs").columns
            if missing := [name for name in scored if name not in there]:
                raise RunError(
                    f"{folder}: no column {', '.join(missing)}, though run.json lists it; score the folder again"
                )
            yield database


def _view_shards(database: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    try:
        database.read_parquet([escape_glob(file) for file in files]).create_view("paragraphs")
    except duckdb.Error as error:
        raise RunError(
            f"{Path(files[0]).parent}: not the Parquet files of a run ({error}); score the folder again"
        ) from error


def escape_glob(path: str) -> str:
    """Return `path` so that DuckDB takes it as it stands, whatever brackets and stars are in it."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _blank_to_null(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    return pc.if_else(blank, pa.scalar(None, column.type), column)


def _empty_table(scored: Sequence[str]) -> pa.Table:
    """Return the paragraphs of a run that found none."""
    fields = [pa.field(name, pa.string()) for name in _TEXTS]
    fields += [pa.field("position", pa.int32()), pa.field("labels", pa.list_(pa.string()))]
    fields += [pa.field(name, pa.float32()) for name in (*_SENTIMENTS, *scored)]
    return pa.schema(fields).empty_table()


def open_run(run: Path) -> RunFolder:
    """Open the finished run folder at `run`.

    Raises:
        RunError: where there is no run, or one that was not finished or is damaged.
    """
    path = Path(run)
    manifest = _read_manifest(path)
    model = manifest.get("model")
    if not isinstance(model, Mapping) or not model.get("labels"):
        raise RunError(f'{path / "run.json"}: no "model" with "labels"; score the folder again')
    return RunFolder(
        path=path,
        manifest=manifest,
        labels=tuple(_parse_label(entry) for entry in model["labels"]),
        voices=tuple(_parse_label(entry) for entry in model.get("voices") or ()),
    )


def quote_name(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return `text` as a quoted SQL string."""
    return "'" + text.replace("'", "''") + "'"


def _read_manifest(path: Path) -> Mapping[str, Any]:
    file = path / "run.json"
    if not path.is_dir():
        raise RunError(f"{path}: no such run folder; give the folder that `framing score --out` wrote")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunError(
            f"{path}: no run.json, so the run is not finished; run the same `framing score` command again"
        ) from error
    except (OSError, ValueError) as error:
        raise RunError(f"{file}: cannot be read as JSON ({error}); score the folder again") from error
    if not isinstance(manifest, Mapping):
        raise RunError(f"{file}: found {type(manifest).__name__}, expected a mapping; score the folder again")
    return manifest


def _parse_label(entry: Any) -> RunLabel:
    if isinstance(entry, str):
        return RunLabel(key=entry, title=entry.replace("_", " ").capitalize())
    key = str(entry["key"])
    return RunLabel(
        key=key,
        title=entry.get("title") or key.replace("_", " ").capitalize(),
        threshold=entry.get("threshold"),
        grade=entry.get("grade"),
        f1=entry.get("f1"),
        calibration_error=entry.get("calibration_error"),
    )
