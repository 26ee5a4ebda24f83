"""Finds articles that are copies of one another, word for word or trimmed, rewritten or added to.

Every article is kept as a sketch: the smallest hashes of its runs of five words (a bottom-k MinHash sketch,
Broder 1997, "On the resemblance and containment of documents"). Articles that share several of their very
smallest hashes are candidates, and a candidate is a copy where most of the shorter text is in the longer one.
Containment, other than resemblance, is blind to an end cut off and to local paragraphs put in: an index of
resemblance (MinHash-LSH) loses 18 % of such versions, see benchmarks/copies.py. What is looked at grows in
proportion to the number of articles, also where thousands of them are the same.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

CONTAINMENT = 0.6
"""Share of the shorter text, 0..1, that must be in the longer one, for articles of two outlets to be copies.

Among 12,000 articles of 299 mostly US outlets the four such pairs are copies, one of them a guest column inside
the report about it. The next thirty, 0.28 to 0.54, are not: they quote the same words, or from one another.
"""

SAME_OUTLET_CONTAINMENT = 0.8
"""The same within one outlet: there the pairs from 0.6 to 0.8 were updates, or had captions or background in common."""

WINDOW_DAYS = 14
"""Days between two copies at most; agency copy is printed within days, and later likeness is a new edition."""

SHINGLE_WORDS = 5
"""Words in a run: four are still shared by chance in set phrases, and longer ones break at every edit."""

SKETCH_HASHES = 512
"""Hashes kept for an article, 2 kB; of the median news article, 806 runs, they are two thirds."""

TERM_HASHES = 128
"""Smallest hashes of a sketch by which candidates are found."""

SHARED_TERMS = 3
"""Terms that candidates share; copies of like length share about CONTAINMENT times TERM_HASHES, which is 77."""

COMPARED_HASHES = 24
"""Hashes of the shorter text that a comparison needs: at 0.6 its standard error is then 0.1.

So texts of fewer than 28 words are never copies, nor is one that a text over twenty times as long contains.
"""

NEIGHBOURS = 8
"""Later articles with the same term that an article is compared with: copies are linked in chains."""

FURNITURE_ARTICLES = 5
"""Texts of one outlet, further apart than the window, with the same run of words: it is then furniture."""

_HASHES = 2**32
_ALWAYS = (0, 10**7)
"""First and last day of an article without a date: any."""

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+")
"""A word, or a character of a script that puts no spaces between words."""

_FACTORS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5, 0x85EBCA77C2B2AE63], np.uint64
)
"""Odd 64-bit constants, one for each place in a run: the primes of xxHash64 and the golden ratio."""

Hashes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Link:
    """Two articles, by their ids, of which one has `contained`, 0..1, of the shorter one's text in it."""

    one: str
    other: str
    contained: float


@dataclass(frozen=True, slots=True)
class _Text:
    """What is kept of an article.

    `first` and `last` are the days, as ordinals, between which it was published. `sketch` holds, in
    order, its hashes below `limit` but for those of furniture.
    """

    article_id: str
    outlet: str | None
    first: int
    last: int
    sketch: Hashes
    limit: int

    @property
    def dated(self) -> bool:
        """Whether anything is known of when it was published."""
        return (self.first, self.last) != _ALWAYS


class CopyFinder:
    """Takes articles one after another and then tells which of them are copies of one another."""

    def __init__(self, window_days: int = WINDOW_DAYS) -> None:
        """Look for copies not more than `window_days` apart; an article without a date fits any."""
        self._window = window_days
        self._texts: list[_Text] = []

    def add_article(self, article_id: str, outlet: str | None, published: str | None, texts: Sequence[str]) -> None:
        """Take an article: `published` is an ISO date of any precision, `texts` its paragraphs without furniture.

        Keeps about 2 kB. Ids are unique.
        """
        first, last = read_days(published)
        hashes = hash_shingles(texts)
        limit = int(hashes[SKETCH_HASHES]) if len(hashes) > SKETCH_HASHES else _HASHES
        self._texts.append(_Text(article_id, outlet, first, last, hashes[:SKETCH_HASHES].copy(), limit))

    def find_groups(self, more: Iterable[Link] = ()) -> dict[str, str]:
        """Return the group of every article that has a copy: the id of the group's earliest article, by article id.

        `more` are links between the same articles that were found in another way; they join groups as
        those found here do.

        The earliest is the one that was certainly published first: "2019" counts as its last day and
        no date as the end of time; on one day the smaller id. Copies within one outlet make groups
        too. The order in which articles were added does not matter.
        """
        ordered = sorted(self._texts, key=_rank)
        texts = sorted(_drop_furniture(ordered, self._window), key=_rank)
        links = [
            (first, second, contained)
            for first, second in _find_candidates(texts, self._window)
            if (contained := _measure_containment(texts[first], texts[second]))
            >= _threshold(texts[first], texts[second])
        ]
        places = {text.article_id: place for place, text in enumerate(texts)}
        links += [(places[link.one], places[link.other], link.contained) for link in more]
        return {
            texts[member].article_id: min((texts[one].last, texts[one].article_id) for one in group)[1]
            for group in _join_links(texts, links)
            for member in group
        }


def _rank(text: _Text) -> tuple[int, str]:
    return text.first, text.article_id


def read_days(published: str | None) -> tuple[int, int]:
    """Return the first and the last day that an ISO date of any precision stands for, as ordinals."""
    if not published:
        return _ALWAYS
    year, month, day = (int(part) for part in (f"{published}-00-00").split("-")[:3])
    first = date(year, month or 1, day or 1)
    if day:
        return first.toordinal(), first.toordinal()
    final = month or 12
    return first.toordinal(), date(year, final, calendar.monthrange(year, final)[1]).toordinal()


def hash_shingles(texts: Sequence[str]) -> Hashes:
    """Return the hashes of all runs of SHINGLE_WORDS words, each once, in order."""
    words = [word for text in texts for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold())]
    count = len(words) - SHINGLE_WORDS + 1
    if count < 1:
        return np.empty(0, np.uint32)
    values = np.fromiter((zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words), np.uint64, len(words))
    mixed = np.zeros(count, np.uint64)
    for place, factor in enumerate(_FACTORS):
        mixed += values[place : place + count] * factor
    return np.unique((_mix_bits(mixed) >> np.uint64(32)).astype(np.uint32))


def _mix_bits(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every bit over all 64: the finalizer of MurmurHash3 (Appleby 2011)."""
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))


def _drop_furniture(texts: Sequence[_Text], window: int) -> Iterator[_Text]:
    """Yield the texts without the hashes that recur in their outlet beyond the window."""
    outlets: defaultdict[str | None, list[_Text]] = defaultdict(list)
    for text in texts:
        outlets[text.outlet].append(text)
    for outlet, own in outlets.items():
        furniture = _find_furniture(own, window) if outlet is not None else np.empty(0, np.uint32)
        for text in own:
            yield replace(text, sketch=np.setdiff1d(text.sketch, furniture, True)) if len(furniture) else text


def _find_furniture(texts: Sequence[_Text], window: int) -> Hashes:
    """Return the hashes in FURNITURE_ARTICLES different texts, of which two lie further apart than the window."""
    different = list({text.sketch.tobytes(): text for text in texts if len(text.sketch)}.values())
    if len(different) < FURNITURE_ARTICLES:
        return np.empty(0, np.uint32)
    hashes = np.concatenate([text.sketch for text in different])
    owners = np.repeat(np.arange(len(different), dtype=np.uint32), [len(text.sketch) for text in different])
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    starts = np.flatnonzero(np.diff(hashes, prepend=hashes[:1] ^ np.uint32(1)))
    counts = np.diff(starts, append=len(hashes))
    first = np.minimum.reduceat(np.array([text.first for text in different])[owners], starts)
    last = np.maximum.reduceat(np.array([text.last for text in different])[owners], starts)
    return hashes[starts[(counts >= FURNITURE_ARTICLES) & (last - first > window)]]


def _find_candidates(texts: Sequence[_Text], window: int) -> Iterator[tuple[int, int]]:
    """Yield the places of two texts that share SHARED_TERMS terms and may lie within the window.

    `texts` are in the order of their first day.
    """
    if not texts:
        return
    terms = np.concatenate([text.sketch[:TERM_HASHES] for text in texts])
    owners = np.repeat(np.arange(len(texts)), [len(text.sketch[:TERM_HASHES]) for text in texts])
    order = np.argsort(terms, kind="stable")
    terms, owners = terms[order], owners[order]
    first, last = (np.array(days) for days in zip(*((text.first, text.last) for text in texts), strict=True))
    pairs = []
    for step in range(1, NEIGHBOURS + 1):
        one, other = owners[:-step], owners[step:]
        near = (terms[:-step] == terms[step:]) & (first[other] - last[one] <= window)
        pairs.append(one[near] * len(texts) + other[near])
    found, counts = np.unique(np.concatenate(pairs), return_counts=True)
    for pair in found[counts >= SHARED_TERMS].tolist():
        yield divmod(pair, len(texts))


def _measure_containment(one: _Text, other: _Text) -> float:
    """Estimate the share of the shorter text's runs, 0..1, that are in the longer one; 0 where too few are known."""
    limit = min(one.limit, other.limit)
    ours, theirs = (text.sketch[: np.searchsorted(text.sketch, np.uint64(limit))] for text in (one, other))
    shorter = min(len(ours), len(theirs))
    if shorter < COMPARED_HASHES:
        return 0.0
    return len(np.intersect1d(ours, theirs, assume_unique=True)) / shorter


def _threshold(one: _Text, other: _Text) -> float:
    same = one.outlet is not None and one.outlet == other.outlet
    return SAME_OUTLET_CONTAINMENT if same else CONTAINMENT


def _join_links(texts: Sequence[_Text], links: Sequence[tuple[int, int, float]]) -> list[list[int]]:
    """Return the groups of places that `links` (place, place, containment) connect.

    Links between dated texts come first, then the closest. One that would join two groups with
    dates through a text without a date is left out: the two may be years apart.
    """
    groups = {place: [place] for link in links for place in link[:2]}
    for one, other, _ in sorted(links, key=lambda link: (not _are_dated(texts, link[:2]), -link[2], link[:2])):
        ours, theirs = groups[one], groups[other]
        bridge = not _are_dated(texts, (one, other)) and all(_has_date(texts, group) for group in (ours, theirs))
        if ours is theirs or bridge:
            continue
        larger, smaller = (ours, theirs) if len(ours) >= len(theirs) else (theirs, ours)
        larger.extend(smaller)
        groups.update(dict.fromkeys(smaller, larger))
    different = {id(group): group for group in groups.values() if len(group) > 1}
    return list(different.values())


def _are_dated(texts: Sequence[_Text], places: Sequence[int]) -> bool:
    return all(texts[place].dated for place in places)


def _has_date(texts: Sequence[_Text], places: Sequence[int]) -> bool:
    return any(texts[place].dated for place in places)
