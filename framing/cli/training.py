"""Commands that make and judge models, and mend codings: train, evaluate, rescore, doubts, correct, models."""

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
        Method | None,
        typer.Option(
            help="full: train the whole encoder and its heads, the best and the slowest; lora: a small adapter to it; "
            "head: heads on the encoder as it is, in a minute; similarity: calibrate zero-shot scoring by label texts. "
            "full unless named, with --base head.",
            show_default=False,
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="Model to extend. By head only --labels are trained, the others keep their scores to the last bit; by "
            "full and lora all move, and are measured on --heldout before and after. For similarity: the model whose "
            "sentiment, voice and boilerplate heads it takes.",
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
    more: Annotated[
        Path | None,
        typer.Option(
            help="For full and lora: codings to train on but never to calibrate on, as not drawn at random but "
            "chosen for rare labels.",
            show_default=False,
        ),
    ] = None,
    runs: Annotated[
        int, typer.Option(help="For full: trainings in other orders whose weights are averaged.", min=1)
    ] = 1,
    epochs: Annotated[int, typer.Option(help="For full and lora: most passes over the codings.", min=1)] = 4,
    learning_rate: Annotated[
        float | None, typer.Option(help="For full and lora: of the encoder; each has its own.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="For full and lora: of the split, the order and the dropout.")] = 0,
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
    from framing.training.card import render_moved
    from framing.training.extending import render_extension
    from framing.training.finetuning import make_settings
    from framing.training.making import extend_model, make_model, train_further

    method = method or (Method.head if base else Method.full)
    if labels and (base is None or method is Method.similarity):
        raise typer.BadParameter("needs --base, the model to which they are added", param_hint="--labels")
    if runs > 1 and method is not Method.full:
        raise typer.BadParameter("only encoders trained as a whole can be averaged", param_hint="--runs")
    options: dict[str, Any] = {"heldout": heldout, "texts": texts, "source": source, "device": device}
    options |= {"codebook": codebook, "overwrite": overwrite, "show_progress": sys.stderr.isatty()}
    settings, evaluation = None, None
    if method in (Method.full, Method.lora):
        settings = make_settings(
            "lora" if method is Method.lora else "full",
            epochs=epochs,
            learning_rate=learning_rate,
            runs=runs,
            seed=seed,
        )
    if base and settings:
        evaluation, before = train_further(
            codings, out, base=base, labels=split_names(labels), settings=settings, **options
        )
        for line in render_moved(before, evaluation) if evaluation else ():
            print(line, file=sys.stderr)
    elif base and method is Method.head:
        extension = extend_model(codings, out, base=base, labels=split_names(labels), **options)
        evaluation = extension.evaluation
        for line in render_extension(extension):
            print(line, file=sys.stderr)
    else:
        options |= ({"base": base} if base else {}) | {"more": more}
        evaluation = make_model(codings, out, method=method.value, settings=settings, **options)
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
            help="Fit a model made as this one anew on all but one part of the articles, and judge it on that part, "
            "in turn.",
            show_default=False,
            min=2,
        ),
    ] = None,
    heads_only: Annotated[
        bool,
        typer.Option("--heads-only", help="With --folds: heads on the encoder as it came, in place of fine-tuning."),
    ] = False,
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

            recipe = read_recipe(model, codebook, heads_only=heads_only)
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
def doubts(
    codings: Annotated[Path, typer.Argument(help="Coded paragraphs: JSON lines, or a CSV sheet.", show_default=False)],
    model: Annotated[
        str, typer.Option(help="Model whose encoder is used; it should not have been tuned on these very codings.")
    ] = "surveillance",
    codebook: Annotated[
        str | None,
        typer.Option(
            help="Codebook of the codings: YAML file or shipped name; the model's unless given.", show_default=False
        ),
    ] = None,
    texts: TextsOption = None,
    folds: Annotated[
        int, typer.Option(help="Parts of the articles, each judged by heads fitted on the others.", min=2)
    ] = 5,
    limit: Annotated[
        int | None,
        typer.Option(
            help="How many of the most doubtful codes of each field to write; all unless given.",
            show_default=False,
            min=1,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="CSV sheet to write, to read those paragraphs again with.")] = Path(
        "doubts.csv"
    ),
    device: DeviceOption = Device.auto,
    seed: Annotated[int, typer.Option(help="Seed by which articles are shared out.")] = 0,
) -> None:
    """Find codes that are likely wrong, and write a sheet in which to decide on them.

    Each article is judged by heads that were fitted on others, and confident learning (cleanlab) says which codes
    they contradict. Read the paragraphs again by the codebook, fill in now and reason where you decided, and apply
    the sheet by `framing correct`.
    """
    from tqdm import tqdm

    from framing.classify.devices import resolve_device
    from framing.training.crossval import read_recipe
    from framing.training.doubts import describe_doubts, doubt_codings, pick_doubts, write_doubts

    if out.suffix.lower() != ".csv":
        raise typer.BadParameter(f"{out}: the sheet is a CSV; give it a name that ends in .csv", param_hint="--out")
    with tqdm(desc="Reading", unit=" texts", disable=not sys.stderr.isatty()) as bar:
        found = doubt_codings(
            codings,
            read_recipe(model, codebook, heads_only=True),
            texts=texts,
            folds=folds,
            seed=seed,
            device=resolve_device(device),
            progress=bar.update,
        )
    written = pick_doubts(found, limit)
    write_doubts(written, out)
    print("\n".join(describe_doubts(found)))
    print(f"wrote {len(written)} doubtful codes to {out}; next: fill in now and reason there", file=sys.stderr)


@app.command(rich_help_panel="Extend and check")
def correct(
    codings: Annotated[
        Path, typer.Argument(help="Codings, JSON lines with or without texts; .gz where packed.", show_default=False)
    ],
    corrections: Annotated[
        Path,
        typer.Argument(help="Sheet of `framing doubts` with now and reason filled in, or a record like it."),
    ],
    out: Annotated[Path, typer.Option(help="File of the corrected codings; packed where it ends in .gz.")],
    codebook: Annotated[str, typer.Option(help="Codebook of the codings: YAML file or shipped name.")] = "surveillance",
) -> None:
    """Apply decisions on doubtful codes to codings; the sheet with its reasons is the record of them.

    Each decision changes the one paragraph that it names, if that is still coded as the sheet says.
    """
    from framing.classify.loading import find_codebook
    from framing.training.corrections import correct_codings, describe_corrected

    for line in describe_corrected(correct_codings(codings, corrections, out, find_codebook(codebook))):
        print(line, file=sys.stderr)


@app.command(rich_help_panel="Extend and check")
def models() -> None:
    """List the shipped models and codebooks."""
    from framing.printing import print_shipped

    print_shipped()
