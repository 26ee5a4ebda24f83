"""Commands that make, judge and exchange models: train, evaluate, rescore, models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from framing.cli.options import CodebookOption, Device, DeviceOption, Format, Method, RunFolder, split_names

app = typer.Typer()


TextsOption = Annotated[
    Path | None,
    typer.Option(
        help="Where codings that have only text_sha1 find their texts: a run folder, or JSON lines with text.",
        show_default=False,
    ),
]


@app.command(rich_help_panel="Extend and check")
def train(
    codings: Annotated[Path, typer.Argument(help="Coded paragraphs: JSON lines, or a CSV sheet.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    codebook: Annotated[str, typer.Option(help="Codebook of the codings: YAML file or shipped name.")] = "surveillance",
    method: Annotated[
        Method,
        typer.Option(help="head: heads on the frozen encoder; similarity: calibrate zero-shot scoring by label texts."),
    ] = Method.head,
    base: Annotated[
        str | None,
        typer.Option(
            help="Model to extend: only --labels are trained, the others keep their scores. For similarity: the model "
            "whose sentiment, voice and boilerplate heads it takes, surveillance unless named.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        str,
        typer.Option(
            help="With --base: labels to train, set apart by commas; all that the base lacks unless named.",
            show_default=False,
        ),
    ] = "",
    heldout: Annotated[
        Path | None, typer.Option(help="Codings of other articles; their scores go into the model card.")
    ] = None,
    texts: TextsOption = None,
    source: Annotated[str, typer.Option(help="Where the codings come from, for the model card.")] = "",
    device: DeviceOption = Device.auto,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the model in --out even if it is better on --heldout.")
    ] = False,
) -> None:
    """Train a model on coded paragraphs and write its folder, with its card; or add labels to a model.

    Each line of the codings: article, text, frames (the labels coded yes), coded (the labels looked for, all
    unless given), sentiment, voice, boilerplate. In a CSV sheet each label has a column: yes, no, or blank for
    not coded.
    """
    from framing.printing import print_evaluation
    from framing.training.extending import render_extension
    from framing.training.making import extend_model, make_model

    options: dict[str, Any] = {"heldout": heldout, "texts": texts, "source": source, "device": device}
    options |= {"codebook": codebook, "overwrite": overwrite, "show_progress": sys.stderr.isatty()}
    if labels and (base is None or method is not Method.head):
        raise typer.BadParameter("needs --base, the model to which they are added", param_hint="--labels")
    if base and method is Method.head:
        extension = extend_model(codings, out, base=base, labels=split_names(labels), **options)
        evaluation = extension.evaluation
        for line in render_extension(extension):
            print(line, file=sys.stderr)
    else:
        evaluation = make_model(codings, out, method=method.value, base=base or "surveillance", **options)
    if evaluation:
        print_evaluation(evaluation, "text")
    print(f"wrote {out}", file=sys.stderr)


@app.command(rich_help_panel="Extend and check")
def evaluate(
    model: Annotated[str, typer.Argument(help="A model, named as for `framing score --model`.", show_default=False)],
    codings: Annotated[Path, typer.Argument(help="Coded paragraphs of held-out articles: JSON lines or CSV.")],
    codebook: CodebookOption = None,
    texts: TextsOption = None,
    folds: Annotated[
        int | None,
        typer.Option(
            help="Fit heads as the model's anew on all but one part of the articles, and judge them on that part, "
            "in turn.",
            show_default=False,
            min=2,
        ),
    ] = None,
    errors: Annotated[int, typer.Option(help="How many of the worst errors to print.", min=0)] = 0,
    device: DeviceOption = Device.auto,
    seed: Annotated[int, typer.Option(help="Seed of the resampling behind the intervals, and of the folds.")] = 0,
    output: Annotated[Format, typer.Option("--format", help="text to read, csv or json to go on with.")] = Format.text,
) -> None:
    """Say how good a model is on coded paragraphs of articles it has not seen.

    Per label precision, recall, F1, average precision, calibration error and grade, then which labels are
    taken for which. Intervals are 95 % and resample articles. Macro-F1 is the mean of the labels' F1.
    """
    from tqdm import tqdm

    from framing.printing import print_examination
    from framing.training.codings import read_codings
    from framing.training.mistakes import examine_classifier, examine_predictions

    with tqdm(desc="Scoring", unit=" texts", disable=not sys.stderr.isatty()) as bar:
        if folds:
            from framing.classify.devices import resolve_device
            from framing.training.crossval import cross_validate, read_recipe

            recipe = read_recipe(model, codebook)
            coded = read_codings(codings, recipe.codebook, texts=texts)
            predictions = cross_validate(
                recipe, coded, folds=folds, seed=seed, device=resolve_device(device), progress=bar.update
            )
            examination = examine_predictions(predictions, coded, seed=seed, mistakes=errors)
        else:
            from framing.classify.loading import load_classifier

            classifier = load_classifier(model, codebook=codebook, device=device)
            coded = read_codings(codings, classifier.description.codebook, texts=texts)
            examination = examine_classifier(classifier, coded, seed=seed, mistakes=errors, progress=bar.update)
    print_examination(examination, output.value)


@app.command(rich_help_panel="Extend and check")
def rescore(
    context: typer.Context,
    run: RunFolder,
    model: Annotated[str, typer.Option(help="The model to score with: a shipped name or a model folder.")],
    out: Annotated[Path | None, typer.Option(help="Run folder to write.", show_default=False)] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Replace the run once the new one is whole, in place of --out.")
    ] = False,
    codebook: CodebookOption = None,
    device: DeviceOption = Device.auto,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another run in --out.")] = False,
) -> None:
    """Score a finished run with another model on the same encoder, in seconds: from the vectors that it keeps.

    The new run has the bytes that scoring the articles afresh would give, and its run.json says from
    which run it was made.
    """
    from framing.classify.loading import load_classifier
    from framing.rescoring import describe_rescored, rescore_run

    if (out is None) is not in_place:
        raise typer.BadParameter("say either --out, the new run's folder, or --in-place", param_hint="--out")
    outcome = rescore_run(
        run,
        load_classifier(model, codebook=codebook, device=device),
        out,
        overwrite=overwrite,
        command=["framing", *context.obj],
        show_progress=sys.stderr.isatty(),
    )
    for line in describe_rescored(outcome, out or run):
        print(line, file=sys.stderr)


@app.command(rich_help_panel="Extend and check")
def models() -> None:
    """List the shipped models and codebooks."""
    from framing.printing import print_shipped

    print_shipped()
