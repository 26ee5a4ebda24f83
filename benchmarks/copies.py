"""Processor time and memory of finding copies in few and in many articles: both must grow about as the articles do.

Each size is measured in a process of its own, on the first so many articles of the table. Of every twentieth
article a second version is planted in another outlet: the last quarter of the lines cut off, every fourth of
the others left out, one local paragraph put in. How many of them come out in the group of their original is
printed too. Reading the articles is not timed. With --lsh the same is done with MinHash-LSH of datasketch,
which finds candidates by the resemblance of whole texts.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from memory import parse_sizes, run_apart

from framing.errors import FramingError, InputError

PLANTED_EVERY = 20
PLANTED_LINES = 8
"""Lines of text from which an article gets a planted version."""

LOCAL = (
    "Councillor Ada Example, who speaks for the ward of Northwick, told this paper that the matter had been on the "
    "agenda of the town for as long as she could remember and that nobody in Quaymouth would be surprised by it."
)
PERMUTATIONS = 128
BANDS = (32, 4)
"""Bands and rows of the LSH: two texts of resemblance 0.42 become candidates as often as not, (1 / 32) ** (1 / 4)."""

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of ru_maxrss: getrusage(2) counts in kilobytes on Linux and in bytes on macOS."""

Version = tuple[str, str | None, str | None, list[str]]


class Finder(Protocol):
    """What takes articles and then groups those that are copies."""

    def add_article(self, article_id: str, outlet: str | None, published: str | None, texts: Sequence[str]) -> None:
        """Take an article."""

    def find_groups(self) -> dict[str, str]:
        """Return the group of each article that has a copy."""


class LshFinder:
    """MinHash-LSH of datasketch over the same hashes, its candidates taken for copies without a second look."""

    def __init__(self) -> None:
        """Open an empty index."""
        from datasketch import MinHashLSH

        self._index = MinHashLSH(num_perm=PERMUTATIONS, params=BANDS)
        self._groups: dict[str, str] = {}

    def add_article(self, article_id: str, outlet: str | None, published: str | None, texts: Sequence[str]) -> None:
        """Look the article up among those before it, then take it."""
        from datasketch import MinHash

        from framing.copies import hash_shingles

        signature = MinHash(PERMUTATIONS, hashfunc=int)
        signature.update_batch(hash_shingles(texts).tolist())
        if found := sorted(self._index.query(signature)):
            group = self._groups.setdefault(found[0], found[0])
            self._groups.update(dict.fromkeys([article_id, *found], group))
        self._index.insert(article_id, signature)

    def find_groups(self) -> dict[str, str]:
        """Return the first article found for each."""
        return self._groups


@dataclass(frozen=True, slots=True)
class Usage:
    """What so many articles took, in processor seconds and in bytes beyond those of reading, and what was found."""

    articles: int
    seconds: float
    memory: int
    groups: int
    planted: int
    recovered: int


def list_versions(path: Path, count: int) -> Iterator[Version]:
    """Yield the first `count` articles, planted versions after their originals.

    Raises:
        InputError: where the table has fewer.
    """
    from framing.reading import read_articles
    from framing.records import Article

    articles = (event for event in read_articles([path]) if isinstance(event, Article))
    read = 0
    for read, article in enumerate(islice(articles, count), start=1):
        lines = [line for line in article.text.splitlines() if line.strip()]
        yield article.article_id, article.outlet, article.published, lines
        if read % PLANTED_EVERY == 0 and len(lines) >= PLANTED_LINES:
            kept = [line for place, line in enumerate(lines[: len(lines) * 3 // 4]) if place % 4 != 2]
            yield f"{article.article_id} planted", "Planted Courier", article.published, [*kept[:2], LOCAL, *kept[2:]]
    if read < count:
        raise InputError(f"{path}: {read} articles, expected at least {count}; give a larger table, or smaller --sizes")


def measure_copies(path: Path, count: int, lsh: bool) -> Usage:
    """Find the copies in the first `count` articles of `path`."""
    from framing.copies import CopyFinder

    finder: Finder = LshFinder() if lsh else CopyFinder()
    list(list_versions(path, min(count, 200)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, ids = 0.0, []
    for version in list_versions(path, count):
        started = time.process_time()
        finder.add_article(*version)
        seconds += time.process_time() - started
        ids.append(version[0])
    started = time.process_time()
    groups = finder.find_groups()
    seconds += time.process_time() - started
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * _RSS_UNIT
    planted = [name for name in ids if name.endswith(" planted")]
    recovered = sum(name in groups and groups[name] == groups.get(name.removesuffix(" planted")) for name in planted)
    return Usage(count, seconds, memory, len(set(groups.values())), len(planted), recovered)


def format_usages(usages: Sequence[Usage]) -> str:
    """Return the table of sizes, and the exponents with which time and memory grew from the first to the last."""
    lines = [f"{'articles':>9}{'seconds':>9}{'ms each':>9}{'MB':>7}{'groups':>8}{'planted':>9}{'recovered':>11}"]
    lines += [
        f"{usage.articles:>9,}{usage.seconds:>9.1f}{1000 * usage.seconds / usage.articles:>9.2f}"
        f"{usage.memory / 1e6:>7.0f}{usage.groups:>8}{usage.planted:>9}{usage.recovered:>11}"
        for usage in usages
    ]
    first, last = usages[0], usages[-1]
    if last.articles > first.articles:
        growth = math.log(last.articles / first.articles)
        time_exponent = math.log(last.seconds / first.seconds) / growth
        memory_exponent = math.log(max(last.memory, 1) / max(first.memory, 1)) / growth
        lines.append(f"growth: articles ** {time_exponent:.2f} in time, articles ** {memory_exponent:.2f} in memory")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure every size and print the table."""
    options = _parse_options(argv)
    try:
        usages = [run_apart(measure_copies, options.articles, count, options.lsh) for count in sorted(options.sizes)]
    except FramingError as error:
        print(f"copies: {error}", file=sys.stderr)
        return 1
    print("datasketch MinHash-LSH" if options.lsh else "framing.copies")
    print(format_usages(usages))
    return 0


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--articles", type=Path, required=True, help="Parquet table of news articles")
    parser.add_argument(
        "--sizes",
        type=parse_sizes,
        default=[1500, 3000, 6000, 12000],
        help="numbers of articles (1500,3000,6000,12000)",
    )
    parser.add_argument("--lsh", action="store_true", help="measure MinHash-LSH of datasketch instead")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
