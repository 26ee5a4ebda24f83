"""Draws shares over the years as SVG: one figure per label, one small panel per outlet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import vl_convert as vlc

_VEGA_LITE = "5.20"
"""Version of the grammar that the figures are written in; the converter carries it, no network needed."""
_LINE = "#2171b5"
"""Colour of lines and bands; the page's style sheet swaps it for a lighter one on dark screens."""
_PANEL = {"width": 160, "height": 70}
"""Pixels of one panel: two stand side by side on a phone 400 pixels wide."""


@dataclass(frozen=True, slots=True)
class YearPoint:
    """A share (0..1) of one outlet in one year; None where there is no data, no bounds for one article."""

    outlet: str
    year: int
    share: float | None
    low: float | None
    high: float | None


def draw_shares(points: Sequence[YearPoint], outlets: Sequence[str]) -> str:
    """Return an SVG of small multiples: a panel per outlet, in that order, with line, points and band.

    A line breaks where a year has no data. A hollow point rests on one article and has no band.
    """
    years = sorted({point.year for point in points})
    tallest = max((value for p in points for value in (p.share, p.high) if value is not None), default=1.0)
    x = {
        "field": "year",
        "type": "quantitative",
        "scale": {"domain": [years[0], years[-1]], "nice": False, "padding": 6},
        "axis": {"format": "d", "values": [years[0], years[-1]], "labelFlush": True, "title": None},
    }
    scale = {"domain": [0, tallest], "nice": True}
    axis = {"format": ".0%", "tickCount": 2, "title": None}
    share = {"field": "share", "type": "quantitative", "scale": scale, "axis": axis}
    band = {"x": x, "y": share | {"field": "low"}, "y2": {"field": "high"}}
    fill = {"condition": {"test": "isValid(datum.low)", "value": _LINE}, "value": "transparent"}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "area", "color": _LINE, "opacity": 0.25}, "encoding": band},
        {"mark": {"type": "rule", "color": _LINE, "opacity": 0.45}, "encoding": band},
        {"mark": {"type": "line", "color": _LINE, "strokeWidth": 1.5}, "encoding": {"x": x, "y": share}},
        {
            "mark": {"type": "point", "size": 22, "stroke": _LINE, "strokeWidth": 1.2},
            "encoding": {"x": x, "y": share, "fill": fill},
        },
    ]
    return vlc.vegalite_to_svg(_facet(points, outlets, layers), vl_version=_VEGA_LITE)


def _facet(points: Sequence[YearPoint], outlets: Sequence[str], layers: list[dict[str, Any]]) -> dict[str, Any]:
    text = {"labelColor": "currentColor", "titleColor": "currentColor"}
    return {
        "data": {"values": [_datum(point) for point in points]},
        "facet": {
            "field": "outlet",
            "type": "nominal",
            "sort": list(outlets),
            "title": None,
            "header": text | {"labelFontWeight": "bold", "labelLimit": _PANEL["width"], "labelAnchor": "start"},
        },
        "columns": 2,
        "spacing": {"row": 14, "column": 16},
        "spec": _PANEL | {"layer": layers},
        "config": {
            "aria": False,
            "background": None,
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": text | {"domainColor": "currentColor", "tickColor": "currentColor", "gridOpacity": 0.35},
        },
    }


def _datum(point: YearPoint) -> dict[str, Any]:
    return {
        "outlet": point.outlet,
        "year": point.year,
        "share": point.share,
        "low": point.low,
        "high": point.high,
    }
