"""How a model fared, as tables to read: labels, sentiments and voices, what is taken for what, the worst errors."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framing.training.evaluation import ClassScores, Evaluation, LabelScores
    from framing.training.mistakes import Confusion, Examination, Mistake

_WIDTH = 110


def render_examination(examination: Examination) -> Iterator[str]:
    """Yield the lines of an evaluation, of its confusions and, where asked for, of the worst errors."""
    yield from render_evaluation(examination.evaluation)
    if any(confusion.paragraphs for confusion in examination.confusions):
        yield ""
        yield from render_confusions(examination.confusions)
    if examination.mistakes:
        yield ""
        yield from render_mistakes(examination.mistakes)


def render_evaluation(evaluation: Evaluation) -> Iterator[str]:
    """Yield the lines of an evaluation as a table to read; every interval is 95 %, over articles."""
    judged = "held-out articles"
    if evaluation.folds:
        judged = f"articles, each judged by one of {evaluation.folds} models that have not seen it"
    yield f"{evaluation.model}: {evaluation.paragraphs} paragraphs of {evaluation.articles} {judged}"
    yield ""
    yield (
        f"{'label':<18}{'grade':>5}{'coded yes':>11}{'precision':>11}{'recall':>8}{'F1':>7}{'95 %':>14}"
        f"{'AP':>7}{'95 %':>14}{'ECE':>7}{'95 %':>14}"
    )
    yield from map(_render_label, evaluation.labels)
    yield ""
    for name, value in (
        ("labels, micro-F1", evaluation.micro_f1),
        ("labels, macro-F1 (mean of the labels' F1)", evaluation.macro_f1),
        ("sentiment, macro-F1", evaluation.sentiment_macro_f1),
        ("voice, macro-F1", evaluation.voice_macro_f1),
        ("boilerplate, F1 at 0.5", evaluation.boilerplate_f1),
        ("boilerplate found where it is dropped", evaluation.boilerplate_recall_at_threshold),
        ("content dropped by mistake", evaluation.content_lost_at_threshold),
    ):
        if value is not None:
            yield f"{name:<44}{value:.3f}"
    for name, classes in (("sentiment", evaluation.sentiments), ("voice", evaluation.voices)):
        if classes:
            yield ""
            yield from _render_classes(name, classes)


def _render_label(label: LabelScores) -> str:
    return (
        f"{label.label:<18}{label.grade or '':>5}{label.positives:>11}{_number(label.precision):>11}"
        f"{_number(label.recall):>8}{_number(label.f1):>7}{_interval(label.f1_low, label.f1_high):>14}"
        f"{_number(label.average_precision):>7}"
        f"{_interval(label.average_precision_low, label.average_precision_high):>14}"
        f"{_number(label.calibration_error):>7}"
        f"{_interval(label.calibration_error_low, label.calibration_error_high):>14}"
    )


def _render_classes(name: str, classes: Sequence[ClassScores]) -> Iterator[str]:
    yield f"{name:<18}{'coded':>10}{'predicted':>11}{'precision':>11}{'recall':>8}{'F1':>7}{'95 %':>14}"
    for row in classes:
        yield (
            f"{row.key:<18}{row.coded:>10}{row.predicted:>11}{_number(row.precision):>11}{_number(row.recall):>8}"
            f"{_number(row.f1):>7}{_interval(row.f1_low, row.f1_high):>14}"
        )


def render_confusions(confusions: Sequence[Confusion]) -> Iterator[str]:
    """Yield a table with a row for each label coded, and for none of them, and a column for each label said."""
    said = list(dict.fromkeys(confusion.coded for confusion in confusions if confusion.coded))
    shares = {(confusion.coded, confusion.said): confusion.share for confusion in confusions}
    yield "said though coded no: % of the paragraphs that are coded yes for the row and no for the column"
    yield f"{'coded yes':<22}" + "".join(f"{number:>6}" for number in range(1, len(said) + 1))
    for number, coded in enumerate((*said, None), start=1):
        name = f"{number:>2} {coded}" if coded else "   none of them"
        yield f"{name:<22}" + "".join(_share(shares.get((coded, key)), key == coded) for key in said)


def _share(share: float | None, same: bool) -> str:
    return f"{'.' if same else '' if share is None else f'{100 * share:.0f}':>6}"


def render_mistakes(mistakes: Sequence[Mistake]) -> Iterator[str]:
    """Yield the worst errors, each with what was coded, what was said of it and how its text begins."""
    yield "worst errors"
    for mistake in mistakes:
        said = f"coded {mistake.coded}, probability {mistake.probability:.2f}"
        yield f"{mistake.label}: {said}  (article {mistake.article})"
        yield textwrap.fill(mistake.text, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
