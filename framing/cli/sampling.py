"""Commands around coding by hand: sample, plan."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from framing.cli.options import CodedOption, Copies, CopiesOption, Design, Format, Group, RunFolder, split_names

app = typer.Typer()

LabelsOption = Annotated[str, typer.Option(help="Labels, as privacy,bias; all of the run otherwise.")]


@app.command(rich_help_panel="Correct and publish")
def sample(
    run: RunFolder,
    out: Annotated[Path, typer.Option(help="Sheet to write: .csv to fill in, or .jsonl.")],
    size: Annotated[int, typer.Option(help="How many paragraphs to draw.", min=1)] = 200,
    design: Annotated[
        Design,
        typer.Option(
            help="random: each paragraph alike; stratified: some from every group of --by; rare: half of them "
            "where labels are likely."
        ),
    ] = Design.random,
    by: Group = "outlet,year",
    labels: LabelsOption = "",
    copies: CopiesOption = Copies.as_printed,
    bom: Annotated[bool, typer.Option("--bom", help="Mark the CSV file so that Excel reads it as UTF-8.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 0,
) -> None:
    """Draw paragraphs to code by hand, with the probability by which each was drawn.

    Write 1 or 0 below each label and leave empty what you did not look for; then
    `framing report RUN --coded SHEET` corrects the shares. Scores are left out, so that they sway nobody.
    """
    from framing.sampling import draw_sample, write_sample

    drawn = draw_sample(
        run,
        size,
        design.value,
        seed,
        labels=split_names(labels) or None,
        by=split_names(by),
        copies=copies.value,
    )
    print(write_sample(drawn, out, bom=bom))
    print(f"next: fill it in, then framing report {run} --coded {out} --out report", file=sys.stderr)


@app.command(rich_help_panel="Correct and publish")
def plan(
    run: RunFolder,
    half_width: Annotated[float, typer.Option(help="How far a share may be off, as 0.05 for five points.")] = 0.05,
    coded: CodedOption = None,
    by: Group = "outlet",
    labels: LabelsOption = "",
    copies: CopiesOption = Copies.as_printed,
    output: Annotated[Format, typer.Option("--format", help="text to read, csv or json to go on with.")] = Format.text,
) -> None:
    """Say how many paragraphs to code so that each interval gets as narrow as wished."""
    from framing.coded import read_coded
    from framing.planning import PlanRow, plan_coding, render_plan
    from framing.report.tables import render_csv
    from framing.runfolder import open_run

    groups = split_names(by)
    rows = plan_coding(
        run,
        half_width,
        coded=read_coded(coded, open_run(run)) if coded else None,
        by=groups,
        labels=split_names(labels) or None,
        copies=copies.value,
    )
    columns = (*groups, *PlanRow.COLUMNS)
    values = [(*row.group, *(getattr(row, name) for name in PlanRow.COLUMNS)) for row in rows]
    if output is Format.text:
        print("\n".join(render_plan(rows, groups, half_width)))
    elif output is Format.csv:
        print(render_csv(columns, values), end="")
    else:
        for row in values:
            print(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False))
