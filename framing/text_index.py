"""What has been seen so far: scores by text and ids of articles, on disk so that memory does not grow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_ASKED_AT_ONCE = 500


class TextIndex:
    """A scratch database, made anew at every start from the shards that are already written."""

    def __init__(self) -> None:
        """Open an empty index in a temporary file, which goes when it is closed or the process ends."""
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE texts (sha1 TEXT PRIMARY KEY, scores BLOB NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE articles (id TEXT PRIMARY KEY, path TEXT NOT NULL) WITHOUT ROWID;"
        )

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def add_article(self, article_id: str, path: str) -> str | None:
        """Note an article; return the path of an earlier one with this id, None where there is none."""
        cursor = self._database.execute("INSERT OR IGNORE INTO articles VALUES (?, ?)", (article_id, path))
        if cursor.rowcount:
            return None
        row = self._database.execute("SELECT path FROM articles WHERE id = ?", (article_id,)).fetchone()
        return str(row[0])

    def add_scores(self, hashes: Iterable[str], scores: NDArray[np.float32]) -> None:
        """Keep one row of `scores` (texts, values) for each text hash."""
        rows = ((sha1, row.tobytes()) for sha1, row in zip(hashes, scores, strict=True))
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR IGNORE INTO texts VALUES (?, ?)", rows)
        self._database.execute("COMMIT")

    def find_scores(self, hashes: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the rows kept for those of `hashes` that have one."""
        found: dict[str, NDArray[np.float32]] = {}
        for start in range(0, len(hashes), _ASKED_AT_ONCE):
            asked = hashes[start : start + _ASKED_AT_ONCE]
            marks = ",".join("?" * len(asked))
            query = f"SELECT sha1, scores FROM texts WHERE sha1 IN ({marks})"  # noqa: S608 - question marks only
            for sha1, scores in self._database.execute(query, asked):
                found[sha1] = np.frombuffer(scores, dtype=np.float32)
        return found
