"""Makes a model folder from codings: reads, fits, evaluates, writes folder and card, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from framing.classify.backbone import MINILM
from framing.classify.devices import resolve_device
from framing.classify.embedding import lend_heads
from framing.classify.loading import find_codebook, find_model
from framing.classify.model_folder import Model, read_model
from framing.codebook import Codebook
from framing.errors import InputError, ModelError
from framing.training.card import write_card, write_moved
from framing.training.codings import Codings, read_codings
from framing.training.evaluation import Evaluation
from framing.training.extending import Extension, add_scores, extend_heads, plan_extension, write_extension_card
from framing.training.finetuning import Settings
from framing.training.fitting import fit_heads, fit_similarity
from framing.training.judging import F1s, Judge, check_out, describe_command, keep_work, read_heldout, write_judged
from framing.training.tuned_fit import fit_tuned

Method = Literal["head", "similarity", "full", "lora"]


def make_model(
    codings_path: Path,
    out: Path,
    *,
    codebook: str = "surveillance",
    method: Method = "head",
    settings: Settings | None = None,
    base: str = "similarity",
    more: Path | None = None,
    heldout: Path | None = None,
    texts: Path | None = None,
    source: str = "",
    device: str = "auto",
    overwrite: bool = False,
    show_progress: bool = False,
) -> Evaluation | None:
    """Fit a model to codings and write its folder to `out`; return its scores on `heldout`, if given.

    `settings` say how the methods full and lora fine-tune (their own `method` does not count); a
    command of these that was stopped goes on from its last whole epoch. `more` are codings that
    these train on too but never hold out, such as those chosen for their rare labels. `base` lends a
    similarity model its sentiment, voice and boilerplate heads, whose scores stand in its own card.
    `texts` holds the texts of codings that have only their hash. `source` says where the codings come
    from, for the card. The folder is written whole or not at all. A model in `out` is replaced where it
    is no better on `heldout`, or where `overwrite` says so.

    Raises:
        FramingError: with place, what was found and what to do.
    """
    check_out(out, overwrite, heldout)
    device, book = resolve_device(device), find_codebook(codebook)
    codings = read_codings(codings_path, book, texts=texts)
    judge = read_heldout(heldout, book, texts, device, labels_only=method == "similarity")
    options = f"--method {method}{_describe_settings(settings)}{f' --more {more.name}' if more else ''}"
    command = describe_command(codings_path, out, codebook, heldout, options)

    def finish(model: Model, evaluation: Evaluation | None) -> tuple[Model, str]:
        if evaluation and judge:
            model = replace(model, heldout={**evaluation.as_content(), "codings_sha256": judge.codings.digest})
        return model, write_card(model, evaluation, command)

    with keep_work(out) as work:
        if method in ("full", "lora"):
            settings = replace(settings or Settings(), method=method)
            model = fit_tuned(
                codings,
                book,
                MINILM,
                settings,
                work,
                name=out.name,
                device=device,
                more=read_codings(more, book, texts=texts) if more else None,
                show_progress=show_progress,
            )
        else:
            model = _fit_heads(codings, book, out.name, base if method == "similarity" else None, device, show_progress)
        model = replace(model, training={**model.training, "source": source})
        return write_judged(model, out, judge, overwrite, finish)


def _fit_heads(
    codings: Codings, book: Codebook, name: str, lender: str | None, device: str, show_progress: bool
) -> Model:
    """Return a model on the encoder as it came: zero-shot by similarity with the other heads of `lender`, if named."""
    with tqdm(total=len(codings), unit=" paragraphs", disable=not show_progress) as bar:
        if lender is None:
            return fit_heads(codings, book, MINILM, name=name, device=device, progress=bar.update)
        model, _ = read_model(find_model(lender))
        if model.backbone.tuning is not None:
            raise ModelError(
                f"{lender}: its encoder was trained for its own labels, so the texts of others say little there; "
                "give --base a model on the encoder as it came, such as similarity"
            )
        return fit_similarity(codings, lend_heads(model, book), name=name, device=device, progress=bar.update)


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
    check_out(out, overwrite, heldout)
    device, book, base_folder = resolve_device(device), find_codebook(codebook), find_model(base)
    base_model, _ = read_model(base_folder)
    plan = plan_extension(base_model, book, labels)
    codings = read_codings(codings_path, book, texts=texts)
    judge = read_heldout(heldout, book, texts, device)
    with tqdm(total=len(codings), unit=" paragraphs", disable=not show_progress) as bar:
        model, extension = extend_heads(
            base_model, codings, book, plan, name=out.name, device=device, source=source, progress=bar.update
        )
    if judge and plan.retrained:
        before = judge.score_labels(base_folder)
        extension = replace(extension, f1_before={key: before[key] for key in plan.retrained})
    options = f"--base {base_model.name} --labels {','.join(plan.trained)} --method head"
    command = describe_command(codings_path, out, codebook, heldout, options)
    card = base_folder / "README.md"
    base_card = card.read_text(encoding="utf-8") if card.is_file() else ""

    def finish(model: Model, evaluation: Evaluation | None) -> tuple[Model, str]:
        if evaluation and judge:
            model = add_scores(model, evaluation, judge.codings, plan)
        return model, write_extension_card(model, replace(extension, evaluation=evaluation), base_card, command)

    return replace(extension, evaluation=write_judged(model, out, judge, overwrite, finish))


def train_further(
    codings_path: Path,
    out: Path,
    *,
    base: str,
    codebook: str,
    settings: Settings,
    labels: Sequence[str] = (),
    heldout: Path | None = None,
    texts: Path | None = None,
    source: str = "",
    device: str = "auto",
    overwrite: bool = False,
    show_progress: bool = False,
) -> tuple[Evaluation | None, F1s]:
    """Write to `out` the model `base` with its encoder trained further on codings, new `labels` among them.

    Every label of the base moves with the encoder, so its F1 on the held-out codings is measured
    before and after: return the scores of the new model and the F1 of the base there. The rest as
    for `extend_model`.

    Raises:
        FramingError: with place, what was found and what to do; without `heldout`, too.
    """
    if heldout is None:
        raise InputError(
            f"{base}: all its labels move when its encoder is trained; give --heldout, codings on which they are "
            "measured before and after, or train with --method head, which leaves the others as they are"
        )
    check_out(out, overwrite, heldout)
    device, book, base_folder = resolve_device(device), find_codebook(codebook), find_model(base)
    base_model, _ = read_model(base_folder)
    plan = plan_extension(base_model, book, labels)
    codings = read_codings(codings_path, book, texts=texts)
    judge = Judge(read_codings(heldout, book, texts=texts), heldout, book, device)
    options = f"--base {base_model.name} --labels {','.join(plan.trained)} --method {settings.method}"
    command = describe_command(codings_path, out, codebook, heldout, options + _describe_settings(settings))
    with keep_work(out) as work:
        before = judge.score_labels(base_folder)
        model = fit_tuned(
            codings,
            book,
            base_model.backbone,
            settings,
            work,
            name=out.name,
            device=device,
            base=base_model,
            trained=plan.trained,
            show_progress=show_progress,
        )
        model = replace(model, training={**model.training, "source": source})

        def finish(model: Model, evaluation: Evaluation | None) -> tuple[Model, str]:
            if evaluation is None:
                return model, write_card(model, None, command)
            scores = {**evaluation.as_content(), "codings_sha256": judge.codings.digest}
            card = write_card(model, evaluation, command) + write_moved(base_model.name, before, evaluation)
            return replace(model, heldout=scores), card

        evaluation = write_judged(model, out, judge, overwrite, finish)
    return evaluation, before


def _describe_settings(settings: Settings | None) -> str:
    """Return the options that set `settings` apart from the default, for the card."""
    default = Settings()
    named = {"seed": "--seed", "runs": "--runs", "epochs": "--epochs", "learning_rate": "--learning-rate"}
    changed = [
        f" {option} {getattr(settings, name)}"
        for name, option in named.items()
        if settings is not None and getattr(settings, name) != getattr(default, name)
    ]
    return "".join(changed)
