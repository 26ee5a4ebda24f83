"""Turns a run into what a researcher shows: four tables and one page that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from framing.errors import FramingError
from framing.report.page import render_page
from framing.report.tables import write_cells, write_problems, write_text
from framing.runfolder import open_run
from framing.shares import Cell, SentimentCell, VoiceCell, compute_sentiment, compute_shares, compute_voices
from framing.tally import Weighting

_PAGE = ("outlet", "year")
"""What the page compares, whatever the tables are grouped by."""


def write_report(
    run: Path,
    out: Path,
    *,
    by: Sequence[str] = ("outlet", "year"),
    weighting: Weighting = "paragraph",
    seed: int = 0,
) -> list[Path]:
    """Write shares.csv, sentiment.csv, voices.csv, skipped.csv and report.html to `out`; return their paths.

    `by` groups the tables; the page always compares outlets and years. Each file is written whole
    or not at all, and has the same bytes for the same run, settings and seed.

    Raises:
        FramingError: a column that cannot group, or a folder that cannot be written.
        RunError: a run folder that is missing or not finished.
    """
    folder = open_run(run)
    shares = compute_shares(run, by, weighting=weighting, seed=seed)
    sentiment = compute_sentiment(run, by, weighting=weighting, seed=seed)
    voices = compute_voices(run, by, weighting=weighting, seed=seed)
    on_page = tuple(by) == _PAGE
    page = render_page(
        folder,
        shares if on_page else compute_shares(run, _PAGE, weighting=weighting, seed=seed),
        sentiment if on_page else compute_sentiment(run, _PAGE, weighting=weighting, seed=seed),
        weighting=weighting,
        seed=seed,
    )
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FramingError(f"{out}: cannot be made a folder ({error.strerror}); choose another --out") from error
    return [
        write_cells(out / "shares.csv", shares, by, Cell),
        write_cells(out / "sentiment.csv", sentiment, by, SentimentCell),
        write_cells(out / "voices.csv", voices, by, VoiceCell),
        write_problems(out / "skipped.csv", folder.manifest.get("problems") or ()),
        write_text(out / "report.html", page),
    ]
