"""Builds report.html: one page that opens offline and asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from framing.report.charts import load_library, make_spec
from framing.report.data import make_data, write_json
from framing.report.marks import MOST_MARKED, mark_samples
from framing.report.numbers import Report
from framing.report.samples import PER_CELL, draw_samples
from framing.report.sections import (
    MOST_FINDINGS,
    choose_drawn,
    choose_outlets,
    draw_figures,
    list_facts,
    list_findings,
    list_trust,
    list_words,
    tabulate_sentiment,
    tabulate_shares,
    tabulate_speakers,
)
from framing.report.views import (
    DARK_SENTIMENT_COLOURS,
    DARK_SHARE_COLOURS,
    FEW_ARTICLES,
    SENTIMENT_COLOURS,
    SHARE_COLOURS,
    UNKNOWN_OUTLET,
    choose_text_colour,
)

_FOLDER = Path(__file__).parent
_SCRIPTS = ("page.js", "reading.js", "figures.js")
_MOST_PROBLEMS = 20
_COPIES = {
    "as-printed": "Copies count as printed: an agency report counts in every outlet that ran it.",
    "own": "Only an outlet’s own reporting counts: agency reports and copies from other outlets are left out.",
    "once": "Each story counts once, by its earliest copy in the whole run.",
}


def render_page(
    report: Report, *, marks: int = MOST_MARKED, model: str | None = None, show_progress: bool = False
) -> str:
    """Return the page of a report as HTML; the same report gives the same text.

    Args:
        report: the run, added up.
        marks: in how many sampled paragraphs, at most, to mark the words that carried a label; 0 for
            none. Where the run's model is not at hand none are marked, and the page says so.
        model: the run's model, where its name in run.json does not lead to it.
        show_progress: draw a progress bar on standard error while words are marked.
    """
    folder, settings = report.folder, report.settings
    outlets, left_out = choose_outlets(report)
    samples = draw_samples(folder, outlets, copies=settings.copies, seed=settings.seed)
    marked = mark_samples(folder, samples.paragraphs, marks, model=model, show_progress=show_progress)
    tables = {
        "shares": tabulate_shares(report, outlets),
        "sentiment": tabulate_sentiment(report, outlets),
        "speakers": tabulate_speakers(report),
    }
    figures = draw_figures(report, outlets)
    data = make_data(report, outlets, samples, marked, {name: table.top for name, table in tables.items() if table})
    return _render(
        **_describe_run(report),
        **_list_findings(report, outlets),
        **tables,
        outlets=data["outlets"],
        years=data["years"],
        methods=data["methods"],
        left_out=left_out,
        figures=figures,
        drawn=len(choose_drawn(report, outlets)),
        marked=marked,
        data=write_json(data),
        spec=write_json(make_spec([], [])) if figures else None,
        **_embed_scripts(with_figures=bool(figures)),
    )


def _describe_run(report: Report) -> dict[str, object]:
    """Return what was read, how far to trust it, and how it was counted."""
    manifest, settings = report.folder.manifest, report.settings
    problems = list(manifest.get("problems") or ())
    return {
        "manifest": manifest,
        "topic": _shorten_topic(manifest.get("codebook", {}).get("topic")),
        "facts": list_facts(report.folder),
        "trust": list_trust(report),
        "settings": settings,
        "copies": _COPIES[settings.copies],
        "command": _join_command(manifest.get("command")),
        "problems": problems[:_MOST_PROBLEMS],
        "problem_count": len(problems),
    }


def _list_findings(report: Report, outlets: Sequence[str | None]) -> dict[str, object]:
    """Return what differs between outlets: comparisons in words, distinctive words, copies."""
    findings = list_findings(report.comparisons, report.folder, outlets)
    return {
        "findings": findings[:MOST_FINDINGS],
        "more_findings": max(0, len(findings) - MOST_FINDINGS),
        "compared": len(report.comparisons),
        "not_compared": report.comparisons.left_out,
        "words": list_words(report.words, report.folder, outlets),
        "syndication": report.syndication,
    }


def _render(**values: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(
        style=style,
        palettes=_list_palettes(),
        few=FEW_ARTICLES,
        per_cell=PER_CELL,
        unknown=UNKNOWN_OUTLET,
        **values,
    )


def _embed_scripts(*, with_figures: bool) -> dict[str, object]:
    """Return the scripts, and for the page's policy the hash of each (hash sources of Content Security Policy Level 3).

    The chart library waits in an element that does not run until a figure is asked for.
    """
    scripts = [(_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    library = load_library() if with_figures else ""
    return {
        "scripts": scripts,
        "library": library,
        "hashes": [_hash_script(script) for script in [*scripts, *([library] if library else [])]],
    }


def _hash_script(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _shorten_topic(topic: str | None) -> str:
    """Return the codebook's topic up to its first comma, short enough for a heading."""
    return (topic or "").split(",")[0].strip() or "the topic"


def _join_command(command: object) -> str:
    return shlex.join(map(str, command)) if isinstance(command, list) else str(command or "not recorded")


def _list_palettes() -> Mapping[str, Mapping[str, list[tuple[str, str]]]]:
    """Return, per screen and kind of table, the background and text colour of each step."""
    palettes = {
        "light": {"share": SHARE_COLOURS, "sentiment": SENTIMENT_COLOURS},
        "dark": {"share": DARK_SHARE_COLOURS, "sentiment": DARK_SENTIMENT_COLOURS},
    }
    return {
        screen: {kind: [(colour, choose_text_colour(colour)) for colour in colours] for kind, colours in kinds.items()}
        for screen, kinds in palettes.items()
    }
