"""Commands that read articles: score."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framing.cli.options import CodebookOption, Device, DeviceOption, Extraction, ModelOption, split_names

if TYPE_CHECKING:
    from framing.reading import ReadingOptions
    from framing.scoring import Outcome


app = typer.Typer()


@app.command(rich_help_panel="Score and compare")
def score(
    context: typer.Context,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files and folders of articles: .txt, .md, .html, .csv, .tsv, .jsonl, .json, .parquet, "
            "datasets folders; - for JSON lines on standard input.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Run folder to write; an unfinished run there is taken up.")],
    model: ModelOption = "surveillance",
    codebook: CodebookOption = None,
    device: DeviceOption = Device.auto,
    column_map: Annotated[
        str,
        typer.Option(
            "--map", help="Table columns by field, such as text=body,outlet=source,date=published.", show_default=False
        ),
    ] = "",
    keep: Annotated[
        str, typer.Option(help="Further columns to carry into articles.parquet, such as section,country.")
    ] = "",
    metadata: Annotated[
        Path | None,
        typer.Option(help="CSV table with path and any of outlet, date, title; it wins over the files."),
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(help='What the path says, such as "{outlet}/{year}/{name}".', show_default=False)
    ] = None,
    extract: Annotated[
        Extraction, typer.Option(help="How strict to be about what is the main text of a web page.")
    ] = Extraction.balanced,
    month_first: Annotated[bool, typer.Option("--month-first", help="Read 05/06/2019 as the 6th of May.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a run over another corpus or model in --out.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with status 1 if any input had to be skipped.")
    ] = False,
) -> None:
    """Score every paragraph of a folder of articles.

    Writes a run folder: `articles.parquet`, `paragraphs/`, `embeddings/` and `run.json`. Killed at any
    moment, the same command goes on where it stopped. Files that cannot be read are skipped, counted
    and named in `run.json`.
    """
    from framing.classify.loading import load_classifier
    from framing.scoring import score_inputs

    reading = _make_reading(column_map, keep, metadata, pattern, extract, month_first)
    outcome = score_inputs(
        inputs,
        out,
        load_classifier(model, codebook=codebook, device=device),
        reading=reading,
        overwrite=overwrite,
        command=["framing", *context.obj],
        show_progress=sys.stderr.isatty(),
    )
    _say_outcome(outcome, out)
    if strict and any(problem.skipped for problem in outcome.problems):
        raise typer.Exit(1)


def _make_reading(
    column_map: str, keep: str, metadata: Path | None, pattern: str | None, extract: Extraction, month_first: bool
) -> ReadingOptions:
    from framing.reading import ReadingOptions, parse_map

    return ReadingOptions(
        columns=parse_map(column_map),
        keep=split_names(keep),
        metadata=metadata,
        pattern=pattern,
        extract=extract.value,
        day_first=not month_first,
    )


def _say_outcome(outcome: Outcome, out: Path) -> None:
    from framing.printing import describe_outcome

    for line in describe_outcome(outcome, out):
        print(line, file=sys.stderr)
