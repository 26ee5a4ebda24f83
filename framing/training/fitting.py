"""Fits heads on frozen embeddings: logistic regressions, calibrated and cut on articles held out in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import StratifiedGroupKFold

from framing.classify.backbone import Backbone
from framing.classify.embedding import label_text_head
from framing.classify.encoder import Encoder
from framing.classify.heads import Floats, Head, Sigmoids, sigmoid
from framing.classify.model_folder import Model
from framing.classify.protocol import Progress, ignore_progress
from framing.codebook import Codebook
from framing.errors import InputError
from framing.training.codings import NO, NOT_CODED, YES, Codings

C = 3.0
"""Inverse strength of the L2 penalty. Of 1, 3, 10 and 30 it gave the best micro- and macro-F1 over five
folds of the surveillance codings, split by article, on unit-length MiniLM vectors."""
FOLDS = 5
MIN_POSITIVES = 15
"""Fewest paragraphs coded yes for a label, and no, each in at least FOLDS articles: three for each fold.

Measured on seven frames of the surveillance codings, six draws each of so many coded yes and as many coded no:
of 5, the curve from held-out logits fell instead of rising in 21 % of the draws, of 10 in 5 %, of 15 and more in
none; average precision on other articles was 0.30, 0.40 and 0.43, then 0.47 with 30 and 0.52 with 60 and 90.
"""
CONTENT_LOST = 0.0025
"""Share of content that the boilerplate head may drop by mistake on articles held out in turn."""


@dataclass(frozen=True, slots=True)
class LabelFit:
    """One label's head of one output, its curve and its threshold.

    `f1` is that of the threshold on articles held out in turn, 0..1: a little too good, as the
    threshold was chosen on them.
    """

    head: Head
    slope: float
    intercept: float
    threshold: float
    f1: float


def fit_heads(
    codings: Codings,
    codebook: Codebook,
    backbone: Backbone,
    *,
    name: str,
    device: str,
    progress: Progress = ignore_progress,
) -> Model:
    """Return a model whose heads are fitted to `codings` on the frozen `backbone`.

    Each label's curve and threshold come from predictions for articles held out in turn (five
    folds by article), as scikit-learn's CalibratedClassifierCV with `ensemble=False` does it; its
    threshold is where F1 is highest on them.

    Raises:
        InputError: where a label has too few paragraphs coded yes, naming how many it needs.
    """
    check_counts(codings, codebook)
    encoder = Encoder(backbone, device)
    embeddings = encoder.embed(codings.texts, progress).embeddings
    fits = [fit_label(embeddings, codings, column) for column in range(len(codebook.labels))]
    heads, boilerplate_threshold = fit_shared_heads(embeddings, codings, codebook)
    heads["labels"] = Head(
        np.concatenate([fit.head.weight for fit in fits]), np.concatenate([fit.head.bias for fit in fits])
    )
    return Model(
        name=name,
        kind="heads",
        backbone=backbone,
        codebook=codebook,
        heads=heads,
        calibration=Sigmoids(
            np.array([fit.slope for fit in fits], dtype=np.float32),
            np.array([fit.intercept for fit in fits], dtype=np.float32),
        ),
        thresholds=tuple(fit.threshold for fit in fits),
        boilerplate_threshold=boilerplate_threshold,
        training=describe_training(codings, codebook, "head"),
    )


def fit_similarity(
    codings: Codings, base: Model, *, name: str, device: str, progress: Progress = ignore_progress
) -> Model:
    """Return a zero-shot model: one curve and threshold from cosine to probability, for all labels together.

    The curve is fitted over every (paragraph, label) pair of `codings`, coded by the codebook of
    `base`, so that it holds for labels it has not seen. Sentiment, voice and boilerplate are the
    heads of `base`.
    """
    encoder = Encoder(base.backbone, device)
    embeddings = encoder.embed(codings.texts, progress).embeddings
    coded = codings.labels != NOT_CODED
    cosines = label_text_head(base.codebook, encoder).logits(embeddings)[coded]
    truth = codings.labels[coded]
    slope, intercept = fit_sigmoid(cosines, truth)
    threshold, _ = best_threshold(sigmoid(slope * cosines + intercept), truth)
    return Model(
        name=name,
        kind="similarity",
        backbone=base.backbone,
        codebook=base.codebook,
        heads={key: head for key, head in base.heads.items() if key != "labels"},
        calibration=Sigmoids(np.array([slope], dtype=np.float32), np.array([intercept], dtype=np.float32)),
        thresholds=(threshold,),
        boilerplate_threshold=base.boilerplate_threshold,
        training=describe_training(codings, base.codebook, "similarity"),
    )


def check_counts(codings: Codings, codebook: Codebook, keys: Sequence[str] | None = None) -> None:
    """See that each label, or each of `keys`, is coded yes and no often enough to be fitted and held out in turn.

    Raises:
        InputError: naming every label that is not, how often it is coded and how many it needs.
    """
    columns = {
        key: codings.labels[:, codebook.label_keys.index(key)]
        for key in (codebook.label_keys if keys is None else keys)
    }
    uncoded = [key for key, column in columns.items() if (column == NOT_CODED).all()]
    short = [f"no paragraph is coded for {', '.join(uncoded)}"] if uncoded else []
    for key, column in columns.items():
        if key in uncoded:
            continue
        for code, name in ((YES, "yes"), (NO, "no")):
            if not _is_enough(column == code, codings.articles):
                articles = len(np.unique(codings.articles[column == code]))
                short.append(
                    f'label "{key}": {(column == code).sum()} paragraphs of {articles} articles are coded {name}'
                )
    if short:
        raise InputError(
            f"{'; '.join(short)}; training needs {MIN_POSITIVES} or more, of {FOLDS} or more articles, both with and "
            "without the label; code more, take it out of the codebook, or extend by --base a model that has it"
        )


def _is_enough(coded: NDArray[np.bool_], articles: NDArray[np.str_]) -> bool:
    return bool(coded.sum() >= MIN_POSITIVES and len(np.unique(articles[coded])) >= FOLDS)


def fit_label(embeddings: NDArray[np.float16], codings: Codings, column: int) -> LabelFit:
    """Return the fit of the label in `column` to the paragraphs coded for it.

    `embeddings`: shape (n, dimensions), of the texts of `codings`.
    """
    truth = codings.labels[:, column]
    coded = truth != NOT_CODED
    vectors, truth, articles = embeddings[coded], truth[coded], codings.articles[coded]
    heldout = _heldout_logits(vectors, truth, articles)
    slope, intercept = fit_sigmoid(heldout, truth)
    head, _ = _fit_logistic(vectors, truth)
    threshold, f1 = best_threshold(sigmoid(slope * heldout + intercept), truth)
    return LabelFit(head, slope, intercept, threshold, f1)


def fit_shared_heads(
    embeddings: NDArray[np.float16], codings: Codings, codebook: Codebook
) -> tuple[dict[str, Head], float | None]:
    """Return the heads of sentiment, voice and boilerplate that the codings allow, and the boilerplate threshold."""
    heads = _fit_class_heads(embeddings, codings, codebook)
    if not can_tell_furniture(codings):
        return heads, None
    coded = codings.boilerplate != NOT_CODED
    truth = codings.boilerplate[coded]
    heads["boilerplate"], _ = _fit_logistic(embeddings[coded], truth)
    heldout = sigmoid(_heldout_logits(embeddings[coded], truth, codings.articles[coded]))
    return heads, furniture_threshold(heldout, truth)


def fit_plain_heads(embeddings: NDArray[np.float16], codings: Codings, codebook: Codebook) -> dict[str, Head]:
    """Return the heads of labels, sentiment, voice and boilerplate that the codings allow, as fitted to all of them.

    `embeddings`: shape (n, dimensions), of the texts of `codings`.
    """
    heads = _fit_class_heads(embeddings, codings, codebook)
    labels = [_fit_plain_head(embeddings, codings.labels[:, column]) for column in range(len(codebook.labels))]
    heads["labels"] = Head(
        np.concatenate([head.weight for head in labels]), np.concatenate([head.bias for head in labels])
    )
    if can_tell_furniture(codings):
        heads["boilerplate"] = _fit_plain_head(embeddings, codings.boilerplate)
    return heads


def _fit_plain_head(embeddings: NDArray[np.float16], truth: NDArray[np.int8]) -> Head:
    """Return the head of one output; of one that is not coded both ways it is zero, for another to take its place."""
    coded = truth != NOT_CODED
    if len(np.unique(truth[coded])) < 2:
        return Head(np.zeros((1, embeddings.shape[1]), dtype=np.float32), np.zeros(1, dtype=np.float32))
    head, _ = _fit_logistic(embeddings[coded], truth[coded])
    return head


def can_tell_furniture(codings: Codings) -> bool:
    """Return whether enough paragraphs are coded as page furniture, and as content, to tell them apart."""
    coded = codings.boilerplate != NOT_CODED
    truth, articles = codings.boilerplate[coded], codings.articles[coded]
    return all(_is_enough(truth == code, articles) for code in (YES, NO))


def furniture_threshold(probabilities: Floats, truth: NDArray[np.int8]) -> float:
    """Return the lowest probability from which dropping loses `CONTENT_LOST` of the content, or one paragraph."""
    falling = np.sort(probabilities[truth == NO].astype(np.float64))[::-1]
    lost = min(max(1, int(len(falling) * CONTENT_LOST)), len(falling) - 1)
    return min(1.0, round(float(np.ceil(falling[lost] * 10_000)) / 10_000 + 0.0001, 4))


def _fit_class_heads(embeddings: NDArray[np.float16], codings: Codings, codebook: Codebook) -> dict[str, Head]:
    heads: dict[str, Head] = {}
    for name, truth, outputs in (
        ("sentiment", codings.sentiment, 3),
        ("voice", codings.voice, len(codebook.voices)),
    ):
        coded = truth != NOT_CODED
        if len(np.unique(truth[coded])) > 1:
            head, classes = _fit_logistic(embeddings[coded], truth[coded])
            heads[name] = _spread_classes(head, classes, outputs)
    return heads


def _fit_logistic(vectors: NDArray[np.float16], truth: NDArray[np.int8]) -> tuple[Head, NDArray[np.int8]]:
    regression = LogisticRegression(C=C, max_iter=5000).fit(vectors.astype(np.float64), truth)
    weight = regression.coef_.astype(np.float32)
    return Head(weight, regression.intercept_.astype(np.float32)), regression.classes_


def _spread_classes(head: Head, classes: NDArray[np.int8], outputs: int) -> Head:
    """Give every class of the codebook an output; one never coded gets a bias that no text overcomes."""
    if len(classes) == 2:
        head = Head(
            np.concatenate([-head.weight / 2, head.weight / 2]),
            np.concatenate([-head.bias / 2, head.bias / 2]),
        )
    weight = np.zeros((outputs, head.weight.shape[1]), dtype=np.float32)
    bias = np.full(outputs, -100.0, dtype=np.float32)
    weight[classes], bias[classes] = head.weight, head.bias
    return Head(weight, bias)


def _heldout_logits(vectors: NDArray[np.float16], truth: NDArray[np.int8], articles: NDArray[np.str_]) -> Floats:
    """Return each paragraph's logit by a head fitted on other articles, shape (n,).

    The folds share out what is coded yes, so that no head is fitted without any.
    """
    logits = np.zeros(len(truth), dtype=np.float32)
    for fitted, heldout in StratifiedGroupKFold(FOLDS).split(vectors, truth, articles):
        head, _ = _fit_logistic(vectors[fitted], truth[fitted])
        logits[heldout] = head.logits(vectors[heldout])[:, 0]
    return logits


def fit_sigmoid(logits: Floats, truth: NDArray[np.int8]) -> tuple[float, float]:
    """Return slope and intercept of the curve of greatest likelihood from logits to P(truth) (Platt 1999).

    As there (section 2.2), the targets are not 1 and 0 but (yes + 1) / (yes + 2) and 1 / (no + 2), so that
    a few dozen paragraphs that happen to be told apart without error do not make the curve a step.
    """
    yes = truth == YES
    targets = np.where(yes, (yes.sum() + 1) / (yes.sum() + 2), 1 / ((~yes).sum() + 2))
    twice = np.concatenate([logits, logits]).reshape(-1, 1).astype(np.float64)
    outcomes = np.repeat([YES, NO], len(logits))
    curve = LogisticRegression(C=np.inf, max_iter=5000)
    curve.fit(twice, outcomes, sample_weight=np.concatenate([targets, 1 - targets]))
    return float(np.float32(curve.coef_[0, 0])), float(np.float32(curve.intercept_[0]))


def best_threshold(probabilities: Floats, truth: NDArray[np.int8]) -> tuple[float, float]:
    """Return the probability from which a label holds such that F1 is highest, rounded to 4 digits, and that F1."""
    precision, recall, thresholds = precision_recall_curve(truth, probabilities)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(np.argmax(f1[:-1]))
    return round(float(thresholds[best]), 4), float(f1[best])


def expected_threshold(probabilities: Floats) -> float:
    """Return the probability from which a label holds such that F1 is highest if `probabilities` are right.

    Of n paragraphs sorted by probability the first k are said to hold for which 2 * (p1 + … + pk) /
    (k + p1 + … + pn), the expected F1 but for its denominator's spread, is highest (Lipton, Elkan and
    Naryanaswamy 2014, "Optimal Thresholding of Classifiers to Maximize F1 Measure"). It asks for no
    codes, so that a handful of them does not decide where a rare label holds.
    """
    falling = np.sort(probabilities.astype(np.float64))[::-1]
    expected = 2 * np.cumsum(falling) / (np.arange(1, len(falling) + 1) + falling.sum())
    return round(float(falling[np.argmax(expected)]), 4)


def describe_training(
    codings: Codings, codebook: Codebook, method: str, keys: Sequence[str] | None = None
) -> Mapping[str, Any]:
    """Return what a model was made from, for model.json: of each label, or of each of `keys`."""
    return {
        "method": method,
        "codings_sha256": codings.digest,
        "paragraphs": len(codings),
        "articles": len(np.unique(codings.articles)),
        "coded_yes": {
            key: int((codings.labels[:, column] == YES).sum())
            for column, key in enumerate(codebook.label_keys)
            if keys is None or key in keys
        },
    }
