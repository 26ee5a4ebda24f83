"""Draws shares over the years with Vega-Lite: one figure per label, one small panel per outlet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import vl_convert as vlc

_VEGA_LITE = "6.4"
"""Version of the grammar that the figures are written in; the converter carries it, no network needed."""
_LINE = "#2171b5"
"""Colour of lines and bands; the page's style sheet swaps it for a lighter one on dark screens."""
_PANEL = {"width": 160, "height": 70}
"""Pixels of one panel: two stand side by side on a phone 400 pixels wide."""
_INTERVAL = (
    "isValid(datum.low) ? format(datum.low, '.1%') + ' to ' + format(datum.high, '.1%') : 'none, a single article'"
)


@dataclass(frozen=True, slots=True)
class YearPoint:
    """A share (0..1) of one outlet in one year; None where there is no data, no bounds for one article."""

    outlet: str
    year: int
    share: float | None
    low: float | None
    high: float | None
    articles: int = 0


def draw_shares(points: Sequence[YearPoint], outlets: Sequence[str]) -> str:
    """Return an SVG of small multiples: a panel per outlet, in that order, with line, points and band.

    A line breaks where a year has no data. A hollow point rests on one article and has no band.
    """
    svg: str = vlc.vegalite_to_svg(make_spec(points, outlets), vl_version=_VEGA_LITE)
    return svg


def make_spec(points: Sequence[YearPoint], outlets: Sequence[str]) -> dict[str, Any]:
    """Return the figure in Vega-Lite; its data, sort order and parameters may be exchanged to draw others.

    The parameters are `first` and `last`, the years at the ends, and `top`, the greatest value.
    """
    years = sorted({point.year for point in points}) or [0]
    tallest = max((value for p in points for value in (p.share, p.high) if value is not None), default=1.0)
    values = {"first": years[0], "last": years[-1], "top": tallest}
    text = {"labelColor": "currentColor", "titleColor": "currentColor"}
    return {
        "params": [{"name": name, "value": value} for name, value in values.items()],
        "data": {"values": [asdict(point) for point in points]},
        "transform": [{"calculate": _INTERVAL, "as": "interval"}],
        "facet": {
            "field": "outlet",
            "type": "nominal",
            "sort": list(outlets),
            "title": None,
            "header": text | {"labelFontWeight": "bold", "labelLimit": _PANEL["width"], "labelAnchor": "start"},
        },
        "columns": 2,
        "spacing": {"row": 14, "column": 16},
        "spec": _PANEL | {"layer": _make_layers()},
        "config": {
            "aria": False,
            "background": None,
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": text
            | {
                "domainColor": "currentColor",
                "tickColor": "currentColor",
                "gridColor": "currentColor",
                "gridOpacity": 0.15,
            },
        },
    }


@cache
def load_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that sets `window.vegaEmbed`; 0.9 MB."""
    bundle: str = vlc.javascript_bundle("window.vegaEmbed = vegaEmbed;", _VEGA_LITE)
    return bundle


def _make_layers() -> list[dict[str, Any]]:
    years = {"expr": "first == last ? [first] : [first, last]"}
    x = {
        "field": "year",
        "type": "quantitative",
        "scale": {"domainMin": {"expr": "first"}, "domainMax": {"expr": "last"}, "nice": False, "zero": False}
        | {"padding": 6},
        "axis": {"format": "d", "values": years, "labelFlush": 10, "title": None},
    }
    scale = {"domainMin": 0, "domainMax": {"expr": "top"}, "nice": True}
    axis = {"format": ".0%", "tickCount": 2, "title": None}
    share = {"field": "share", "type": "quantitative", "scale": scale, "axis": axis}
    band = {"x": x, "y": share | {"field": "low"}, "y2": {"field": "high"}}
    fill = {"condition": {"test": "isValid(datum.low)", "value": _LINE}, "value": "transparent"}
    point = {"type": "point", "size": 22, "stroke": _LINE, "strokeWidth": 1.2, "cursor": "pointer"}
    return [
        {"mark": {"type": "area", "color": _LINE, "opacity": 0.25}, "encoding": band},
        {"mark": {"type": "rule", "color": _LINE, "opacity": 0.45}, "encoding": band},
        {"mark": {"type": "line", "color": _LINE, "strokeWidth": 1.5}, "encoding": {"x": x, "y": share}},
        {"mark": point, "encoding": {"x": x, "y": share, "fill": fill, "tooltip": _make_tooltip()}},
    ]


def _make_tooltip() -> list[dict[str, Any]]:
    return [
        {"field": "outlet", "type": "nominal", "title": "Outlet"},
        {"field": "year", "type": "quantitative", "title": "Year", "format": "d"},
        {"field": "share", "type": "quantitative", "title": "Share", "format": ".1%"},
        {"field": "interval", "type": "nominal", "title": "95% interval"},
        {"field": "articles", "type": "quantitative", "title": "Articles"},
    ]
