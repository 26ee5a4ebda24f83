"""Turns a run into what a researcher shows: tables, and one page that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from framing.errors import FramingError
from framing.report.exports import TableFormat, write_tables
from framing.report.figures import write_figures
from framing.report.marks import MOST_MARKED
from framing.report.numbers import Settings, compute_report
from framing.report.page import render_page
from framing.report.tables import write_text
from framing.tally import Copies, Weighting


def write_report(
    run: Path,
    out: Path,
    *,
    by: Sequence[str] = ("outlet", "year"),
    weighting: Weighting = "paragraph",
    copies: Copies = "as-printed",
    coded: Path | None = None,
    seed: int = 0,
    formats: Sequence[TableFormat] = ("csv",),
    bom: bool = False,
    figures: bool = False,
    marks: int = MOST_MARKED,
    model: str | None = None,
    show_progress: bool = False,
) -> list[Path]:
    """Write the tables, report.json and report.html to the folder `out`; return their paths.

    The tables are shares, sentiment, voices, speakers, comparisons, copies, syndication and skipped, and
    targets where the run has them.
    Each file is written whole or not at all, and has the same bytes for the same run, settings and seed.

    Args:
        run: a finished run folder.
        out: the folder to write to.
        by: columns that group the tables; the page always compares outlets and years.
        weighting: whether paragraphs or articles count once.
        copies: which copies of a story count, see `framing.tally.choose_articles`.
        coded: coded paragraphs of this run, which correct the shares, see `framing.coded.read_coded`.
        seed: seed of the intervals and of the paragraphs drawn to read.
        formats: how the tables are written.
        bom: begin CSV files with a byte order mark, for Excel.
        figures: also write each label's figure as SVG and PNG, see `framing.report.figures.write_figures`.
        marks: in how many of the paragraphs to read, at most, to mark the words that carried a label.
        model: the run's model, where its name in run.json does not lead to it; needed for marks only.
        show_progress: draw a progress bar on standard error while words are marked.

    Raises:
        FramingError: a column that cannot group, codes that cannot be read, or a folder that cannot be written.
        RunError: a run folder that is missing or not finished.
    """
    report = compute_report(run, Settings(tuple(by), weighting, copies, coded, seed))
    page = render_page(report, marks=marks, model=model, show_progress=show_progress)
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FramingError(f"{out}: cannot be made a folder ({error.strerror}); choose another --out") from error
    drawn = write_figures(report, out) if figures else []
    return [*write_tables(report, out, formats, bom=bom), *drawn, write_text(out / "report.html", page)]
