"""Commands that ask a finished run: report, show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from framing.cli.options import (
    CodedOption,
    Copies,
    CopiesOption,
    Format,
    Group,
    Order,
    RunFolder,
    Weighting,
    WeightingOption,
    split_names,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from framing.report.exports import TableFormat

app = typer.Typer()


@app.command(rich_help_panel="Score and compare")
def report(
    run: RunFolder,
    out: Annotated[Path, typer.Option(help="Folder to write the tables and the page to.")],
    by: Group = "outlet,year",
    weighting: WeightingOption = Weighting.paragraph,
    copies: CopiesOption = Copies.as_printed,
    coded: CodedOption = None,
    formats: Annotated[
        str, typer.Option("--format", help="How tables are written: csv, parquet, latex, markdown, or several.")
    ] = "csv",
    bom: Annotated[bool, typer.Option("--bom", help="Mark CSV files so that Excel reads them as UTF-8.")] = False,
    figures: Annotated[
        bool, typer.Option("--figures", help="Also write each label's figure as SVG and PNG, with captions.")
    ] = False,
    marks: Annotated[
        int,
        typer.Option(
            help="In how many paragraphs at most to mark the words that carried a label; 0 marks none.", min=0
        ),
    ] = 200,
    model: Annotated[
        str | None, typer.Option(help="The run's model, where it is not found by its name.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the resampling and of the paragraphs drawn to read.")] = 0,
) -> None:
    """Write the tables and report.html, a page that opens offline.

    Tables: shares, sentiment, voices, speakers, comparisons, words, copies, syndication and skipped; targets where
    there are any.
    Without --coded, shares are means of calibrated probabilities; with it they are corrected for the
    model's errors (prediction-powered inference). Intervals are 95 %, clustered by article.
    """
    from framing.report import write_report

    paths = write_report(
        run,
        out,
        by=split_names(by),
        weighting=weighting.value,
        copies=copies.value,
        coded=coded,
        seed=seed,
        formats=cast("Sequence[TableFormat]", split_names(formats)),
        bom=bom,
        figures=figures,
        marks=marks,
        model=model,
        show_progress=sys.stderr.isatty(),
    )
    for path in paths:
        print(path)


@app.command(rich_help_panel="Score and compare")
def show(
    run: RunFolder,
    label: Annotated[str | None, typer.Option(help="Only paragraphs that hold this label.")] = None,
    outlet: Annotated[str | None, typer.Option(help='Only this outlet; "unknown" for articles without one.')] = None,
    year: Annotated[int | None, typer.Option(help="Only this year of publication.")] = None,
    voice: Annotated[str | None, typer.Option(help="Only paragraphs that carry this voice.")] = None,
    sentiment: Annotated[str | None, typer.Option(help="negative, neutral or positive.")] = None,
    min_probability: Annotated[
        float | None, typer.Option(help="Instead of the model's threshold for --label.", min=0, max=1)
    ] = None,
    order: Annotated[Order, typer.Option(help="Highest score first, a seeded draw, or as printed.")] = Order.score,
    limit: Annotated[int, typer.Option(help="How many paragraphs at most.", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="Seed of --order random.")] = 0,
    output: Annotated[Format, typer.Option("--format", help="text to read, csv or json to go on with.")] = Format.text,
) -> None:
    """Print the paragraphs behind a number."""
    from framing.passages import select_paragraphs
    from framing.printing import print_passages

    passages = select_paragraphs(
        run,
        label=label,
        outlet=outlet,
        year=year,
        voice=voice,
        sentiment=sentiment,
        min_probability=min_probability,
        order=order.value,
        limit=limit,
        seed=seed,
    )
    print_passages(passages, output.value, label)
