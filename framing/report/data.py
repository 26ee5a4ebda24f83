"""What the page's scripts read: cells, paragraphs and settings as JSON, safe to stand inside HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from framing.cells import Cell, SentimentCell
from framing.report.marks import MarkedWords
from framing.report.numbers import Report
from framing.report.samples import PER_CELL, SampledParagraph, Samples
from framing.report.sections import MOST_DRAWN
from framing.report.views import FEW_ARTICLES, SHARE_COLOURS, UNKNOWN_OUTLET

WHOLE = -1
"""Stands in place of an outlet for all of them together, and in place of a label for any paragraph."""
ALL_YEARS = 0
"""Stands in place of a year for all of them; an unknown year is None."""

_DECIMALS = 5


def make_data(
    report: Report, outlets: Sequence[str | None], samples: Samples, marked: MarkedWords, scales: Mapping[str, float]
) -> dict[str, Any]:
    """Return the page's data; `outlets` are those shown, `scales` the greatest value of each palette."""
    folder, settings = report.folder, report.settings
    methods: dict[str, int] = {}
    rows = _list_cells(report, outlets, samples, methods)
    return {
        "outlets": [UNKNOWN_OUTLET if outlet is None else outlet for outlet in outlets],
        "years": sorted({row[1] for row in rows if row[1]}),
        "labels": [{"key": label.key, "title": label.title, "grade": label.grade} for label in folder.labels],
        "voices": [{"key": voice.key, "title": voice.title} for voice in folder.voices],
        "weighting": settings.weighting,
        "few": FEW_ARTICLES,
        "steps": len(SHARE_COLOURS),
        "panels": MOST_DRAWN,
        "scales": dict(scales),
        "cells": rows,
        "speakers": _list_speakers(report, outlets, methods),
        "methods": list(methods),
        "samples": [_list_paragraph(paragraph, report, outlets, marked) for paragraph in samples.paragraphs],
        "drawn": {"shown": PER_CELL, "outlet": samples.per_outlet, "year": samples.per_year},
        "reason": marked.reason,
    }


def write_json(data: object) -> str:
    """Return `data` as JSON that ends no script element and opens no comment, whatever texts are in it.

    "<" is written as an escape, as are ">" and "&" (HTML Living Standard, "Restrictions for contents
    of script elements").
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _list_cells(
    report: Report, outlets: Sequence[str | None], samples: Samples, methods: dict[str, int]
) -> list[list[Any]]:
    """Return [outlet, year, label, articles, paragraphs, share, low, high, method, articles_with,
    sentiment, sentiment_low, sentiment_high, paragraphs that hold the label] per cell.
    """
    places = {label.key: place for place, label in enumerate(report.folder.labels)}
    found: list[list[Any]] = []
    for by, cells in report.page.shares.items():
        for outlet, year, cell in _place(by, cells, outlets):
            held = samples.counts.get((outlets[outlet], year, cell.label), 0) if by == ("outlet", "year") else None
            shares = [cell.articles, cell.paragraphs, *_round(cell.share, cell.low, cell.high)]
            tone = _round(cell.sentiment, cell.sentiment_low, cell.sentiment_high)
            method = methods.setdefault(cell.method, len(methods))
            found.append([outlet, year, places[cell.label], *shares, method, cell.articles_with, *tone, held])
    for by, tones in report.page.sentiment.items():
        for outlet, year, each in _place(by, tones, outlets):
            method = methods.setdefault(each.method, len(methods))
            tone = _round(each.sentiment, each.low, each.high)
            found.append([outlet, year, WHOLE, each.articles, each.paragraphs, *[None] * 3, method, None, *tone, None])
    return found


def _place(
    by: tuple[str, ...], cells: Sequence[Cell] | Sequence[SentimentCell], outlets: Sequence[str | None]
) -> list[tuple[int, int | None, Any]]:
    """Return (outlet, year, cell) of the cells whose groups the page shows; none of other groups."""
    if by not in ((), ("outlet",), ("year",), ("outlet", "year")):
        return []
    places = {outlet: place for place, outlet in enumerate(outlets)}
    found = []
    for cell in cells:
        names = dict(zip(by, cell.group, strict=True))
        if "outlet" not in names or names["outlet"] in places:
            outlet = places[names["outlet"]] if "outlet" in names else WHOLE
            found.append((outlet, names.get("year", ALL_YEARS), cell))
    return found


def _list_speakers(report: Report, outlets: Sequence[str | None], methods: dict[str, int]) -> list[list[Any]]:
    """Return [outlet, label, voice, articles, share, low, high, method] per cell."""
    labels = {label.key: place for place, label in enumerate(report.folder.labels)}
    voices = {voice.key: place for place, voice in enumerate(report.folder.voices)}
    places = {outlet: place for place, outlet in enumerate(outlets)}
    found: list[list[Any]] = []
    for by, cells in report.page.speakers.items():
        for cell in cells:
            if by and cell.group[0] not in places:
                continue
            names = [places[cell.group[0]] if by else WHOLE, labels[cell.label], voices[cell.voice]]
            method = methods.setdefault(cell.method, len(methods))
            found.append([*names, cell.articles, *_round(cell.share, cell.low, cell.high), method])
    return found


def _list_paragraph(
    paragraph: SampledParagraph, report: Report, outlets: Sequence[str | None], marked: MarkedWords
) -> dict[str, Any]:
    places = {label.key: place for place, label in enumerate(report.folder.labels)}
    voices = {voice.key: place for place, voice in enumerate(report.folder.voices)}
    held = []
    for label, probability in paragraph.held:
        marks = marked.words.get((paragraph.paragraph_id, label))
        words = {"words": marks.spans, "without": round(marks.without, _DECIMALS)} if marks else {}
        held.append({"label": places[label], "probability": round(probability, _DECIMALS)} | words)
    return {
        "id": paragraph.paragraph_id,
        "outlet": list(outlets).index(paragraph.outlet),
        "year": paragraph.year,
        "published": paragraph.published,
        "title": paragraph.title or paragraph.article_id,
        "url": paragraph.url if _is_web_address(paragraph.url) else None,
        "text": paragraph.text,
        "sentiment": paragraph.sentiment,
        "voice": voices.get(paragraph.voice or ""),
        "held": held,
    }


def _is_web_address(url: str | None) -> bool:
    """Return whether a link may lead there; `javascript:` and the like may not."""
    return url is not None and url.lower().startswith(("https://", "http://"))


def _round(*values: float | None) -> list[float | None]:
    return [None if value is None else round(value, _DECIMALS) for value in values]
