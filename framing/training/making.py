"""Makes a model folder from codings: reads, fits, evaluates, writes folder and card, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from tqdm import tqdm

from framing.classify.backbone import MINILM
from framing.classify.devices import resolve_device
from framing.classify.embedding import lend_heads, load_model_folder
from framing.classify.loading import find_codebook, find_model
from framing.classify.model_folder import Model, read_model, replace_folder, write_model
from framing.codebook import Codebook
from framing.errors import ModelError
from framing.training.card import write_card
from framing.training.codings import NOT_CODED, Codings, read_codings
from framing.training.evaluation import Evaluation, evaluate_classifier
from framing.training.extending import Extension, add_scores, extend_heads, plan_extension, write_extension_card
from framing.training.fitting import fit_heads, fit_similarity

F1s = Mapping[str, float | None]
"""Label to F1 (0..1) on held-out codings, None where it has no denominator."""

Finish = Callable[[Model, Evaluation | None], tuple[Model, str]]
"""Adds the scores to a model, if measured, and returns it with its card."""


@dataclass(frozen=True, slots=True)
class _Judge:
    """The held-out codings by which a model is judged, of the labels alone where the rest is not its own."""

    codings: Codings
    path: Path
    codebook: Codebook
    device: str
    labels_only: bool = False

    def evaluate(self, folder: Path) -> Evaluation:
        """Return the scores of a model of the codebook."""
        found = evaluate_classifier(load_model_folder(folder, self.codebook, self.device), self.codings)
        return found.labels_only() if self.labels_only else found

    def score_labels(self, folder: Path) -> F1s:
        """Return the F1 of each label of a model, all of which the codebook has."""
        classifier = load_model_folder(folder, None, self.device)
        columns = [self.codebook.label_keys.index(key) for key in classifier.description.codebook.label_keys]
        blank = np.full(len(self.codings), NOT_CODED, dtype=np.int8)
        codings = replace(self.codings.select_labels(columns), sentiment=blank, voice=blank)
        return {label.label: label.f1 for label in evaluate_classifier(classifier, codings).labels}


def make_model(
    codings_path: Path,
    out: Path,
    *,
    codebook: str = "surveillance",
    method: Literal["head", "similarity"] = "head",
    base: str = "surveillance",
    heldout: Path | None = None,
    texts: Path | None = None,
    source: str = "",
    device: str = "auto",
    overwrite: bool = False,
    show_progress: bool = False,
) -> Evaluation | None:
    """Fit a model to codings and write its folder to `out`; return its scores on `heldout`, if given.

    `base` lends a similarity model its sentiment, voice and boilerplate heads, whose scores stand in
    its own card. `texts` holds the texts of codings that have only their hash. `source` says where
    the codings come from, for the card. The folder is written whole or not at all. A model in `out`
    is replaced where it is no better on `heldout`, or where `overwrite` says so.

    Raises:
        FramingError: with place, what was found and what to do.
    """
    _check_out(out, overwrite, heldout)
    device, book = resolve_device(device), find_codebook(codebook)
    codings = read_codings(codings_path, book, texts=texts)
    judge = _read_heldout(heldout, book, texts, device, labels_only=method == "similarity")
    with tqdm(total=len(codings), unit=" paragraphs", disable=not show_progress) as bar:
        if method == "head":
            model = fit_heads(codings, book, MINILM, name=out.name, device=device, progress=bar.update)
        else:
            lender, _ = read_model(find_model(base))
            model = fit_similarity(codings, lend_heads(lender, book), name=out.name, device=device, progress=bar.update)
    model = replace(model, training={**model.training, "source": source})
    command = _describe_command(codings_path, out, codebook, heldout, f"--method {method}")

    def finish(model: Model, evaluation: Evaluation | None) -> tuple[Model, str]:
        if evaluation and judge:
            model = replace(model, heldout={**evaluation.as_content(), "codings_sha256": judge.codings.digest})
        return model, write_card(model, evaluation, command)

    return _write_judged(model, out, judge, overwrite, finish)


def extend_model(
    codings_path: Path,
    out: Path,
    *,
    base: str,
    codebook: str,
    labels: Sequence[str] = (),
    heldout: Path | None = None,
    texts: Path | None = None,
    source: str = "",
    device: str = "auto",
    overwrite: bool = False,
    show_progress: bool = False,
) -> Extension:
    """Write to `out` the model `base` with `labels` trained on codings: new ones, or some of its own anew.

    `labels` () are all that the codebook has and the base lacks. Every other label keeps its numbers,
    so its scores stay the same to the last bit. The rest as for `make_model`.

    Raises:
        FramingError: with place, what was found and what to do.
    """
    _check_out(out, overwrite, heldout)
    device, book, base_folder = resolve_device(device), find_codebook(codebook), find_model(base)
    base_model, _ = read_model(base_folder)
    plan = plan_extension(base_model, book, labels)
    codings = read_codings(codings_path, book, texts=texts)
    judge = _read_heldout(heldout, book, texts, device)
    with tqdm(total=len(codings), unit=" paragraphs", disable=not show_progress) as bar:
        model, extension = extend_heads(
            base_model, codings, book, plan, name=out.name, device=device, source=source, progress=bar.update
        )
    if judge and plan.retrained:
        before = judge.score_labels(base_folder)
        extension = replace(extension, f1_before={key: before[key] for key in plan.retrained})
    options = f"--base {base_model.name} --labels {','.join(plan.trained)} --method head"
    command = _describe_command(codings_path, out, codebook, heldout, options)
    card = base_folder / "README.md"
    base_card = card.read_text(encoding="utf-8") if card.is_file() else ""

    def finish(model: Model, evaluation: Evaluation | None) -> tuple[Model, str]:
        if evaluation and judge:
            model = add_scores(model, evaluation, judge.codings, plan)
        return model, write_extension_card(model, replace(extension, evaluation=evaluation), base_card, command)

    return replace(extension, evaluation=_write_judged(model, out, judge, overwrite, finish))


def _check_out(out: Path, overwrite: bool, heldout: Path | None) -> None:
    """See, before anything is fitted, that `out` is free or may be replaced."""
    if out.exists() and not overwrite and (heldout is None or not (out / "model.json").is_file()):
        raise ModelError(
            f"{out}: exists already; choose another --out, say --overwrite to replace it, or, where it is a model, "
            "give --heldout to replace it only by one that is no worse"
        )


def _read_heldout(
    heldout: Path | None, book: Codebook, texts: Path | None, device: str, *, labels_only: bool = False
) -> _Judge | None:
    if heldout is None:
        return None
    return _Judge(read_codings(heldout, book, texts=texts), heldout, book, device, labels_only)


def _write_judged(model: Model, out: Path, judge: _Judge | None, overwrite: bool, finish: Finish) -> Evaluation | None:
    """Write and evaluate the model in a hidden folder beside `out`, then give it its name; return its scores.

    A command that fails or is killed on the way leaves `out` as it was.
    """
    draft = out.with_name(f".{out.name}.draft")
    evaluation = None
    try:
        _write_draft(finish(model, None), draft)
        if judge:
            evaluation = judge.evaluate(draft)
            if out.exists() and not overwrite:
                _check_no_worse(out, evaluation, judge)
            _write_draft(finish(model, evaluation), draft)
        replace_folder(draft, out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return evaluation


def _write_draft(finished: tuple[Model, str], draft: Path) -> None:
    model, card = finished
    write_model(model, draft, card, overwrite=True)


def _check_no_worse(out: Path, evaluation: Evaluation, judge: _Judge) -> None:
    """See that the new model is no worse on the held-out codings than the one in `out`.

    Both are judged by the mean F1 of the labels that the old one has.

    Raises:
        ModelError: where it is worse, or the two cannot be compared.
    """
    remedy = "choose another --out, or say --overwrite to replace it all the same"
    old = read_model(out)[0].codebook.label_keys
    if lost := [key for key in old if key not in judge.codebook.label_keys]:
        raise ModelError(f"{out}: the model there scores {', '.join(lost)}, which the new one does not; {remedy}")
    before, after = judge.score_labels(out), {label.label: label.f1 for label in evaluation.labels}
    pairs = [(was, now) for key in old if (was := before[key]) is not None and (now := after[key]) is not None]
    if not pairs:
        raise ModelError(f"{out}: {judge.path} codes none of the labels of the model there; {remedy}")
    was, now = np.mean(pairs, axis=0)
    if now < was:
        raise ModelError(
            f"{out}: the model there is better on {judge.path}: mean F1 of its {len(pairs)} coded labels {was:.3f}, "
            f"of the new one {now:.3f}; {remedy}"
        )


def _describe_command(codings: Path, out: Path, codebook: str, heldout: Path | None, options: str) -> str:
    """Return the command that made the model, with names of files but not where they lay."""
    held = f" --heldout {heldout.name}" if heldout else ""
    return f"framing train {codings.name} --codebook {Path(codebook).name} {options}{held} --out {out.name}"
