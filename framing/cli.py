"""The command line: options and help; each command converts them and makes one library call."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from framing.reading import ReadingOptions
    from framing.scoring import Outcome

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help=(
        "How did these outlets cover this, and how did that change? "
        "Scores the paragraphs of news articles for framing, sentiment and voice, "
        "and adds them up per outlet and year.\n\n"
        "Start with: framing score articles/ --out run/ and then: framing report run/ --out report/"
    ),
)


class Device(StrEnum):
    """Where the model runs."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


class Extraction(StrEnum):
    """How strict to be about what belongs to the main text of a web page."""

    precision = "precision"
    balanced = "balanced"
    recall = "recall"


class Weighting(StrEnum):
    """What counts the same in a share."""

    paragraph = "paragraph"
    article = "article"


class Order(StrEnum):
    """Which paragraphs come first."""

    score = "score"
    random = "random"
    text = "text"


class Format(StrEnum):
    """How results are printed."""

    text = "text"
    csv = "csv"
    json = "json"


class Method(StrEnum):
    """What is trained."""

    head = "head"
    similarity = "similarity"


RunFolder = Annotated[Path, typer.Argument(help="A run folder that `framing score` wrote.", show_default=False)]
Group = Annotated[
    str,
    typer.Option("--by", help="Columns to group by: outlet, year, month, quarter or any column of articles.parquet."),
]
WeightingOption = Annotated[Weighting, typer.Option(help="Whether each paragraph or each article counts the same.")]
DeviceOption = Annotated[Device, typer.Option(help="Where the model runs; auto takes the best there is.")]
ModelOption = Annotated[
    str,
    typer.Option(
        help="A shipped model (see `framing models`), a model folder, nli:NAME_OR_FOLDER for zero-shot by "
        "entailment, or hf:NAME_OR_FOLDER for any fine-tuned sequence classifier."
    ),
]
CodebookOption = Annotated[
    str | None,
    typer.Option(
        help="Codebook (YAML file or shipped name) whose labels a zero-shot model scores: "
        "--model similarity or --model nli:...",
        show_default=False,
    ),
]


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

    for path in write_report(run, out, by=_split(by), weighting=weighting.value, seed=seed):
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (without the program's name) and return the exit status."""
    from framing.errors import FramingError

    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        typer.main.get_command(app).main(args=arguments, prog_name="framing", obj=arguments)
    except FramingError as error:
        print(f"framing: {error}", file=sys.stderr)
        return 1
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def run() -> None:
    """Run the console script."""
    sys.exit(main())


def _make_reading(
    column_map: str, keep: str, metadata: Path | None, pattern: str | None, extract: Extraction, month_first: bool
) -> ReadingOptions:
    from framing.reading import ReadingOptions, parse_map

    return ReadingOptions(
        columns=parse_map(column_map),
        keep=_split(keep),
        metadata=metadata,
        pattern=pattern,
        extract=extract.value,
        day_first=not month_first,
    )


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _say_outcome(outcome: Outcome, out: Path) -> None:
    from framing.printing import describe_outcome

    for line in describe_outcome(outcome, out):
        print(line, file=sys.stderr)
