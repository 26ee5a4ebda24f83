"""Writes small run folders for the tests of what reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

LABELS = ("privacy", "bias")
VOICES = ("narrator", "police")
ARTICLE_COLUMNS = (
    *("article_id", "path", "outlet", "outlet_source", "published", "published_source", "updated", "year"),
    *("title", "url", "language", "paragraphs", "kept", "copy_group", "agency"),
)


def article(article_id: str, outlet: str | None = "Gazette", published: str | None = "2019-05-29", **more: Any):
    year = int(published[:4]) if published else None
    values = dict.fromkeys(ARTICLE_COLUMNS) | {"path": f"{article_id}.txt", "title": f"About {article_id}"}
    return values | {"article_id": article_id, "outlet": outlet, "published": published, "year": year} | more


def paragraph(article_id: str, position: int, privacy: float | None, bias: float = 0.0, **more: Any):
    holds = [key for key, p in zip(LABELS, (privacy, bias), strict=True) if p is not None and p >= 0.5]
    values: dict[str, Any] = {
        "paragraph_id": f"{article_id}:{position}",
        "article_id": article_id,
        "position": position,
        "text": f"Paragraph {position} of {article_id}.",
        "text_sha1": "0" * 16,
        "dropped": None,
        "p_privacy": privacy,
        "p_bias": None if privacy is None else bias,
        "labels": holds,
        "p_negative": 0.6,
        "p_neutral": 0.3,
        "p_positive": 0.1,
        "sentiment": "negative",
        "voice": "police",
        "boilerplate": 0.0,
        "voice_narrator": 0.25,
        "voice_police": 0.75,
    }
    return values | more


def write_run(run: Path, articles: list[dict[str, Any]], paragraphs: list[dict[str, Any]], **model: Any) -> Path:
    """Write a run folder of these rows, the paragraphs in two shards."""
    (run / "paragraphs").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(articles, schema=_schema(articles)), run / "articles.parquet")
    half = len(paragraphs) // 2
    for number, rows in enumerate((paragraphs[:half], paragraphs[half:])):
        table = pa.Table.from_pylist(rows, schema=_schema(paragraphs or [paragraph("none", 0, 0.0)]))
        pq.write_table(table, run / "paragraphs" / f"{number:05}.parquet")
    labels = [{"key": "privacy", "title": "Privacy", "threshold": 0.5, "grade": "B", "f1": 0.71}]
    labels += [{"key": "bias", "title": "Bias and error", "threshold": 0.5, "grade": None}]
    manifest = {
        "version": "0.1.0",
        "command": "framing score articles",
        "created": "2026-01-02T03:04:05+00:00",
        "seconds": 1.5,
        "model": {"name": "surveillance", "digest": "ab" * 32, "labels": labels, "voices": list(VOICES)} | model,
        "codebook": {
            "name": "surveillance",
            "version": "1",
            "digest": "cd" * 32,
            "topic": "face recognition",
        },
        "counts": {"files": len(articles), "skipped": {"empty file": 1}, "articles": len(articles)},
        "problems": [{"path": "=a.txt", "line": None, "reason": "empty file", "message": "m", "skipped": True}],
    }
    (run / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    return run


def _schema(rows: list[dict[str, Any]]) -> pa.Schema:
    kinds: dict[str, pa.DataType] = {
        "year": pa.int32(),
        "position": pa.int32(),
        "labels": pa.list_(pa.string()),
    }
    floats = ("p_", "voice_", "boilerplate")
    return pa.schema(
        [
            (name, kinds.get(name, pa.float32() if name.startswith(floats) else pa.string()))
            for name in (rows[0] if rows else dict.fromkeys(ARTICLE_COLUMNS))
        ]
    )
