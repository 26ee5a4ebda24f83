"""Options that several commands share, and how their texts become values."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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

    full = "full"
    lora = "lora"
    head = "head"
    similarity = "similarity"


class Copies(StrEnum):
    """Which copies of a story count."""

    as_printed = "as-printed"
    own = "own"
    once = "once"


class Design(StrEnum):
    """How paragraphs to code are drawn."""

    random = "random"
    stratified = "stratified"
    rare = "rare"


RunFolder = Annotated[Path, typer.Argument(help="A run folder that `framing score` wrote.", show_default=False)]
Group = Annotated[
    str,
    typer.Option("--by", help="Columns to group by: outlet, year, month, quarter or any column of articles.parquet."),
]
WeightingOption = Annotated[Weighting, typer.Option(help="Whether each paragraph or each article counts the same.")]
CopiesOption = Annotated[
    Copies,
    typer.Option(
        help="as-printed: every article; own: without agency copy and what another outlet had first; "
        "once: each story by its earliest article."
    ),
]
CodedOption = Annotated[
    Path | None,
    typer.Option(
        help="Coded paragraphs of this run, such as the filled-in sheet of `framing sample`: corrects the shares.",
        show_default=False,
    ),
]
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


def split_names(names: str) -> tuple[str, ...]:
    """Return the names in a list set apart by commas."""
    return tuple(name.strip() for name in names.split(",") if name.strip())
