"""Zero-shot scoring by entailment: does the paragraph entail a sentence that says the label holds?

Any sequence classifier trained on natural language inference serves (Yin, Hay and Roth 2019,
"Benchmarking Zero-shot Text Classification").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from tokenizers import Encoding

from framing.classify.hub import digest_settings
from framing.classify.pretrained import PretrainedModel, load_pretrained
from framing.classify.protocol import Description, Progress, Scores, ignore_progress
from framing.codebook import Codebook, Label
from framing.errors import ModelError

_ENTAILMENT = frozenset({"entailment", "entailed", "entails", "entail"})
_CONTRADICTION = frozenset({"contradiction", "contradictory", "contradicted", "contradicts", "contradict"})
_NOT_ENTAILMENT = frozenset({"notentailment", "nonentailment", "notentailed", "notentail"})


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """The sentences put to the model: those of the labels, then of the sentiments, then of the voices."""

    labels: tuple[str, ...]
    sentiments: tuple[str, ...]
    voices: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """All of them, in the order of the columns of the logits."""
        return (*self.labels, *self.sentiments, *self.voices)


class EntailmentClassifier:
    """A model of natural language inference that judges every label of a codebook by its hypothesis."""

    def __init__(self, model: PretrainedModel, description: Description, hypotheses: Hypotheses) -> None:
        """Take a loaded model and the hypotheses that belong to the codebook of `description`.

        Raises:
            ModelError: where the model has no classes for entailment, or a hypothesis is too long for it.
        """
        self._model = model
        self._description = description
        self._hypotheses = hypotheses
        self._classes = find_classes(model.titles, description.name)
        self._encodings = _read_hypotheses(model, hypotheses.texts)

    @property
    def description(self) -> Description:
        """Who this classifier is."""
        return self._description

    def classify(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Scores:
        """Score `texts`, in their order; `progress` hears of each text whose last hypothesis is judged.

        A label's probability is the softmax over entailment and contradiction of its hypothesis,
        independent of the other labels; sentiments and voices exclude one another, so theirs is
        the softmax over the entailment of their hypotheses (Yin, Hay and Roth 2019; both as in
        transformers' zero-shot pipeline).
        """
        premises, cut = self._model.read_texts(texts)
        special = self._model.tokenizer.num_special_tokens_to_add(True)
        sizes = np.array([len(premise.ids) for premise in premises], dtype=np.int64)
        asked = np.array([len(hypothesis.ids) for hypothesis in self._encodings], dtype=np.int64)
        lengths = sizes[:, None] + asked + special
        logits = self._judge_pairs(premises, np.minimum(lengths, self._model.max_length), progress)
        entailed, opposed = (logits[:, :, column] for column in self._classes)
        labels, sentiments = len(self._hypotheses.labels), len(self._hypotheses.sentiments)
        return Scores(
            probabilities=expit(entailed - opposed)[:, :labels],
            truncated=cut | (lengths > self._model.max_length).any(axis=1),
            sentiment=_compare_entailment(entailed[:, labels : labels + sentiments]),
            voice=_compare_entailment(entailed[:, labels + sentiments :]),
        )

    def _judge_pairs(
        self, premises: list[Encoding], lengths: NDArray[np.int64], progress: Progress
    ) -> NDArray[np.float32]:
        """Return logits of shape (texts, hypotheses, classes) for `lengths` of shape (texts, hypotheses)."""
        count = len(self._encodings)
        logits = np.empty((len(premises) * count, len(self._model.titles)), dtype=np.float32)
        waiting = np.full(len(premises), count)

        def assemble(pair: int) -> Encoding:
            text, hypothesis = divmod(pair, count)
            return self._model.tokenizer.post_process(premises[text], self._encodings[hypothesis])

        for pairs, values in self._model.iterate_logits(lengths.ravel().tolist(), assemble):
            logits[pairs] = values
            np.subtract.at(waiting, pairs // count, 1)
            progress(int((waiting[np.unique(pairs // count)] == 0).sum()))
        return logits.reshape(len(premises), count, len(self._model.titles))


def load_entailment_classifier(
    reference: str, codebook: Codebook, *, device: str, name: str | None = None, threshold: float = 0.5
) -> EntailmentClassifier:
    """Load the inference model that `reference` (see `resolve_folder`) names, to score `codebook`.

    A label holds where its probability reaches `threshold` (0..1).

    Raises:
        ModelError: where the model cannot be had, is unsafe to load, or knows no entailment.
    """
    model = load_pretrained(reference, device)
    hypotheses = write_hypotheses(codebook)
    description = Description(
        name=name or f"nli:{reference}",
        digest=digest_settings(
            "entailment", model.digest, model.max_length, codebook.digest, hypotheses.texts, threshold
        ),
        codebook=codebook,
        thresholds=(threshold,) * len(codebook.labels),
        grades=(None,) * len(codebook.labels),
    )
    return EntailmentClassifier(model, description, hypotheses)


def write_hypotheses(codebook: Codebook) -> Hypotheses:
    """Return the codebook's hypotheses; a label without one gets a sentence made from its title.

    Sentiments and voices are compared with each other, so they are asked only where each of them
    has a hypothesis.
    """
    return Hypotheses(
        labels=tuple(label.hypothesis or f"This text is about {label.title}." for label in codebook.labels),
        sentiments=_take_hypotheses(codebook.sentiments),
        voices=_take_hypotheses(codebook.voices),
    )


def find_classes(titles: Sequence[str], place: str) -> tuple[int, int]:
    """Return the classes for entailment and for its opposite: contradiction, or else "not entailment".

    Raises:
        ModelError: where `titles` lack one of them; `place` opens the message.
    """
    names = [re.sub(r"[^a-z]", "", title.lower()) for title in titles]
    for opposite in (_CONTRADICTION, _NOT_ENTAILMENT):
        entailed = [number for number, name in enumerate(names) if name in _ENTAILMENT]
        opposed = [number for number, name in enumerate(names) if name in opposite]
        if entailed and opposed:
            return entailed[0], opposed[0]
    raise ModelError(
        f"{place}: its labels are {', '.join(titles)}; expected entailment and contradiction "
        "(or not_entailment), as models trained on natural language inference have; "
        "choose such a model, or score with hf: instead"
    )


def _take_hypotheses(labels: tuple[Label, ...]) -> tuple[str, ...]:
    hypotheses = tuple(label.hypothesis for label in labels)
    return hypotheses if all(hypotheses) else ()


def _read_hypotheses(model: PretrainedModel, hypotheses: Sequence[str]) -> list[Encoding]:
    """Return the tokens of `hypotheses`, each at most half the window: the text has the other half."""
    encodings, _ = model.read_texts(hypotheses)
    most = (model.max_length - model.tokenizer.num_special_tokens_to_add(True)) // 2
    for text, encoding in zip(hypotheses, encodings, strict=True):
        if len(encoding.ids) > most:
            raise ModelError(
                f'the hypothesis "{text[:60]}…" has {len(encoding.ids)} tokens, but this model reads '
                f"at most {most} of a hypothesis (half its window); shorten it in the codebook"
            )
    return encodings


def _compare_entailment(entailed: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return the softmax over the hypotheses of each text, or None where none were asked."""
    if entailed.shape[1] == 0:
        return None
    compared: NDArray[np.float32] = softmax(entailed, axis=1)
    return compared
