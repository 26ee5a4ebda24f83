"""From what the user calls a model to a classifier that is ready to score."""

from __future__ import annotations

from pathlib import Path

from framing.classify.devices import resolve_device
from framing.classify.protocol import Classifier
from framing.codebook import Codebook, load_codebook
from framing.errors import CodebookError, ModelError
from framing.resources import codebooks_folder, models_folder, shipped_codebooks, shipped_models

DEFAULT_MODEL = "surveillance"
_DEFAULT_CODEBOOK = "surveillance"


def load_classifier(model: str = DEFAULT_MODEL, *, codebook: str | None = None, device: str = "auto") -> Classifier:
    """Return the classifier that `model` names.

    Args:
        model: a shipped model's name, a model folder, "nli:NAME_OR_FOLDER" for zero-shot by
            entailment, or "hf:NAME_OR_FOLDER" for a fine-tuned sequence classifier.
        codebook: a YAML file or a shipped codebook's name; for zero-shot models.
        device: "auto", "cpu", "cuda" or "mps".

    Raises:
        ModelError: where the model cannot be found, checked or used with the codebook.
        CodebookError: where the codebook cannot be read.
    """
    device = resolve_device(device)
    kind, _, reference = model.partition(":")
    if kind == "nli" and reference:
        from framing.classify.nli import load_entailment_classifier

        return load_entailment_classifier(
            reference, find_codebook(codebook or _DEFAULT_CODEBOOK), device=device, name=model
        )
    if kind == "hf" and reference:
        from framing.classify.sequence import load_sequence_classifier

        if codebook is not None:
            raise ModelError(f"{model}: a fine-tuned classifier brings its own labels; leave --codebook out")
        return load_sequence_classifier(reference, device=device, name=model)
    from framing.classify.embedding import load_model_folder

    return load_model_folder(find_model(model), find_codebook(codebook) if codebook else None, device)


def find_model(model: str) -> Path:
    """Return the folder of a shipped model's name or of a path.

    Raises:
        ModelError: listing the shipped models where there is none.
    """
    for folder in (models_folder() / model, Path(model).expanduser()):
        if folder.is_dir():
            return folder
    raise ModelError(
        f"{model}: no such model or folder; shipped are {', '.join(shipped_models())}; "
        "other models are named by their folder, or as hf:NAME or nli:NAME"
    )


def find_codebook(codebook: str) -> Codebook:
    """Return the codebook in the YAML file `codebook`, or the shipped one of that name.

    Raises:
        CodebookError: where there is neither, or the file is not a codebook.
    """
    path = Path(codebook).expanduser()
    if path.is_file():
        return load_codebook(path)
    if codebook in shipped_codebooks():
        return load_codebook(codebooks_folder() / f"{codebook}.yaml")
    raise CodebookError(
        f"{codebook}: no such file, and no shipped codebook of this name; shipped are {', '.join(shipped_codebooks())}"
    )
