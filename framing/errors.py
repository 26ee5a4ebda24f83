"""What can go wrong: one exception for everything a user can mend."""

from __future__ import annotations


class FramingError(Exception):
    """Something the user can mend; the message names the place, what was found and what to do."""


class CodebookError(FramingError):
    """A codebook file that does not say what its labels are."""


class InputError(FramingError):
    """An input that cannot be read at all: a missing path, an unknown column, no articles."""


class ModelError(FramingError):
    """A model that cannot be found, verified or used with this codebook."""


class RunError(FramingError):
    """A run folder that is missing, incomplete or belongs to another corpus or model."""
