"""A model folder of this project: model.json, heads and, where it was trained, the encoder; read, checked, written."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from framing.classify.backbone import Backbone, Tuning
from framing.classify.heads import Head, Sigmoids
from framing.classify.tuned import FOLDER, copy_tuning, describe_tuning, parse_tuning
from framing.codebook import Codebook, codebook_content, parse_codebook
from framing.errors import CodebookError, ModelError

FORMAT = 2
"""Of a folder with a trained encoder; one without is of format 1, which every version reads."""
_HEADS = "heads.safetensors"


@dataclass(frozen=True, slots=True)
class Model:
    """What a model folder holds.

    Attributes:
        name: the model's own name.
        kind: "heads" scores the labels it was trained on; "similarity" scores those of any
            codebook by the cosine to their texts, and its codebook is the one it was calibrated on.
        backbone: the encoder below the heads.
        codebook: what the labels, sentiments and voices mean.
        heads: "labels" (only of kind "heads"), "sentiment", "voice", "boilerplate", as far as there.
        calibration: one curve per label; of kind "similarity" one curve for all.
        thresholds: one per label, 0..1; of kind "similarity" one for all.
        boilerplate_threshold: probability from which a paragraph is dropped, None without that head.
        training: what it was made from and how, for the reader.
        heldout: scores on held-out articles, for the reader and the grades.
    """

    name: str
    kind: Literal["heads", "similarity"]
    backbone: Backbone
    codebook: Codebook
    heads: Mapping[str, Head]
    calibration: Sigmoids
    thresholds: tuple[float, ...]
    boilerplate_threshold: float | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    heldout: Mapping[str, Any] = field(default_factory=dict)


def read_model(folder: Path) -> tuple[Model, str]:
    """Return the model in `folder` and its digest, SHA-256 (hexadecimal) over model.json and the heads.

    What was measured on held-out articles is left out: a model that is graded again scores as before.

    Raises:
        ModelError: where a file is missing or altered, or counts, names and shapes disagree.
    """
    content = _read_json(folder / "model.json")
    weights, digest = read_heads(folder, content)
    return _parse_model(content, load(weights), folder), digest


def read_heads(folder: Path, content: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return the bytes of the heads in `folder`, checked by `content`, its model.json, and the model's digest.

    Raises:
        ModelError: where they are missing or altered.
    """
    path = folder / _HEADS
    if not path.is_file():
        raise ModelError(f"{path}: not there; a model folder holds model.json and {_HEADS}")
    weights = path.read_bytes()
    found = hashlib.sha256(weights).hexdigest()
    if found != content.get("heads_sha256"):
        raise ModelError(
            f"{path}: SHA-256 is {found}, model.json says {content.get('heads_sha256')}: "
            "the file was altered or belongs to another model; copy the model folder again"
        )
    settings = {name: value for name, value in content.items() if name != "heldout"}
    return weights, hashlib.sha256(json.dumps(settings, sort_keys=True).encode() + weights).hexdigest()


def write_model(model: Model, folder: Path, card: str, *, overwrite: bool = False) -> None:
    """Write `model` and its card (README.md) to `folder`, whole or not at all.

    Raises:
        ModelError: where `folder` exists and `overwrite` is False.
    """
    tensors = {
        f"{name}.{part}": np.ascontiguousarray(getattr(head, part), dtype=np.float32)
        for name, head in model.heads.items()
        for part in ("weight", "bias")
    }
    content = {
        "format": FORMAT if model.backbone.tuning else 1,
        "name": model.name,
        "kind": model.kind,
        **describe_backbone(model.backbone),
        "codebook": codebook_content(model.codebook),
        "codebook_digest": model.codebook.digest,
        "heads": sorted(model.heads),
        "calibration": [
            {"slope": float(slope), "intercept": float(intercept)}
            for slope, intercept in zip(model.calibration.slope, model.calibration.intercept, strict=True)
        ],
        "thresholds": list(model.thresholds),
        "boilerplate_threshold": model.boilerplate_threshold,
        "training": dict(model.training),
        "heldout": dict(model.heldout),
    }
    write_folder(folder, content, tensors, model.backbone.tuning, card, overwrite=overwrite)


def describe_backbone(backbone: Backbone) -> dict[str, Any]:
    """Return what model.json says of `backbone`, and of its tuning where it has one."""
    described = asdict(replace(backbone, tuning=None))
    del described["tuning"]
    return {"backbone": described, **({"tuning": describe_tuning(backbone.tuning)} if backbone.tuning else {})}


def write_folder(
    folder: Path,
    content: Mapping[str, Any],
    tensors: Mapping[str, NDArray[np.float32]],
    tuning: Tuning | None,
    card: str,
    *,
    overwrite: bool,
) -> None:
    """Write a model folder, whole or not at all: `content` for model.json, the heads' `tensors`, tuning and card.

    Raises:
        ModelError: where `folder` exists and `overwrite` is False.
    """
    if folder.exists() and not overwrite:
        raise ModelError(f"{folder}: exists already; choose another --out, or say --overwrite to replace it")
    weights = save(dict(tensors))
    content = {**content, "heads_sha256": hashlib.sha256(weights).hexdigest()}
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    if tuning:
        copy_tuning(tuning, unfinished / FOLDER)
    (unfinished / _HEADS).write_bytes(weights)
    (unfinished / "model.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (unfinished / "README.md").write_text(card, encoding="utf-8")
    replace_folder(unfinished, folder)


def replace_folder(whole: Path, folder: Path) -> None:
    """Give `whole` the name of its sibling `folder`, if need be in its place.

    What was there is renamed before and removed after, so that `folder` is never seen half-written;
    where the new one cannot take its place, it is put back.
    """
    aside = folder.with_name(f".{folder.name}.replaced")
    shutil.rmtree(aside, ignore_errors=True)
    if folder.exists():
        folder.rename(aside)
    try:
        whole.rename(folder)
    except OSError:
        if aside.exists():
            aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(
            f"{path}: not there; for a transformers model say hf:{path.parent} or nli:{path.parent}"
        ) from error
    except ValueError as error:
        raise ModelError(f"{path}: not JSON ({error}); copy the model folder again") from error
    if not isinstance(content, dict) or content.get("format") not in range(1, FORMAT + 1):
        found = content.get("format") if isinstance(content, dict) else None
        raise ModelError(
            f"{path}: format {found!r}, this version reads formats up to {FORMAT}; update framing or the model"
        )
    return content


def _parse_model(content: Mapping[str, Any], tensors: Mapping[str, Any], folder: Path) -> Model:
    place = folder / "model.json"
    if content.get("kind") == "target":
        raise ModelError(f"{place}: scores the sentiment towards targets; name it by --target-model, not as a model")
    try:
        codebook = parse_codebook(content["codebook"], f"{place}: codebook")
        tuning = parse_tuning(content["tuning"], folder / FOLDER) if "tuning" in content else None
        model = Model(
            name=content["name"],
            kind=content["kind"],
            backbone=Backbone(**content["backbone"], tuning=tuning),
            codebook=codebook,
            heads={name: Head(tensors[f"{name}.weight"], tensors[f"{name}.bias"]) for name in content["heads"]},
            calibration=Sigmoids(
                np.array([curve["slope"] for curve in content["calibration"]], dtype=np.float32),
                np.array([curve["intercept"] for curve in content["calibration"]], dtype=np.float32),
            ),
            thresholds=tuple(float(threshold) for threshold in content["thresholds"]),
            boilerplate_threshold=content.get("boilerplate_threshold"),
            training=content.get("training", {}),
            heldout=content.get("heldout", {}),
        )
    except CodebookError as error:
        raise ModelError(str(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{place}: incomplete or malformed ({error!r}); copy the model folder again") from error
    _check_model(model, content, place)
    return model


def _check_model(model: Model, content: Mapping[str, Any], place: Path) -> None:
    if model.kind not in ("heads", "similarity"):
        raise ModelError(f'{place}: kind "{model.kind}" is unknown; expected "heads" or "similarity"')
    if content.get("codebook_digest") != model.codebook.digest:
        raise ModelError(
            f"{place}: codebook_digest is not that of the codebook beside it: one of them was edited; "
            "restore the file, or train again with the new codebook"
        )
    labels = len(model.codebook.labels) if model.kind == "heads" else 1
    outputs = {
        "labels": labels,
        "sentiment": 3,
        "voice": len(model.codebook.voices),
        "boilerplate": 1,
    }
    for name, head in model.heads.items():
        if name not in outputs or len(head.weight) != outputs[name] or len(head.bias) != outputs[name]:
            raise ModelError(
                f'{place}: head "{name}" has {len(head.weight)} outputs, its codebook asks for {outputs.get(name, 0)}'
                "; the weights belong to another codebook"
            )
    if model.kind == "heads" and "labels" not in model.heads:
        raise ModelError(f'{place}: no head "labels"; copy the model folder again')
    for name, count in (("thresholds", len(model.thresholds)), ("calibration", len(model.calibration.slope))):
        if count != labels:
            raise ModelError(f"{place}: {count} {name} for {labels} labels; copy the model folder again")
