"""The command line: options and help; each command converts them and makes one library call."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from framing.cli import codebooks, publishing, reporting, sampling, scoring, training

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


for commands in (scoring, reporting, sampling, publishing, training, codebooks):
    app.add_typer(commands.app)


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
