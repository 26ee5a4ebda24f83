"""Makes a model by fine-tuning: heads to start from, the encoder trained with them, curves on articles held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framing.classify.backbone import Backbone
from framing.classify.encoder import Encoder
from framing.classify.heads import Floats, Head, Sigmoids, sigmoid
from framing.classify.model_folder import Model
from framing.classify.tuned import average_tensors
from framing.codebook import Codebook
from framing.training.codings import NO, NOT_CODED, YES, Codings
from framing.training.finetuning import Settings, Tuned, fine_tune, split_articles
from framing.training.fitting import (
    check_counts,
    describe_training,
    expected_threshold,
    fit_plain_heads,
    fit_sigmoid,
    furniture_threshold,
)

MIN_HELDOUT = 3
"""Fewest held-out paragraphs coded yes, and no, for a label to have a curve and a threshold of its own; with fewer
it keeps those that it had, or the network's probabilities as they are, holding from 0.5."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """A label's curve and threshold."""

    slope: float = 1.0
    intercept: float = 0.0
    threshold: float = 0.5


def fit_tuned(
    codings: Codings,
    codebook: Codebook,
    backbone: Backbone,
    settings: Settings,
    work: Path,
    *,
    name: str,
    device: str,
    more: Codings | None = None,
    base: Model | None = None,
    trained: Sequence[str] = (),
    show_progress: bool = False,
) -> Model:
    """Return a model whose encoder and heads are trained together on `codings`.

    A share of the articles is held out of the training: on them it stops, and each label's curve and
    threshold are fitted. The heads start as those fitted to the encoder before it moves (Kumar et al.
    2022, "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution").

    Args:
        codings: by `codebook`.
        codebook: what is scored.
        backbone: to start from.
        settings: how to train.
        work: folder for what a stopped command goes on from; the caller removes it.
        name: of the model.
        device: "cpu", "cuda" or "mps".
        more: codings to train on that are never held out, such as paragraphs chosen because a rare label
            was likely there: how often labels hold in them says nothing of how often they hold elsewhere.
        base: the model that is trained further, if any, whose backbone is `backbone`; its heads are
            started from, and what `codings` do not code keeps its curve and threshold.
        trained: labels that must be coded often enough, () all of the codebook.
        show_progress: whether to draw bars.

    Raises:
        InputError: where one of them is not, naming how many paragraphs it needs.
    """
    check_counts(codings, codebook, trained or None)
    fitted, heldout = _hold_out(codings, more, settings)
    heads = fit_plain_heads(Encoder(backbone, device).embed(fitted.texts).embeddings, fitted, codebook)
    if base is not None:
        heads = _take_heads(base, codebook, heads)
    runs = []
    for run in range(settings.runs):
        own, folder = replace(settings, seed=settings.seed + run), work / f"run-{run}"
        runs.append(
            fine_tune(fitted, heldout, heads, backbone, own, folder, device=device, show_progress=show_progress)
        )
    tuned = _average(runs, work / "encoder")
    model = _assemble(tuned, codings, heldout, codebook, settings, base, name=name, device=device)
    return model if more is None else replace(model, training={**model.training, "more": _count_more(more)})


def _hold_out(codings: Codings, more: Codings | None, settings: Settings) -> tuple[Codings, Codings]:
    """Return what to train on and what to hold out; of articles that are held out, `more` is not trained on."""
    fitted, heldout = (codings.take(rows) for rows in split_articles(codings, settings.heldout, settings.seed))
    if more is None:
        return fitted, heldout
    return fitted.append(more.take(np.flatnonzero(~np.isin(more.articles, heldout.articles)))), heldout


def _count_more(more: Codings) -> dict[str, Any]:
    articles = len(np.unique(more.articles))
    return {"codings_sha256": more.digest, "paragraphs": len(more), "articles": articles}


def _average(runs: Sequence[Tuned], folder: Path) -> Tuned:
    """Return the mean of the runs, weight by weight; one run is itself."""
    if len(runs) == 1:
        return runs[0]
    tunings = [run.backbone.tuning for run in runs if run.backbone.tuning is not None]
    heads = {
        task: Head(
            np.mean([run.heads[task].weight for run in runs], axis=0),
            np.mean([run.heads[task].bias for run in runs], axis=0),
        )
        for task in runs[0].heads
    }
    backbone = replace(runs[0].backbone, tuning=average_tensors(tunings, folder))
    return Tuned(backbone, heads, max(run.epochs for run in runs))


def _take_heads(base: Model, codebook: Codebook, fitted: Mapping[str, Head]) -> dict[str, Head]:
    """Return the heads of `base`, and those of `fitted` for what it lacks."""
    own = {key: row for row, key in enumerate(base.codebook.label_keys)}
    sources = [
        (base.heads["labels"], own[key]) if key in own else (fitted["labels"], row)
        for row, key in enumerate(codebook.label_keys)
    ]
    labels = Head(
        np.stack([head.weight[row] for head, row in sources]), np.stack([head.bias[row] for head, row in sources])
    )
    return {**fitted, **base.heads, "labels": labels}


def _assemble(
    tuned: Tuned,
    codings: Codings,
    heldout: Codings,
    codebook: Codebook,
    settings: Settings,
    base: Model | None,
    *,
    name: str,
    device: str,
) -> Model:
    """Return the model of what was trained, calibrated on `heldout` by the very vectors that scoring will see."""
    embeddings = Encoder(tuned.backbone, device).embed(heldout.texts).embeddings
    logits = {task: head.logits(embeddings) for task, head in tuned.heads.items()}
    kept = _read_curves(base)
    curves = [
        _fit_curve(logits["labels"][:, column], heldout.labels[:, column]) or kept.get(key, _Curve())
        for column, key in enumerate(codebook.label_keys)
    ]
    furniture = _fit_furniture(logits.get("boilerplate"), heldout.boilerplate)
    return Model(
        name=name,
        kind="heads",
        backbone=tuned.backbone,
        codebook=codebook,
        heads=tuned.heads,
        calibration=Sigmoids(
            np.array([curve.slope for curve in curves], dtype=np.float32),
            np.array([curve.intercept for curve in curves], dtype=np.float32),
        ),
        thresholds=tuple(curve.threshold for curve in curves),
        boilerplate_threshold=base.boilerplate_threshold if furniture is None and base else furniture,
        training={
            **describe_training(codings, codebook, settings.method),
            "settings": {key: value for key, value in asdict(settings).items() if key != "method"},
            "epochs_kept": tuned.epochs,
            "heldout_paragraphs": len(heldout),
            **({"base": base.name} if base else {}),
        },
    )


def _read_curves(base: Model | None) -> dict[str, _Curve]:
    if base is None:
        return {}
    curves = zip(base.calibration.slope, base.calibration.intercept, base.thresholds, strict=True)
    return {
        key: _Curve(float(slope), float(intercept), threshold)
        for key, (slope, intercept, threshold) in zip(base.codebook.label_keys, curves, strict=True)
    }


def _fit_curve(logits: Floats, codes: NDArray[np.int8]) -> _Curve | None:
    coded = codes != NOT_CODED
    if min((codes == YES).sum(), (codes == NO).sum()) < MIN_HELDOUT:
        return None
    slope, intercept = fit_sigmoid(logits[coded], codes[coded])
    return _Curve(slope, intercept, expected_threshold(sigmoid(slope * logits[coded] + intercept)))


def _fit_furniture(logits: Floats | None, codes: NDArray[np.int8]) -> float | None:
    if logits is None or not (codes == NO).any():
        return None
    coded = codes != NOT_CODED
    return furniture_threshold(sigmoid(logits[coded, 0]), codes[coded])
