"""Compares outlets and periods: differences of shares and trends, with intervals and adjusted p-values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framing.comparison import KINDS, Comparison, Comparisons, Kind
from framing.contrasts import Contrast, contrast_shares, fit_trend, judge_value
from framing.correction import CodedSums, Corrected, correct_sums
from framing.intervals import Floats
from framing.runfolder import open_run
from framing.sides import (
    MIN_TIMES,
    Corpus,
    Period,
    Settings,
    Side,
    check_settings,
    is_enough,
    list_sides,
    pair_sides,
    read_corpus,
)
from framing.tally import Copies, Weighting

if TYPE_CHECKING:
    from framing.coded import CodedSample

MIN_ARTICLES = 10
"""Fewest articles on a side. Simulated equal shares of 5 to 20 % with 10 articles of lognormal length
against 10 to 100 gave p < 0.05 in 1 to 5 % where sides vary alike, up to 12 % where they do not."""
MAX_OUTLETS = 12
"""Outlets compared pair by pair, those with most articles: 66 pairs; with more, hardly any difference
outlives the adjustment. Our choice. Each outlet is compared with the rest, whatever their number."""


def compute_comparisons(
    run: Path,
    *,
    kinds: Sequence[Kind] = KINDS,
    labels: Sequence[str] | None = None,
    period: Period = "all",
    copies: Copies = "as-printed",
    weighting: Weighting = "paragraph",
    level: float = 0.95,
    coded: CodedSample | None = None,
    min_articles: int = MIN_ARTICLES,
    max_outlets: int = MAX_OUTLETS,
) -> Comparisons:
    """Return the differences between outlets and between periods, and the trends of outlets.

    Shares are those of `correct_sums`: means of calibrated probabilities or, where both sides have
    enough coded paragraphs, corrected by these. Sides share no article, so variances add; intervals
    and p-values are Welch's with articles as the clusters (`contrast_shares`). Nothing is drawn at random.

    Each kind is one family for Holm's adjustment (1979, Scandinavian Journal of Statistics 6): all
    its labels, outlets and periods. Whoever wants a narrower family asks for fewer `labels` and
    `kinds`, before looking. Articles without an outlet are left out, those without a date of
    periods and trends; so are sides with fewer than `min_articles` (see `Comparisons.left_out`).

    Args:
        run: a finished run folder.
        kinds: what to compare, see `Comparison.kind`.
        labels: keys of labels; None for all of the run.
        period: "all" compares outlets over all articles and one year with the next; "year",
            "quarter" or "month" compare outlets within each, and one with the next.
        copies: which copies of a story count, see `framing.tally.choose_articles`.
        weighting: "paragraph", or "article" to count each article once.
        level: coverage of the intervals, 0..1 exclusive.
        coded: coded paragraphs of this run.
        min_articles: fewest articles on a side, 2 or more.
        max_outlets: how many outlets, those with most articles, to compare pair by pair.

    Raises:
        FramingError: an unknown label, kind or period, or settings out of range.
        RunError: a run folder that is missing or not finished.
    """
    settings = Settings(period, copies, weighting, level, min_articles, max_outlets)
    check_settings(settings, kinds)
    corpus = read_corpus(open_run(run), labels, settings, coded)
    made: list[Comparison] = []
    left_out = _describe_unknown(corpus)
    for kind in dict.fromkeys(kinds):
        lists = list_sides(corpus, kind)
        enough = [[side for side in sides if is_enough(corpus, kind, side)] for sides in lists]
        left_out += _describe_few(corpus, kind, lists)
        made += _adjust(_follow(corpus, enough) if kind == "trends" else _contrast(corpus, kind, enough))
    return Comparisons(made, left_out)


def compare_outlets(run: Path, **settings: Any) -> Comparisons:
    """Return each outlet against each other and against the rest; settings as for `compute_comparisons`."""
    return compute_comparisons(run, kinds=("outlets", "rest"), **settings)


def compare_periods(run: Path, **settings: Any) -> Comparisons:
    """Return each period against the next, and the first against the last; settings as above."""
    return compute_comparisons(run, kinds=("periods",), **settings)


def compute_trends(run: Path, **settings: Any) -> Comparisons:
    """Return the change per year of each outlet; settings as for `compute_comparisons`."""
    return compute_comparisons(run, kinds=("trends",), **settings)


def _contrast(corpus: Corpus, kind: Kind, lists: Sequence[Sequence[Side]]) -> Iterator[Comparison]:
    """Yield what comes of each pair of sides, label by label, not yet adjusted."""
    for sides in lists:
        estimates = {side: _estimate_labels(corpus, side) for side in sides}
        for pair in pair_sides(corpus, kind, sides):
            first, second = (estimates.get(side) or _estimate_labels(corpus, side) for side in pair)
            for place, (a, b) in enumerate(zip(first, second, strict=True)):
                if a.corrected != b.corrected:
                    a, b = (_estimate(corpus, side, place, None) for side in pair)
                yield _make_contrast(corpus, kind, place, pair, (a, b))


def _estimate_labels(corpus: Corpus, side: Side) -> list[Corrected]:
    return [_estimate(corpus, side, place, _cut(coded, side)) for place, coded in enumerate(corpus.coded)]


def _estimate(corpus: Corpus, side: Side, place: int, coded: CodedSums | None) -> Corrected:
    """Return the share of the label in `place` on a side, by the side's coded paragraphs where given."""
    return correct_sums(corpus.sums[side.rows, place], corpus.kept[side.rows], coded, corpus.settings.weighting)


def _cut(coded: CodedSums | None, side: Side) -> CodedSums | None:
    """Return the coded paragraphs of a side, by the row of their article among the side's."""
    if coded is None:
        return None
    inside = np.isin(coded.articles, side.rows)
    return CodedSums(
        articles=np.searchsorted(side.rows, coded.articles[inside]),
        codes=coded.codes[inside],
        predicted=coded.predicted[inside],
        weights=coded.weights[inside],
        strata=coded.strata[inside],
        design=coded.design,
    )


def _make_contrast(
    corpus: Corpus, kind: Kind, place: int, sides: tuple[Side, Side], shares: tuple[Corrected, Corrected]
) -> Comparison:
    first, second = sides
    more, less = reversed(shares) if kind == "periods" else shares
    contrast = contrast_shares(more, less, corpus.settings.level)
    made = " and ".join(dict.fromkeys(share.method for share in shares))
    steadied = ", variance of the smaller side raised" if contrast.steadied else ""
    return _make_comparison(
        corpus,
        kind,
        place,
        period=f"{first.period} to {second.period}" if kind == "periods" else first.period,
        sides=sides,
        shares=(shares[0].value or 0.0, shares[1].value or 0.0),
        contrast=contrast,
        method=f"difference of shares ({made}), Welch's t{steadied}",
    )


def _follow(corpus: Corpus, lists: Sequence[Sequence[Side]]) -> Iterator[Comparison]:
    """Yield the trend of each side, label by label, not yet adjusted."""
    clock = np.array([_read_time(time) for time in corpus.times])
    for side in (side for sides in lists for side in sides):
        for place in range(len(corpus.labels)):
            yield _make_trend(corpus, side, place, clock)


def _make_trend(corpus: Corpus, side: Side, place: int, clock: Floats) -> Comparison:
    """Return the trend of one label on one side; `clock`, shape (times,), are the times in years."""
    spans = corpus.time[side.rows]
    ends = [int(spans.min()), int(spans.max())]
    coded = _cut(corpus.coded[place], side)
    if coded is not None and len(np.unique(spans[coded.articles])) < MIN_TIMES:
        coded = None
    share = _estimate(corpus, side, place, coded)
    sums, kept = corpus.sums[side.rows, place], corpus.kept[side.rows]
    line = fit_trend(clock[spans], sums, kept, share, coded, corpus.settings.weighting)
    levels = np.clip((share.value or 0.0) + line.slope * (clock[ends] - line.time), 0, 1)
    return _make_comparison(
        corpus,
        "trends",
        place,
        period=" to ".join(str(corpus.times[end]) for end in ends),
        sides=(side, side),
        shares=(float(levels[0]), float(levels[1])),
        contrast=judge_value(line.slope, float(line.influence @ line.influence), line.freedom, corpus.settings.level),
        method=f"line through the articles' shares ({share.method}), CR2",
    )


def _make_comparison(
    corpus: Corpus,
    kind: Kind,
    place: int,
    *,
    period: str,
    sides: tuple[Side, Side],
    shares: tuple[float, float],
    contrast: Contrast,
    method: str,
) -> Comparison:
    settings, label = corpus.settings, corpus.labels[place]
    choice = "" if settings.copies == "as-printed" else f", copies: {settings.copies}"
    return Comparison(
        label=label.key,
        title=label.title,
        period=period,
        outlet_a=sides[0].outlet,
        outlet_b=sides[1].outlet,
        difference=contrast.value,
        low=contrast.low,
        high=contrast.high,
        p_value=contrast.p_value,
        p_adjusted=None,
        method=method + choice,
        kind=kind,
        share_a=shares[0],
        share_b=shares[1],
        articles_a=sides[0].articles,
        articles_b=None if kind == "trends" else sides[1].articles,
        grade=label.grade,
        weighting=settings.weighting,
        level=settings.level,
    )


def _read_time(time: int | str) -> float:
    """Return the first day of a year, quarter ("2019Q2") or month ("2019-05") in years."""
    year, quarter, month = re.fullmatch(r"(\d{4})(?:Q(\d)|-(\d{2}))?", str(time), re.ASCII).groups()  # type: ignore[union-attr]
    return int(year) + (int(quarter or 1) - 1) / 4 + (int(month or 1) - 1) / 12


def _adjust(family: Iterable[Comparison]) -> list[Comparison]:
    """Return the comparisons with Holm's p-values over those that could be tested."""
    from statsmodels.stats.multitest import multipletests

    made = list(family)
    tested = [row.p_value for row in made if row.p_value is not None]
    adjusted = iter(multipletests(tested, method="holm")[1] if tested else ())
    count = "1 comparison" if len(tested) == 1 else f"{len(tested):,} comparisons"
    return [
        replace(row, method=f"{row.method}; not tested: articles do not differ")
        if row.p_value is None
        else replace(row, p_adjusted=float(next(adjusted)), method=f"{row.method}; Holm over {count}")
        for row in made
    ]


def _describe_unknown(corpus: Corpus) -> list[str]:
    undated = int((corpus.time < 0).sum())
    unit = "year" if corpus.settings.period == "all" else corpus.settings.period
    return [
        *([f"{corpus.nameless:,} articles without a known outlet are in no comparison"] if corpus.nameless else []),
        *([f"{undated:,} articles whose {unit} is not known are in no period and no trend"] if undated else []),
    ]


def _describe_few(corpus: Corpus, kind: Kind, lists: Sequence[Sequence[Side]]) -> list[str]:
    """Return sentences on the sides that have too little, and on outlets too many to compare by pairs."""
    sides = [side for listed in lists for side in listed]
    few = [side for side in sides if not is_enough(corpus, kind, side)]
    least, most = corpus.settings.min_articles, corpus.settings.max_outlets
    said = []
    if few:
        first, want = few[0], f"{least} articles" + (f" in {MIN_TIMES} different years" if kind == "trends" else "")
        where = "" if first.period in ("all", "dated") else f" in {first.period}"
        said.append(
            f"{kind}: {len(few):,} of {len(sides):,} sides have fewer than {want} and are not compared, "
            f"such as {first.outlet}{where} ({first.articles})"
        )
    if kind == "outlets" and max((len(listed) for listed in lists), default=0) > most:
        said.append(f"outlets: only the {most} with most articles are compared pair by pair")
    return said
