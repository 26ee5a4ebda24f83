"""Time and memory of reading few and many articles and finding their copies: both must grow about as the articles do.

Each size is measured on the first so many articles of the table, three times, each in a process of its own:

reading     `framing.reading.read_articles`: files to articles
preparing   `framing.preparing.prepare_inputs`: that, outlet names, language, paragraphs and their clutter
checking    `framing.checking.check_inputs`: all that, copies and agency credits, as `framing check` does

Before the clock runs, 20 articles warm up what is loaded once. Growth is the exponent of a line through all
sizes on logarithmic scales (least squares): 1 where twice the articles take twice as much.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from memory import parse_sizes, run_apart, write_first_articles

from framing.errors import FramingError

WARM_UP = 20

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of ru_maxrss: getrusage(2) counts in kilobytes on Linux and in bytes on macOS."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one stage took for so many articles.

    Attributes:
        seconds: of processor time, all threads together.
        wall: seconds by the clock.
        peak: resident bytes at most, with all that is loaded.
        grown: by how many bytes that is more than after the warm-up.
    """

    articles: int
    seconds: float
    wall: float
    peak: int
    grown: int


def run_reading(table: Path) -> None:
    """Read the articles and keep none."""
    from framing.reading import read_articles

    for _ in read_articles([table]):
        pass


def run_preparing(table: Path) -> None:
    """Read the articles, split them into paragraphs and keep none."""
    from framing.preparing import Preparation, prepare_inputs
    from framing.reading import ReadingOptions

    for _ in prepare_inputs([table], ReadingOptions(), Preparation().begin()):
        pass


def run_checking(table: Path) -> None:
    """Do all that a dry run does before it prints."""
    from framing.checking import check_inputs

    check_inputs([table])


STAGES: dict[str, Callable[[Path], None]] = {
    "reading": run_reading,
    "preparing": run_preparing,
    "checking": run_checking,
}


def measure_stage(stage: str, table: Path, articles: int, warm_up: Path) -> Usage:
    """Run a stage on `table`, which has so many articles, after it has run on `warm_up`."""
    STAGES[stage](warm_up)
    before, started, clock = _read_peak(), time.process_time(), time.monotonic()
    STAGES[stage](table)
    seconds, wall, peak = time.process_time() - started, time.monotonic() - clock, _read_peak()
    return Usage(articles, seconds, wall, peak, peak - before)


def _read_peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT


def find_growth(articles: Sequence[int], values: Sequence[float]) -> float:
    """Return the exponent with which `values` grow with the number of articles."""
    return float(np.polyfit(np.log(articles), np.log(np.maximum(values, 1e-9)), 1)[0])


def format_usages(usages: dict[str, list[Usage]]) -> str:
    """Return a line for each stage and size, and the growth of each stage below its sizes."""
    heads = ("stage", "articles", "CPU s", "wall s", "CPU ms each", "peak MB", "grown MB")
    lines = ["{:<12}{:>9}{:>9}{:>9}{:>13}{:>9}{:>10}".format(*heads)]
    for stage, measured in usages.items():
        lines += [
            f"{stage:<12}{usage.articles:>9,}{usage.seconds:>9.1f}{usage.wall:>9.1f}"
            f"{1000 * usage.seconds / usage.articles:>13.2f}{usage.peak / 1e6:>9.0f}{usage.grown / 1e6:>10.1f}"
            for usage in measured
        ]
        if len(measured) > 1:
            sizes = [usage.articles for usage in measured]
            seconds = find_growth(sizes, [usage.seconds for usage in measured])
            memory = find_growth(sizes, [usage.peak for usage in measured])
            grown = find_growth(sizes, [usage.grown for usage in measured])
            lines.append(f"{'  growth':<12}{'':>9}{seconds:>9.2f}{'':>22}{memory:>9.2f}{grown:>10.2f}")
    return "\n".join(lines)


def measure_sizes(articles: Path, sizes: Sequence[int], scratch: Path) -> dict[str, list[Usage]]:
    """Measure every stage on the first so many articles for each of `sizes`.

    Raises:
        InputError: where there are too few articles.
    """
    tables = {size: scratch / f"first-{size}.parquet" for size in (WARM_UP, *sizes)}
    for size, table in tables.items():
        run_apart(write_first_articles, articles, size, table)
    return {
        stage: [run_apart(measure_stage, stage, tables[size], size, tables[WARM_UP]) for size in sizes]
        for stage in STAGES
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark with the arguments `argv` and return the exit status."""
    options = _parse_options(argv)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            usages = measure_sizes(options.articles, sorted(options.sizes), Path(scratch))
    except FramingError as error:
        print(f"reading: {error}", file=sys.stderr)
        return 1
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
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
