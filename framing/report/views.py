"""What the page shows, as plain values: heat tables, numbers in words, colours that stay readable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from framing.intervals import Ratio
from framing.passages import PassageView

SHARE_COLOURS = ("#eff3ff", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594")
SENTIMENT_COLOURS = ("#b35806", "#f1a340", "#fee0b6", "#f7f7f7", "#d8daeb", "#998ec3", "#542788")
"""ColorBrewer "Blues" and "PuOr" in 7 classes: safe for colour-blind readers and in print (Brewer 2003)."""
LEAST_SENTIMENT_SCALE = 0.5
"""The sentiment colours reach at least this far from 0; our choice: weak tones shall not look strong."""
UNKNOWN_OUTLET = "no outlet known"
FEW_ARTICLES = 5
"""Fewer articles than this are marked on the page; our choice: the bootstrap has little to draw from."""

Row = tuple[str, str, Sequence[Ratio]]
"""A row before it is coloured: its title, a note, and one ratio per column."""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A number in a coloured cell: `step` is its colour, None without data; `link` its paragraphs."""

    value: str
    interval: str = ""
    step: int | None = None
    few: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A row of a heat table; `note` says what it rests on."""

    title: str
    note: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class HeatTable:
    """A heat table: `legend` names the range of each colour step, `kind` its palette."""

    kind: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    legend: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing of one label over the years."""

    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Paragraphs drawn for one number; `anchor` is where its cell links to."""

    anchor: str
    title: str
    share: str
    passages: tuple[PassageView, ...]


@dataclass(frozen=True, slots=True)
class OutletSamples:
    """The samples of one outlet."""

    outlet: str
    samples: tuple[Sample, ...]


def make_share_table(
    corner: str,
    rows: Sequence[Row],
    columns: Sequence[str],
    link: Callable[[int, int], str | None] = lambda row, column: None,
) -> HeatTable:
    """Return a heat table of shares, coloured from 0 to the greatest share in it.

    `link` gives the anchor of the paragraphs behind a cell, or None.
    """
    values = [ratio.value for _, _, ratios in rows for ratio in ratios if ratio.value is not None]
    top = max(values, default=0.0) or 1.0
    steps = len(SHARE_COLOURS)

    def cell(ratio: Ratio, row: int, column: int) -> HeatCell:
        step = None if ratio.value is None else min(steps - 1, int(ratio.value / top * steps))
        return _make_cell(ratio, step, format_share, link(row, column))

    legend = [f"{format_share(top * i / steps)}–{format_share(top * (i + 1) / steps)}" for i in range(steps)]
    return _make_table("share", corner, columns, rows, cell, legend)


def make_sentiment_table(corner: str, rows: Sequence[Row], columns: Sequence[str]) -> HeatTable:
    """Return a heat table of sentiments (-1..1), coloured evenly on both sides of 0."""
    values = [abs(ratio.value) for _, _, ratios in rows for ratio in ratios if ratio.value is not None]
    top = max([LEAST_SENTIMENT_SCALE, *values])
    steps = len(SENTIMENT_COLOURS)

    def cell(ratio: Ratio, row: int, column: int) -> HeatCell:
        place = None if ratio.value is None else (ratio.value / top + 1) / 2 * steps
        return _make_cell(ratio, None if place is None else min(steps - 1, int(place)), format_sentiment, None)

    ends = [top * (2 * i / steps - 1) for i in range(steps + 1)]
    legend = [f"{format_sentiment(ends[i])} to {format_sentiment(ends[i + 1])}" for i in range(steps)]
    return _make_table("sentiment", corner, columns, rows, cell, legend)


def _make_table(
    kind: str,
    corner: str,
    columns: Sequence[str],
    rows: Sequence[Row],
    cell: Callable[[Ratio, int, int], HeatCell],
    legend: Sequence[str],
) -> HeatTable:
    heat_rows = [
        HeatRow(title, note, tuple(cell(ratio, row, column) for column, ratio in enumerate(ratios)))
        for row, (title, note, ratios) in enumerate(rows)
    ]
    return HeatTable(kind, corner, tuple(columns), tuple(heat_rows), tuple(legend))


def _make_cell(ratio: Ratio, step: int | None, show: Callable[[float], str], link: str | None) -> HeatCell:
    if ratio.value is None:
        return HeatCell("–")
    if ratio.articles == 1 or ratio.low is None or ratio.high is None:
        return HeatCell(show(ratio.value), "1 article", step, few=True, link=link)
    interval = f"{show(ratio.low)} to {show(ratio.high)}"
    return HeatCell(show(ratio.value), interval, step, few=ratio.articles < FEW_ARTICLES, link=link)


def format_share(value: float) -> str:
    """Return a share in whole percent; 0% and 100% only where they are true."""
    if 0 < value < 0.005:
        return "<1%"
    return ">99%" if 0.995 < value < 1 else f"{100 * value:.0f}%"


def format_sentiment(value: float) -> str:
    """Return a sentiment with its sign and two decimals."""
    return f"{value:+.2f}".replace("-", "−").replace("+0.00", "0.00").replace("−0.00", "0.00")


def format_count(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun, thousands set apart: "1 article", "12,345 articles"."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def choose_text_colour(background: str) -> str:
    """Return black or white, whichever contrasts more with `background` (#rrggbb) by WCAG 2.1."""
    return "#000000" if measure_contrast(background, "#000000") >= 4.5 else "#ffffff"


def measure_contrast(first: str, second: str) -> float:
    """Return the contrast ratio, 1..21, of two colours (#rrggbb): WCAG 2.1, "contrast ratio"."""
    darker, lighter = sorted((_measure_luminance(first), _measure_luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _measure_luminance(colour: str) -> float:
    """Relative luminance, 0..1, of an sRGB colour (WCAG 2.1, "relative luminance")."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
