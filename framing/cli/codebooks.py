"""Commands on codebooks, and on the annotations that models were trained on: codebook, corpus."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from framing.codebook_changes import Change

app = typer.Typer()
codebook = typer.Typer(no_args_is_help=True)
corpus = typer.Typer(no_args_is_help=True)
app.add_typer(
    codebook,
    name="codebook",
    help="Rename, merge and retire labels, with codings and models; compare codebooks.",
    rich_help_panel="Extend and check",
)
app.add_typer(
    corpus,
    name="corpus",
    help="Annotations without texts, and the texts they belong to.",
    rich_help_panel="Extend and check",
)

BookArgument = Annotated[Path, typer.Argument(help="The codebook, a YAML file.", show_default=False)]
OutOption = Annotated[Path, typer.Option(help="New folder for the codebook and what is migrated with it.")]
CodingsOption = Annotated[
    list[Path] | None,
    typer.Option(help="Codings by it, JSON lines or CSV, to migrate too; repeat for more.", show_default=False),
]
ModelsOption = Annotated[
    list[Path] | None, typer.Option(help="Model folders to migrate too; repeat for more.", show_default=False)
]
VersionOption = Annotated[
    str, typer.Option(help="Version after the change; the next major one unless given.", show_default=False)
]
TitleOption = Annotated[str, typer.Option(help="Title of the label after the change.", show_default=False)]


@codebook.command()
def rename(
    book: BookArgument,
    key: Annotated[str, typer.Argument(help="The label's key.", show_default=False)],
    new: Annotated[str, typer.Argument(help="Its new key.", show_default=False)],
    out: OutOption,
    title: TitleOption = "",
    codings: CodingsOption = None,
    models: ModelsOption = None,
    version: VersionOption = "",
) -> None:
    """Give a label another key; what it means and how it scores stay the same."""
    from framing.codebook_changes import Rename

    _change(book, Rename(key, new, title), out, codings, models, version)


@codebook.command()
def merge(
    book: BookArgument,
    keys: Annotated[list[str], typer.Argument(help="Keys of the labels to merge, two or more.", show_default=False)],
    into: Annotated[str, typer.Option(help="Key of the label they become.")],
    out: OutOption,
    title: TitleOption = "",
    codings: CodingsOption = None,
    models: ModelsOption = None,
    version: VersionOption = "",
) -> None:
    """Make one label of several: yes where any was coded yes, no where all were coded no, else not coded."""
    from framing.codebook_changes import Merge

    _change(book, Merge(tuple(keys), into, title), out, codings, models, version)


@codebook.command()
def retire(
    book: BookArgument,
    key: Annotated[str, typer.Argument(help="The label's key.", show_default=False)],
    out: OutOption,
    codings: CodingsOption = None,
    models: ModelsOption = None,
    version: VersionOption = "",
) -> None:
    """Take a label out of use; codebook and codings keep it for the record."""
    from framing.codebook_changes import Retire

    _change(book, Retire(key), out, codings, models, version)


@codebook.command()
def diff(
    old: Annotated[Path, typer.Argument(help="The older codebook.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="The newer codebook.", show_default=False)],
) -> None:
    """Say what was added, removed, renamed and reworded, and what must be coded again."""
    from framing.change_notes import describe_diff
    from framing.codebook_changes import compare_codebooks
    from framing.codebook_files import read_codebook_file

    books = [read_codebook_file(path).codebook for path in (old, new)]
    for line in describe_diff(compare_codebooks(*books)):
        print(line)


@corpus.command()
def hydrate(
    source: Annotated[
        Path, typer.Option(help="Your copy of the data set: a folder of JSON files, or a table with id and text.")
    ],
    out: Annotated[Path, typer.Option(help="Codings with their texts to write, JSON lines for `framing train`.")],
    annotations: Annotated[
        Path | None,
        typer.Option(
            help="Annotations without texts; those of the model surveillance if not given.", show_default=False
        ),
    ] = None,
) -> None:
    """Join annotations with the texts of your own copy of the data set, known by their hashes."""
    from framing.change_notes import describe_hydration
    from framing.corpus import hydrate as join
    from framing.resources import annotations_folder

    annotations = annotations or annotations_folder() / "surveillance-train.jsonl.gz"
    for line in describe_hydration(join(annotations, source, out)):
        print(line, file=sys.stderr)
    print(out)


def _change(
    book: Path, change: Change, out: Path, codings: list[Path] | None, models: list[Path] | None, version: str
) -> None:
    from framing.change_notes import describe_migration
    from framing.migration import change_codebook

    done = change_codebook(book, change, out, codings=codings or (), models=models or (), version=version)
    for line in describe_migration(done):
        print(line)
