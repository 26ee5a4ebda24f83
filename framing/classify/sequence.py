"""Any fine-tuned sequence classifier of transformers, from a folder or the Hub, behind the protocol."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from scipy.special import expit, softmax

from framing.classify.hub import digest_settings
from framing.classify.pretrained import PretrainedModel, load_pretrained
from framing.classify.protocol import Description, Progress, Scores, ignore_progress
from framing.codebook import Codebook, Label
from framing.errors import ModelError
from framing.records import SENTIMENTS

_SENTIMENT_NAMES = {"neg": "negative", "neu": "neutral", "pos": "positive"} | {name: name for name in SENTIMENTS}


class SequenceClassifier:
    """A fine-tuned sequence classifier whose classes are the labels."""

    def __init__(self, model: PretrainedModel, description: Description, sentiment: tuple[int, ...] | None) -> None:
        """Take a loaded model; `sentiment` is its classes for negative, neutral and positive, or None."""
        self._model = model
        self._description = description
        self._sentiment = sentiment

    @property
    def description(self) -> Description:
        """Who this classifier is."""
        return self._description

    def classify(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Scores:
        """Score `texts`, in their order; `progress` hears of each batch."""
        model = self._model
        encodings, cut = model.read_texts(texts)
        special = model.tokenizer.num_special_tokens_to_add(False)
        lengths = np.array([len(encoding.ids) + special for encoding in encodings], dtype=np.int64)
        logits = np.empty((len(texts), len(model.titles)), dtype=np.float32)
        for rows, values in model.iterate_logits(
            np.minimum(lengths, model.max_length).tolist(),
            lambda row: model.tokenizer.post_process(encodings[row]),
        ):
            logits[rows] = values
            progress(len(rows))
        highest = self._description.decision == "highest"
        probabilities = softmax(logits, axis=1) if highest else expit(logits)
        return Scores(
            probabilities=probabilities,
            truncated=cut | (lengths > model.max_length),
            sentiment=None if self._sentiment is None else probabilities[:, list(self._sentiment)],
        )


def load_sequence_classifier(
    reference: str, *, device: str, name: str | None = None, threshold: float = 0.5
) -> SequenceClassifier:
    """Load the classifier that `reference` (see `resolve_folder`) names; its `id2label` becomes the codebook.

    A model for several labels at once ("multi_label_classification", or one class) holds a label from
    `threshold` on; any other holds the most probable one.

    Raises:
        ModelError: where the model cannot be had, is unsafe to load, or is no classifier.
    """
    model = load_pretrained(reference, device)
    if model.problem_type == "regression":
        raise ModelError(
            f"{reference}: a regression model, which gives amounts and no probabilities; "
            "choose a model trained to classify"
        )
    several = model.problem_type == "multi_label_classification" or len(model.titles) == 1
    sentiment = None if several else find_sentiment(model.titles)
    labels = name_labels(model.titles)
    tones = [Label(key, model.titles[column]) for key, column in zip(SENTIMENTS, sentiment or (), strict=False)]
    description = Description(
        name=name or f"hf:{reference}",
        digest=digest_settings("sequence", model.digest, model.max_length, several, threshold),
        codebook=Codebook(model.title, model.revision or model.digest[:12], "", labels, tuple(tones)),
        thresholds=(threshold,) * len(labels),
        decision="threshold" if several else "highest",
        grades=(None,) * len(labels),
    )
    return SequenceClassifier(model, description, sentiment)


def name_labels(titles: Sequence[str]) -> tuple[Label, ...]:
    """Return a label per class of a model, with a key that can name a column: "3 stars" is label_3_stars.

    Sentiments become is_negative and so on, for p_negative is the sentiment column; what would
    repeat an earlier key is numbered.
    """
    keys: list[str] = []
    for number, title in enumerate(titles):
        plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
        key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or str(number)
        key = f"is_{key}" if key in SENTIMENTS else key
        key = key if key[0].isalpha() else f"label_{key}"
        count = 2
        base = key
        while key in keys:
            key = f"{base}_{count}"
            count += 1
        keys.append(key)
    return tuple(Label(key, title) for key, title in zip(keys, titles, strict=True))


def find_sentiment(titles: Sequence[str]) -> tuple[int, ...] | None:
    """Return the classes that mean negative, neutral and positive, where these three are all there are."""
    meanings = [_SENTIMENT_NAMES.get(title.strip().lower(), "") for title in titles]
    if sorted(meanings) != sorted(SENTIMENTS):
        return None
    return tuple(meanings.index(name) for name in SENTIMENTS)
