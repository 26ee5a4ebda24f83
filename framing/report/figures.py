"""Draws the figures of a report as files for a paper: SVG and PNG, each with its caption."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framing.cells import Cell
from framing.errors import FramingError
from framing.report.charts import YearPoint, make_spec
from framing.report.numbers import Report
from framing.report.tables import write_text, write_whole
from framing.report.views import UNKNOWN_OUTLET
from framing.runfolder import RunLabel

MOST_OUTLETS = 12
"""Outlets in a figure, those with the most articles: what a printed page holds in two columns; our choice."""
_VEGA_LITE = "5.20"
_SCALE = 2
"""Pixels of the PNG per pixel of the figure: sharp in print at half a page's width."""
_PANEL = {"width": 220, "height": 110}
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""The converter brings the first; the others have the same widths, so that an SVG looks alike everywhere."""
_INK, _PAPER = "#222222", "#ffffff"
_YEARLY = ("outlet", "year")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure to write: `name` without a suffix, its title, the caption below it, and `spec` in Vega-Lite."""

    name: str
    title: str
    caption: str
    spec: dict[str, Any]


def write_figures(report: Report, out: Path) -> list[Path]:
    """Write a figure per label to `out`/figures, as SVG and PNG, and captions.md; return their paths.

    A figure shows the label's share per outlet over the years, with its intervals. Where no year is
    known there is nothing to draw, and no file is written. The same report gives the same bytes.

    Raises:
        FramingError: where a file cannot be written.
    """
    figures = [figure for label in report.folder.labels if (figure := _make_figure(report, label))]
    if not figures:
        return []
    folder = out / "figures"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FramingError(f"{folder}: cannot be made a folder ({error.strerror}); choose another --out") from error
    paths = [path for figure in figures for path in _draw(figure, folder)]
    captions = "\n".join(f"## {figure.name}\n{figure.caption}\n" for figure in figures)
    return [*paths, write_text(folder / "captions.md", captions)]


def _draw(figure: Figure, folder: Path) -> list[Path]:
    import vl_convert as vlc

    svg: str = vlc.vegalite_to_svg(figure.spec, vl_version=_VEGA_LITE)
    png: bytes = vlc.vegalite_to_png(figure.spec, vl_version=_VEGA_LITE, scale=_SCALE)
    return [write_text(folder / f"{figure.name}.svg", svg), write_whole(folder / f"{figure.name}.png", png)]


def _make_figure(report: Report, label: RunLabel) -> Figure | None:
    """Return the figure of a label, None where no article has a year."""
    cells = [cell for cell in report.page.shares[_YEARLY] if cell.label == label.key and cell.group[1] is not None]
    if not cells:
        return None
    outlets = _choose_outlets(cells)
    points = _list_points(cells, outlets)
    caption = _write_caption(report, label, cells, len(outlets))
    spec = _prepare_for_print(make_spec(points, [_name(outlet) for outlet in outlets]), label.title, caption)
    return Figure(f"shares-{label.key}", label.title, caption, spec)


def _choose_outlets(cells: Sequence[Cell]) -> list[str | None]:
    """Return the outlets with the most articles, in the order of the cells."""
    articles: dict[str | None, int] = {}
    for cell in cells:
        articles[cell.group[0]] = articles.get(cell.group[0], 0) + cell.articles
    largest = sorted(articles, key=lambda outlet: -articles[outlet])[:MOST_OUTLETS]
    return [outlet for outlet in articles if outlet in largest]


def _list_points(cells: Sequence[Cell], outlets: Sequence[str | None]) -> list[YearPoint]:
    """Return a point per outlet and year, empty where there is no cell, so that lines break there."""
    found = {cell.group: cell for cell in cells}
    years = [cell.group[1] for cell in cells]
    return [
        _make_point(_name(outlet), year, found.get((outlet, year)))
        for outlet in outlets
        for year in range(min(years), max(years) + 1)
    ]


def _make_point(outlet: str, year: int, cell: Cell | None) -> YearPoint:
    if cell is None:
        return YearPoint(outlet, year, None, None, None)
    several = cell.presence.articles > 1
    low, high = (cell.low, cell.high) if several else (None, None)
    return YearPoint(outlet, year, cell.share, low, high, cell.articles)


def _name(outlet: str | None) -> str:
    return UNKNOWN_OUTLET if outlet is None else outlet


def _write_caption(report: Report, label: RunLabel, cells: Sequence[Cell], drawn: int) -> str:
    """Return what a reader needs to know beside the figure."""
    all_outlets = len({cell.group[0] for cell in cells})
    which = f"the {drawn} outlets of {all_outlets} with the most articles" if drawn < all_outlets else "each outlet"
    manifest = report.folder.manifest
    codebook = manifest.get("codebook") or {}
    methods = "; ".join(
        sorted({cell.method for cell in cells if cell.share is not None and cell.presence.articles > 1})
    )
    reliability = f", reliability grade {label.grade}" if label.grade else ""
    return (
        f"{label.title}: share of paragraphs per year in {which}{reliability}. "
        f"Band: 95 % interval; hollow point: a single article, no interval. "
        + (f"Method: {methods}. " if methods else "")
        + f"Copies: {report.settings.copies}. {sum(cell.articles for cell in cells):,} articles, "
        f"{sum(cell.paragraphs for cell in cells):,} paragraphs. Model {manifest['model'].get('name')}, "
        f"codebook {codebook.get('name')} {codebook.get('version')}."
    )


def _prepare_for_print(spec: Mapping[str, Any], title: str, caption: str) -> dict[str, Any]:
    """Return the chart of the page as a figure of its own: title, axis names, ink on paper, a font that is there."""
    printed: dict[str, Any] = json.loads(json.dumps(spec).replace('"currentColor"', f'"{_INK}"'))
    printed["title"] = {"text": title, "anchor": "start", "color": _INK, "offset": 10}
    printed["description"] = caption
    printed["config"] |= {"background": _PAPER, "font": _FONT, "aria": True}
    printed["spec"] |= _PANEL
    for layer in printed["spec"]["layer"]:
        for channel, name in (("x", "Year"), ("y", "Share of paragraphs")):
            layer["encoding"][channel]["axis"]["title"] = name
    return printed
