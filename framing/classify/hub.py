"""Model folders: where a reference leads, whether what lies there is safe to load, and its digest."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framing.errors import ModelError
from framing.records import hash_file

_VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
_TOKENIZER_FILES = (
    *_VOCABULARIES,
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
)
_WEIGHTS = ("model.safetensors", "model-*.safetensors", "model.safetensors.index.json")
_PICKLED_WEIGHTS = ("pytorch_model*.bin", "*.pt", "*.pth", "*.pkl")
_FETCHED = ("*.json", "*.txt", "*.model", *_WEIGHTS)
"""What is fetched from the Hub; pickles (*.bin, *.pkl) and code (*.py) never are."""
_SUBFOLDERS = "*/*"


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model folder on this machine: `name` as asked for, `revision` the Hub's commit or None."""

    folder: Path
    name: str
    revision: str | None = None


def resolve_folder(reference: str) -> ResolvedModel:
    """Return the checked folder behind a path, an "org/name" or an "org/name@revision" of the Hub.

    A folder that exists is used as it is. Anything else is looked up in the local Hub cache and
    fetched where the network and HF_HUB_OFFLINE allow it.

    Raises:
        ModelError: where there is no such folder, it cannot be fetched, or it must not be loaded.
    """
    if not reference.strip():
        raise ModelError("no model is named; expected a folder, or a name of the Hub such as org/name")
    path = Path(reference).expanduser()
    if path.is_dir():
        resolved = ResolvedModel(path, reference)
    else:
        _reject_path(reference, path)
        resolved = _fetch_model(reference)
    check_folder(resolved.folder)
    return resolved


def check_folder(folder: Path) -> None:
    """See that `folder` holds a model that can be loaded without running code of the model's.

    Raises:
        ModelError: naming what is missing, or what is there and never loaded.
    """
    for name in ("config.json", "tokenizer_config.json"):
        if (folder / name).exists() and "auto_map" in read_settings(folder / name):
            raise ModelError(
                f'{folder / name}: found "auto_map", so this model brings its own code; '
                "code from models is never run; choose a model whose architecture transformers has itself"
            )
    if not (folder / "config.json").exists():
        raise ModelError(f"{folder}: no config.json; expected a folder as transformers' save_pretrained writes it")
    _check_weights(folder)
    if not _list_files(folder, _VOCABULARIES):
        raise ModelError(
            f"{folder}: no tokenizer (none of {', '.join(_VOCABULARIES)}); "
            "save the tokenizer the model was trained with into the same folder"
        )


def read_settings(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`.

    Raises:
        ModelError: where the file cannot be read or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check the folder") from error
    except ValueError as error:
        raise ModelError(f"{path}: not JSON ({error}); fetch or save the model again") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path}: found {type(content).__name__}, expected a JSON object; save the model again")
    return content


def digest_folder(folder: Path) -> str:
    """Return the SHA-256 (hexadecimal) over the names and bytes of config.json, tokenizer and weights.

    Other files (cards, training logs) do not count: they do not change a score.
    """
    whole = hashlib.sha256()
    for path in _list_files(folder, ("config.json", *_TOKENIZER_FILES, *_WEIGHTS)):
        whole.update(f"{path.name}\0{hash_file(path)}\n".encode())
    return whole.hexdigest()


def digest_settings(*settings: object) -> str:
    """Return the SHA-256 (hexadecimal) of `settings`, which are what JSON can hold."""
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()


@contextmanager
def quieten_transformers() -> Iterator[None]:
    """Keep loading bars, reports and notes to developers of transformers off standard error, then set it back."""
    from transformers.utils import logging

    settings: Any = logging
    verbosity, bars = settings.get_verbosity(), settings.is_progress_bar_enabled()
    settings.set_verbosity_error()
    settings.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        settings.set_verbosity(verbosity)
        if bars:
            settings.enable_progress_bar()


def _list_files(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    found = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    return sorted(found, key=lambda path: path.name)


def _check_weights(folder: Path) -> None:
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").exists():
        return
    if index.exists():
        there = {path.name for path in _list_files(folder, _WEIGHTS)}
        if lacking := sorted(set(read_settings(index).get("weight_map", {}).values()) - there):
            raise ModelError(
                f"{index}: {len(lacking)} of its files are not there, such as {lacking[0]}; fetch the model again"
            )
        return
    if pickled := _list_files(folder, _PICKLED_WEIGHTS):
        raise ModelError(
            f"{folder}: the weights are {pickled[0].name}; only safetensors are loaded; convert with "
            "transformers where you trust the file: AutoModelForSequenceClassification"
            f".from_pretrained({str(folder)!r}).save_pretrained({str(folder)!r})"
        )
    raise ModelError(
        f"{folder}: no model.safetensors; only safetensors are loaded; "
        "choose a model, or a revision of this one, that has them"
    )


def _reject_path(reference: str, path: Path) -> None:
    if path.exists():
        raise ModelError(f"{reference}: found a file, expected a model folder; give the folder that holds it")
    name, at, _ = reference.partition("@")
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(f"{reference}: there is no such folder; check the path")
    if "/" in name and not at and path.parent.is_dir():
        raise ModelError(
            f"{reference}: there is a folder {path.parent} here but no such folder in it; check the path, "
            f"or write {reference}@main for the model of that name on the Hub"
        )


def _fetch_model(reference: str) -> ResolvedModel:
    from huggingface_hub import snapshot_download

    name, _, revision = reference.partition("@")
    try:
        folder = snapshot_download(
            name, revision=revision or None, allow_patterns=list(_FETCHED), ignore_patterns=_SUBFOLDERS
        )
    except Exception as error:  # The client passes on its own, its transport's and the system's errors.
        raise ModelError(
            f"{reference}: there is no such folder here, and the model cannot be fetched from the "
            f"Hugging Face Hub: {_explain_failure(error)}; give the path of a folder that holds it, "
            'run once with network, or use the shipped model "surveillance", which needs no network'
        ) from error
    return ResolvedModel(Path(folder), name, Path(folder).name)


def _explain_failure(error: Exception) -> str:
    """Say in one clause why the Hub did not give the model."""
    from huggingface_hub import errors

    clauses: tuple[tuple[type[Exception], str], ...] = (
        (
            errors.GatedRepoError,
            "access to it is granted on its page only, and this machine is not logged in for it",
        ),
        (errors.RepositoryNotFoundError, "the Hub has no such model, or it is private"),
        (errors.RevisionNotFoundError, "the model has no such revision"),
        (errors.HFValidationError, "this is not a name the Hub could know (expected org/name)"),
        (errors.OfflineModeIsEnabled, "HF_HUB_OFFLINE is set, and the local cache lacks it or part of it"),
        (
            errors.LocalEntryNotFoundError,
            "the Hub cannot be reached, and the local cache lacks it or part of it",
        ),
    )
    for cause in (error.__cause__, error):
        for kind, clause in clauses:
            if isinstance(cause, kind):
                return clause
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
