"""How did these outlets cover this, and how did that change? Framing, sentiment and voice of news paragraphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framing.errors import FramingError
    from framing.reading import ReadingOptions
    from framing.runs import Run, score

__all__ = ["FramingError", "ReadingOptions", "Run", "score"]

_HOMES = {
    "FramingError": "framing.errors",
    "ReadingOptions": "framing.reading",
    "Run": "framing.runs",
    "score": "framing.runs",
}


def __getattr__(name: str) -> Any:
    """Load what the package exports when it is first asked for, so that `framing --help` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'framing' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
