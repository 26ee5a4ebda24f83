"""What the page shows, as plain values: heat tables, numbers in words, colours that stay readable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SHARE_COLOURS = ("#eff3ff", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594")
SENTIMENT_COLOURS = ("#b35806", "#f1a340", "#fee0b6", "#f7f7f7", "#d8daeb", "#998ec3", "#542788")
"""ColorBrewer "Blues" and "PuOr" in 7 classes: safe for colour-blind readers and in print (Brewer 2003)."""
DARK_SHARE_COLOURS = ("#182230", "#16324f", "#174a78", "#2166a5", "#4d93cc", "#86bce6", "#c6dbef")
DARK_SENTIMENT_COLOURS = ("#fdb863", "#b87220", "#6b4412", "#2b3036", "#473f6e", "#7a70b3", "#c2bbe3")
"""The same hues for dark screens, where what is far from nothing is light instead of dark."""
LEAST_SENTIMENT_SCALE = 0.5
"""The sentiment colours reach at least this far from 0; our choice: weak tones shall not look strong."""
UNKNOWN_OUTLET = "no outlet known"
FEW_ARTICLES = 5
"""Fewer articles than this are marked on the page; our choice: the bootstrap has little to draw from."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval and the articles it rests on; all None, or 0, without data."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    articles: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a heat table: its title, a remark under it, and whether its cells lead to paragraphs."""

    title: str
    note: str = ""
    linked: bool = True


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A number in a coloured cell: `step` is its colour, None without data."""

    value: str
    interval: str = ""
    step: int | None = None
    few: bool = False


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A row of a heat table; `note` says what it rests on."""

    title: str
    note: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class HeatTable:
    """A heat table: `legend` names the range of each colour step, up to `top`; `kind` is its palette."""

    kind: str
    corner: str
    columns: tuple[Column, ...]
    rows: tuple[HeatRow, ...]
    legend: tuple[str, ...]
    top: float


Row = tuple[str, str, Sequence[Estimate]]
"""A row before it is coloured: its title, a note, and one estimate per column."""


def make_share_table(corner: str, rows: Sequence[Row], columns: Sequence[Column]) -> HeatTable:
    """Return a heat table of shares, coloured from 0 to the greatest share in it."""
    top = max((found.value for _, _, estimates in rows for found in estimates if found.value), default=1.0)
    steps = len(SHARE_COLOURS)
    legend = [f"{format_share(top * i / steps)}–{format_share(top * (i + 1) / steps)}" for i in range(steps)]
    cells = _make_rows(rows, lambda value: min(steps - 1, int(value / top * steps)), format_share)
    return HeatTable("share", corner, tuple(columns), cells, tuple(legend), top)


def make_sentiment_table(corner: str, rows: Sequence[Row], columns: Sequence[Column]) -> HeatTable:
    """Return a heat table of sentiments (-1..1), coloured evenly on both sides of 0."""
    values = [abs(found.value) for _, _, estimates in rows for found in estimates if found.value is not None]
    top = max([LEAST_SENTIMENT_SCALE, *values])
    steps = len(SENTIMENT_COLOURS)
    ends = [top * (2 * i / steps - 1) for i in range(steps + 1)]
    legend = [f"{format_sentiment(ends[i])} to {format_sentiment(ends[i + 1])}" for i in range(steps)]
    cells = _make_rows(rows, lambda value: min(steps - 1, int((value / top + 1) / 2 * steps)), format_sentiment)
    return HeatTable("sentiment", corner, tuple(columns), cells, tuple(legend), top)


def _make_rows(
    rows: Sequence[Row], choose: Callable[[float], int], show: Callable[[float], str]
) -> tuple[HeatRow, ...]:
    return tuple(
        HeatRow(title, note, tuple(_make_cell(estimate, choose, show) for estimate in estimates))
        for title, note, estimates in rows
    )


def _make_cell(estimate: Estimate, choose: Callable[[float], int], show: Callable[[float], str]) -> HeatCell:
    if estimate.value is None:
        return HeatCell("–")
    step = choose(estimate.value)
    if estimate.articles == 1 or estimate.low is None or estimate.high is None:
        return HeatCell(show(estimate.value), "1 article", step, few=True)
    interval = f"{show(estimate.low)} to {show(estimate.high)}"
    return HeatCell(show(estimate.value), interval, step, few=estimate.articles < FEW_ARTICLES)


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
