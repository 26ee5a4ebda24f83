"""Encoders trained further: the files that hold what changed, and how they are put on the backbone."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from framing.classify.backbone import Tuning
from framing.classify.hub import quieten_transformers
from framing.errors import ModelError
from framing.records import hash_file

FOLDER = "encoder"
"""Where in a model folder the files lie."""

_TENSORS = "model.safetensors"


def save_tensors(network: Any, folder: Path) -> Tuning:
    """Write to `folder` the parameters of `network` that were trained, as float16.

    Half precision halves the file; a model is measured and used as it is read back.
    """
    trained = {
        name: parameter.detach().to("cpu", torch.float16).contiguous()
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(trained, folder / _TENSORS)
    return _describe("full", folder)


def average_tensors(tunings: Sequence[Tuning], folder: Path) -> Tuning:
    """Write to `folder` the mean of encoders trained as a whole from the same start, as float16."""
    mean = mean_tensors([load_file(tuning.folder / _TENSORS) for tuning in tunings])
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: each.to(torch.float16) for name, each in mean.items()}, folder / _TENSORS)
    return _describe("full", folder)


def mean_tensors(states: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return the mean of each tensor over `states`, by its name, as float32."""
    return {name: torch.stack([state[name].float() for state in states]).mean(dim=0) for name in states[0]}


def save_adapter(network: Any, folder: Path, backbone: str) -> Tuning:
    """Write to `folder` the adapter of a PEFT `network` on the backbone of that name."""
    network.active_peft_config.base_model_name_or_path = backbone
    network.save_pretrained(folder, safe_serialization=True)
    (folder / "README.md").unlink(missing_ok=True)
    return _describe("lora", folder)


def _describe(method: Any, folder: Path) -> Tuning:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return Tuning(method, folder, tuple((path.name, hash_file(path)) for path in files))


def copy_tuning(tuning: Tuning, folder: Path) -> None:
    """Copy the checked files of `tuning` to `folder`."""
    _check_files(tuning)
    folder.mkdir(parents=True)
    for name, _ in tuning.files:
        shutil.copyfile(tuning.folder / name, folder / name)


def describe_tuning(tuning: Tuning) -> dict[str, Any]:
    """Return what model.json says of `tuning`."""
    return {"method": tuning.method, "files": dict(tuning.files)}


def parse_tuning(content: Mapping[str, Any], folder: Path) -> Tuning:
    """Return the tuning that model.json describes, whose files lie in `folder`.

    Raises:
        ModelError: where the method is unknown or a name is not that of a file in `folder`.
    """
    method, files = content["method"], tuple(sorted(content["files"].items()))
    if method not in ("full", "lora"):
        raise ModelError(f'{folder}: encoder trained by "{method}", this version reads full and lora; update framing')
    if strange := [name for name, _ in files if Path(name).name != name]:
        raise ModelError(f"{folder}: {strange[0]} is not the name of a file in it; copy the model folder again")
    return Tuning(method, folder, files)


def apply_tuning(network: Any, tuning: Tuning) -> Any:
    """Return `network`, the backbone's, with what was trained on top of it.

    Raises:
        ModelError: where a file is missing or altered, or does not fit the network.
    """
    _check_files(tuning)
    if tuning.method == "lora":
        return _merge_adapter(network, tuning)
    path = tuning.folder / _TENSORS
    tensors = load_file(path)
    own = network.state_dict()
    if strange := [name for name, each in tensors.items() if name not in own or own[name].shape != each.shape]:
        raise ModelError(f"{path}: {strange[0]} does not fit the backbone; the weights belong to another one")
    network.load_state_dict({name: each.float() for name, each in tensors.items()}, strict=False)
    return network


def _merge_adapter(network: Any, tuning: Tuning) -> Any:
    from peft import PeftModel

    try:
        with quieten_transformers():
            return PeftModel.from_pretrained(network, tuning.folder).merge_and_unload()
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"{tuning.folder}: does not fit the backbone ({error})") from error


def _check_files(tuning: Tuning) -> None:
    for name, expected in tuning.files:
        path = tuning.folder / name
        if not path.is_file():
            raise ModelError(f"{path}: not there; copy the model folder again, whole")
        if (found := hash_file(path)) != expected:
            raise ModelError(
                f"{path}: SHA-256 is {found}, model.json says {expected}: the file was altered or belongs to "
                "another model; copy the model folder again"
            )
