"""Finds stories that an outlet ran cut, reordered and reworded, by the vectors of their paragraphs.

Such a version shares too few runs of words with its source for framing/copies.py, but its paragraphs still
lie close to those they were made from, and come in much the same order. Two reports of one event have their
quotes and background in common, which is less of the shorter text and seldom in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from framing.copies import WINDOW_DAYS, Link, read_days

NEAR = 0.8
"""Cosine of the mean vectors of two articles from which their paragraphs are compared.

The lowest of 180 made versions, see ALIGNED, had 0.81 to its source. Among reports of one event it tells
little, they reach 0.96: it only keeps the number of comparisons down.
"""

COUNTERPART = 0.75
"""Cosine from which one paragraph is held for a version of another; see ALIGNED."""

ALIGNED = 0.6
"""Share of the shorter article's paragraphs, 0..1, that have counterparts of their own in the same order.

This, COUNTERPART and LEAST_PARAGRAPHS were chosen for no false pair among 434 US articles: three weeks of
2020, and those most alike in their words from 2012 to 2020. They make 13,543 pairs of two outlets within the
window, of which 233 are NEAR and no copies word for word. Three pairs of reports of one event reached 0.50, two
of them half agency copy. Versions of 60 of the articles were made by rule, with words exchanged in all sentences;
framing/copies.py finds none of them. 98 % are linked where every second sentence was left out; 90 % where a fifth
of the end and a quarter of the other paragraphs went too, and clauses changed place; 47 % where what was left
was divided into paragraphs anew. At 0.5 two pairs of reports are linked; with a COUNTERPART of 0.7 and five
paragraphs one is, at any share. On three other weeks, 103 articles of 2013 on which nothing was chosen, none of
71 NEAR pairs is linked, and of 30 articles 97 % and 80 % of the first two kinds of versions are.
"""

LEAST_PARAGRAPHS = 6
"""Counterparts that a version has at least: of a report of five paragraphs, four had one in another report."""

NEIGHBOURS = 10
"""Nearest articles of other outlets whose paragraphs are compared with an article's: versions are linked in chains."""

COMPARED_PARAGRAPHS = 200
"""Paragraphs seen of an article: what is longer is no wire story, and a comparison takes their square."""

_VAGUE_DAYS = 31
"""Longest stretch of days that a date may stand for."""

_ROWS = 64
"""Articles compared at once with all those of their window; the cosines of 100,000 then take 25 MB."""

Vectors = NDArray[np.float32]


class ParagraphVectors:
    """The vectors of all texts of a run, in a file of their own so that memory holds 16 bytes a text."""

    def __init__(self, path: Path, tables: Iterable[tuple[Sequence[str], NDArray[np.float16]]]) -> None:
        """Write to `path` the vectors, shape (texts, dimensions), that stand in `tables` beside the texts' hashes."""
        hashes, self._width = [np.empty(0, np.uint64)], 0
        with path.open("wb") as file:
            for sha1s, vectors in tables:
                hashes.append(_read_hashes(sha1s))
                self._width = vectors.shape[1]
                file.write(np.ascontiguousarray(vectors, np.float16).tobytes())
        found = np.concatenate(hashes)
        self._order = np.argsort(found, kind="stable")
        self._hashes = found[self._order]
        self._path = path

    def find_rows(self, sha1s: Sequence[str]) -> NDArray[np.intp]:
        """Return the rows of those texts that have a vector, in their order."""
        wanted = _read_hashes(sha1s)
        places = np.searchsorted(self._hashes, wanted)
        inside = places < len(self._hashes)
        places, wanted = places[inside], wanted[inside]
        rows: NDArray[np.intp] = self._order[places[self._hashes[places] == wanted]]
        return rows

    def read(self, rows: NDArray[np.intp]) -> Vectors:
        """Return the vectors of `rows`, scaled to length 1, shape (rows, dimensions)."""
        if not len(rows):
            return np.zeros((0, self._width), np.float32)
        stored = np.memmap(self._path, np.float16, "r").reshape(-1, self._width)
        return _scale(stored[rows].astype(np.float32))


def _read_hashes(sha1s: Sequence[str]) -> NDArray[np.uint64]:
    """Return the 16 hexadecimal digits of each hash as a number."""
    return np.fromiter((int(sha1, 16) for sha1 in sha1s), np.uint64, len(sha1s))


def _scale(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return scaled


@dataclass(frozen=True, slots=True)
class _Version:
    """What is kept of an article: the days between which it was published, and the rows of its paragraphs."""

    article_id: str
    outlet: str
    first: int
    last: int
    rows: NDArray[np.intp]


class AbridgedFinder:
    """Takes articles one after another and then tells which of them tell the same story in the same order."""

    def __init__(self, vectors: ParagraphVectors, window_days: int = WINDOW_DAYS) -> None:
        """Look for versions not more than `window_days` apart, by the `vectors` of their paragraphs."""
        self._vectors = vectors
        self._window = window_days
        self._versions: list[_Version] = []

    def add_article(self, article_id: str, outlet: str | None, published: str | None, sha1s: Sequence[str]) -> None:
        """Take an article: `published` is an ISO date of any precision, `sha1s` the hashes of its paragraphs.

        One without an outlet, or of which not even the month is known, has no versions: what an outlet
        tells again looks the same, as does what comes every year, and any two undated articles would have
        to be compared. Ids are unique.
        """
        first, last = read_days(published)
        rows = self._vectors.find_rows(sha1s)[:COMPARED_PARAGRAPHS]
        if outlet is not None and last - first < _VAGUE_DAYS and len(rows) >= LEAST_PARAGRAPHS:
            self._versions.append(_Version(article_id, outlet, first, last, rows))

    def find_links(self) -> Iterator[Link]:
        """Yield the pairs of which one is a version of the other; the order of adding does not matter."""
        versions = sorted(self._versions, key=lambda version: (version.first, version.article_id))
        read = lru_cache(4 * NEIGHBOURS)(lambda place: self._vectors.read(versions[place].rows))
        for one, other in _find_candidates(versions, self._measure_means(versions), self._window):
            aligned, paragraphs = count_aligned(read(one), read(other))
            if aligned >= max(LEAST_PARAGRAPHS, ALIGNED * paragraphs):
                yield Link(versions[one].article_id, versions[other].article_id, aligned / paragraphs)

    def _measure_means(self, versions: Sequence[_Version]) -> Vectors:
        """Return the direction of each article's mean paragraph, shape (articles, dimensions)."""
        means = [self._vectors.read(version.rows).mean(axis=0) for version in versions]
        return _scale(np.array(means)) if means else np.zeros((0, 1), np.float32)


def count_aligned(one: Vectors, other: Vectors) -> tuple[int, int]:
    """Return how many paragraphs of the shorter article have counterparts in one order, and how many it has.

    No paragraph is a counterpart twice. The count is the longest such chain (Needleman and Wunsch 1970,
    "A general method applicable to the search for similarities", without gap costs). `one` and `other` are
    of shape (paragraphs, dimensions), neither empty.
    """
    shorter, longer = sorted((one, other), key=len)
    chains = np.zeros(len(longer) + 1, np.intp)
    for matches in shorter @ longer.T >= COUNTERPART:
        chains[1:] = np.maximum.accumulate(np.maximum(chains[1:], chains[:-1] + matches))
    return int(chains[-1]), len(shorter)


def _find_candidates(versions: Sequence[_Version], means: Vectors, window: int) -> list[tuple[int, int]]:
    """Return the places of two articles of which one is among the nearest of the other; the smaller place first.

    `versions` are in the order of their first day.
    """
    names = {outlet: number for number, outlet in enumerate({version.outlet for version in versions})}
    first, last, outlets = (
        np.array(values)
        for values in (
            [version.first for version in versions],
            [version.last for version in versions],
            [names[version.outlet] for version in versions],
        )
    )
    pairs = [np.empty(0, np.intp)]
    for start in range(0, len(versions), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(versions)))
        begin = np.searchsorted(first, first[start] - window - _VAGUE_DAYS)
        end = np.searchsorted(first, last[rows].max() + window, "right")
        columns = np.arange(begin, end)
        cosines = means[rows] @ means[begin:end].T
        gap = np.maximum(first[rows, None], first[columns]) - np.minimum(last[rows, None], last[columns])
        cosines[(gap > window) | (outlets[rows, None] == outlets[columns])] = -1
        pairs.append(_pair_nearest(rows, columns, cosines) @ np.array([len(versions), 1]))
    return [divmod(pair, len(versions)) for pair in np.unique(np.concatenate(pairs)).tolist()]


def _pair_nearest(rows: NDArray[np.intp], columns: NDArray[np.intp], cosines: Vectors) -> NDArray[np.intp]:
    """Return which `columns` are the NEIGHBOURS nearest to each of `rows` and NEAR it, as sorted pairs (pairs, 2)."""
    row, column = np.nonzero(cosines >= NEAR)
    order = np.lexsort((-cosines[row, column], row))
    row, column = row[order], column[order]
    nearest = np.arange(len(row)) - np.searchsorted(row, row) < NEIGHBOURS
    return np.sort(np.column_stack([rows[row], columns[column]])[nearest], axis=1)
