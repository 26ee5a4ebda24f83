"""The classifier that scored a run, found again by what run.json says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from framing.errors import FramingError, ModelError

if TYPE_CHECKING:
    from framing.classify.protocol import Classifier


def load_run_classifier(
    manifest: Mapping[str, Any], model: str | None = None, codebook: str | None = None
) -> Classifier:
    """Return the classifier of a run: `model` where given, else what its command or its manifest names.

    It may be another one by the same name: the caller compares the digests.

    Raises:
        FramingError: where none of them can be loaded, with the reason for the first.
    """
    from framing.classify.loading import load_classifier

    command = [part for part in manifest.get("command") or () if isinstance(part, str)]
    described = manifest.get("model")
    named = [model] if model else [_find_option(command, "--model"), (described or {}).get("name")]
    book = codebook or _find_option(command, "--codebook")
    reasons = []
    for name in dict.fromkeys(name for name in named if isinstance(name, str) and name):
        try:
            return load_classifier(name, codebook=book)
        except FramingError as error:
            reasons.append(str(error))
    raise ModelError(reasons[0] if reasons else "run.json names no model; name one with --model")


def _find_option(command: Sequence[str], option: str) -> str | None:
    """Return the value that `command` gives an option, as "--name value" or "--name=value"."""
    for place, part in enumerate(command):
        if part == option and place + 1 < len(command):
            return command[place + 1]
        if part.startswith(f"{option}="):
            return part.partition("=")[2]
    return None
