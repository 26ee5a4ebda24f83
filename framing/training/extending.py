"""Adds labels to a model, or trains some anew: their heads alone, on the encoder that stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from framing.classify.encoder import Encoder
from framing.classify.heads import Head, Sigmoids
from framing.classify.model_folder import Model
from framing.classify.protocol import Progress, ignore_progress
from framing.codebook import Codebook
from framing.errors import ModelError
from framing.training.codings import NO, NOT_CODED, YES, Codings, name_closest
from framing.training.evaluation import Evaluation
from framing.training.fitting import LabelFit, check_counts, describe_training, fit_label


@dataclass(frozen=True, slots=True)
class Plan:
    """Which labels of the new model come from where; every tuple is in the order of its codebook.

    Attributes:
        added: labels that the base does not have.
        retrained: labels that it has and that are trained anew.
        carried: labels taken over from it as they are.
        reworded: those of `carried` whose words in the codebook changed since the base was trained.
    """

    added: tuple[str, ...]
    retrained: tuple[str, ...]
    carried: tuple[str, ...]
    reworded: tuple[str, ...]

    @property
    def trained(self) -> tuple[str, ...]:
        """Labels that need codings."""
        return (*self.added, *self.retrained)


@dataclass(frozen=True, slots=True)
class TrainedLabel:
    """What a label was trained on: paragraphs coded yes and no, and the articles they stand in.

    `f1` (0..1) is that on articles held out in turn; the threshold was chosen on them.
    """

    label: str
    coded_yes: int
    coded_no: int
    articles: int
    f1: float


@dataclass(frozen=True, slots=True)
class Extension:
    """What extending a model came to.

    Attributes:
        base: name of the model that was extended.
        plan: which labels come from where.
        trained: those of its own, in the order of `plan.trained`.
        evaluation: scores of the new model on the held-out codings; None without.
        f1_before: F1 of the base there for each label that was trained anew.
    """

    base: str
    plan: Plan
    trained: tuple[TrainedLabel, ...]
    evaluation: Evaluation | None = None
    f1_before: Mapping[str, float | None] = field(default_factory=dict)


def plan_extension(base: Model, codebook: Codebook, labels: Sequence[str]) -> Plan:
    """Return what extending `base` to `codebook` comes to; `labels` are those to train, () all new ones.

    Raises:
        ModelError: where the base has no heads of its own, the codebook lacks what the base scores,
            or `labels` are not the ones that need training.
    """
    if base.kind != "heads":
        raise ModelError(
            f"{base.name}: scores any codebook by its label texts and has no heads to add to; score with "
            "--codebook, or give --base a model with heads"
        )
    place = f"codebook {codebook.name} {codebook.version}"
    old, new = base.codebook.label_keys, codebook.label_keys
    if lost := [key for key in old if key not in new]:
        raise ModelError(
            f"{place}: lacks {', '.join(lost)}, which the model {base.name} scores; extend the codebook of the base "
            "(its labels and the new ones), or train without --base"
        )
    if "voice" in base.heads and codebook.voice_keys != base.codebook.voice_keys:
        raise ModelError(
            f"{place}: has the voices {', '.join(codebook.voice_keys) or 'none'}, the model {base.name} "
            f"{', '.join(base.codebook.voice_keys)}; keep the voices of the base, in their order"
        )
    if unknown := [key for key in labels if key not in new]:
        names = ", ".join(name_closest(key, new) for key in unknown)
        raise ModelError(f"{place}: no label {names}; it has {', '.join(new)}: give the extended one by --codebook")
    wanted = labels or [key for key in new if key not in old]
    if missed := [key for key in new if key not in old and key not in wanted]:
        raise ModelError(
            f"{place}: {', '.join(missed)} is neither in the model {base.name} nor among --labels; name it there, "
            "or take it out of the codebook"
        )
    if not wanted:
        raise ModelError(f"{place}: has no label that the model {base.name} lacks; say by --labels which to train anew")
    return _sort_labels(base.codebook, codebook, wanted)


def _sort_labels(old: Codebook, new: Codebook, wanted: Sequence[str]) -> Plan:
    carried = tuple(key for key in new.label_keys if key not in wanted)
    before, after = ({label.key: label for label in book.labels} for book in (old, new))
    return Plan(
        added=tuple(key for key in new.label_keys if key in wanted and key not in before),
        retrained=tuple(key for key in new.label_keys if key in wanted and key in before),
        carried=carried,
        reworded=tuple(key for key in carried if before[key] != after[key]),
    )


def extend_heads(
    base: Model,
    codings: Codings,
    codebook: Codebook,
    plan: Plan,
    *,
    name: str,
    device: str,
    source: str = "",
    progress: Progress = ignore_progress,
) -> tuple[Model, Extension]:
    """Return `base` with the heads that `plan` trains, and what they were trained on.

    The encoder is that of the base, frozen. Head, curve, threshold and held-out scores with their
    grade of every label carried over are the numbers of the base, and a head sums each label by
    itself, so its scores stay the same to the last bit.

    Raises:
        InputError: where a label has too few paragraphs coded, naming how many it needs.
    """
    check_counts(codings, codebook, plan.trained)
    chosen = _keep_coded(codings, [codebook.label_keys.index(key) for key in plan.trained])
    embeddings = Encoder(base.backbone, device).embed(chosen.texts, progress).embeddings
    fits = {key: fit_label(embeddings, chosen, codebook.label_keys.index(key)) for key in plan.trained}
    extension = Extension(
        base.name, plan, tuple(_count_codes(key, fits[key], chosen, codebook) for key in plan.trained)
    )
    made_from = describe_training(chosen, codebook, "head", plan.trained)
    model = replace(
        _merge_labels(base, codebook, fits),
        name=name,
        training=_describe_extension(base, extension, made_from, source),
        heldout=_carry_scores(base.heldout, plan),
    )
    return model, extension


def _merge_labels(base: Model, codebook: Codebook, fits: Mapping[str, LabelFit]) -> Model:
    """Return `base` for `codebook`, whose labels are those of `fits` and, where there is none, those of the base."""
    old = {key: _take_label(base, column) for column, key in enumerate(base.codebook.label_keys)}
    merged = [fits.get(key) or old[key] for key in codebook.label_keys]
    head = Head(np.concatenate([fit.head.weight for fit in merged]), np.concatenate([fit.head.bias for fit in merged]))
    slopes = np.array([fit.slope for fit in merged], dtype=np.float32)
    intercepts = np.array([fit.intercept for fit in merged], dtype=np.float32)
    return replace(
        base,
        codebook=codebook,
        heads={**base.heads, "labels": head},
        calibration=Sigmoids(slopes, intercepts),
        thresholds=tuple(fit.threshold for fit in merged),
    )


def _count_codes(key: str, fit: LabelFit, codings: Codings, codebook: Codebook) -> TrainedLabel:
    codes = codings.labels[:, codebook.label_keys.index(key)]
    articles = len(np.unique(codings.articles[codes != NOT_CODED]))
    return TrainedLabel(key, int((codes == YES).sum()), int((codes == NO).sum()), articles, fit.f1)


def _keep_coded(codings: Codings, columns: Sequence[int]) -> Codings:
    """Return the paragraphs that are coded for any of the labels in `columns`."""
    return codings.take(np.flatnonzero((codings.labels[:, columns] != NOT_CODED).any(axis=1)))


def _take_label(model: Model, column: int) -> LabelFit:
    head = model.heads["labels"]
    return LabelFit(
        Head(head.weight[column : column + 1], head.bias[column : column + 1]),
        float(model.calibration.slope[column]),
        float(model.calibration.intercept[column]),
        model.thresholds[column],
        float("nan"),
    )


def _describe_extension(base: Model, extension: Extension, made_from: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the training entry of the base with one more extension noted."""
    crossvalidated = [asdict(label) for label in extension.trained]
    entry = {"base": base.name, **made_from, "source": source, "crossvalidated": crossvalidated}
    counted = {**base.training.get("coded_yes", {}), **made_from["coded_yes"]}
    return {**base.training, "coded_yes": counted, "extensions": [*base.training.get("extensions", ()), entry]}


def _carry_scores(heldout: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Return the held-out scores of the base, those over all its labels only where none was trained anew."""
    kept = {**heldout, "labels": [entry for entry in heldout.get("labels", ()) if entry["label"] in plan.carried]}
    return kept | ({"micro_f1": None, "macro_f1": None} if plan.retrained else {})


def add_scores(model: Model, evaluation: Evaluation, heldout: Codings, plan: Plan) -> Model:
    """Return `model` with the scores of the labels that `plan` trained, measured on `heldout`."""
    found = [
        {**entry, "codings_sha256": heldout.digest}
        for entry in evaluation.as_content()["labels"]
        if entry["label"] in plan.trained
    ]
    order = model.codebook.label_keys.index
    entries = sorted([*model.heldout["labels"], *found], key=lambda entry: order(entry["label"]))
    return replace(model, heldout={**model.heldout, "labels": entries})


def write_extension_card(model: Model, extension: Extension, base_card: str, command: str) -> str:
    """Return the card as Markdown: what was added, then the card of the base, which still holds for the rest."""
    book, base, entry = model.codebook, extension.base, model.training["extensions"][-1]
    lines = "\n".join(f"- {line}" for line in render_extension(extension))
    return (
        f"# {model.name}\n\nThe model {base} for the codebook {book.name} {book.version}, with "
        f"{', '.join(extension.plan.trained)} trained on top. Encoder, sentiment, voice, boilerplate and the other "
        f"labels are those of {base}, number for number, so their scores are the same.\n\n"
        f"## Trained here\n\n{lines}\n\n{entry['source']}\n\nSHA-256 of the codings: "
        f"{entry['codings_sha256']}. The command:\n\n```\n{command}\n```\n\n"
        f"---\n\nWhat follows is the card of {base}.\n\n{base_card}"
    )


def render_extension(extension: Extension) -> Iterator[str]:
    """Yield what was trained and what was carried over, in sentences."""
    plan, evaluation = extension.plan, extension.evaluation
    measured = {label.label: label.f1 for label in evaluation.labels} if evaluation else {}
    for label in extension.trained:
        yield (
            f"{'new' if label.label in plan.added else 'trained anew'}: {label.label}, from {label.coded_yes} "
            f"paragraphs coded yes and {label.coded_no} coded no, of {label.articles} articles; "
            f"F1 {label.f1:.2f} on articles held out in turn"
        )
        share = label.coded_yes / (label.coded_yes + label.coded_no)
        if label.label not in measured:
            yield (
                f"{share:.0%} of these paragraphs are coded yes; where fewer hold {label.label}, more of what is found "
                "is false: evaluate on a random sample of your articles"
            )
        if (f1 := measured.get(label.label)) is not None:
            before = extension.f1_before.get(label.label)
            yield f"{label.label} on the held-out codings: F1 {f1:.2f}" + (
                "" if before is None else f", was {before:.2f}"
            )
    if plan.carried:
        yield f"carried over from {extension.base}, scores unchanged: {', '.join(plan.carried)}"
    if plan.reworded:
        yield f"carried over, though the codebook words them otherwise now: {', '.join(plan.reworded)}"
