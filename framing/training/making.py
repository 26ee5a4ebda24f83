"""Makes a model folder from codings: reads, fits, evaluates, writes folder and card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from framing.classify.backbone import MINILM
from framing.classify.devices import resolve_device
from framing.classify.embedding import lend_heads, load_model_folder
from framing.classify.loading import find_codebook, find_model
from framing.classify.model_folder import Model, read_model, write_model
from framing.errors import ModelError
from framing.training.card import write_card
from framing.training.codings import Codings, read_codings
from framing.training.evaluation import Evaluation, evaluate_classifier
from framing.training.fitting import fit_heads, fit_similarity


def make_model(
    codings_path: Path,
    out: Path,
    *,
    codebook: str = "surveillance",
    method: Literal["head", "similarity"] = "head",
    base: str = "surveillance",
    heldout: Path | None = None,
    source: str = "",
    device: str = "auto",
    overwrite: bool = False,
    show_progress: bool = False,
) -> Evaluation | None:
    """Fit a model to codings and write its folder to `out`; return its scores on `heldout`, if given.

    `base` lends a similarity model its sentiment, voice and boilerplate heads, whose scores stand in
    its own card. `source` says where the codings come from, for the card. The folder is written
    whole or not at all.

    Raises:
        FramingError: with place, what was found and what to do.
    """
    if out.exists() and not overwrite:
        raise ModelError(f"{out}: exists already; choose another --out, or say --overwrite to replace it")
    device = resolve_device(device)
    book = find_codebook(codebook)
    codings = read_codings(codings_path, book)
    coded_heldout = read_codings(heldout, book) if heldout else None
    with tqdm(total=len(codings), unit=" paragraphs", disable=not show_progress) as bar:
        if method == "head":
            model = fit_heads(codings, book, MINILM, name=out.name, device=device, progress=bar.update)
        else:
            lender, _ = read_model(find_model(base))
            model = fit_similarity(codings, lend_heads(lender, book), name=out.name, device=device, progress=bar.update)
    model = replace(model, training={**model.training, "source": source})
    command = _describe_command(codings_path, out, codebook, method, heldout)
    write_model(model, out, write_card(model, None, command), overwrite=overwrite)
    if coded_heldout is None:
        return None
    evaluation = evaluate_classifier(load_model_folder(out, book, device), coded_heldout)
    if method == "similarity":
        evaluation = evaluation.labels_only()
    write_model(
        _add_scores(model, evaluation, coded_heldout), out, write_card(model, evaluation, command), overwrite=True
    )
    return evaluation


def _add_scores(model: Model, evaluation: Evaluation, heldout: Codings) -> Model:
    return replace(model, heldout={**evaluation.as_content(), "codings_sha256": heldout.digest})


def _describe_command(codings: Path, out: Path, codebook: str, method: str, heldout: Path | None) -> str:
    """Return the command that made the model, with names of files but not where they lay."""
    held = f" --heldout {heldout.name}" if heldout else ""
    return f"framing train {codings.name} --codebook {Path(codebook).name} --method {method}{held} --out {out.name}"
