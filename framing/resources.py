"""Where the shipped models, codebooks and outlet names lie: inside an installed wheel, or beside the source tree."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_INSTALLED = _PACKAGE / "data"
_SOURCE_TREE = _PACKAGE.parent


def models_folder() -> Path:
    """Return the folder that holds one folder per shipped model."""
    return _INSTALLED / "models" if _INSTALLED.is_dir() else _SOURCE_TREE / "models"


def codebooks_folder() -> Path:
    """Return the folder that holds the shipped codebooks."""
    return _INSTALLED / "codebooks" if _INSTALLED.is_dir() else _SOURCE_TREE / "corpus" / "codebooks"


def outlets_table() -> Path:
    """Return the shipped table of outlet names."""
    return (_INSTALLED if _INSTALLED.is_dir() else _SOURCE_TREE / "corpus") / "outlets.csv"


def annotations_folder() -> Path:
    """Return the folder of annotations that the shipped models were trained on, without their texts."""
    return (_INSTALLED if _INSTALLED.is_dir() else _SOURCE_TREE / "corpus") / "annotations"


def shipped_models() -> list[str]:
    """Return the names of the shipped models, sorted."""
    return sorted(path.parent.name for path in models_folder().glob("*/model.json"))


def shipped_codebooks() -> list[str]:
    """Return the names of the shipped codebooks, sorted."""
    return sorted(path.stem for path in codebooks_folder().glob("*.yaml"))
