"""Commands for who checks a run and who publishes it: verify, deposit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from framing.cli.options import CodebookOption, RunFolder, split_names

app = typer.Typer()


@app.command(rich_help_panel="Correct and publish")
def verify(
    run: RunFolder,
    report: Annotated[
        Path | None, typer.Option(help="A report of this run, whose tables are computed again.", show_default=False)
    ] = None,
    sample: Annotated[
        int, typer.Option(help="Paragraphs to score again from their texts; 0 loads no model.", min=0)
    ] = 100,
    seed: Annotated[int, typer.Option(help="Seed of that draw.")] = 0,
    inputs: Annotated[
        Path | None, typer.Option(help="Folder of the articles, where it has moved.", show_default=False)
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The run's model, where it is not found by its name.", show_default=False)
    ] = None,
    codebook: CodebookOption = None,
) -> None:
    """Check a run: files, digests, texts, decisions, scores, and the tables of its report.

    Says what differs; the exit status is 1 where anything does.
    """
    from framing.verify import render_verification, verify_run

    verification = verify_run(
        run,
        sample=sample,
        seed=seed,
        report=report,
        inputs=inputs,
        model=model,
        codebook=codebook,
        show_progress=sys.stderr.isatty(),
    )
    for line in render_verification(verification):
        print(line)
    if not verification.passed:
        raise typer.Exit(1)


@app.command(rich_help_panel="Correct and publish")
def deposit(
    run: RunFolder,
    out: Annotated[Path, typer.Option(help="New folder to write the deposit to.")],
    no_titles: Annotated[bool, typer.Option("--no-titles", help="Leave out titles and links too.")] = False,
    embeddings: Annotated[
        bool, typer.Option("--embeddings", help="Keep the vectors, from which texts can be guessed.")
    ] = False,
    keep: Annotated[
        str, typer.Option(help="Further columns of your own to publish, as section,page.", show_default=False)
    ] = "",
) -> None:
    """Copy a run without its texts, so that copyright allows to publish it.

    Ids, hashes, scores and labels stay: `framing report` and `framing verify` work on the copy.
    """
    from framing.deposit import write_deposit

    written = write_deposit(run, out, titles=not no_titles, embeddings=embeddings, keep=split_names(keep))
    print(f"left out: {', '.join(written.left_out)}", file=sys.stderr)
    for path in written.files:
        print(path)
