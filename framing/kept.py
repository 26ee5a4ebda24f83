"""What a finished run keeps for another model: its vectors, and its paragraphs as they were before a model saw them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from framing.classify.embedding import EmbeddingClassifier
from framing.clutter import find_clutter
from framing.errors import ModelError, RunError
from framing.preparing import Split
from framing.records import Article, Paragraph, hash_file
from framing.runfolder import RunFolder, open_run
from framing.store import complete_articles

SAMPLED = 8
"""Texts of the run that are encoded once more to see that its vectors are those of the model's encoder."""

TOLERANCE = 0.02
"""Greatest distance between a kept vector and the one encoded now, as a share of its length.

Of 48 paragraphs of the demo corpus, encoded by all-MiniLM-L6-v2, other batches moved none by more than 0.00006
and bfloat16 arithmetic none by more than 0.012; one step of fine-tuning (AdamW, learning rate 2e-5) moved each
by at least 0.029 and some by 0.1.
"""

_REMEDY = "score the articles again with framing score"
_COLUMNS = ("article_id", "position", "text", "dropped", "truncated")


@dataclass(frozen=True, slots=True)
class KeptVectors:
    """Vectors of texts: their hashes, `embeddings` (texts, dimensions), and `truncated` (texts,).

    `truncated` is True where the encoder saw only the beginning of the text.
    """

    hashes: list[str]
    embeddings: NDArray[np.float16]
    truncated: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A finished run that keeps texts and vectors; `shards` are the file names of both, in order."""

    folder: RunFolder
    shards: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder.path

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Content of run.json."""
        return self.folder.manifest

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of run.json, which holds that of every table."""
        return hash_file(self.path / "run.json")

    def read_articles(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield each shard's name with its articles, which stand in articles.parquet in the order of the shards.

        Raises:
            RunError: where paragraphs belong to no article.
        """
        articles = complete_articles(pq.read_table(self.path / "articles.parquet"))
        place = {name: row for row, name in enumerate(articles["article_id"].to_pylist())}
        start = 0
        for name in self.shards:
            path = self.path / "paragraphs" / name
            ids = pq.read_table(path, columns=["article_id"])["article_id"].unique().to_pylist()
            if lost := [each for each in ids if each not in place]:
                raise RunError(f"{path}: the article {lost[0]} is not in articles.parquet; {_REMEDY}")
            end = max((place[each] + 1 for each in ids), default=start)
            end = len(articles) if name == self.shards[-1] else end
            yield name, articles.slice(start, end - start)
            start = end

    def read_vectors(self, name: str) -> KeptVectors:
        """Return the vectors of the texts that were first met in a shard.

        Raises:
            RunError: where there are none.
        """
        path = self.path / "embeddings" / name
        table = pq.read_table(path)
        if "embedding" not in table.column_names:
            raise RunError(f"{path}: no column embedding: the model of the run gives no vectors; {_REMEDY}")
        places = (table.schema.metadata or {}).get(b"scores", b"").decode().split(",")
        scores = _read_matrix(table["scores"], np.float32)
        return KeptVectors(
            table["text_sha1"].to_pylist(),
            _read_matrix(table["embedding"], np.float16),
            scores[:, places.index("truncated")] == 1,
        )

    def restore_paragraphs(self, name: str, articles: pa.Table) -> list[Split]:
        """Return the articles of a shard with their paragraphs as they were before a model saw them."""
        table = pq.read_table(self.path / "paragraphs" / name, columns=list(_COLUMNS))
        own: dict[str, list[tuple[Paragraph, bool]]] = {}
        for article_id, position, text, dropped, truncated in zip(
            *(table[column].to_pylist() for column in _COLUMNS), strict=True
        ):
            doubtful = dropped == "boilerplate" and truncated is not None
            own.setdefault(article_id, []).append((Paragraph(article_id, position, text, dropped), doubtful))
        splits = []
        for row in articles.select(["article_id", "path", "outlet", "title"]).to_pylist():
            article = Article(row["article_id"], row["path"], text="", outlet=row["outlet"], title=row["title"])
            splits.append((article, _undo_drops(article, own.get(article.article_id, []))))
        return splits


def open_kept(run: Path) -> KeptRun:
    """Open the finished run at `run` and see that it keeps vectors and texts.

    Raises:
        RunError: where it does not.
    """
    folder = open_run(run)
    if not isinstance(folder.manifest.get("settings"), Mapping):
        raise RunError(f'{run / "run.json"}: no "settings"; {_REMEDY}')
    if folder.manifest.get("deposit"):
        raise RunError(f"{run}: is a deposit without texts; rescore the run that it was made from")
    names = tuple(sorted(path.name for path in (run / "paragraphs").glob("[!.]*.parquet")))
    if not names:
        raise RunError(f"{run / 'paragraphs'}: no tables; {_REMEDY}")
    if lost := [name for name in names if not (run / "embeddings" / name).is_file()]:
        raise RunError(f"{run / 'embeddings' / lost[0]}: not there, so the run keeps no vectors; {_REMEDY}")
    return KeptRun(folder, names)


def check_encoder(run: KeptRun, classifier: EmbeddingClassifier) -> None:
    """See that the model's encoder gives the vectors that the run keeps, on a few texts of it.

    Texts beyond the encoder's window come first, since how much of a text is seen shows in them
    alone; the rest follow by their hash, which is as good as chance.

    Raises:
        ModelError: where it does not.
    """
    texts, kept = _draw_texts(run)
    if not texts:
        return
    model, width = classifier.description.name, classifier.encoder.dimensions
    if kept.shape[1] != width:
        raise ModelError(
            f"{run.path}: its vectors have {kept.shape[1]} numbers, the encoder of the model {model} gives {width}: "
            f"it is another encoder; {_REMEDY}"
        )
    now = classifier.encoder.embed(texts).embeddings.astype(np.float64)
    distance = float((np.linalg.norm(now - kept, axis=1) / np.linalg.norm(now, axis=1)).max())
    if not distance <= TOLERANCE:
        raise ModelError(
            f"{run.path}: its vectors are not those of the encoder of the model {model}: encoded again, they differ by "
            f"{distance:.2f} of their length, where rounding comes to {TOLERANCE} at most; {_REMEDY}"
        )


def _draw_texts(run: KeptRun) -> tuple[list[str], NDArray[np.float64]]:
    """Return up to SAMPLED texts of the first shard that has any, with their vectors."""
    for name in run.shards:
        vectors = run.read_vectors(name)
        table = pq.read_table(run.path / "paragraphs" / name, columns=["text_sha1", "text"])
        texts = dict(zip(table["text_sha1"].to_pylist(), table["text"].to_pylist(), strict=True))
        rows = [row for row, sha1 in enumerate(vectors.hashes) if texts.get(sha1) is not None]
        if rows:
            rows = sorted(rows, key=lambda row: (not vectors.truncated[row], vectors.hashes[row]))[:SAMPLED]
            return [texts[vectors.hashes[row]] for row in rows], vectors.embeddings[rows].astype(np.float64)
    return [], np.zeros((0, 0))


def _undo_drops(article: Article, paragraphs: Sequence[tuple[Paragraph, bool]]) -> list[Paragraph]:
    """Return the paragraphs without the drops that a model's score or repetition decided.

    Each comes with whether this is in doubt, since its text went through the model and it was
    dropped as furniture all the same. Where the text stands elsewhere too, that may have been for
    the structure of this article, which is asked again.
    """
    if not any(doubtful for _, doubtful in paragraphs):
        return [paragraph for paragraph, _ in paragraphs]
    clutter = find_clutter([p.text for p, _ in paragraphs], title=article.title, outlet=article.outlet)
    return [
        replace(paragraph, dropped=None) if doubtful and not furniture else paragraph
        for (paragraph, doubtful), furniture in zip(paragraphs, clutter, strict=True)
    ]


def _read_matrix(column: pa.ChunkedArray, kind: type[np.floating[Any]]) -> NDArray[Any]:
    values = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=kind).reshape(len(column), column.type.list_size)
