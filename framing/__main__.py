"""`python -m framing` is `framing`."""

from framing.cli import run

run()
