"""The sides of a comparison: which articles of a run stand against which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from framing.comparison import ALL, KINDS, REST, Kind
from framing.correction import CodedSums, Integers
from framing.errors import FramingError
from framing.intervals import Floats
from framing.runfolder import RunFolder, RunLabel, quote_name
from framing.tally import Copies, Group, Weighting, tally_groups

if TYPE_CHECKING:
    from framing.coded import CodedSample

Period = Literal["all", "year", "quarter", "month"]

MIN_TIMES = 3
"""A trend needs three different times: through two, an article alone in its year has no error to show."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for, as in `compute_comparisons`."""

    period: Period
    copies: Copies
    weighting: Weighting
    level: float
    min_articles: int
    max_outlets: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """The articles compared: arrays of shape (articles,), but `sums` of (articles, labels).

    `outlet` and `time` are places in `names` and `times`; `time` is -1 where the date is not known.
    `coded` holds the coded paragraphs per label. `nameless` counts articles without an outlet,
    which are not in the arrays.
    """

    settings: Settings
    labels: tuple[RunLabel, ...]
    names: tuple[str, ...]
    times: tuple[int | str, ...]
    outlet: Integers
    time: Integers
    kept: Floats
    sums: Floats
    coded: tuple[CodedSums | None, ...]
    nameless: int


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Articles to compare: their rows in the corpus, of an outlet (or REST, ALL) in a period (or "all")."""

    outlet: str
    period: str
    rows: Integers

    @property
    def articles(self) -> int:
        """Number of articles with a kept paragraph."""
        return len(self.rows)


def check_settings(settings: Settings, kinds: Sequence[str]) -> None:
    """Raise a FramingError for kinds and settings that cannot be."""
    for name, found, known in (
        *(("kinds", kind, KINDS) for kind in kinds),
        ("period", settings.period, get_args(Period)),
        ("weighting", settings.weighting, get_args(Weighting)),
    ):
        if found not in known:
            raise FramingError(f'{name}: found "{found}", expected one of {", ".join(known)}')
    if not 0 < settings.level < 1:
        raise FramingError(f"level: found {settings.level}, expected a number between 0 and 1, such as 0.95")
    if settings.min_articles < 2 or settings.max_outlets < 2:
        raise FramingError(
            f"min_articles and max_outlets: found {settings.min_articles} and {settings.max_outlets}, "
            "expected 2 or more of each"
        )


def read_corpus(
    folder: RunFolder, labels: Sequence[str] | None, settings: Settings, coded: CodedSample | None
) -> Corpus:
    """Return the articles of named outlets with their sums of the labels, None for all labels.

    Raises:
        FramingError: an unknown label.
    """
    chosen = folder.choose_labels(labels)
    unit = "year" if settings.period == "all" else settings.period
    expressions = [quote_name(f"p_{label.key}") for label in chosen]
    tallies = tally_groups(folder, ("outlet", unit), (), expressions, copies=settings.copies)
    named = [tally for tally in tallies if tally.group[0] is not None and tally.articles]
    names = tuple(dict.fromkeys(str(tally.group[0]) for tally in named))
    times = tuple(sorted({tally.group[1] for tally in named} - {None}))
    sizes = [tally.articles for tally in named]
    return Corpus(
        settings=settings,
        labels=chosen,
        names=names,
        times=times,
        outlet=np.repeat([names.index(str(tally.group[0])) for tally in named], sizes),
        time=np.repeat([-1 if tally.group[1] is None else times.index(tally.group[1]) for tally in named], sizes),
        kept=np.concatenate([np.zeros(0), *(tally.kept for tally in named)]),
        sums=np.vstack([np.zeros((0, len(chosen))), *(tally.sums for tally in named)]),
        coded=_pick_coded(coded, [tally.group for tally in named], sizes, unit, settings, chosen),
        nameless=sum(tally.articles for tally in tallies if tally.group[0] is None),
    )


def _pick_coded(
    coded: CodedSample | None,
    groups: Sequence[Group],
    sizes: Sequence[int],
    unit: str,
    settings: Settings,
    labels: Sequence[RunLabel],
) -> tuple[CodedSums | None, ...]:
    """Return the coded paragraphs per label; `groups` and their `sizes` are those of the corpus, in its order."""
    if coded is None:
        return (None,) * len(labels)
    places = coded.locate(("outlet", unit), settings.copies)
    starts = np.cumsum([0, *sizes])
    rows = {
        article: int(start) + row
        for group, start in zip(groups, starts, strict=False)
        for article, row in places[group].items()
    }
    return tuple(coded.pick(f"p_{label.key}", rows) for label in labels)


def list_sides(corpus: Corpus, kind: Kind) -> list[list[Side]]:
    """Return lists of sides that have an article; only sides of the same list are compared with each other."""
    periods = [str(time) for time in corpus.times]
    if kind == "trends":
        lists = [[pick_side(corpus, name, "dated")] for name in corpus.names]
    elif kind == "periods":
        names = (*corpus.names, ALL) if len(corpus.names) > 1 else corpus.names
        lists = [[pick_side(corpus, name, period) for period in periods] for name in names]
    else:
        spans = ["all"] if corpus.settings.period == "all" else periods
        lists = [[pick_side(corpus, name, period) for name in corpus.names] for period in spans]
    return [[side for side in sides if side.articles] for sides in lists]


def pick_side(corpus: Corpus, outlet: str, period: str, besides: str | None = None) -> Side:
    """Return the articles of an outlet, of ALL of them, or of the REST `besides` one, in a period, "all" or "dated"."""
    if period in ("all", "dated"):
        chosen = corpus.time >= (-1 if period == "all" else 0)
    else:
        chosen = corpus.time == [str(time) for time in corpus.times].index(period)
    if besides is not None:
        chosen &= corpus.outlet != corpus.names.index(besides)
    elif outlet != ALL:
        chosen &= corpus.outlet == corpus.names.index(outlet)
    return Side(outlet, period, np.flatnonzero(chosen))


def is_enough(corpus: Corpus, kind: Kind, side: Side) -> bool:
    """Whether a side has articles, and for a trend times, enough to be compared."""
    if kind == "trends" and len(np.unique(corpus.time[side.rows])) < MIN_TIMES:
        return False
    return side.articles >= corpus.settings.min_articles


def pair_sides(corpus: Corpus, kind: Kind, sides: Sequence[Side]) -> Iterator[tuple[Side, Side]]:
    """Yield the pairs of a list to compare, the earlier period first."""
    if kind == "periods":
        yield from pairwise(sides)
        if len(sides) > 2:
            yield sides[0], sides[-1]
    elif kind == "rest":
        for side in sides:
            rest = pick_side(corpus, REST, side.period, besides=side.outlet)
            if rest.articles >= corpus.settings.min_articles:
                yield side, rest
    else:
        largest = sorted(sides, key=lambda side: -side.articles)[: corpus.settings.max_outlets]
        yield from combinations([side for side in sides if side in largest], 2)
