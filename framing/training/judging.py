"""Judges a new model by held-out codings and lets it take its place: whole, and not that of a better one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from framing.classify.embedding import load_model_folder
from framing.classify.model_folder import Model, read_model, replace_folder, write_model
from framing.codebook import Codebook
from framing.errors import InputError, ModelError
from framing.training.codings import NOT_CODED, Codings, read_codings
from framing.training.evaluation import Evaluation, evaluate_classifier

F1s = Mapping[str, float | None]
"""Label to F1 (0..1) on held-out codings, None where it has no denominator."""

Finish = Callable[[Model, Evaluation | None], tuple[Model, str]]
"""Adds the scores to a model, if measured, and returns it with its card."""


@dataclass(frozen=True, slots=True)
class Judge:
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


def check_out(out: Path, overwrite: bool, heldout: Path | None) -> None:
    """See, before anything is fitted, that `out` is free or may be replaced."""
    if out.exists() and not overwrite and (heldout is None or not (out / "model.json").is_file()):
        raise ModelError(
            f"{out}: exists already; choose another --out, say --overwrite to replace it, or, where it is a model, "
            "give --heldout to replace it only by one that is no worse"
        )


def read_heldout(
    heldout: Path | None, book: Codebook, texts: Path | None, device: str, *, labels_only: bool = False
) -> Judge | None:
    """Return the judge by the held-out codings, None without any."""
    if heldout is None:
        return None
    return Judge(read_codings(heldout, book, texts=texts), heldout, book, device, labels_only)


def write_judged(model: Model, out: Path, judge: Judge | None, overwrite: bool, finish: Finish) -> Evaluation | None:
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


@contextmanager
def keep_work(out: Path) -> Iterator[Path]:
    """Lend a folder beside `out` for what a stopped training goes on from; it is removed once the model stands.

    Raises:
        InputError: where the user interrupts, saying how to go on.
    """
    work = out.with_name(f".{out.name}.training")
    try:
        yield work
    except KeyboardInterrupt:
        remedy = "goes on from its last whole epoch" if any(work.rglob("checkpoint-*")) else "starts anew"
        raise InputError(f"{out}: training interrupted; the same command {remedy}") from None
    shutil.rmtree(work, ignore_errors=True)


def _write_draft(finished: tuple[Model, str], draft: Path) -> None:
    model, card = finished
    write_model(model, draft, card, overwrite=True)


def _check_no_worse(out: Path, evaluation: Evaluation, judge: Judge) -> None:
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


def describe_command(codings: Path, out: Path, codebook: str, heldout: Path | None, options: str) -> str:
    """Return the command that made the model, with names of files but not where they lay."""
    held = f" --heldout {heldout.name}" if heldout else ""
    return f"framing train {codings.name} --codebook {Path(codebook).name} {options}{held} --out {out.name}"
