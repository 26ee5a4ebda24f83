"""Commands that ask a finished run: report, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from framing.cli.options import Format, Group, Order, RunFolder, Weighting, WeightingOption, split_names

app = typer.Typer()


@app.command(rich_help_panel="Score and compare")
def report(
    run: RunFolder,
    out: Annotated[Path, typer.Option(help="Folder to write the tables and the page to.")],
    by: Group = "outlet,year",
    weighting: WeightingOption = Weighting.paragraph,
    seed: Annotated[int, typer.Option(help="Seed of the resampling behind the intervals.")] = 0,
) -> None:
    """Write shares.csv, sentiment.csv, voices.csv, skipped.csv and report.html.

    Shares are means of calibrated probabilities; intervals are 95 % and resample articles.
    """
    from framing.report import write_report

    for path in write_report(run, out, by=split_names(by), weighting=weighting.value, seed=seed):
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
