"""Commands that read articles: score, check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framing.cli.options import CodebookOption, Device, DeviceOption, Extraction, ModelOption, split_names

if TYPE_CHECKING:
    from framing.reading import ReadingOptions
    from framing.scoring import Outcome
    from framing.targets import Targeting


app = typer.Typer()


InputsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Files and folders of articles: text, web pages, tables, Word, RTF and PDF files, archive exports, "
        "feeds, WARC and ZIP files; - for JSON lines on standard input.",
        show_default=False,
    ),
]
MapOption = Annotated[
    str,
    typer.Option(
        "--map", help="Table columns by field, such as text=body,outlet=source,date=published.", show_default=False
    ),
]
KeepOption = Annotated[
    str,
    typer.Option(
        help="Further columns to carry into articles.parquet, such as section,page,byline.", show_default=False
    ),
]
MetadataOption = Annotated[
    Path | None,
    typer.Option(help="CSV table with path and any of outlet, date, title; it wins over the files."),
]
PatternOption = Annotated[
    str | None, typer.Option(help='What the path says, such as "{outlet}/{year}/{name}".', show_default=False)
]
ExtractOption = Annotated[Extraction, typer.Option(help="How strict to be about what is the main text of a web page.")]
MonthOption = Annotated[bool, typer.Option("--month-first", help="Read 05/06/2019 as the 6th of May.")]
OutletsOption = Annotated[
    Path | None,
    typer.Option(
        help="CSV table with name and any of domain, aliases (set apart by ;), country; it goes before the shipped "
        "names of outlets.",
        show_default=False,
    ),
]
LanguagesOption = Annotated[
    str, typer.Option(help="Languages to score, as en,fr; articles in others are set aside. all takes every one.")
]


TargetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        help="Somebody to measure the sentiment towards, by a name in the codebook or in the texts; may be given "
        "several times.",
        show_default=False,
    ),
]


@app.command(rich_help_panel="Score and compare")
def score(
    context: typer.Context,
    inputs: InputsArgument,
    out: Annotated[Path, typer.Option(help="Run folder to write; an unfinished run there is taken up.")],
    model: ModelOption = "surveillance",
    codebook: CodebookOption = None,
    device: DeviceOption = Device.auto,
    column_map: MapOption = "",
    keep: KeepOption = "",
    metadata: MetadataOption = None,
    pattern: PatternOption = None,
    extract: ExtractOption = Extraction.balanced,
    month_first: MonthOption = False,
    outlets: OutletsOption = None,
    languages: LanguagesOption = "en",
    target: TargetOption = None,
    target_model: Annotated[str, typer.Option(help="Shipped model or model folder that scores --target.")] = "target",
    abridged: Annotated[
        bool, typer.Option("--abridged", help="Look for abridged and reworded copies too, by the model's vectors.")
    ] = False,
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
    and named in `run.json`. See what there is first with `framing check`.

    With --target, paragraphs that mention a target are scored for the sentiment towards it, into
    `targets.parquet`; on a finished run, nothing else is scored again.
    """
    from framing.classify.loading import load_classifier
    from framing.preparing import Preparation
    from framing.scoring import score_inputs
    from framing.targets import load_targeting

    classifier = load_classifier(model, codebook=codebook, device=device)
    book = classifier.description.codebook
    targeting = load_targeting(target or (), book, named=codebook, model=target_model, device=device)
    _say_unknown(targeting)
    outcome = score_inputs(
        inputs,
        out,
        classifier,
        reading=_make_reading(column_map, keep, metadata, pattern, extract, month_first),
        preparation=Preparation(outlets, _read_languages(languages), find_abridged=abridged),
        targeting=targeting,
        overwrite=overwrite,
        command=["framing", *context.obj],
        show_progress=sys.stderr.isatty(),
    )
    _say_outcome(outcome, out)
    if strict and any(problem.skipped for problem in outcome.problems):
        raise typer.Exit(1)


@app.command(rich_help_panel="Score and compare")
def check(
    inputs: InputsArgument,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for articles.csv, coverage.csv and problems.csv.", show_default=False),
    ] = None,
    column_map: MapOption = "",
    keep: KeepOption = "",
    metadata: MetadataOption = None,
    pattern: PatternOption = None,
    extract: ExtractOption = Extraction.balanced,
    month_first: MonthOption = False,
    outlets: OutletsOption = None,
    languages: LanguagesOption = "en",
) -> None:
    """Read everything and score nothing: what is there, what is missing, what looks wrong.

    Prints articles per outlet and year, then missing values, doubtful dates, copies, clutter, languages
    and skipped files, each with what to do about it.
    """
    from tqdm import tqdm

    from framing.checking import check_inputs, write_check
    from framing.findings import render_check
    from framing.preparing import Preparation

    reading = _make_reading(column_map, keep, metadata, pattern, extract, month_first)
    preparation = Preparation(outlets, _read_languages(languages))
    with tqdm(desc="Reading", unit=" articles", disable=not sys.stderr.isatty()) as bar:
        found = check_inputs(inputs, reading, preparation, progress=bar.update)
    for line in render_check(found):
        print(line)
    for path in write_check(found, out) if out else ():
        print(path, file=sys.stderr)


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


def _read_languages(names: str) -> tuple[str, ...]:
    """Return the codes of the languages, none for "all".

    Raises:
        InputError: for what is no code of two letters.
    """
    from framing.errors import InputError

    codes = split_names(names.lower())
    if codes == ("all",):
        return ()
    if wrong := [code for code in codes if len(code) != 2 or not code.isalpha()] or (not codes and [names]):
        raise InputError(
            f'--languages: found "{wrong[0]}", expected two-letter codes (ISO 639-1) such as en,fr, or all'
        )
    return codes


def _say_unknown(targeting: Targeting | None) -> None:
    from framing.target_mentions import describe_unknown

    for line in describe_unknown(targeting.wanted if targeting else ()):
        print(line, file=sys.stderr)


def _say_outcome(outcome: Outcome, out: Path) -> None:
    from framing.printing import describe_outcome

    for line in describe_outcome(outcome, out):
        print(line, file=sys.stderr)
