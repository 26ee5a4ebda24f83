"""Evaluation, cross-validation, and what is printed of them."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, precision_recall_fscore_support
from small_models import CODEBOOK, make_model, save_codebook, save_lines, save_model

from framing.classify.backbone import Backbone
from framing.classify.embedding import load_model_folder
from framing.classify.encoder import Encoder
from framing.classify.model_folder import read_model
from framing.errors import InputError, ModelError
from framing.evaluation_tables import render_confusions, render_examination
from framing.printing import print_examination
from framing.training.codings import Codings, read_codings
from framing.training.crossval import cross_validate, read_recipe
from framing.training.evaluation import Predictions, evaluate_predictions
from framing.training.fitting import fit_heads
from framing.training.metrics import ArticleResamples, Tally, expected_calibration_error
from framing.training.mistakes import examine_predictions, find_confusions, find_mistakes
from framing.training.recording import record_evaluation

Codes = NDArray[np.int8]


def make_codings(labels: Codes, *, per_article: int = 3, **more: Any) -> Codings:
    """Return codings of `labels`, shape (n, 2); sentiment and voice not coded unless given."""
    nothing = np.full(len(labels), -1, np.int8)
    return Codings(
        texts=tuple(f"text {number}" for number in range(len(labels))),
        articles=np.array([f"a{number // per_article:02d}" for number in range(len(labels))]),
        labels=labels,
        **({"sentiment": nothing, "voice": nothing, "boilerplate": nothing, "digest": ""} | more),
    )


def make_predictions(probabilities: NDArray[np.float32], **more: Any) -> Predictions:
    """Return predictions of labels that hold from one half."""
    given: dict[str, Any] = {"sentiment": None, "voice": None, "boilerplate": None, "dropped": None}
    return Predictions(
        model="fixed",
        codebook=CODEBOOK,
        probabilities=probabilities,
        held=probabilities >= 0.5,
        thresholds=(0.5, 0.5),
        **(given | more),
    )


def draw(count: int, seed: int, least: int = 0) -> tuple[Predictions, Codings]:
    """Return predictions that are often right, and codes from `least` (-1: some are not coded)."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(least, 2, (count, 2)).astype(np.int8)
    probabilities = np.clip(rng.normal(0.35 + 0.3 * codes, 0.25), 0, 1).astype(np.float32)
    return make_predictions(probabilities), make_codings(codes)


def test_every_measure_has_an_interval_that_holds_it() -> None:
    predictions, codings = draw(120, 3, least=-1)
    for label in evaluate_predictions(predictions, codings).labels:
        for value, low, high in (
            (label.f1, label.f1_low, label.f1_high),
            (label.average_precision, label.average_precision_low, label.average_precision_high),
            (label.calibration_error, label.calibration_error_low, label.calibration_error_high),
        ):
            assert value is not None and low is not None and high is not None
            assert 0 <= low <= value <= high <= 1
            assert low < high


def test_resampled_average_precision_is_that_of_scikit_learn_with_ties() -> None:
    rng = np.random.default_rng(8)
    probabilities = rng.integers(0, 6, 60).astype(np.float32) / 5
    truth = rng.random(60) < 0.4
    articles = np.array([f"a{number // 4}" for number in range(60)])
    resamples = ArticleResamples.draw(articles, 0)
    weights = resamples.drawn[:, resamples.index]
    expected = [average_precision_score(truth, probabilities, sample_weight=row) for row in weights]
    low, high = resamples.bound_average_precision(np.ones(60, np.bool_), probabilities, truth, 0.5)
    assert low is not None and high is not None
    assert low <= np.quantile(expected, 0.025) + 1e-9
    assert high >= np.quantile(expected, 0.975) - 1e-9
    assert min(expected) <= low and high <= max(expected)


def test_intervals_of_few_articles_are_wider() -> None:
    predictions, codings = draw(120, 5)
    few = replace(codings, articles=np.array([f"a{number // 30}" for number in range(120)]))
    many = evaluate_predictions(predictions, codings).labels[0]
    clustered = evaluate_predictions(predictions, few).labels[0]
    assert many.f1 == clustered.f1
    assert clustered.f1_low is not None and many.f1_low is not None and clustered.f1_high is not None
    assert clustered.f1_low < clustered.f1_high
    one = evaluate_predictions(predictions, replace(codings, articles=np.array(["a"] * 120))).labels[0]
    assert (one.f1_low, one.f1_high) == (0, 1), "one article says nothing of others"


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_chance_corrected_agreement_never_exceeds_f1_by_more_than_its_small_sample_term(
    hits: int, false_alarms: int, misses: int, agreed: int
) -> None:
    tally = Tally(hits, false_alarms, misses, agreed)
    if tally.f1 is not None and tally.alpha is not None:
        count = hits + false_alarms + misses + agreed
        assert tally.alpha <= tally.f1 + 1 / count


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", part A: alpha = 0.095
    one = np.array([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], np.bool_)
    other = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0], np.bool_)
    assert Tally.of(one, other).alpha == pytest.approx(0.095, abs=0.0005)


def test_calibration_error_of_probabilities_that_are_right_is_small() -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.random(20_000).astype(np.float32)
    truth = rng.random(20_000) < probabilities
    assert expected_calibration_error(probabilities, truth) < 0.02
    assert expected_calibration_error(probabilities**2, truth) > 0.1


def test_sentiments_and_voices_have_numbers_for_each_class() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(-1, 3, 90).astype(np.int8)
    said = rng.dirichlet([1, 1, 1], 90).astype(np.float32)
    predictions, codings = draw(90, 2)
    found = evaluate_predictions(replace(predictions, sentiment=said), replace(codings, sentiment=codes))
    coded = codes >= 0
    precision, recall, f1, count = precision_recall_fscore_support(codes[coded], said[coded].argmax(axis=1))
    assert [row.key for row in found.sentiments] == ["negative", "neutral", "positive"]
    assert [row.coded for row in found.sentiments] == count.tolist()
    assert [row.precision for row in found.sentiments] == pytest.approx(precision)
    assert [row.recall for row in found.sentiments] == pytest.approx(recall)
    assert [row.f1 for row in found.sentiments] == pytest.approx(f1)
    assert found.sentiment_macro_f1 == pytest.approx(
        f1_score(codes[coded], said[coded].argmax(axis=1), average="macro")
    )
    assert found.voices == (), "voices were not predicted"


def test_confusions_count_what_is_said_where_another_label_is_coded() -> None:
    codes = np.array([[1, 0], [1, 0], [1, 1], [1, -1], [0, 1], [0, 0], [-1, 0], [-1, -1]], np.int8)
    said = np.array([[1, 1], [0, 0], [1, 1], [1, 1], [1, 1], [0, 1], [1, 1], [1, 1]], np.float32)
    found = find_confusions(make_predictions(said), make_codings(codes))
    assert [(one.coded, one.said, one.paragraphs, one.of) for one in found] == [
        ("privacy", "safety", 1, 2),
        ("safety", "privacy", 1, 1),
        (None, "privacy", 0, 1),
        (None, "safety", 2, 2),
    ]
    lines = list(render_confusions(found))
    assert lines[2].split() == ["1", "privacy", ".", "50"]
    assert lines[3].split() == ["2", "safety", "100", "."]
    assert lines[4].split() == ["none", "of", "them", "0", "100"]


def test_the_worst_errors_are_those_farthest_from_the_code() -> None:
    codes = np.array([[1, 0], [0, 1], [-1, 0], [1, 1]], np.int8)
    said = np.array([[0.2, 0.99], [0.7, 0.9], [0.99, 0.1], [0.05, 0.6]], np.float32)
    codings = replace(make_codings(codes), texts=("one\n two", "three", "four", "five " * 60))
    found = find_mistakes(make_predictions(said), codings, 3)
    assert [(one.label, one.coded, round(one.probability, 2)) for one in found] == [
        ("safety", "no", 0.99),
        ("privacy", "yes", 0.05),
        ("privacy", "yes", 0.2),
    ]
    assert found[0].text == "one two"
    assert len(found[1].text) < 170 and found[1].text.endswith("five …")
    assert len(find_mistakes(make_predictions(said), codings, 99)) == 4


def test_an_examination_prints_as_tables_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    predictions, codings = draw(120, 4)
    found = examine_predictions(predictions, codings, mistakes=2)
    print_examination(found, "text")
    text = capsys.readouterr().out
    for part in ("grade", "ECE", "macro-F1 (mean of the labels' F1)", "said though coded no", "worst errors"):
        assert part in text
    assert all(len(line) <= 120 for line in text.splitlines())
    print_examination(found, "json")
    content = json.loads(capsys.readouterr().out)
    assert content["labels"][0]["grade"] == found.evaluation.labels[0].grade
    assert content["confusions"][0].keys() == {"coded", "said", "paragraphs", "of", "share"}
    assert len(content["mistakes"]) == 2
    print_examination(found, "csv")
    header = capsys.readouterr().out.splitlines()[0]
    assert header.startswith("label,coded,positives,precision,recall,f1,") and header.endswith(",alpha,grade")


def make_rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return codings that one word each decides, three paragraphs an article."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        furniture = number % 5 == 0
        frames = [key for key in CODEBOOK.label_keys if rng.random() < 0.5 and not furniture]
        voice = "police" if number % 2 else "narrator"
        words = [rng.choice(("street", "court", "council", "shop", "law")) for _ in range(6)]
        words += [word for key in frames for word in [key] * 4] + ["cameras"] * (8 if furniture else 0)
        words += ["police"] * (4 if voice == "police" and not furniture else 0)
        row: dict[str, Any] = {"article": f"a{number // 3}", "text": " ".join(words), "boilerplate": furniture}
        rows.append(row if furniture else row | {"frames": frames, "sentiment": "neutral", "voice": voice})
    return rows


@pytest.fixture
def recipe_folder(tmp_path: Path, backbone: Backbone) -> Path:
    return save_model(tmp_path / "recipe", make_model(backbone))


def read(path: Path, rows: Sequence[dict[str, Any]]) -> Codings:
    return read_codings(save_lines(path, rows), CODEBOOK)


def test_cross_validation_judges_each_article_by_heads_that_have_not_seen_it(
    tmp_path: Path, recipe_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codings = read(tmp_path / "coded.jsonl", make_rows(150))
    passes: list[int] = []
    embed = Encoder.embed
    monkeypatch.setattr(
        Encoder, "embed", lambda self, texts, *more: (passes.append(len(texts)), embed(self, texts, *more))[1]
    )
    found = cross_validate(read_recipe(str(recipe_folder)), codings, folds=3)
    assert passes == [len(codings)], "every text is encoded once, whatever the number of folds"
    evaluation = evaluate_predictions(found, codings)
    assert evaluation.folds == 3
    assert evaluation.micro_f1 is not None and evaluation.micro_f1 > 0.95
    assert evaluation.voice_macro_f1 is not None and evaluation.voice_macro_f1 > 0.9
    assert evaluation.boilerplate_f1 is not None and evaluation.boilerplate_f1 > 0.95
    assert evaluation.labels[0].threshold is None
    assert "judged by one of 3 models" in "\n".join(render_examination(examine_predictions(found, codings)))


def test_cross_validation_does_not_learn_an_articles_codes_from_itself(tmp_path: Path, recipe_folder: Path) -> None:
    rng = random.Random(3)
    rows = [
        {
            "article": f"a{number // 3}",
            "text": rows_text,
            "frames": [key for key in CODEBOOK.label_keys if rng.random() < 0.5],
        }
        for number, rows_text in enumerate(row["text"] for row in make_rows(150))
    ]
    codings = read(tmp_path / "noise.jsonl", rows)
    seen = evaluate_predictions(cross_validate(read_recipe(str(recipe_folder)), codings, folds=3), codings)
    assert all(label.alpha is not None and label.alpha < 0.3 for label in seen.labels), "codes by lot cannot be found"


def test_cross_validation_depends_on_the_seed_alone(tmp_path: Path, recipe_folder: Path) -> None:
    codings, recipe = read(tmp_path / "coded.jsonl", make_rows(150)), read_recipe(str(recipe_folder))
    one, same, other = (cross_validate(recipe, codings, folds=2, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.probabilities, same.probabilities)
    assert not np.array_equal(one.probabilities, other.probabilities)


def test_cross_validation_names_the_fold_that_has_too_little(tmp_path: Path, recipe_folder: Path) -> None:
    rows = make_rows(90)
    rare = [number for number, row in enumerate(rows) if "frames" in row][::6][:11]
    for number, row in enumerate(rows):
        if "frames" in row:
            row["frames"] = ["safety"] if number in rare else []
    codings = read(tmp_path / "coded.jsonl", rows)
    with pytest.raises(InputError, match=r'fold 1 of 3, fitted on the others: .*label "privacy": 0 paragraphs'):
        cross_validate(read_recipe(str(recipe_folder)), codings, folds=3)
    with pytest.raises(InputError, match="31 folds: expected 2 or more, and no more than the 30 coded articles"):
        cross_validate(read_recipe(str(recipe_folder)), codings, folds=31)


def test_a_recipe_takes_another_codebook_but_no_model_without_heads(
    tmp_path: Path, backbone: Backbone, recipe_folder: Path
) -> None:
    book = save_codebook(tmp_path / "book.yaml", replace(CODEBOOK, labels=CODEBOOK.labels[:1]))
    assert read_recipe(str(recipe_folder), str(book)).codebook.label_keys == ("privacy",)
    model = make_model(backbone)
    curve = replace(model.calibration, slope=model.calibration.slope[:1], intercept=model.calibration.intercept[:1])
    heads = {name: head for name, head in model.heads.items() if name != "labels"}
    zero = replace(model, kind="similarity", heads=heads, calibration=curve, thresholds=(0.5,))
    with pytest.raises(ModelError, match="has no heads for its labels"):
        read_recipe(str(save_model(tmp_path / "zero", zero)))


def test_recorded_scores_bring_their_grades_into_the_model_and_its_card(tmp_path: Path, backbone: Backbone) -> None:
    train = save_lines(tmp_path / "train.jsonl", make_rows(150))
    heldout = save_lines(tmp_path / "heldout.jsonl", make_rows(90, seed=2))
    model = fit_heads(read_codings(train, CODEBOOK), CODEBOOK, backbone, name="toy", device="cpu")
    folder = save_model(tmp_path / "toy", model)
    before = load_model_folder(folder, None, "cpu").classify(["privacy in the street"]).probabilities
    found = record_evaluation(folder, heldout, device="cpu")
    classifier = load_model_folder(folder, None, "cpu")
    assert classifier.description.grades == ("A", "A") == tuple(label.grade for label in found.labels)
    assert classifier.description.heldout_f1 == tuple(label.f1 for label in found.labels)
    assert np.array_equal(before, classifier.classify(["privacy in the street"]).probabilities)
    assert read_model(folder)[0].heldout["codings_sha256"] == read_codings(heldout, CODEBOOK).digest
    record_evaluation(folder, heldout, device="cpu")
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# toy\n") and card.count("## How good it is") == 1
    assert "| privacy | A |" in card


def test_a_model_is_not_graded_by_what_it_was_trained_on(tmp_path: Path, backbone: Backbone) -> None:
    train = save_lines(tmp_path / "train.jsonl", make_rows(150))
    model = fit_heads(read_codings(train, CODEBOOK), CODEBOOK, backbone, name="toy", device="cpu")
    folder = save_model(tmp_path / "toy", model)
    with pytest.raises(InputError, match=r"train\.jsonl: toy was trained on these very codings"):
        record_evaluation(folder, train, device="cpu")
