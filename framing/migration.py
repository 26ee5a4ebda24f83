"""Writes a codebook after a change, and with it the codings and models that go by it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from framing.classify.heads import Head, Sigmoids
from framing.classify.model_folder import Model, read_model, write_model
from framing.codebook import Codebook
from framing.codebook_changes import Change, Merge, Rename, list_parts, name_version
from framing.codebook_files import change_text, read_codebook_file
from framing.coding_migration import CodingsMigration, migrate_codings
from framing.errors import CodebookError, InputError, ModelError


@dataclass(frozen=True, slots=True)
class ModelMigration:
    """What became of a model folder: the labels it scores now, those dropped, and those it must still learn."""

    path: Path
    labels: tuple[str, ...]
    dropped: tuple[str, ...]
    to_train: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """What a change of a codebook did: its version before and after, and each file that was written."""

    change: Change
    old: str
    new: str
    codebook: Path
    codings: tuple[CodingsMigration, ...]
    models: tuple[ModelMigration, ...]


def change_codebook(
    codebook: Path,
    change: Change,
    out: Path,
    *,
    codings: Sequence[Path] = (),
    models: Sequence[Path] = (),
    version: str = "",
) -> Migration:
    """Write the codebook after `change`, and with it codings and models, to the new folder `out`.

    Everything is written under its own name, or nothing at all; what is given stays as it is.

    - Rename: codings say the new key; a model's scores stay bit-identical.
    - Merge: a coding says yes where it did for any part, no where it did for all, else nothing. A
      model loses the parts: neither the highest of their probabilities nor one that takes them for
      independent is calibrated for the merged label, which a head trained on the migrated codings is.
    - Retire: codings keep what they said of the label under `retired`, where it is not read; a
      model loses its head. The scores of all other labels stay bit-identical.

    Args:
        codebook: YAML file.
        change: what to do.
        out: a folder that is not there yet.
        codings: files of codings, JSON lines or sheets (.csv, .tsv), by that codebook.
        models: model folders that score that codebook.
        version: of the codebook after the change; "" for the next major one.

    Raises:
        FramingError: naming the place, what was found and what to do.
    """
    if out.exists():
        raise CodebookError(f"{out}: exists already; name a folder that is not there yet")
    _check_names([codebook, *codings, *models])
    before = read_codebook_file(codebook)
    after = change_text(before, change, version)
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        (unfinished / codebook.name).write_text(after.text, encoding="utf-8")
        coded = [
            migrate_codings(path, change, before.codebook, after.codebook, unfinished / path.name) for path in codings
        ]
        moved = [
            migrate_model(path, change, before.codebook, after.codebook, unfinished / path.name) for path in models
        ]
        unfinished.rename(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Migration(
        change=change,
        old=name_version(before.codebook),
        new=name_version(after.codebook),
        codebook=out / codebook.name,
        codings=tuple(replace(one, path=out / one.path.name) for one in coded),
        models=tuple(replace(one, path=out / one.path.name) for one in moved),
    )


def _check_names(paths: Sequence[Path]) -> None:
    for name, count in Counter(path.name for path in paths).items():
        if count > 1:
            raise InputError(f"{name}: {count} of the files and folders have this name; migrate them one by one")


def migrate_model(folder: Path, change: Change, before: Codebook, after: Codebook, out: Path) -> ModelMigration:
    """Write the model in `folder`, which scores labels of `before`, to `out` as it is after `change`.

    Raises:
        ModelError: where it scores another codebook, or would have no label left.
    """
    model, _ = read_model(folder)
    _check_model(model, before, folder)
    parts = list_parts(change)
    names = {key: key for key in model.codebook.label_keys if key not in parts}
    if isinstance(change, Rename) and change.key in model.codebook.label_keys:
        names[change.key] = change.new
    if not names:
        raise ModelError(f"{folder}: scores {', '.join(parts)} alone, so nothing of it is left; train a new model")
    dropped = tuple(key for key in model.codebook.label_keys if key not in names)
    moved = _select_labels(model, names, after)
    write_model(moved, out, _note_change(folder, names, dropped, before, after))
    _copy_rest(folder, out)
    to_train = (change.new,) if isinstance(change, Merge) else ()
    return ModelMigration(out, moved.codebook.label_keys, dropped, to_train)


def _check_model(model: Model, before: Codebook, folder: Path) -> None:
    if model.kind != "heads":
        raise ModelError(
            f"{folder}: scores any codebook by its label texts, so there is nothing to migrate; "
            "give it the new one with --codebook"
        )
    own = {label.key: label for label in before.labels}
    differing = [label.key for label in model.codebook.labels if own.get(label.key) != label]
    if differing or name_version(model.codebook) != name_version(before):
        raise ModelError(
            f"{folder}: scores the codebook {name_version(model.codebook)}, the change is of {name_version(before)}"
            + (f", which differs in {', '.join(differing)}" if differing else "")
            + "; give the codebook that the model was trained on"
        )


def _select_labels(model: Model, names: Mapping[str, str], after: Codebook) -> Model:
    """Return `model` with the labels of `names`, old key to new, whose rows of weights stay bit for bit."""
    places = {names[key]: row for row, key in enumerate(model.codebook.label_keys) if key in names}
    labels = tuple(label for label in after.labels if label.key in places)
    rows = [places[label.key] for label in labels]
    head = model.heads["labels"]
    return replace(
        model,
        codebook=replace(after, labels=labels),
        heads={**model.heads, "labels": Head(head.weight[rows], head.bias[rows])},
        calibration=Sigmoids(model.calibration.slope[rows], model.calibration.intercept[rows]),
        thresholds=tuple(model.thresholds[row] for row in rows),
        training=_rename_counts(model.training, names),
        heldout=_rename_scores(model.heldout, names),
    )


def _rename_counts(training: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    counts = training.get("coded_yes", {})
    return {**training, "coded_yes": {names[key]: count for key, count in counts.items() if key in names}}


def _rename_scores(heldout: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the held-out scores of the labels kept; what pools all labels is no longer known where some went."""
    scores = heldout.get("labels", [])
    kept = [{**label, "label": names[label["label"]]} for label in scores if label["label"] in names]
    if len(kept) == len(scores):
        return {**heldout, "labels": kept}
    f1s = [label["f1"] for label in kept if label.get("f1") is not None]
    return {**heldout, "labels": kept, "micro_f1": None, "macro_f1": float(np.mean(f1s)) if f1s else None}


def _note_change(
    folder: Path, names: Mapping[str, str], dropped: Iterable[str], before: Codebook, after: Codebook
) -> str:
    """Return the card of the model in `folder` with the change noted below its heading."""
    path = folder / "README.md"
    heading, _, rest = (path.read_text(encoding="utf-8") if path.is_file() else f"# {folder.name}\n").partition("\n")
    renamed = [f"`{old}` is now called `{new}`" for old, new in names.items() if old != new]
    said = [*renamed, *(f"`{key}` is no longer scored" for key in dropped)] or ["its labels stay as they were"]
    note = f"Codebook {name_version(before)} became {name_version(after)}: {'; '.join(said)}."
    return f"{heading}\n\n{note} What follows was written before.\n{rest}"


def _copy_rest(folder: Path, out: Path) -> None:
    """Copy what a model folder holds besides the files just written, such as an encoder of its own."""
    for path in folder.iterdir():
        target = out / path.name
        if not target.exists():
            shutil.copytree(path, target) if path.is_dir() else shutil.copy2(path, target)
