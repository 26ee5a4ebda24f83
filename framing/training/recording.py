"""Writes what an evaluation found, with its grades, into the folder of the model it is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from framing.classify.devices import resolve_device
from framing.classify.embedding import load_model_folder
from framing.classify.model_folder import read_model, write_model
from framing.errors import InputError
from framing.training.card import rewrite_scores
from framing.training.codings import Codings, read_codings
from framing.training.evaluation import Evaluation, evaluate_classifier


def record_evaluation(
    folder: Path, codings_path: Path, *, texts: Path | None = None, seed: int = 0, device: str = "auto"
) -> Evaluation:
    """Evaluate the model in `folder` on held-out codings and write scores and grades into it and its card.

    Of a model that scores any codebook only the labels are recorded, for its other heads are not its
    own. The scores that the model gives do not change.

    Raises:
        FramingError: where codings or model cannot be read, or the codings are those of its training.
    """
    model, _ = read_model(folder)
    codings = read_codings(codings_path, model.codebook, texts=texts)
    _check_heldout(codings, codings_path, model.training.get("codings_sha256"), folder)
    evaluation = evaluate_classifier(load_model_folder(folder, None, resolve_device(device)), codings, seed=seed)
    if model.kind == "similarity":
        evaluation = evaluation.labels_only()
    recorded = replace(model, heldout={**evaluation.as_content(), "codings_sha256": codings.digest})
    card = (folder / "README.md").read_text(encoding="utf-8")
    write_model(recorded, folder, rewrite_scores(card, evaluation), overwrite=True)
    return evaluation


def _check_heldout(codings: Codings, path: Path, trained_on: object, folder: Path) -> None:
    if codings.digest == trained_on:
        raise InputError(
            f"{path}: {folder.name} was trained on these very codings, which say nothing of how good it is elsewhere; "
            "give codings of other articles, or cross-validate by --folds 5"
        )
