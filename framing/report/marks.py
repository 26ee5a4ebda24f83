"""Finds the words that carried the labels of the sampled paragraphs, where the run's model is at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from framing.errors import FramingError, ModelError
from framing.report.samples import SampledParagraph
from framing.runfolder import RunFolder

if TYPE_CHECKING:
    from framing.classify.attribution import WordMarks
    from framing.classify.embedding import EmbeddingClassifier

MOST_MARKED = 200
"""Paragraphs and labels whose words are marked unless more are asked for, at two passes of the encoder each.
427 took 67 seconds on two processor cores that other jobs were using as well."""


@dataclass(frozen=True, slots=True)
class MarkedWords:
    """Words marked in sampled paragraphs, by paragraph id and label.

    `method` says how, `reason` why none or not all are marked; each is "" where there is nothing to say.
    """

    words: Mapping[tuple[str, str], WordMarks] = field(default_factory=dict)
    method: str = ""
    reason: str = ""


def mark_samples(
    folder: RunFolder,
    paragraphs: Sequence[SampledParagraph],
    limit: int = MOST_MARKED,
    *,
    model: str | None = None,
    show_progress: bool = False,
) -> MarkedWords:
    """Mark words for up to `limit` pairs of paragraph and label, the first drawn of every cell before others.

    `model` names the run's model where its name in run.json does not lead to it.
    """
    pairs = _list_pairs(paragraphs)
    if limit < 1 or not pairs:
        reason = "" if pairs else "no sampled paragraph has a text to mark"
        return MarkedWords(reason=reason or "no words were asked to be marked")
    try:
        classifier = _load_classifier(folder, model)
    except FramingError as error:
        return MarkedWords(reason=f"the run's model is not at hand ({error})")
    return _mark(folder, classifier, pairs[:limit], len(pairs), show_progress)


def _list_pairs(paragraphs: Sequence[SampledParagraph]) -> list[tuple[SampledParagraph, str]]:
    """Return each paragraph with each label it holds: of every outlet and label the first, then the second, ..."""
    places: Counter[tuple[str | None, str]] = Counter()
    ranked = []
    for paragraph in paragraphs:
        for label, _ in paragraph.held if paragraph.text else ():
            places[paragraph.outlet, label] += 1
            ranked.append((places[paragraph.outlet, label], paragraph, label))
    return [(paragraph, label) for _, paragraph, label in sorted(ranked, key=lambda entry: entry[0])]


def _load_classifier(folder: RunFolder, model: str | None) -> EmbeddingClassifier:
    """Return the run's classifier, able to mark words.

    Raises:
        FramingError: where it cannot be loaded, is another one, or is of a kind whose words cannot be told.
    """
    from framing.classify.attribution import can_mark
    from framing.classify.embedding import EmbeddingClassifier
    from framing.run_model import load_run_classifier

    name, digest = folder.manifest["model"].get("name"), folder.manifest["model"].get("digest")
    if str(model or name).startswith(("nli:", "hf:")):
        raise ModelError(f"{model or name}: words can be marked for models with heads on an encoder only")
    classifier = load_run_classifier(folder.manifest, model)
    if classifier.description.digest != digest:
        found, expected = classifier.description.digest[:12], str(digest)[:12]
        raise ModelError(f"{name}: the digest is {found}, the run was scored with {expected}; name that model")
    if not isinstance(classifier, EmbeddingClassifier) or not can_mark(classifier):
        raise ModelError(f"{name}: its vectors are not means over words, so that words have no part of their own")
    return classifier


def _mark(
    folder: RunFolder,
    classifier: EmbeddingClassifier,
    pairs: Sequence[tuple[SampledParagraph, str]],
    there: int,
    show_progress: bool,
) -> MarkedWords:
    from tqdm import tqdm

    from framing.classify.attribution import METHOD, Question, mark_words

    places = {label.key: place for place, label in enumerate(folder.labels)}
    questions = [Question(paragraph.text or "", places[label]) for paragraph, label in pairs]
    with tqdm(total=len(pairs), unit=" paragraphs", desc="Marking words", disable=not show_progress) as bar:
        marks = mark_words(classifier, questions, bar.update)
    words = {
        (paragraph.paragraph_id, label): mark
        for (paragraph, label), mark in zip(pairs, marks, strict=True)
        if mark is not None
    }
    reason = f"words were looked for in {len(pairs):,} of {there:,} cases" if len(pairs) < there else ""
    return MarkedWords(words, METHOD, reason)
