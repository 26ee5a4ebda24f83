"""The parts of the page as plain values: what was read, how far to trust it, tables, figures, findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from framing.cells import Cell
from framing.comparison import Comparison, describe_comparison
from framing.report.charts import YearPoint, draw_shares
from framing.report.numbers import Report
from framing.report.views import (
    UNKNOWN_OUTLET,
    Column,
    Estimate,
    HeatTable,
    format_count,
    format_share,
    make_sentiment_table,
    make_share_table,
)
from framing.runfolder import RunFolder, RunLabel
from framing.words import WordRow

MOST_OUTLETS = 40
MOST_DRAWN = 12
MOST_FIGURES = 24
MOST_FINDINGS = 60
MOST_WORDS = 12
"""Bounds on outlets in tables, outlets and labels in figures, sentences and words, so that the page of a large
corpus stays a few megabytes; our choice, said on the page, and the tables hold everything."""

Outlet = str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """What was read: what, how much, and a remark."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """How far to trust a label, and its share of all paragraphs as shown."""

    label: RunLabel
    share: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing of one label over the years: `label` is its place in the codebook."""

    label: int
    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A comparison in words; `label` and `outlets` are places, for the filters."""

    sentence: str
    label: int
    outlets: tuple[int, ...]
    grade: str | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that set each outlet apart, in a label's paragraphs or, `label` None, in all of them."""

    label: int | None
    title: str
    outlets: tuple[tuple[str, tuple[str, ...]], ...]


def name_outlet(outlet: Outlet) -> str:
    """Return the outlet's name, or what stands for none."""
    return UNKNOWN_OUTLET if outlet is None else outlet


def choose_outlets(report: Report) -> tuple[tuple[Outlet, ...], int]:
    """Return the outlets shown, those with the most articles in the tables' order, and how many are not."""
    articles = {cell.group[0]: cell.articles for cell in report.page.shares["outlet",]}
    largest = sorted(articles, key=lambda outlet: -articles[outlet])[:MOST_OUTLETS]
    shown = tuple(outlet for outlet in articles if outlet in largest)
    return shown, len(articles) - len(shown)


def list_facts(folder: RunFolder) -> list[Fact]:
    """Return what was read, from whom, and what was dropped."""
    articles = folder.read_articles(["outlet", "year"])
    outlets = articles["outlet"].to_pylist()
    years = [year for year in articles["year"].to_pylist() if year is not None]
    with folder.connect() as database:
        query = "SELECT dropped, count(*) FROM paragraphs GROUP BY dropped ORDER BY count(*) DESC, dropped"
        dropped: dict[str | None, int] = dict(database.execute(query).fetchall())
    kept = dropped.pop(None, 0)
    span = f"{min(years)}–{max(years)}" if len(set(years)) > 1 else "".join(map(str, set(years))) or "–"
    skipped = folder.manifest.get("counts", {}).get("skipped") or {}
    return [
        Fact("Articles", f"{len(outlets):,}"),
        Fact("Outlets", f"{len(set(outlets) - {None}):,}", _count_missing(outlets.count(None), "an outlet")),
        Fact("Years", span, _count_missing(len(outlets) - len(years), "a date")),
        Fact("Paragraphs kept", f"{kept:,}", "what every share is a share of"),
        Fact("Paragraphs dropped", f"{sum(dropped.values()):,}", _list_reasons(dropped)),
        Fact("Inputs skipped", f"{sum(skipped.values()):,}", _list_reasons(skipped)),
    ]


def _list_reasons(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{count:,} {str(reason).replace('_', ' ')}" for reason, count in counts.items())


def _count_missing(count: int, what: str) -> str:
    return f"{format_count(count, 'article')} without {what}" if count else ""


def list_trust(report: Report) -> list[Trust]:
    """Return how far to trust each label, with its share of the whole run."""
    cells = {cell.label: cell for cell in report.page.shares[()]}
    return [
        Trust(label, _show_share(cells[label.key].share if label.key in cells else None))
        for label in report.folder.labels
    ]


def _show_share(share: float | None) -> str:
    return "–" if share is None else format_share(share)


def tabulate_shares(report: Report, outlets: Sequence[Outlet]) -> HeatTable:
    """Return shares of outlet by label, all outlets together first."""
    columns = [Column(label.title, f"grade {label.grade}" if label.grade else "") for label in report.folder.labels]
    rows = _list_rows(report, outlets)
    return make_share_table(
        "Outlet",
        [(title, note, [Estimate(c.share, c.low, c.high, c.articles) for c in cells]) for title, note, cells in rows],
        columns,
    )


def tabulate_sentiment(report: Report, outlets: Sequence[Outlet]) -> HeatTable | None:
    """Return sentiment of outlet by label, of any paragraph first; None where the model gives none."""
    tones = {cell.group: cell for by in ((), ("outlet",)) for cell in report.page.sentiment[by]}
    if all(cell.sentiment is None for cell in tones.values()):
        return None
    rows = []
    for group, (title, _, cells) in zip([(), *((o,) for o in outlets)], _list_rows(report, outlets), strict=True):
        whole = tones[group]
        estimates = [Estimate(whole.sentiment, whole.low, whole.high, whole.articles)]
        estimates += [Estimate(c.sentiment, c.sentiment_low, c.sentiment_high, c.articles) for c in cells]
        rows.append((title, "", estimates))
    columns = [Column("Any paragraph", linked=False), *(Column(label.title) for label in report.folder.labels)]
    return make_sentiment_table("Outlet", rows, columns)


def tabulate_speakers(report: Report) -> HeatTable | None:
    """Return who speaks in each label, in all outlets together; None where the model has no voices."""
    folder, cells = report.folder, {(cell.label, cell.voice): cell for cell in report.page.speakers[()]}
    if not folder.voices or not cells:
        return None
    rows = []
    for label in folder.labels:
        found = [cells[label.key, voice.key] for voice in folder.voices]
        rows.append((label.title, "", [Estimate(c.share, c.low, c.high, c.articles) for c in found]))
    return make_share_table("Frame", rows, [Column(voice.title) for voice in folder.voices])


def _list_rows(report: Report, outlets: Sequence[Outlet]) -> list[tuple[str, str, list[Cell]]]:
    """Return (title, what it rests on, cells in the order of the labels) of all outlets together and of each."""
    labels = [label.key for label in report.folder.labels]
    whole = {cell.label: cell for cell in report.page.shares[()]}
    single = {(cell.group[0], cell.label): cell for cell in report.page.shares["outlet",]}
    found = [("All outlets", [whole[label] for label in labels])] if outlets else []
    found += [(name_outlet(outlet), [single[outlet, label] for label in labels]) for outlet in outlets]
    return [
        (
            title,
            f"{format_count(cells[0].articles, 'article')}, {format_count(cells[0].paragraphs, 'paragraph')}",
            cells,
        )
        for title, cells in found
    ]


def draw_figures(report: Report, outlets: Sequence[Outlet]) -> list[Figure]:
    """Return a figure per label of the outlets with the most articles, none where fewer than two years are known."""
    known = [cell for cell in report.page.shares["outlet", "year"] if cell.group[1] is not None]
    drawn = choose_drawn(report, outlets)
    years = sorted({cell.group[1] for cell in known if cell.group[0] in drawn})
    if len(years) < 2:
        return []
    figures = []
    for place, label in enumerate(report.folder.labels[:MOST_FIGURES]):
        found = {cell.group: cell for cell in known if cell.label == label.key}
        points = [
            make_point(name_outlet(outlet), year, found.get((outlet, year)))
            for outlet in drawn
            for year in range(years[0], years[-1] + 1)
        ]
        figures.append(Figure(place, label.title, draw_shares(points, [name_outlet(outlet) for outlet in drawn])))
    return figures


def choose_drawn(report: Report, outlets: Sequence[Outlet]) -> list[Outlet]:
    """Return the outlets that are drawn, in the order of the tables."""
    articles = {cell.group[0]: cell.articles for cell in report.page.shares["outlet",]}
    largest = sorted(outlets, key=lambda outlet: -articles[outlet])[:MOST_DRAWN]
    return [outlet for outlet in outlets if outlet in largest]


def make_point(outlet: str, year: int, cell: Cell | None) -> YearPoint:
    """Return what is drawn of a cell; one that rests on a single article has no bounds."""
    if cell is None:
        return YearPoint(outlet, year, None, None, None)
    several = cell.articles > 1
    bounds = (cell.low, cell.high) if several else (None, None)
    return YearPoint(outlet, year, cell.share, *bounds, articles=cell.articles)


def list_findings(comparisons: Iterable[Comparison], folder: RunFolder, outlets: Sequence[Outlet]) -> list[Finding]:
    """Return the comparisons that survive the adjustment, largest differences of each kind first."""
    labels = [label.key for label in folder.labels]
    places = {name_outlet(outlet): place for place, outlet in enumerate(outlets)}
    found = [comparison for comparison in comparisons if comparison.survives]
    kinds = list(dict.fromkeys(comparison.kind for comparison in found))
    found.sort(key=lambda comparison: (kinds.index(comparison.kind), -abs(comparison.difference)))
    return [
        Finding(
            describe_comparison(comparison).replace(" %", "\N{NO-BREAK SPACE}%"),
            labels.index(comparison.label),
            tuple(places[name] for name in (comparison.outlet_a, comparison.outlet_b) if name in places),
            comparison.grade,
        )
        for comparison in found
    ]


def list_words(words: Iterable[WordRow], folder: RunFolder, outlets: Sequence[Outlet]) -> list[Vocabulary]:
    """Return the most distinctive words of each outlet, of all paragraphs first, then of each label's."""
    found: dict[str | None, dict[Outlet, list[str]]] = {}
    for row in words:
        found.setdefault(row.label, {}).setdefault(row.group, []).append(row.word)
    titles: list[tuple[int | None, str | None, str]] = [(None, None, "All paragraphs")]
    titles += [(place, label.key, label.title) for place, label in enumerate(folder.labels)]
    return [
        Vocabulary(
            place,
            title,
            tuple((name_outlet(each), tuple(found[key][each][:MOST_WORDS])) for each in outlets if each in found[key]),
        )
        for place, key, title in titles
        if key in found
    ]
