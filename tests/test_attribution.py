"""Marking the words that carried a decision."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import CODEBOOK, make_article, make_model, save_lines, save_model, write_prose

from framing.classify.attribution import Question, can_mark, choose_words, leave_out, mark_words, split_sums
from framing.classify.backbone import Backbone
from framing.classify.embedding import EmbeddingClassifier, load_model_folder
from framing.classify.heads import Head
from framing.report.marks import mark_samples
from framing.report.samples import draw_samples
from framing.runfolder import open_run
from framing.scoring import score_inputs

SENTENCE = "Cameras scan faces in the street, the court ruled, without a warrant."


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, backbone: Backbone) -> EmbeddingClassifier:
    """Return a classifier whose first label depends on the word "warrant" and whose second on "faces"."""
    model = make_model(backbone)
    folder = save_model(tmp_path_factory.mktemp("models") / "drawn", model)
    encoder = load_model_folder(folder, None, "cpu").encoder
    weights = []
    for word in ("warrant", "faces"):
        plain = [write_prose(number) for number in range(60)]
        texts = [f"{text} {word}" for text in plain] + [text.replace(word, "shop") for text in plain]
        vectors = encoder.embed(texts).embeddings.astype(np.float32)
        weights.append(vectors[:60].mean(axis=0) - vectors[60:].mean(axis=0))
    weight = np.stack(weights)
    weight *= 20 / np.linalg.norm(weight, axis=1, keepdims=True)
    heads = dict(model.heads) | {"labels": Head(weight.astype(np.float32), np.zeros(2, np.float32))}
    path = save_model(tmp_path_factory.mktemp("models") / "reader", replace(model, name="reader", heads=heads))
    return load_model_folder(path, None, "cpu")


def test_the_word_that_a_label_depends_on_is_marked(reader: EmbeddingClassifier) -> None:
    marks = mark_words(reader, [Question(SENTENCE, 0), Question(SENTENCE, 1)])
    words = [[SENTENCE[start:end] for start, end in mark.spans] if mark else [] for mark in marks]
    assert "warrant" in words[0]
    assert "faces" in words[1]
    assert all(mark.without < mark.probability for mark in marks if mark)


def test_what_remains_without_the_words_was_scored(reader: EmbeddingClassifier) -> None:
    mark = mark_words(reader, [Question(SENTENCE, 0)])[0]
    assert mark is not None
    scores = reader.classify([SENTENCE, leave_out(SENTENCE, mark.spans)]).probabilities[:, 0]
    assert [mark.probability, mark.without] == pytest.approx(scores.tolist(), abs=1e-3)


def test_parts_add_up_to_the_logit(reader: EmbeddingClassifier) -> None:
    texts = [write_prose(1), SENTENCE, "Police", write_prose(2) * 20]
    expected = reader.model.heads["labels"].logits(reader.encoder.embed(texts).embeddings)
    sums = np.stack([entry.parts.sum(axis=0) for entry in split_sums(reader, texts)])
    # Vectors are rounded to float16, parts are not: half a unit of 2**-11 in each of 32 numbers below 1.
    assert np.abs(sums - expected).max() < 32 * 20 * 2**-12


def test_vectors_of_one_token_have_no_words(backbone: Backbone, tmp_path: Path) -> None:
    model = make_model(backbone)
    folder = save_model(tmp_path / "cls", replace(model, backbone=replace(backbone, pooling="cls")))
    assert not can_mark(load_model_folder(folder, None, "cpu"))
    assert can_mark(load_model_folder(save_model(tmp_path / "mean", model), None, "cpu"))


@given(st.text(), st.data())
def test_chosen_words_are_few_and_in_order(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=12)))
    offsets = list(pairwise(cuts))
    parts = np.array(data.draw(st.lists(st.floats(-5, 5, width=32), min_size=len(offsets), max_size=len(offsets))))
    spans = choose_words(text, parts.astype(np.float32), offsets)
    assert len(spans) <= 5
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert all(text[start:end].strip() for start, end in spans)
    assert len(leave_out(text, spans)) <= len(text)


def test_a_run_is_marked_by_its_own_model_only(reader: EmbeddingClassifier, tmp_path: Path) -> None:
    articles = [make_article(number, [f"{SENTENCE} {write_prose(number)}"]) for number in range(3)]
    run = tmp_path / "run"
    score_inputs([save_lines(tmp_path / "in.jsonl", articles)], run, reader)
    model = str(save_model(tmp_path / "reader", reader.model))
    folder = open_run(run)
    drawn = draw_samples(folder, ["Gazette", "Courier"]).paragraphs
    marked = mark_samples(folder, drawn, model=model)
    assert {label for _, label in marked.words} <= {label.key for label in CODEBOOK.labels}
    assert marked.words
    assert "Zhou" in marked.method
    other = str(save_model(tmp_path / "other", replace(reader.model, thresholds=(0.4, 0.4))))
    assert "digest" in mark_samples(folder, drawn, model=other).reason
    assert "no such model" in mark_samples(folder, drawn).reason
    assert not mark_samples(folder, drawn, 0).words
    assert "of" in mark_samples(folder, drawn, 1, model=model).reason
