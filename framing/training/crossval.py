"""Cross-validation by article: a model fitted anew for each fold, each article judged by one that has not seen it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from framing.classify.backbone import Backbone
from framing.classify.embedding import load_model_folder
from framing.classify.encoder import Embedded, Encoder
from framing.classify.heads import Head, sigmoid, softmax
from framing.classify.loading import find_codebook, find_model
from framing.classify.model_folder import read_model, write_model
from framing.classify.protocol import Progress, ignore_progress
from framing.codebook import Codebook
from framing.errors import InputError, ModelError
from framing.training.codings import Codings
from framing.training.evaluation import Predictions, predict
from framing.training.finetuning import Settings
from framing.training.fitting import LabelFit, check_counts, fit_label, fit_shared_heads
from framing.training.tuned_fit import fit_tuned

Embeddings = NDArray[np.float16]
Rows = NDArray[np.intp]
_JudgeFold = Callable[[Rows, Rows], Predictions]
"""From the rows to fit and those held out to what is said of the latter."""

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is fitted in each fold, for `codebook`; `name` is for the reader.

    Heads on the frozen `backbone`, or with `settings` heads and encoder, fine-tuned from `backbone`.
    """

    name: str
    backbone: Backbone
    codebook: Codebook
    settings: Settings | None = None


@dataclass(frozen=True, slots=True)
class _Fit:
    """The heads of one fold, their curves, and where they decide."""

    labels: tuple[LabelFit, ...]
    shared: Mapping[str, Head]
    boilerplate_threshold: float | None


def read_recipe(model: str, codebook: str | None = None, *, heads_only: bool = False) -> Recipe:
    """Return how `model` was made, for its own codebook or for `codebook`; nothing that it learnt plays a part.

    With `heads_only` the encoder stays as it came, though that of the model was trained.

    Raises:
        FramingError: where it cannot be found, or has no heads to fit anew.
    """
    found, _ = read_model(find_model(model))
    if found.kind != "heads":
        raise ModelError(
            f"{model}: has no heads for its labels that could be fitted anew in each fold; evaluate it without "
            "--folds, on articles it was not calibrated on"
        )
    book = find_codebook(codebook) if codebook else found.codebook
    settings = None
    if found.backbone.tuning is not None and not heads_only:
        settings = Settings(**{"method": found.training["method"], **found.training["settings"], "runs": 1})
    return Recipe(found.name, replace(found.backbone, tuning=None), book, settings)


def cross_validate(
    recipe: Recipe,
    codings: Codings,
    *,
    folds: int = 5,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress = ignore_progress,
) -> Predictions:
    """Return what a model fitted on the other folds says of each paragraph.

    Articles are shared out at random by `seed`, with as many paragraphs in each fold as can be.
    Curves and thresholds are fitted within each fold too, so nothing of an article decides on it.

    Args:
        recipe: what to fit.
        codings: by the codebook of `recipe`.
        folds: 2 or more, at most the number of articles.
        seed: of the shuffling.
        device: "cpu", "cuda" or "mps".
        progress: hears of texts as they are encoded, once for all folds, or scored after each fine-tuning.

    Raises:
        InputError: where there are too few articles, or a label is coded too rarely outside a fold.
    """
    articles = len(np.unique(codings.articles))
    if not 2 <= folds <= articles:
        raise InputError(f"{folds} folds: expected 2 or more, and no more than the {articles} coded articles")
    judge_fold = _fine_tune_folds(recipe, codings, device, progress)
    if recipe.settings is None:
        judge_fold = _fit_head_folds(recipe, codings, Encoder(recipe.backbone, device).embed(codings.texts, progress))
    splits = GroupKFold(folds, shuffle=True, random_state=seed).split(codings.articles, groups=codings.articles)
    parts, order = [], []
    for number, (fitted, heldout) in enumerate(splits, start=1):
        try:
            parts.append(judge_fold(fitted, heldout))
        except InputError as error:
            raise InputError(
                f"fold {number} of {folds}, fitted on the others: {error}; or ask for fewer folds"
            ) from error
        order.append(heldout)
    return _join(parts, np.argsort(np.concatenate(order)))


def _fit_head_folds(recipe: Recipe, codings: Codings, embedded: Embedded) -> _JudgeFold:
    vectors = embedded.embeddings

    def judge_fold(fitted: Rows, heldout: Rows) -> Predictions:
        fit = _fit_fold(vectors[fitted], codings.take(fitted), recipe.codebook)
        return _predict(fit, vectors[heldout], recipe)

    return judge_fold


def _fine_tune_folds(recipe: Recipe, codings: Codings, device: str, progress: Progress) -> _JudgeFold:
    def judge_fold(fitted: Rows, heldout: Rows) -> Predictions:
        book, backbone, settings = recipe.codebook, recipe.backbone, recipe.settings or Settings()
        with TemporaryDirectory(prefix="framing-fold-") as name:
            work, folder = Path(name) / "work", Path(name) / "model"
            model = fit_tuned(codings.take(fitted), book, backbone, settings, work, name=recipe.name, device=device)
            write_model(model, folder, "")
            texts = codings.take(heldout).texts
            found = predict(load_model_folder(folder, None, device), texts, progress)
        return replace(found, model=recipe.name, thresholds=(None,) * len(book.labels))

    return judge_fold


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
