"""Builds report.html: one page that opens offline and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from framing.intervals import Ratio
from framing.passages import PassageView, sample_paragraphs
from framing.report.charts import YearPoint, draw_shares
from framing.report.views import (
    FEW_ARTICLES,
    SENTIMENT_COLOURS,
    SHARE_COLOURS,
    UNKNOWN_OUTLET,
    Figure,
    HeatTable,
    OutletSamples,
    Sample,
    choose_text_colour,
    format_count,
    format_share,
    make_sentiment_table,
    make_share_table,
)
from framing.runfolder import RunFolder
from framing.shares import Cell, SentimentCell, VoiceCell, compute_shares, compute_voices
from framing.tally import Weighting

_MOST_OUTLETS = 40
_MOST_DRAWN = 12
_MOST_FIGURES = 24
_MOST_YEARS = 30
_MOST_PROBLEMS = 20
"""Bounds on outlets in tables, outlets and labels in figures, years, and problems, so that the page of
a large corpus stays a few megabytes; our choice, said on the page, and the tables hold everything."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The cells the page is made of, and its outlets: those with the most articles, None for unknown."""

    outlets: tuple[str | None, ...]
    left_out: int
    shares: Mapping[tuple[str | None, str], Cell]
    yearly: Sequence[Cell]
    sentiment: Sequence[SentimentCell]
    voices: Mapping[tuple[str | None, str], VoiceCell]


def render_page(
    folder: RunFolder,
    yearly: Sequence[Cell],
    sentiment: Sequence[SentimentCell],
    *,
    weighting: Weighting = "paragraph",
    seed: int = 0,
) -> str:
    """Return the page of a run as HTML; the same arguments give the same text.

    `yearly` and `sentiment` are the run's cells by outlet and year, of that weighting and seed.
    """
    numbers = _compute_numbers(folder, yearly, sentiment, weighting, seed)
    samples = _list_samples(folder, numbers, sample_paragraphs(folder.path, seed=seed))
    anchors = {sample.anchor for outlet in samples for sample in outlet.samples}
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = format_share
    return environment.get_template("page.html.j2").render(
        manifest=folder.manifest,
        labels=folder.labels,
        facts=_list_facts(folder),
        weighting=weighting,
        few=FEW_ARTICLES,
        left_out=numbers.left_out,
        shares=_tabulate_shares(folder, numbers, anchors),
        figures=_draw_figures(folder, numbers),
        drawn=min(len(numbers.outlets), _MOST_DRAWN),
        sentiment=_tabulate_sentiment(numbers),
        voices=_tabulate_voices(folder, numbers),
        samples=samples,
        seed=seed,
        problems=list(folder.manifest.get("problems") or ())[:_MOST_PROBLEMS],
        problem_count=len(folder.manifest.get("problems") or ()),
        palettes={
            kind: [(colour, choose_text_colour(colour)) for colour in colours]
            for kind, colours in (("share", SHARE_COLOURS), ("sentiment", SENTIMENT_COLOURS))
        },
    )


def _compute_numbers(
    folder: RunFolder,
    yearly: Sequence[Cell],
    sentiment: Sequence[SentimentCell],
    weighting: Weighting,
    seed: int,
) -> _Numbers:
    by_outlet = compute_shares(folder.path, ["outlet"], weighting=weighting, seed=seed)
    voices = compute_voices(folder.path, ["outlet"], weighting=weighting, seed=seed)
    shares = {(cell.group[0], cell.label): cell for cell in by_outlet}
    articles = {outlet: cell.articles for (outlet, _), cell in shares.items()}
    largest = sorted(articles, key=lambda outlet: -articles[outlet])[:_MOST_OUTLETS]
    return _Numbers(
        outlets=tuple(outlet for outlet in articles if outlet in largest),
        left_out=len(articles) - len(largest),
        shares=shares,
        yearly=yearly,
        sentiment=sentiment,
        voices={(cell.group[0], cell.voice): cell for cell in voices},
    )


def _list_facts(folder: RunFolder) -> list[tuple[str, str, str]]:
    """Return what was read: (what, how much, a remark)."""
    articles = folder.read_articles(["outlet", "year"])
    outlets = articles["outlet"].to_pylist()
    years = [year for year in articles["year"].to_pylist() if year is not None]
    with folder.connect() as database:
        query = "SELECT dropped, count(*) FROM paragraphs GROUP BY dropped ORDER BY count(*) DESC, dropped"
        dropped: dict[str | None, int] = dict(database.execute(query).fetchall())
    kept = dropped.pop(None, 0)
    reasons = ", ".join(f"{count:,} {str(reason).replace('_', ' ')}" for reason, count in dropped.items())
    span = f"{min(years)}–{max(years)}" if len(set(years)) > 1 else "".join(map(str, set(years))) or "–"
    skipped = folder.manifest.get("counts", {}).get("skipped") or {}
    return [
        ("Articles", f"{len(outlets):,}", ""),
        ("Outlets", f"{len(set(outlets) - {None}):,}", _count_missing(outlets.count(None), "an outlet")),
        ("Years", span, _count_missing(len(outlets) - len(years), "a date")),
        ("Paragraphs kept", f"{kept:,}", "what every share is a share of"),
        ("Paragraphs dropped", f"{sum(dropped.values()):,}", reasons),
        (
            "Inputs skipped",
            f"{sum(skipped.values()):,}",
            ", ".join(f"{count:,} {reason}" for reason, count in skipped.items()),
        ),
    ]


def _count_missing(count: int, what: str) -> str:
    return f"{format_count(count, 'article')} without {what}" if count else ""


def _name(outlet: str | None) -> str:
    return UNKNOWN_OUTLET if outlet is None else outlet


def _anchor(row: int, column: int) -> str:
    return f"read-{row + 1}-{column + 1}"


def _tabulate_shares(folder: RunFolder, numbers: _Numbers, anchors: set[str]) -> HeatTable:
    rows = []
    for outlet in numbers.outlets:
        cells = [numbers.shares[outlet, label.key] for label in folder.labels]
        note = f"{format_count(cells[0].articles, 'article')}, {format_count(cells[0].paragraphs, 'paragraph')}"
        rows.append((_name(outlet), note, [cell.presence for cell in cells]))

    def link(row: int, column: int) -> str | None:
        return anchor if (anchor := _anchor(row, column)) in anchors else None

    return make_share_table("Outlet", rows, [label.title for label in folder.labels], link)


def _draw_figures(folder: RunFolder, numbers: _Numbers) -> list[Figure]:
    """Return a figure per label, none where fewer than two years are known."""
    known = [cell for cell in numbers.yearly if cell.group[1] is not None]
    largest = sorted(numbers.outlets, key=lambda name: -numbers.shares[name, folder.labels[0].key].articles)
    drawn = [outlet for outlet in numbers.outlets if outlet in largest[:_MOST_DRAWN]]
    years = sorted({cell.group[1] for cell in known if cell.group[0] in drawn})
    if len(years) < 2:
        return []
    figures = []
    for label in folder.labels[:_MOST_FIGURES]:
        found = {cell.group: cell.presence for cell in known if cell.label == label.key}
        points = [
            _make_point(_name(outlet), year, found.get((outlet, year)))
            for outlet in drawn
            for year in range(years[0], years[-1] + 1)
        ]
        figures.append(Figure(label.title, draw_shares(points, [_name(outlet) for outlet in drawn])))
    return figures


def _make_point(outlet: str, year: int, ratio: Ratio | None) -> YearPoint:
    if ratio is None:
        return YearPoint(outlet, year, None, None, None)
    several = ratio.articles > 1
    return YearPoint(outlet, year, ratio.value, ratio.low if several else None, ratio.high if several else None)


def _tabulate_sentiment(numbers: _Numbers) -> HeatTable | None:
    """Return sentiment by outlet and year, None where the model gives none."""
    found = {cell.group: cell.tone for cell in numbers.sentiment}
    if all(tone.value is None for tone in found.values()):
        return None
    years: list[int | None] = sorted({year for _, year in found if year is not None})[-_MOST_YEARS:]
    if any(year is None for _, year in found):
        years.append(None)
    nothing = Ratio(0.0, 0.0, 0, None, None)
    rows = [(_name(outlet), "", [found.get((outlet, year), nothing) for year in years]) for outlet in numbers.outlets]
    return make_sentiment_table("Outlet", rows, ["no date" if year is None else str(year) for year in years])


def _tabulate_voices(folder: RunFolder, numbers: _Numbers) -> HeatTable | None:
    """Return who speaks by outlet, None where the model has no voices."""
    if not folder.voices:
        return None
    rows = [
        (_name(outlet), "", [numbers.voices[outlet, voice.key].presence for voice in folder.voices])
        for outlet in numbers.outlets
    ]
    return make_share_table("Outlet", rows, [voice.title for voice in folder.voices])


def _list_samples(
    folder: RunFolder, numbers: _Numbers, drawn: Mapping[tuple[str | None, str], Sequence[PassageView]]
) -> list[OutletSamples]:
    groups = []
    for row, outlet in enumerate(numbers.outlets):
        samples = []
        for column, label in enumerate(folder.labels):
            if passages := drawn.get((outlet, label.key)):
                share = numbers.shares[outlet, label.key].share or 0.0
                samples.append(Sample(_anchor(row, column), label.title, format_share(share), tuple(passages)))
        if samples:
            groups.append(OutletSamples(_name(outlet), tuple(samples)))
    return groups
