"""Scores as rows and columns: one flat row a text while scoring, named columns in the run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from framing.classify.protocol import Description, Scores
from framing.preparing import Split
from framing.records import SENTIMENTS, Article, Paragraph, make_storable
from framing.store import article_schema

Rows = Mapping[str, NDArray[np.float32]]
"""Text hash to its flat row of scores."""


@dataclass(frozen=True, slots=True)
class ScoreLayout:
    """What each place of a flat row means: labels, three sentiments, voices, boilerplate, truncated.

    A place is NaN where the classifier says nothing.
    """

    labels: tuple[str, ...]
    voices: tuple[str, ...]

    @classmethod
    def of(cls, description: Description) -> ScoreLayout:
        """Return the layout for a classifier of this description."""
        return cls(description.codebook.label_keys, description.codebook.voice_keys)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the places, in order; those of columns but for the last."""
        return (
            *(f"p_{key}" for key in self.labels),
            *(f"p_{name}" for name in SENTIMENTS),
            *(f"voice_{key}" for key in self.voices),
            "boilerplate",
            "truncated",
        )

    def pack(self, scores: Scores) -> NDArray[np.float32]:
        """Return `scores` as rows, shape (texts, places)."""
        count = len(scores.probabilities)
        parts = (
            (scores.probabilities, len(self.labels)),
            (scores.sentiment, len(SENTIMENTS)),
            (scores.voice, len(self.voices)),
            (None if scores.boilerplate is None else scores.boilerplate[:, None], 1),
            (scores.truncated[:, None], 1),
        )
        blank = np.float32(np.nan)
        return np.concatenate(
            [
                np.full((count, width), blank) if part is None else part.astype(np.float32).reshape(count, width)
                for part, width in parts
            ],
            axis=1,
            dtype=np.float32,
        )

    def tabulate(
        self, hashes: Sequence[str], rows: NDArray[np.float32], embeddings: NDArray[np.float16] | None
    ) -> pa.Table:
        """Return the table of scored texts: `text_sha1`, `scores` and, where there is one, `embedding`."""
        columns = {
            "text_sha1": pa.array(hashes, pa.string()),
            "scores": pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), len(self.names)),
        }
        if embeddings is not None:
            columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(embeddings.ravel()), embeddings.shape[1])
        return pa.table(columns).replace_schema_metadata({"scores": ",".join(self.names)})

    def read_column(self, column: pa.ChunkedArray) -> NDArray[np.float32]:
        """Return the rows in the column `scores` of a table that `tabulate` made."""
        values = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return np.asarray(values, dtype=np.float32).reshape(-1, len(self.names))


def drop_boilerplate(
    article: Article, paragraphs: Sequence[Paragraph], scores: Rows, layout: ScoreLayout, description: Description
) -> list[Paragraph]:
    """Return `paragraphs` with those dropped that the model holds for page furniture.

    The article's own headline stays: a headline is content, though it reads like a link to a story.
    """
    threshold = description.boilerplate_threshold
    if threshold is None:
        return list(paragraphs)
    place = layout.names.index("boilerplate")
    title = " ".join((article.title or "").split())
    return [
        replace(paragraph, dropped="boilerplate")
        if paragraph.dropped is None
        and scores[paragraph.text_sha1][place] >= threshold
        and " ".join(paragraph.text.split()) != title
        else paragraph
        for paragraph in paragraphs
    ]


def tabulate_articles(articles: Sequence[Split], extra: Sequence[str]) -> pa.Table:
    """Return rows of articles.parquet."""
    rows = [
        {
            "article_id": article.article_id,
            "path": article.path,
            "outlet": article.outlet,
            "outlet_source": article.outlet_source,
            "published": article.published,
            "published_source": article.published_source,
            "updated": article.updated,
            "updated_source": article.updated_source,
            "year": article.year,
            "title": article.title,
            "url": article.url,
            "language": article.language,
            "paragraphs": len(paragraphs),
            "kept": sum(paragraph.dropped is None for paragraph in paragraphs),
            **dict(zip(extra, article.extra, strict=True)),
        }
        for article, paragraphs in articles
    ]
    storable = [
        {name: make_storable(value) if isinstance(value, str) else value for name, value in row.items()} for row in rows
    ]
    return pa.Table.from_pylist(storable, schema=article_schema(extra))


def tabulate_paragraphs(
    articles: Sequence[Split], scores: Rows, layout: ScoreLayout, description: Description
) -> pa.Table:
    """Return rows of paragraphs/*.parquet; scores are null where a paragraph was dropped.

    `boilerplate` and `truncated` stay filled wherever a text went through the model, so that a drop
    can be checked.
    """
    paragraphs = [paragraph for _, own in articles for paragraph in own]
    blank = np.full(len(layout.names), np.nan, dtype=np.float32)
    matrix = np.array([scores.get(paragraph.text_sha1, blank) for paragraph in paragraphs], dtype=np.float32)
    matrix = matrix.reshape(len(paragraphs), len(layout.names))
    kept = np.array([paragraph.dropped is None for paragraph in paragraphs], dtype=np.bool_)
    columns: dict[str, Any] = {
        "paragraph_id": pa.array([make_storable(paragraph.paragraph_id) for paragraph in paragraphs], pa.string()),
        "article_id": pa.array([make_storable(paragraph.article_id) for paragraph in paragraphs], pa.string()),
        "position": pa.array([paragraph.position for paragraph in paragraphs], pa.int32()),
        "text": pa.array([make_storable(paragraph.text) for paragraph in paragraphs], pa.string()),
        "text_sha1": pa.array([paragraph.text_sha1 for paragraph in paragraphs], pa.string()),
        "dropped": pa.array([paragraph.dropped for paragraph in paragraphs], pa.string()),
    }
    columns |= _tabulate_decisions(matrix, kept, layout, description)
    for place, name in enumerate(layout.names[:-1]):
        shown = matrix[:, place].copy()
        if name != "boilerplate":
            shown[~kept] = np.nan
        columns[name] = pa.array(shown, pa.float32(), from_pandas=True)
    scored = ~np.isnan(matrix[:, -1])
    columns["truncated"] = pa.array(matrix[:, -1] == 1, pa.bool_(), mask=~scored)
    return pa.table(columns)


def _tabulate_decisions(
    matrix: NDArray[np.float32], kept: NDArray[np.bool_], layout: ScoreLayout, description: Description
) -> dict[str, pa.Array]:
    """Return the columns `labels`, `sentiment` and `voice`: what follows from the scores of kept paragraphs."""
    labels = len(layout.labels)
    held = np.zeros((len(matrix), labels), dtype=np.bool_)
    held[kept] = description.decide_labels(matrix[kept, :labels])
    named = [
        [key for key, holds in zip(layout.labels, row, strict=True) if holds] if own else None
        for row, own in zip(held, kept, strict=True)
    ]
    voices = labels + len(SENTIMENTS)
    return {
        "labels": pa.array(named, pa.list_(pa.string())),
        "sentiment": _name_highest(matrix[:, labels:voices], SENTIMENTS, kept),
        "voice": _name_highest(matrix[:, voices : voices + len(layout.voices)], layout.voices, kept),
    }


def _name_highest(probabilities: NDArray[np.float32], names: Sequence[str], kept: NDArray[np.bool_]) -> pa.Array:
    if not names:
        return pa.nulls(len(probabilities), pa.string())
    said = kept & ~np.isnan(probabilities).any(axis=1)
    highest = np.nan_to_num(probabilities, nan=-1.0).argmax(axis=1)
    return pa.array([names[index] if own else None for index, own in zip(highest, said, strict=True)], pa.string())
