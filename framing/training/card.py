"""The model card: what a model is, what it was made from, how good it is and what it is not for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from framing.classify.model_folder import Model
from framing.training.evaluation import Evaluation, LabelScores
from framing.training.grades import MEANINGS

_SHOWN = "| {} | {} | {} | {} | {} | {} | {} | {} | {} |"
_MEASURED = "## How good it is"


def write_card(model: Model, evaluation: Evaluation | None, command: str) -> str:
    """Return the card as Markdown; `evaluation` holds its scores on held-out articles, if measured."""
    sections = [
        f"# {model.name}",
        _describe_kind(model),
        f"## Made from\n\n{_describe_training(model)}\n\nThe command:\n\n```\n{command}\n```",
        f"{_MEASURED}\n\n{_describe_scores(evaluation)}",
        f"## Limits\n\n{_describe_limits(model)}",
    ]
    return "\n\n".join(sections) + "\n"


def rewrite_scores(card: str, evaluation: Evaluation) -> str:
    """Return `card` with what it says of the model's scores replaced, or added at its end, by `evaluation`."""
    before, heading, rest = card.partition(f"{_MEASURED}\n")
    _, following, after = rest.partition("\n## ")
    section = f"{_MEASURED}\n\n{_describe_scores(evaluation)}\n"
    return f"{before}{section}{following}{after}" if heading else f"{card.rstrip()}\n\n{section}"


def _describe_kind(model: Model) -> str:
    backbone = f"{model.backbone.name} (revision {model.backbone.revision or 'none'}), {_describe_encoder(model)}"
    others = ", ".join(name for name in ("sentiment", "voice", "boilerplate") if name in model.heads)
    book = f"codebook {model.codebook.name} {model.codebook.version}"
    if model.kind == "similarity":
        return (
            f"Zero-shot: scores the labels of any codebook by the cosine between a paragraph and the label's texts, "
            f"both from {backbone}. One calibration curve, fitted over all labels of the {book} together, turns the "
            f"cosine into a probability. Trained heads: {others}, taken from the model for that codebook."
        )
    return (
        f"Scores paragraphs by the {book}: {', '.join(model.codebook.label_keys)}. Linear heads (labels"
        f"{', ' + others if others else ''}) on {backbone}; one forward pass gives them all."
    )


def _describe_encoder(model: Model) -> str:
    if model.backbone.tuning is None:
        return "frozen"
    way = {"full": "every layer but the word embeddings", "lora": "by a LoRA adapter"}[model.backbone.tuning.method]
    return f"trained together with them, {way}"


def write_moved(base: str, before: Mapping[str, float | None], evaluation: Evaluation) -> str:
    """Return a section of the card: F1 of each label of `base` on the held-out codings, `before` and after."""
    rows = [f"- {line}" for line in render_moved(before, evaluation)]
    return (
        f"\n## The labels of {base} before and after\n\nF1 on the same held-out codings.\n\n" + "\n".join(rows) + "\n"
    )


def render_moved(before: Mapping[str, float | None], evaluation: Evaluation) -> Iterator[str]:
    """Yield what became of each label that was there before, in sentences."""
    for label in evaluation.labels:
        if label.label not in before:
            yield f"{label.label}: new, F1 {_number(label.f1) or 'none'}"
            continue
        was = before[label.label]
        change = f" ({label.f1 - was:+.2f})" if was is not None and label.f1 is not None else ""
        yield f"{label.label}: F1 {_number(was) or 'none'} before, {_number(label.f1) or 'none'} after{change}"


def _describe_training(model: Model) -> str:
    training = model.training
    settings = training.get("settings")
    how = "" if settings is None else f"\n\n{_describe_settings(training, settings)}"
    coded = ", ".join(f"{key} {count}" for key, count in training["coded_yes"].items())
    return (
        f"{training['paragraphs']:,} coded paragraphs of {training['articles']:,} articles "
        f"(SHA-256 of the file {training['codings_sha256']}). {training.get('source', '')}\n\n"
        f"Coded yes: {coded}.{_describe_more(training.get('more'))}{how}"
    )


def _describe_more(more: Mapping[str, Any] | None) -> str:
    if more is None:
        return ""
    return (
        f" Added to these in training alone: {more['paragraphs']:,} paragraphs of {more['articles']:,} articles chosen "
        f"for rare labels (SHA-256 {more['codings_sha256']})."
    )


def _describe_settings(training: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    return (
        f"Fine-tuned by the method {training['method']}: at most {settings['epochs']} epochs, of which the best on "
        f"{training['heldout_paragraphs']} paragraphs of held-out articles was kept (epoch {training['epochs_kept']}); "
        f"learning rate {settings['learning_rate']:g}, of the heads {settings['head_learning_rate']:g}; "
        f"{settings['batch']} paragraphs a step; seed {settings['seed']}. {_describe_runs(settings['runs'])}Curves and "
        "thresholds come from the held-out articles."
    )


def _describe_runs(runs: int) -> str:
    return "" if runs == 1 else f"The weights are the mean of {runs} runs, which differ in the order of what they see. "


def _describe_scores(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return "Not measured on held-out articles; `framing evaluate` does it."
    header = _SHOWN.format(
        *("label", "grade", "coded yes", "precision", "recall", "F1", "95 % interval"),
        *("average precision", "calibration error"),
    )
    rows = [header, _SHOWN.replace(" {} ", "---"), *map(_render_row, evaluation.labels)]
    overall = [
        f"{name} {value:.3f}"
        for name, value in (
            ("Labels micro-F1", evaluation.micro_f1),
            ("macro-F1 (mean of the labels' F1)", evaluation.macro_f1),
            ("sentiment macro-F1", evaluation.sentiment_macro_f1),
            ("voice macro-F1", evaluation.voice_macro_f1),
            ("boilerplate F1 at 0.5", evaluation.boilerplate_f1),
            ("content dropped as boilerplate by mistake", evaluation.content_lost_at_threshold),
        )
        if value is not None
    ]
    where = f"On {evaluation.paragraphs} paragraphs of {evaluation.articles} articles it was not trained on"
    grades = ". ".join(f"{grade}: {meaning}" for grade, meaning in MEANINGS.items())
    return (
        f"{where}:\n\n" + "\n".join(rows) + f"\n\n{'; '.join(overall)}. Intervals are 95 % and resample articles; "
        f"the calibration error is the expected one over ten equal bins.\n\nGrades. {grades}."
    )


def _render_row(label: LabelScores) -> str:
    ratios = (label.precision, label.recall, label.f1)
    return _SHOWN.format(
        label.label,
        label.grade or "",
        label.positives,
        *map(_number, ratios),
        f"{_number(label.f1_low)} to {_number(label.f1_high)}",
        _number(label.average_precision),
        _number(label.calibration_error),
    )


def _describe_limits(model: Model) -> str:
    limits = [
        f"Sees the first {model.backbone.max_tokens} tokens of a paragraph, in English.",
        "Probabilities are calibrated on the codings named above; on another subject or kind of text they may not be, "
        "so code a sample there and evaluate before publishing a share.",
    ]
    if model.kind == "similarity":
        limits.append(
            "Sentiment, voice and boilerplate were trained on one subject and may serve another less well; "
            "how good they are there stands in the card of the model they come from."
        )
    return "\n".join(f"- {limit}" for limit in limits)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
