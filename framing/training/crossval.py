"""Cross-validation by article: heads fitted anew for each fold, each article judged by those that have not seen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from framing.classify.backbone import Backbone
from framing.classify.encoder import Encoder
from framing.classify.heads import Head, sigmoid, softmax
from framing.classify.loading import find_codebook, find_model
from framing.classify.model_folder import read_model
from framing.classify.protocol import Progress, ignore_progress
from framing.codebook import Codebook
from framing.errors import InputError, ModelError
from framing.training.codings import Codings
from framing.training.evaluation import Predictions
from framing.training.fitting import LabelFit, check_counts, fit_label, fit_shared_heads

Embeddings = NDArray[np.float16]
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is fitted in each fold: heads for `codebook` on the frozen `backbone`; `name` is for the reader."""

    name: str
    backbone: Backbone
    codebook: Codebook


@dataclass(frozen=True, slots=True)
class _Fit:
    """The heads of one fold, their curves, and where they decide."""

    labels: tuple[LabelFit, ...]
    shared: Mapping[str, Head]
    boilerplate_threshold: float | None


def read_recipe(model: str, codebook: str | None = None) -> Recipe:
    """Return how `model` was made, for its own codebook or for `codebook`; its trained heads play no part.

    Raises:
        FramingError: where it cannot be found, or has no heads to fit anew.
    """
    found, _ = read_model(find_model(model))
    if found.kind != "heads":
        raise ModelError(
            f"{model}: has no heads for its labels that could be fitted anew in each fold; evaluate it without "
            "--folds, on articles it was not calibrated on"
        )
    return Recipe(found.name, found.backbone, find_codebook(codebook) if codebook else found.codebook)


def cross_validate(
    recipe: Recipe,
    codings: Codings,
    *,
    folds: int = 5,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress = ignore_progress,
) -> Predictions:
    """Return what heads fitted on the other folds say of each paragraph; every text is encoded once.

    Articles are shared out at random by `seed`, with as many paragraphs in each fold as can be.
    Curves and thresholds are fitted within each fold too, so nothing of an article decides on it.

    Args:
        recipe: what to fit.
        codings: by the codebook of `recipe`.
        folds: 2 or more, at most the number of articles.
        seed: of the shuffling.
        device: "cpu", "cuda" or "mps".
        progress: hears of texts as they are encoded.

    Raises:
        InputError: where there are too few articles, or a label is coded too rarely outside a fold.
    """
    articles = len(np.unique(codings.articles))
    if not 2 <= folds <= articles:
        raise InputError(f"{folds} folds: expected 2 or more, and no more than the {articles} coded articles")
    embeddings = Encoder(recipe.backbone, device).embed(codings.texts, progress).embeddings
    splits = GroupKFold(folds, shuffle=True, random_state=seed).split(embeddings, groups=codings.articles)
    parts, order = [], []
    for number, (fitted, heldout) in enumerate(splits, start=1):
        try:
            fit = _fit_fold(embeddings[fitted], codings.take(fitted), recipe.codebook)
        except InputError as error:
            raise InputError(
                f"fold {number} of {folds}, fitted on the others: {error}; or ask for fewer folds"
            ) from error
        parts.append(_predict(fit, embeddings[heldout], recipe))
        order.append(heldout)
    return _join(parts, np.argsort(np.concatenate(order)))


def _fit_fold(embeddings: Embeddings, codings: Codings, codebook: Codebook) -> _Fit:
    check_counts(codings, codebook)
    labels = tuple(fit_label(embeddings, codings, column) for column in range(len(codebook.labels)))
    return _Fit(labels, *fit_shared_heads(embeddings, codings, codebook))


def _predict(fit: _Fit, embeddings: Embeddings, recipe: Recipe) -> Predictions:
    """Return what the heads of one fold say, as a model made of them would."""
    columns = [sigmoid(label.head.logits(embeddings) * label.slope + label.intercept) for label in fit.labels]
    probabilities = np.concatenate(columns, axis=1).astype(np.float32)
    logits = {name: head.logits(embeddings) for name, head in fit.shared.items()}
    boilerplate = sigmoid(logits["boilerplate"][:, 0]) if "boilerplate" in logits else None
    thresholds = np.array([label.threshold for label in fit.labels], dtype=np.float32)
    dropped = None
    if boilerplate is not None and fit.boilerplate_threshold is not None:
        dropped = boilerplate >= fit.boilerplate_threshold
    return Predictions(
        model=recipe.name,
        codebook=recipe.codebook,
        probabilities=probabilities,
        held=probabilities >= thresholds,
        sentiment=softmax(logits["sentiment"]) if "sentiment" in logits else None,
        voice=softmax(logits["voice"]) if "voice" in logits else None,
        boilerplate=boilerplate,
        dropped=dropped,
        thresholds=(None,) * len(fit.labels),
    )


def _join(parts: Sequence[Predictions], order: NDArray[np.intp]) -> Predictions:
    """Return the folds' predictions as one, its rows in `order` of theirs put end to end."""
    return replace(
        parts[0],
        probabilities=np.concatenate([part.probabilities for part in parts])[order],
        held=np.concatenate([part.held for part in parts])[order],
        dropped=_stack([part.dropped for part in parts], order),
        sentiment=_stack([part.sentiment for part in parts], order),
        voice=_stack([part.voice for part in parts], order),
        boilerplate=_stack([part.boilerplate for part in parts], order),
        folds=len(parts),
    )


def _stack(parts: Sequence[NDArray[Number] | None], order: NDArray[np.intp]) -> NDArray[Number] | None:
    """Return the rows of all folds, None where a fold has no such head, for then not every paragraph is judged."""
    there = [part for part in parts if part is not None]
    return np.concatenate(there)[order] if len(there) == len(parts) else None
