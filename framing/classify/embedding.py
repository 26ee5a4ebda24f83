"""The project's own classifier: one pass of the encoder, then labels, sentiment, voice and boilerplate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from framing.classify.encoder import Encoder
from framing.classify.heads import Floats, Head, Sigmoids, sigmoid, softmax
from framing.classify.model_folder import Model, read_model
from framing.classify.protocol import Description, Progress, Scores, ignore_progress
from framing.codebook import Codebook, Label
from framing.errors import ModelError

CENTRING = 0.5
"""Share of the labels' mean vector taken off each label's own vector in similarity scoring. What all labels
have in common tells them not apart; of 0, 0.5 and 1 this gave the best average precision on the training
codings (0.50 against 0.46 and 0.48, mean over eight frames, label texts of the shipped codebook)."""


class EmbeddingClassifier:
    """A model folder at work; implements `Classifier`."""

    def __init__(self, model: Model, description: Description, encoder: Encoder) -> None:
        """Set the heads of `model` on `encoder`, which is its backbone.

        Raises:
            ModelError: where the heads are of another width than the encoder's vectors.
        """
        for name, head in model.heads.items():
            if head.weight.shape[1:] != (encoder.dimensions,):
                raise ModelError(
                    f'{model.name}: head "{name}" takes vectors of {head.weight.shape[-1]} numbers, its backbone '
                    f"{model.backbone.name} gives {encoder.dimensions}; the heads belong to another backbone"
                )
        self.model = model
        self.description = description
        self.encoder = encoder

    def classify(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Scores:
        """Score `texts`, in their order."""
        embedded = self.encoder.embed(texts, progress)
        return self.score_embeddings(embedded.embeddings, embedded.truncated)

    def score_embeddings(self, embeddings: NDArray[np.float16], truncated: NDArray[np.bool_]) -> Scores:
        """Score kept vectors, shape (n, dimensions), bit for bit as the pass that made them did."""
        heads = {name: head.logits(embeddings) for name, head in self.model.heads.items()}
        return Scores(
            probabilities=self.model.calibration.probabilities(heads["labels"]),
            truncated=truncated,
            sentiment=softmax(heads["sentiment"]) if "sentiment" in heads else None,
            voice=softmax(heads["voice"]) if "voice" in heads else None,
            boilerplate=sigmoid(heads["boilerplate"][:, 0]) if "boilerplate" in heads else None,
            embeddings=embeddings,
        )


def load_model_folder(folder: Path, codebook: Codebook | None, device: str) -> EmbeddingClassifier:
    """Return the classifier in `folder`; `codebook` names the labels of a similarity model.

    Raises:
        ModelError: where the folder is unsound, or was trained on another codebook than `codebook`.
    """
    model, digest = read_model(folder)
    if model.kind == "similarity":
        return _load_similarity(model, digest, codebook or model.codebook, device)
    if codebook is not None and codebook.digest != model.codebook.digest:
        raise ModelError(
            f"{folder}: trained on the codebook {model.codebook.name} {model.codebook.version} "
            f"({', '.join(model.codebook.label_keys)}), asked to score {codebook.name} {codebook.version} "
            f"({', '.join(codebook.label_keys)}); leave --codebook out, or score any codebook with --model similarity"
        )
    return EmbeddingClassifier(model, _describe(model, digest), Encoder(model.backbone, device))


def _load_similarity(model: Model, digest: str, codebook: Codebook, device: str) -> EmbeddingClassifier:
    encoder = Encoder(model.backbone, device)
    labels = len(codebook.labels)
    lent = lend_heads(model, codebook)
    heads = {**lent.heads, "labels": label_text_head(codebook, encoder)}
    curve = Sigmoids(np.repeat(model.calibration.slope, labels), np.repeat(model.calibration.intercept, labels))
    fitted = replace(
        lent,
        heads=heads,
        calibration=curve,
        thresholds=model.thresholds * labels,
        heldout=model.heldout if codebook.digest == model.codebook.digest else {},
    )
    digest = hashlib.sha256(f"{digest} {codebook.digest}".encode()).hexdigest()
    return EmbeddingClassifier(fitted, _describe(fitted, digest), encoder)


def lend_heads(model: Model, codebook: Codebook) -> Model:
    """Return `model` for another codebook, without the voices where that codebook has others."""
    same_voices = model.codebook.voice_keys == codebook.voice_keys
    heads = {name: head for name, head in model.heads.items() if name != "voice" or same_voices}
    return replace(model, codebook=codebook, heads=heads)


def label_text_head(codebook: Codebook, encoder: Encoder) -> Head:
    """Return the linear layer whose outputs are the centred cosines of a text to each label's texts.

    A label's vector is the mean of the unit vectors of its texts (`label_texts`), scaled to length
    1; `CENTRING` of the mean over all labels is taken off it.
    """
    vectors = []
    for label in codebook.labels:
        mean = encoder.embed(label_texts(label)).embeddings.astype(np.float32).mean(axis=0)
        vectors.append(mean / np.linalg.norm(mean))
    weight: Floats = np.stack(vectors).astype(np.float32)
    return Head(weight - CENTRING * weight.mean(axis=0), np.zeros(len(weight), dtype=np.float32))


def label_texts(label: Label) -> list[str]:
    """Return the texts that say what `label` is: title, inclusion rule, hypothesis, examples."""
    texts = (label.title, label.include, label.hypothesis, *label.examples)
    return [text for text in texts if text]


def _describe(model: Model, digest: str) -> Description:
    heldout = {label["label"]: label for label in model.heldout.get("labels", ())}
    measured = [heldout.get(key, {}) for key in model.codebook.label_keys]
    return Description(
        name=model.name,
        digest=digest,
        codebook=model.codebook,
        thresholds=model.thresholds,
        boilerplate_threshold=model.boilerplate_threshold,
        grades=tuple(label.get("grade") for label in measured),
        heldout_f1=tuple(label.get("f1") for label in measured),
        calibration_errors=tuple(label.get("calibration_error") for label in measured),
    )
