"""Commands that make and judge models: train, evaluate, models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from framing.cli.options import CodebookOption, Device, DeviceOption, Format, Method

app = typer.Typer()


@app.command(rich_help_panel="Extend and check")
def train(
    codings: Annotated[Path, typer.Argument(help="Coded paragraphs, JSON lines.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    codebook: Annotated[str, typer.Option(help="Codebook of the codings: YAML file or shipped name.")] = "surveillance",
    method: Annotated[
        Method,
        typer.Option(help="head: heads on the frozen encoder; similarity: calibrate zero-shot scoring by label texts."),
    ] = Method.head,
    base: Annotated[
        str, typer.Option(help="For similarity: the model whose sentiment, voice and boilerplate heads it takes.")
    ] = "surveillance",
    heldout: Annotated[
        Path | None, typer.Option(help="Codings of other articles; their scores go into the model card.")
    ] = None,
    source: Annotated[str, typer.Option(help="Where the codings come from, for the model card.")] = "",
    device: DeviceOption = Device.auto,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the model folder in --out.")] = False,
) -> None:
    """Train a model on coded paragraphs and write its folder, with its card.

    Each line of the codings: article, text, frames (the labels coded yes), sentiment, voice, boilerplate.
    """
    from framing.printing import print_evaluation
    from framing.training.making import make_model

    evaluation = make_model(
        codings,
        out,
        codebook=codebook,
        method=method.value,
        base=base,
        heldout=heldout,
        source=source,
        device=device,
        overwrite=overwrite,
        show_progress=sys.stderr.isatty(),
    )
    if evaluation:
        print_evaluation(evaluation, "text")
    print(f"wrote {out}", file=sys.stderr)


@app.command(rich_help_panel="Extend and check")
def evaluate(
    model: Annotated[str, typer.Argument(help="A model, named as for `framing score --model`.", show_default=False)],
    codings: Annotated[Path, typer.Argument(help="Coded paragraphs of held-out articles, JSON lines.")],
    codebook: CodebookOption = None,
    device: DeviceOption = Device.auto,
    seed: Annotated[int, typer.Option(help="Seed of the resampling behind the intervals.")] = 0,
    output: Annotated[Format, typer.Option("--format", help="text to read, csv or json to go on with.")] = Format.text,
) -> None:
    """Say how good a model is on coded paragraphs of articles it has not seen.

    Intervals are 95 % and resample articles. Macro-F1 is the mean of the labels' F1.
    """
    from framing.classify.loading import load_classifier
    from framing.printing import print_evaluation
    from framing.training.codings import read_codings
    from framing.training.evaluation import evaluate_classifier

    classifier = load_classifier(model, codebook=codebook, device=device)
    coded = read_codings(codings, classifier.description.codebook)
    print_evaluation(evaluate_classifier(classifier, coded, seed=seed), output.value)


@app.command(rich_help_panel="Extend and check")
def models() -> None:
    """List the shipped models and codebooks."""
    from framing.printing import print_shipped

    print_shipped()
